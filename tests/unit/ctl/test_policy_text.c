/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/vif/policy_text.c. */
#include "ctl/vif/policy_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "unit.h"

/* `text` is wrong, and leaves everything as it was. It is given in a buffer of just its size. */
static void
expect_wrong(int (*parse)(const char *text, struct policy *policy), const char *text)
{
	struct policy policy, before;
	char *copy = strdup(text);

	memset(&policy, 0x5a, sizeof(policy));
	before = policy;
	if (parse(copy, &policy) != -EINVAL) {
		fprintf(stderr, "\n    accepted: \"%s\"\n", text);
		CU_FAIL("see the text above");
	}
	CHECK_MEM(&policy, &before, sizeof(policy));
	free(copy);
}

/* ---- MAC ---- */

static int
parse_mac(const char *text, struct policy *policy)
{
	return policy_text_mac(text, policy->mac);
}

static void
policy_text_mac_plain(void)
{
	static const uint8_t expected[6] = { 0x00, 0x16, 0x3e, 0xab, 0xcd, 0x0f };
	uint8_t mac[6];

	CHECK_EQ(policy_text_mac("00:16:3e:ab:cd:0f", mac), 0);
	CHECK_MEM(mac, expected, 6);
	memset(mac, 0, 6);
	CHECK_EQ(policy_text_mac("00:16:3E:AB:cD:0F", mac), 0);
	CHECK_MEM(mac, expected, 6);
}

static void
policy_text_mac_hostile(void)
{
	/* clang-format off */
	static const char *const bad[] = {
		"", ":", "00", "00:16:3e:ab:cd", "00:16:3e:ab:cd:", "00:16:3e:ab:cd:0", "00:16:3e:ab:cd:0f ",
		" 00:16:3e:ab:cd:0f", "00:16:3e:ab:cd:0f:", "00:16:3e:ab:cd:0f:11", "00-16-3e-ab-cd-0f",
		"0:16:3e:ab:cd:0f1", "00:16:3e:ab:cd:0g", "g0:16:3e:ab:cd:00", "00163eabcd0f", "+0:16:3e:ab:cd:0f",
		"0x:16:3e:ab:cd:0f", "00:16:3e:ab:cd:-1", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "00:00:00:00:00:00",
		"\xff\xff:16:3e:ab:cd:0f", "00:16:3e:ab:cd 0f", "::::::::::::::::::",
	};
	/* clang-format on */

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		expect_wrong(parse_mac, bad[i]);
}

/* ---- IP ---- */

static void
policy_text_ips_one(void)
{
	struct policy policy = { .n_ipv4 = 7, .n_ipv6 = 3 };

	CHECK_EQ(policy_text_ips("10.1.2.3", &policy), 0);
	CHECK_EQ(policy.n_ipv4, 1);
	CHECK_EQ(policy.n_ipv6, 0);
	CHECK_EQ(policy.ipv4[0].addr, htonl(0x0a010203));
	CHECK_EQ(policy.ipv4[0].mask, UINT32_MAX);
	CHECK_FALSE(policy.check_ip);
}

static void
policy_text_ips_many(void)
{
	static const uint8_t ones[16] = { [0 ... 15] = 0xff };
	static const char *const lists[] = { "10.1.2.3 fd00::1 192.0.2.200",
					     " 10.1.2.3,fd00::1,192.0.2.200 ",
					     "10.1.2.3, fd00::1,\t192.0.2.200,," };

	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++) {
		struct policy policy = { .check_ip = true };

		CHECK_EQ(policy_text_ips(lists[i], &policy), 0);
		CHECK_EQ(policy.n_ipv4, 2);
		CHECK_EQ(policy.n_ipv6, 1);
		CHECK_EQ(policy.ipv4[0].addr, htonl(0x0a010203));
		CHECK_EQ(policy.ipv4[1].addr, htonl(0xc00002c8));
		CHECK_EQ(policy.ipv6[0].addr[0], 0xfd);
		CHECK_EQ(policy.ipv6[0].addr[15], 1);
		CHECK_MEM(policy.ipv6[0].mask, ones, 16);
		CHECK(policy.check_ip);
	}
}

