/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/vif/vif_live.c. */
#include "ctl/vif/vif_live.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "store_helper.h"

static struct vif_live live;
static char why[256];

static struct xstore
open_empty(bool switched)
{
	struct xstore xs = helper_open();

	helper_dir(HELPER_BACK_ABS, HELPER_SELF, HELPER_GUEST);
	vif_live_init(&live, switched, 2);
	return xs;
}

static int
read_live(const struct xstore *xs)
{
	struct node_source keys = node_source(xs, HELPER_BACK, "the toolstack's key");

	why[0] = '\0';
	return vif_live_read(&keys.source, &live, why, sizeof(why));
}

static bool
has_policy(void)
{
	return live.policy.check_mac || live.policy.check_ip || live.policy.part == VLAN_LISTED;
}

static void
vif_live_read_nothing(void)
{
	struct xstore xs = open_empty(true);

	CHECK_EQ(read_live(&xs), 0);
	CHECK_EQ(live.max_frame, 1522);
	CHECK_EQ(live.weight, 1);
	CHECK_EQ(live.from_guest.bytes, 0);
	CHECK_EQ(live.to_guest.bytes, 0);
	CHECK_STR(live.mac_text, "");
	CHECK(!has_policy());
	vif_live_init(&live, false, 2);
	CHECK_EQ(read_live(&xs), 0);
	CHECK_EQ(live.max_frame, 0);
	helper_close(&xs);
}

static void
vif_live_read_mtu(void)
{
	static const struct {
		const char *mtu;
		int ret;
		uint32_t max_frame;
	} mtus[] = { { "9000", 0, 9022 },     { "68", 0, 90 },      { "65517", 0, 65539 },
		     { "65518", -EINVAL, 0 }, { "67", -EINVAL, 0 }, { "0", -EINVAL, 0 },
		     { "1500x", -EINVAL, 0 }, { "", -EINVAL, 0 } };
	struct xstore xs = open_empty(true);

	for (unsigned i = 0; i < ARRAY_SIZE(mtus); i++) {
		helper_put_back("mtu", mtus[i].mtu);
		CHECK_EQ(read_live(&xs), mtus[i].ret);
		if (mtus[i].ret == 0) {
			CHECK_EQ(live.max_frame, mtus[i].max_frame);
		} else {
			CHECK_HAS(why, "mtu");
			CHECK_EQ(live.max_frame, 65539); /* the last good one */
		}
	}
	helper_put_back("mtu", NULL);
	CHECK_EQ(read_live(&xs), 0);
	CHECK_EQ(live.max_frame, 1522);
	helper_close(&xs);
}

static void
vif_live_read_rate(void)
{
	static const struct {
		const char *rate;
		uint64_t bytes;
		uint32_t usecs;
	} rates[] = { { "500000,50000", 500000, 50000 },
		      { "1,1", 1, 1 },
		      { "0", 0, 0 },
		      { "18446744073709551615,4294967295", UINT64_MAX, UINT32_MAX },
		      { NULL, 0, 0 } };
	struct xstore xs = open_empty(true);

	for (unsigned i = 0; i < ARRAY_SIZE(rates); i++) {
		helper_put_back("rate", rates[i].rate);
		CHECK_EQ(read_live(&xs), 0);
		CHECK_EQ(live.from_guest.bytes, rates[i].bytes);
		CHECK_EQ(live.from_guest.usecs, rates[i].usecs);
		CHECK_EQ(live.to_guest.bytes, 0);
	}
	helper_put_back("rate-to-guest", "7,8");
	CHECK_EQ(read_live(&xs), 0);
	CHECK_EQ(live.to_guest.bytes, 7);
	CHECK_EQ(live.to_guest.usecs, 8);
	CHECK_EQ(live.from_guest.bytes, 0);
	helper_close(&xs);
}

