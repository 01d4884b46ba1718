/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/vif/vif_keys.c: what a frontend may say, and what it may not. */
#include "ctl/vif/vif_keys.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/util.h"
#include "dp/vif/port_vif.h"
#include "store_helper.h"

#define MAX_QUEUES 4u

static struct vif_keys keys;
static char why[256];

static void
put_bytes(const char *key, const char *value, unsigned len)
{
	char path[128];

	snprintf(path, sizeof(path), HELPER_FRONT "/%s", key);
	if (value == NULL)
		fake_store_remove(path);
	else
		fake_store_write_bytes(path, value, len);
}

static void
put(const char *key, const char *value)
{
	put_bytes(key, value, value == NULL ? 0 : (unsigned)strlen(value));
}

/* As Linux netfront writes it. */
static struct xstore
open_linux(void)
{
	struct xstore xs = helper_open();

	helper_dir(HELPER_FRONT, HELPER_GUEST, HELPER_SELF);
	put("tx-ring-ref", "768");
	put("rx-ring-ref", "769");
	put("event-channel-tx", "15");
	put("event-channel-rx", "16");
	put("request-rx-copy", "1");
	put("feature-rx-notify", "1");
	put("feature-sg", "1");
	put("feature-gso-tcpv4", "1");
	put("feature-gso-tcpv6", "1");
	put("feature-ipv6-csum-offload", "1");
	return xs;
}

static int
read_keys(const struct xstore *xs)
{
	why[0] = '\0';
	memset(&keys, 0xA5, sizeof(keys));
	return vif_keys_read(xs, HELPER_FRONT, MAX_QUEUES, &keys, why, sizeof(why));
}

static void
vif_keys_read_linux(void)
{
	struct xstore xs = open_linux();

	CHECK_EQ(read_keys(&xs), 0);
	CHECK_EQ(keys.queue[0].tx_ref, 768);
	CHECK_EQ(keys.queue[0].rx_ref, 769);
	CHECK_EQ(keys.queue[0].evtchn_tx, 15);
	CHECK_EQ(keys.queue[0].evtchn_rx, 16);
	CHECK_EQ(keys.guest, VIF_GUEST_SG | VIF_GUEST_GSO4 | VIF_GUEST_GSO6 | VIF_GUEST_CSUM4 |
				     VIF_GUEST_CSUM6 | VIF_GUEST_RX_NOTIFY);
	put("multi-queue-num-queues", "1");
	CHECK_EQ(read_keys(&xs), 0);
	helper_close(&xs);
}

/* One channel, no features: as a boot loader has it. */
static void
vif_keys_read_minimal(void)
{
	struct xstore xs = helper_open();

	helper_dir(HELPER_FRONT, HELPER_GUEST, HELPER_SELF);
	put("tx-ring-ref", "8");
	put("rx-ring-ref", "9");
	put("event-channel", "3");
	put("request-rx-copy", "1");
	CHECK_EQ(read_keys(&xs), 0);
	CHECK_EQ(keys.queue[0].evtchn_tx, 3);
	CHECK_EQ(keys.queue[0].evtchn_rx, 3);
	/* IPv4 checksum offload is what must be opted out of */
	CHECK_EQ(keys.guest, VIF_GUEST_CSUM4);
	put("feature-no-csum-offload", "1");
	CHECK_EQ(read_keys(&xs), 0);
	CHECK_EQ(keys.guest, 0);
	helper_close(&xs);
}

static void
vif_keys_read_missing(void)
{
	static const char *const needed[] = { "tx-ring-ref", "rx-ring-ref", "event-channel-rx",
					      "request-rx-copy" };

	for (unsigned i = 0; i < ARRAY_SIZE(needed); i++) {
		struct xstore xs = open_linux();
		put(needed[i], NULL);
		CHECK_LT(read_keys(&xs), 0);
		CHECK_HAS(why, needed[i]);
		helper_close(&xs);
	}
}