static void
policy_text_ips_prefix(void)
{
	struct policy policy = { .n_ipv4 = 0 };

	CHECK_EQ(policy_text_ips(
			 "10.1.2.3/20 10.9.9.9/0 10.9.9.9/32 fd00:1:2:3:4::5/50 ::/0 0.0.0.0/8",
			 &policy),
		 0);
	CHECK_EQ(policy.n_ipv4, 4);
	CHECK_EQ(policy.n_ipv6, 2);
	CHECK_EQ(policy.ipv4[0].addr, htonl(0x0a010000));
	CHECK_EQ(policy.ipv4[0].mask, htonl(0xfffff000));
	CHECK_EQ(policy.ipv4[1].addr, 0);
	CHECK_EQ(policy.ipv4[1].mask, 0);
	CHECK_EQ(policy.ipv4[2].addr, htonl(0x0a090909));
	CHECK_EQ(policy.ipv4[2].mask, UINT32_MAX);
	CHECK_EQ(policy.ipv4[3].addr, 0);
	CHECK_EQ(policy.ipv4[3].mask, htonl(0xff000000));
	static const uint8_t mask[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc0 };
	static const uint8_t addr[16] = { 0xfd, 0, 0, 1, 0, 2, 0, 0 };
	static const uint8_t none[16];
	CHECK_MEM(policy.ipv6[0].mask, mask, 16);
	CHECK_MEM(policy.ipv6[0].addr, addr, 16);
	CHECK_MEM(policy.ipv6[1].mask, none, 16);
}

static void
policy_text_ips_full(void)
{
	struct policy policy = { .n_ipv4 = 0 };
	char text[1024] = "";

	for (unsigned i = 1; i <= POLICY_IPS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "10.0.0.%u fd00::%u ", i,
			 i);
	CHECK_EQ(policy_text_ips(text, &policy), 0);
	CHECK_EQ(policy.n_ipv4, POLICY_IPS_MAX);
	CHECK_EQ(policy.n_ipv6, POLICY_IPS_MAX);
	CHECK_EQ(policy.ipv4[POLICY_IPS_MAX - 1].addr, htonl(0x0a000000 + POLICY_IPS_MAX));
	size_t len = strlen(text);
	strcpy(text + len, "10.0.1.1");
	expect_wrong(policy_text_ips, text);
	strcpy(text + len, "fd00::1:1");
	expect_wrong(policy_text_ips, text);
}

static void
policy_text_ips_hostile(void)
{
	/* clang-format off */
	static const char *const bad[] = {
		"", " ", ",", "10", "10.1", "10.1.2", "10.1.2.3.4", "10.1.2.256", "10.1.2.-3", "10.1.2.3x", "x10.1.2.3",
		"10.1.2.3/", "10.1.2.3/33", "10.1.2.3/-1", "10.1.2.3/08", "10.1.2.3/8/8", "10.1.2.3/8x", "/8", "/",
		"10.1.2.3/255.0.0.0", "0x0a.1.2.3", "0.0.0.0", "0.0.0.0/32", "224.0.0.1", "255.255.255.255", "::", "::/128",
		"fd00::1/129", "fd00::1/", "fd00::1::2", "fd00:::1", ":", "fd00::g", "fd00::1%eth0", "ff02::1", "[fd00::1]",
		"10.1.2.3 fd00::1 nonsense", "10.1.2.3;10.1.2.4", "10.1.2.3-10.1.2.9", "localhost", "\xff", "10.1.2.3\r",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999",
		"1111:2222:3333:4444:5555:6666:111.222.111.222/128/128/128/128/128/128",
		"10.1.2.3/99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
	};
	/* clang-format on */

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		expect_wrong(policy_text_ips, bad[i]);
}

/* ---- VLAN ---- */

/* The VLANs of `bits` as text, ranges written out: "10,20". */
static const char *
vids(const uint64_t *bits, char *text, size_t size)
{
	text[0] = '\0';
	for (unsigned vid = 0; vid < POLICY_VIDS; vid++)
		if ((bits[vid / 64] >> (vid % 64) & 1) != 0)
			snprintf(text + strlen(text), size - strlen(text), "%s%u",
				 text[0] != '\0' ? "," : "", vid);
	return text;
}

static void
policy_text_vlan_forms(void)
{
	static const struct {
		const char *text;
		unsigned pvid;
		const char *member, *untagged;
	} good[] = {
		{ "10", 10, "10", "10" },
		{ "10p", 10, "10", "10" },
		{ "10u", 10, "10", "10" },
		{ "1", 1, "1", "1" },
		{ "4094", 4094, "4094", "4094" },
		{ "7-7", 7, "7", "7" },
		{ "10p/20", 10, "10,20", "10" },
		{ "20/10p", 10, "10,20", "10" },
		{ "10p/20u/30", 10, "10,20,30", "10,20" },
		{ "10p/100+10x4", 10, "10,100,110,120,130", "10" },
		{ "100+10x1", 100, "100", "100" },
		{ "1p/10-15/20-22u", 1, "1,10,11,12,13,14,15,20,21,22", "1,20,21,22" },
		{ "5-9u", 0, "5,6,7,8,9", "5,6,7,8,9" },
		{ "10/20", 0, "10,20", "" },
		{ "10-12", 0, "10,11,12", "" },
		{ "4000+47x3u/5p", 5, "5,4000,4047,4094", "5,4000,4047,4094" },
	};
	char text[256];

	for (unsigned i = 0; i < ARRAY_SIZE(good); i++) {
		struct policy policy = { .check_mac = true, .n_ipv4 = 3 };

		CHECK_EQ(policy_text_vlan(good[i].text, &policy), 0);
		CHECK_EQ(policy.part, VLAN_LISTED);
		CHECK_EQ(policy.vlans.pvid, good[i].pvid);
		CHECK_STR(vids(policy.vlans.member, text, sizeof(text)), good[i].member);
		CHECK_STR(vids(policy.vlans.untagged, text, sizeof(text)), good[i].untagged);
		CHECK(policy.check_mac);
		CHECK_EQ(policy.n_ipv4, 3);
	}
}