static void
vif_live_read_rate_hostile(void)
{
	static const char *const bad[] = { "",
					   ",",
					   "1",
					   "1,",
					   ",1",
					   "0,0",
					   "0,1",
					   "1,0",
					   "-1,1",
					   "1,-1",
					   "1 ,1",
					   "1, 1",
					   "01,1",
					   "1,01",
					   "1,1,1",
					   "0x1,1",
					   "1,4294967296",
					   "18446744073709551616,1",
					   "1,1\n",
					   "1;1",
					   "99999999999999999999999999999,1",
					   "00",
					   "1,1junk" };
	static const char *const keys[] = { "rate", "rate-to-guest" };
	struct xstore xs = open_empty(true);
	char path[128], text[3000];

	for (unsigned k = 0; k < ARRAY_SIZE(keys); k++) {
		helper_put_back(keys[k], "5,6");
		CHECK_EQ(read_live(&xs), 0);
		const struct vif_rate *rate = k == 0 ? &live.from_guest : &live.to_guest;
		for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
			helper_put_back(keys[k], bad[i]);
			CHECK_EQ(read_live(&xs), -EINVAL);
			CHECK_HAS(why, keys[k]);
			CHECK_EQ(rate->bytes, 5);
			CHECK_EQ(rate->usecs, 6);
		}
		snprintf(path, sizeof(path), HELPER_BACK_ABS "/%s", keys[k]);
		fake_store_write_bytes(path, "1,1\0,1", 6);
		CHECK_EQ(read_live(&xs), -EINVAL);
		memset(text, '9', sizeof(text));
		fake_store_write_bytes(path, text, sizeof(text));
		CHECK_EQ(read_live(&xs), -EINVAL);
		fake_store_write_bytes(path, "\xff\x1b[2J,1", 7);
		CHECK_EQ(read_live(&xs), -EINVAL);
		CHECK_HAS(why, "\\xff\\x1b[2J");
		CHECK_EQ(rate->bytes, 5);
		CHECK_EQ(rate->usecs, 6);
		helper_put_back(keys[k], NULL);
	}
	helper_close(&xs);
}

static void
vif_live_read_priority(void)
{
	static const char *const bad[] = { "0", "17", "-1", "", "1.5", "high", "4294967297" };
	struct xstore xs = open_empty(true);

	helper_put_back("priority", "16");
	CHECK_EQ(read_live(&xs), 0);
	CHECK_EQ(live.weight, 16);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		helper_put_back("priority", bad[i]);
		CHECK_EQ(read_live(&xs), -EINVAL);
		CHECK_EQ(live.weight, 16);
	}
	helper_put_back("priority", NULL);
	CHECK_EQ(read_live(&xs), 0);
	CHECK_EQ(live.weight, 1);
	helper_close(&xs);
}

/* Switched vifs are guarded unless a key says no; drop-in vifs only if it says yes. */
static void
vif_live_read_guards(void)
{
	static const struct {
		bool switched;
		const char *mac, *guard;
		bool checks;
	} cases[] = { { true, "00:16:3e:00:00:05", NULL, true },
		      { true, "00:16:3e:00:00:05", "1", true },
		      { true, "00:16:3e:00:00:05", "0", false },
		      { true, NULL, "1", false },
		      { true, NULL, NULL, false },
		      { false, "00:16:3e:00:00:05", NULL, false },
		      { false, "00:16:3e:00:00:05", "1", true } };
	static const uint8_t mac[] = { 0, 0x16, 0x3e, 0, 0, 5 };

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct xstore xs = open_empty(cases[i].switched);
		helper_put_back("mac", cases[i].mac);
		helper_put_back("mac-antispoof", cases[i].guard);
		helper_put_back("ip", cases[i].mac == NULL ? NULL : "10.0.0.5");
		helper_put_back("ip-antispoof", cases[i].guard);
		CHECK_EQ(read_live(&xs), 0);
		CHECK_EQ(live.policy.check_mac, cases[i].checks);
		CHECK_EQ(live.policy.check_ip, cases[i].checks);
		CHECK_EQ(has_policy(), cases[i].checks);
		CHECK(!cases[i].checks || memcmp(live.policy.mac, mac, 6) == 0);
		CHECK_EQ(live.policy.n_ipv4, cases[i].checks ? 1 : 0);
		CHECK_STR(live.mac_text, cases[i].mac == NULL ? "" : cases[i].mac);
		helper_close(&xs);
	}
}