/* Every number that we read, times everything that is none. */
static void
vif_keys_read_hostile(void)
{
	static char nines[2048];
	/* clang-format off */
	static const char *const numbers[] = {
		"multi-queue-num-queues", "tx-ring-ref", "rx-ring-ref", "event-channel-tx", "event-channel-rx",
		"request-rx-copy", "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-no-csum-offload",
		"feature-ipv6-csum-offload",
	};
	/* clang-format on */
	static const struct {
		const char *text;
		unsigned len;
	} values[] = {
		{ "", 0 },
		{ "-1", 2 },
		{ "4294967296", 10 },
		{ "4294967297", 10 },
		{ "0x10", 4 },
		{ " 1", 2 },
		{ "1 ", 2 },
		{ "1\0junk", 6 },
		{ "1\0", 2 },
		{ "00", 2 },
		{ "01", 2 },
		{ "1e3", 3 },
		{ nines, sizeof(nines) },
		{ "\xff\xfe", 2 },
	};
	memset(nines, '9', sizeof(nines));
	struct xstore xs = open_linux();

	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		char before[16];
		char path[128];
		snprintf(path, sizeof(path), HELPER_FRONT "/%s", numbers[i]);
		bool had = fake_store_exists(path);
		fake_store_get(path, before, sizeof(before));
		for (unsigned j = 0; j < ARRAY_SIZE(values); j++) {
			put_bytes(numbers[i], values[j].text, values[j].len);
			CHECK_LT(read_keys(&xs), 0);
			CHECK_HAS(why, numbers[i]);
			for (const char *c = why; *c != '\0'; c++)
				CHECK_RANGE(*c, ' ', '~');
		}
		put(numbers[i], had ? before : NULL);
	}
	CHECK_EQ(read_keys(&xs), 0);
	helper_close(&xs);
}

static void
vif_keys_read_out_of_range(void)
{
	static const struct {
		const char *key;
		const char *value;
	} bad[] = { { "multi-queue-num-queues", "0" },
		    { "multi-queue-num-queues", "5" },
		    { "event-channel-tx", "0" },
		    { "event-channel-rx", "2147483648" },
		    { "request-rx-copy", "0" },
		    { "request-rx-copy", "2" },
		    { "feature-sg", "2" } };

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		struct xstore xs = open_linux();
		put(bad[i].key, bad[i].value);
		CHECK_LT(read_keys(&xs), 0);
		CHECK_HAS(why, bad[i].key);
		helper_close(&xs);
	}
}

static void
vif_keys_read_duplicates(void)
{
	struct xstore xs = open_linux();

	put("rx-ring-ref", "768");
	CHECK_EQ(read_keys(&xs), -EINVAL);
	put("rx-ring-ref", "769");
	put("event-channel-rx", "15");
	CHECK_EQ(read_keys(&xs), -EINVAL);
	helper_close(&xs);
}

/* Two queues, which must have pages and channels of their own. */
static void
put_queues(void)
{
	put("multi-queue-num-queues", "2");
	put("queue-0/tx-ring-ref", "8");
	put("queue-0/rx-ring-ref", "9");
	put("queue-0/event-channel-tx", "1");
	put("queue-0/event-channel-rx", "2");
	put("queue-1/tx-ring-ref", "10");
	put("queue-1/rx-ring-ref", "11");
	put("queue-1/event-channel", "3");
}

static void
vif_keys_read_queues(void)
{
	static const struct {
		const char *key, *value;
		int ret;
	} wrong[] = {
		{ "queue-1/tx-ring-ref", NULL, -ENOENT },
		{ "queue-1/event-channel", NULL, -ENOENT },
		{ "queue-1/rx-ring-ref", "8", -EINVAL },
		{ "queue-1/tx-ring-ref", "9", -EINVAL },
		{ "queue-1/event-channel", "2", -EINVAL },
		{ "queue-0/event-channel-rx", "1", -EINVAL },
		{ "queue-0/tx-ring-ref", "x", -EINVAL },
		{ "ctrl-ring-ref", "11", -ENOENT },
	};
	struct xstore xs = open_linux();

	put_queues();
	CHECK_EQ(read_keys(&xs), 0);
	CHECK_EQ(keys.n_queues, 2);
	CHECK_EQ(keys.queue[0].rx_ref, 9);
	CHECK_EQ(keys.queue[1].tx_ref, 10);
	CHECK_EQ(keys.queue[1].evtchn_tx, 3);
	CHECK_EQ(keys.queue[1].evtchn_rx, 3);
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		put_queues();
		put(wrong[i].key, wrong[i].value);
		CHECK_EQ(read_keys(&xs), wrong[i].ret);
		CHECK_NE(why[0], '\0');
	}
	put("event-channel-ctrl", "20"); /* and its page is queue 1's */
	put_queues();
	CHECK_EQ(read_keys(&xs), -EINVAL);
	helper_close(&xs);
}

static void
vif_keys_read_unreadable(void)
{
	struct xstore xs = open_linux();
	struct fake_perms nobody = { .owner = HELPER_GUEST };

	fake_store_set_perms(HELPER_FRONT "/tx-ring-ref", &nobody);
	CHECK_EQ(read_keys(&xs), -EACCES);
	helper_close(&xs);
}