/* What was set before is gone. */
static void
policy_text_vlan_again(void)
{
	struct policy policy = { .part = VLAN_PLAIN };
	char text[64];

	CHECK_EQ(policy_text_vlan("1-4094u", &policy), 0);
	CHECK_EQ(policy.vlans.member[0], UINT64_MAX - 1);
	CHECK_EQ(policy.vlans.member[63], UINT64_MAX >> 1);
	CHECK_EQ(policy_text_vlan("3p/4", &policy), 0);
	CHECK_STR(vids(policy.vlans.member, text, sizeof(text)), "3,4");
	CHECK_STR(vids(policy.vlans.untagged, text, sizeof(text)), "3");
	CHECK_EQ(policy_text_vlan("trunk", &policy), 0);
	CHECK_EQ(policy.part, VLAN_TRUNK);
	CHECK_EQ(policy.vlans.pvid, 0);
	CHECK_EQ(policy_text_vlan("3", &policy), 0);
	CHECK_EQ(policy.part, VLAN_LISTED);
}

static void
policy_text_vlan_hostile(void)
{
	/* clang-format off */
	static const char *const bad[] = {
		"", "/", "p", "u", "-", "+", "x", "0", "4095", "4096", "65546", "4294967306", "99999999999999999999", "-1", "+1",
		"1-", "-5", "5-4", "1-4095", "0-5", "1-2-3", "1--2", "10/", "/10", "10//20", "10p/20p", "10/10", "10-20/15",
		"10p/10", "10pp", "10up", "10pu", "10t", "10P", "p10", "10 ", " 10", "10 p", "10p /20", "10,20", "10-20p",
		"100+10x4p", "100+10", "100+", "100+x4", "100+10x", "100+10x0", "100+0x2", "100+10x401", "100x10+4",
		"4000+4000x2", "1+4094x4094", "100+10x4/110", "100+-10x4", "01", "0x10", "10.5", "ten", "\xff", "10\n", "10p/20\n",
		"1+1x4294967295", "1+4294967295x2", "2-1/3", "10u/20u/10u", "10-", "10+5x2-", "none", "trunks", "trunk/10", "10/trunk", " trunk", "TRUNK",
	};
	/* clang-format on */

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		expect_wrong(policy_text_vlan, bad[i]);
}

/* Whatever letters come: no crash, and nothing but 0 or -EINVAL. */
static void
policy_text_random(void)
{
	static const char letters[] = "0123456789pu-+x/ ,.:af";

	srandom(1);
	for (unsigned i = 0; i < 200000; i++) {
		size_t len = (size_t)random() % 24;
		char *text = malloc(len + 1);
		struct policy policy = { .n_ipv4 = 0 };

		for (size_t k = 0; k < len; k++)
			text[k] = letters[(size_t)random() % (sizeof(letters) - 1)];
		text[len] = '\0';
		int ret = policy_text_vlan(text, &policy);
		CHECK(ret == -EINVAL || (ret == 0 && policy.vlans.pvid <= 4094));
		ret = policy_text_ips(text, &policy);
		CHECK(ret == -EINVAL || (ret == 0 && policy.n_ipv4 + policy.n_ipv6 > 0));
		ret = policy_text_mac(text, policy.mac);
		CHECK(ret == -EINVAL || len == 17);
		free(text);
	}
}

void test_policy_text(CU_pSuite suite);

void
test_policy_text(CU_pSuite suite)
{
	UNIT_ADD(suite, policy_text_mac_plain);
	UNIT_ADD(suite, policy_text_mac_hostile);
	UNIT_ADD(suite, policy_text_ips_one);
	UNIT_ADD(suite, policy_text_ips_many);
	UNIT_ADD(suite, policy_text_ips_prefix);
	UNIT_ADD(suite, policy_text_ips_full);
	UNIT_ADD(suite, policy_text_ips_hostile);
	UNIT_ADD(suite, policy_text_vlan_forms);
	UNIT_ADD(suite, policy_text_vlan_again);
	UNIT_ADD(suite, policy_text_vlan_hostile);
	UNIT_ADD(suite, policy_text_random);
}