/* What is not checked need not make sense; what is must. */
static void
vif_live_read_unguarded(void)
{
	struct xstore xs = open_empty(false);

	helper_put_back("ip", "10.0.0.5/24 or so");
	helper_put_back("mac", "unknown");
	helper_put_back("vlan", "10");
	CHECK_EQ(read_live(&xs), 0);
	CHECK(!has_policy());
	CHECK_STR(live.mac_text, "unknown");
	helper_put_back("ip-antispoof", "1");
	CHECK_EQ(read_live(&xs), -EINVAL);
	CHECK_HAS(why, "key mac "); /* both need it */
	helper_put_back("mac", "00:16:3e:00:00:05");
	CHECK_EQ(read_live(&xs), -EINVAL);
	CHECK_HAS(why, "key ip ");
	helper_put_back("ip-antispoof", NULL);
	helper_put_back("mac", "unknown");
	helper_put_back("mac-antispoof", "1");
	CHECK_EQ(read_live(&xs), -EINVAL);
	CHECK_HAS(why, "key mac ");
	helper_put_back("mac-antispoof", "yes");
	CHECK_EQ(read_live(&xs), -EINVAL);
	CHECK_HAS(why, "mac-antispoof");
	helper_close(&xs);
}

/* One wrong key keeps its own setting only, and the first one is told of. */
static void
vif_live_read_some_wrong(void)
{
	struct xstore xs = open_empty(true);

	helper_put_back("mac", "00:16:3e:00:00:05");
	helper_put_back("rate", "5,6");
	CHECK_EQ(read_live(&xs), 0);
	helper_put_back("mac", "00:16:3e:00:00:5");
	helper_put_back("rate", "wrong");
	helper_put_back("mtu", "9000");
	helper_put_back("vlan", "wrong");
	CHECK_EQ(read_live(&xs), -EINVAL);
	CHECK_HAS(why, "key mac ");
	CHECK(live.policy.check_mac);
	CHECK_EQ(live.policy.mac[5], 5);
	CHECK_EQ(live.from_guest.bytes, 5);
	CHECK_EQ(live.max_frame, 9022);
	CHECK_EQ(live.policy.part, VLAN_PLAIN);
	helper_put_back("mac", NULL);
	helper_put_back("rate", NULL);
	helper_put_back("vlan", NULL);
	CHECK_EQ(read_live(&xs), 0);
	CHECK(!has_policy());
	helper_close(&xs);
}

/* All that is wrong is told in one sentence. */
static void
vif_live_read_all_told(void)
{
	struct xstore xs = open_empty(true);

	helper_put_back("rate", "fast");
	CHECK_EQ(read_live(&xs), -EINVAL);
	CHECK_STR(why, "the toolstack's key rate is \"fast\": expected BYTES,MICROSECONDS");
	helper_put_back("vlan", "none");
	helper_put_back("priority", "17");
	CHECK_EQ(read_live(&xs), -EINVAL);
	CHECK_STR(
		why,
		"the toolstack's key vlan is \"none\": expected a list of VLANs; its key rate is \"fast\": expected"
		" BYTES,MICROSECONDS; its key priority is \"17\": expected a number from 1 to 16");
	helper_close(&xs);
}

static void
vif_live_read_store_fails(void)
{
	struct xstore xs = open_empty(true);

	helper_put_back("rate", "5,6");
	for (unsigned skip = 0; skip < 9; skip++) {
		fake_store_fail(FAKE_STORE_READ, skip, 1, EIO);
		CHECK_EQ(read_live(&xs), -EIO);
		CHECK_EQ(live.from_guest.bytes, 0);
	}
	CHECK_EQ(read_live(&xs), 0);
	CHECK_EQ(live.from_guest.bytes, 5);
	helper_close(&xs);
}

void test_live(CU_pSuite suite);

void
test_live(CU_pSuite suite)
{
	UNIT_ADD(suite, vif_live_read_nothing);
	UNIT_ADD(suite, vif_live_read_mtu);
	UNIT_ADD(suite, vif_live_read_rate);
	UNIT_ADD(suite, vif_live_read_rate_hostile);
	UNIT_ADD(suite, vif_live_read_priority);
	UNIT_ADD(suite, vif_live_read_guards);
	UNIT_ADD(suite, vif_live_read_unguarded);
	UNIT_ADD(suite, vif_live_read_some_wrong);
	UNIT_ADD(suite, vif_live_read_all_told);
	UNIT_ADD(suite, vif_live_read_store_fails);
}