static void
vif_keys_read_interfered(void)
{
	struct xstore xs = open_linux();

	fake_store_fail(FAKE_STORE_COMMIT, 0, 3, EAGAIN);
	CHECK_EQ(read_keys(&xs), 0);
	uint64_t before = fake_store_calls(FAKE_STORE_COMMIT);
	fake_store_fail(FAKE_STORE_COMMIT, 0, 1000, EAGAIN);
	CHECK_EQ(read_keys(&xs), -EAGAIN);
	CHECK_LE(fake_store_calls(FAKE_STORE_COMMIT) - before, 10);
	CHECK_HAS(why, "keep changing");
	fake_store_fail(FAKE_STORE_COMMIT, 0, 0, 0);
	fake_store_fail(FAKE_STORE_BEGIN, 0, 1, EIO);
	CHECK_EQ(read_keys(&xs), -EIO);
	helper_close(&xs);
}

/* A guest that swaps its rings all the time is seen before or after a swap. */
static atomic_bool swapping;

static void *
swap_rings(void *arg)
{
	const struct store_ops *ops = fake_xen()->store;
	struct store *guest = fake_store_connect(HELPER_GUEST);

	for (unsigned i = 0; swapping; i++) {
		uint32_t tx = ops->begin(guest);
		ops->write(guest, tx, HELPER_FRONT "/tx-ring-ref", i % 2 ? "769" : "768");
		ops->write(guest, tx, HELPER_FRONT "/rx-ring-ref", i % 2 ? "768" : "769");
		ops->commit(guest, tx);
	}
	ops->close(guest);
	return arg;
}

static void
vif_keys_read_race(void)
{
	struct xstore xs = open_linux();
	pthread_t thread;

	swapping = true;
	pthread_create(&thread, NULL, swap_rings, NULL);
	for (unsigned i = 0; i < 500; i++) {
		int ret = read_keys(&xs);
		CHECK(ret == 0 || ret == -EAGAIN);
		if (ret == 0)
			CHECK_EQ(keys.queue[0].tx_ref + keys.queue[0].rx_ref, 768 + 769);
	}
	swapping = false;
	pthread_join(thread, NULL);
	helper_close(&xs);
}

/*
 * Whatever a frontend writes, there is room for data behind it (netback-style: what is no number is
 * 0).
 */
static void
vif_keys_read_headroom_any(void)
{
	static const struct {
		const char *value;
		unsigned headroom;
	} c[] = {
		{ "0", 0 },
		{ "256", 256 },
		{ "2048", 2048 },
		{ "2049", 2048 },
		{ "4095", 2048 },
		{ "4096", 2048 },
		{ "32767", 2048 },
		{ "65535", 2048 },
		{ "65536", 2048 },
		{ "4294967295", 2048 },
		{ "4294967296", 0 },
		{ "-1", 0 },
		{ "", 0 },
		{ " 256", 0 },
		{ "256x", 0 },
		{ "0x100", 0 },
		{ "9999999999999999999999", 0 },
	};
	struct xstore xs = open_linux();

	CHECK_EQ(read_keys(&xs), 0);
	CHECK_EQ(keys.headroom, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		fake_store_write(HELPER_FRONT "/xdp-headroom", c[i].value);
		CHECK_EQ(read_keys(&xs), 0);
		CHECK_EQ(keys.headroom, c[i].headroom);
		CHECK_EQ(vif_keys_read_headroom(&xs, 0, HELPER_FRONT), c[i].headroom);
	}
	helper_close(&xs);
}

static void
vif_keys_features_truthful(void)
{
	unsigned n;
	const struct node_value *features = vif_keys_features(&n);

	for (unsigned i = 0; i < n; i++) {
		if (strcmp(features[i].key, "feature-rx-flip") == 0)
			CHECK_STR(features[i].value, "0");
	}
	CHECK_EQ(n, 11);
}

void test_keys(CU_pSuite suite);

void
test_keys(CU_pSuite suite)
{
	UNIT_ADD(suite, vif_keys_read_linux);
	UNIT_ADD(suite, vif_keys_read_minimal);
	UNIT_ADD(suite, vif_keys_read_missing);
	UNIT_ADD(suite, vif_keys_read_hostile);
	UNIT_ADD(suite, vif_keys_read_out_of_range);
	UNIT_ADD(suite, vif_keys_read_duplicates);
	UNIT_ADD(suite, vif_keys_read_queues);
	UNIT_ADD(suite, vif_keys_read_unreadable);
	UNIT_ADD(suite, vif_keys_read_interfered);
	UNIT_ADD(suite, vif_keys_read_race);
	UNIT_ADD(suite, vif_keys_read_headroom_any);
	UNIT_ADD(suite, vif_keys_features_truthful);
}
