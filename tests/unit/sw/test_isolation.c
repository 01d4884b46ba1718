/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The isolation table: for each kind of port and each form of a frame, what comes out where; with
 * each check of senders, for each kind of destination, and whoever else is there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "mbuf.h"
#include "proto/limits.h"
#include "sw/policy.h"
#include "sw/switch.h"
#include "unit.h"

#define BIT(vid) (UINT64_C(1) << ((vid) % 64))
#define BRIDGE 6

enum kind {
	UPLINK,
	TRUNK,  /* a vif with vlan=trunk */
	ACCESS, /* 10 */
	NATIVE, /* 10p/20 */
	TAGGED, /* 10/20 */
	PLAIN,  /* a vif without the key */
	PLAIN2,
	N_KINDS,
};

enum form {
	NONE,
	PRIORITY,
	Q10,
	Q20,
	Q30,
	Q10_Q20,
	Q20_Q10,
	PRIORITY_Q20,
	AD10,
	AD10_Q20,
	AD0_Q10,
	SNAP,
	Q10_SNAP,
	N_FORMS,
};

/*
 * What comes out of each port, in the order of `enum kind`: '.' nothing, '0' without a tag, '1',
 * '2' and '3' with a tag of VLAN 10, 20 and 30, 'd' with both tags as it came.
 */
/* clang-format off */
static const char *const table[N_KINDS][N_FORMS] = {
	/*	       none       priority   Q10        Q20        Q30        Q10_Q20    Q20_Q10 */
	[UPLINK] = { ".0...00", ".0...00", ".1001..", ".2.22..", ".3.....", ".d..d..", ".d.dd..", [SNAP] = ".0...00", ".1001.." },
	[TRUNK] = { "0....00", "0....00", "1.001..", "2..22..", "3......", "d...d..", "d..dd..", [SNAP] = "0....00", "1.001.." },
	[ACCESS] = { "11.01..", "11.01..", "11.01..", NULL, NULL, NULL, NULL, [SNAP] = "11.01..", "11.01.." },
	[NATIVE] = { "110.1..", "110.1..", "110.1..", "22..2..", NULL, NULL, "dd..d..", [SNAP] = "110.1..", "110.1.." },
	[TAGGED] = { NULL, NULL, "1100...", "22.2...", NULL, "dd.....", "dd.d...", [SNAP] = NULL, "1100..." },
	[PLAIN] = { "00....0", "00....0", [SNAP] = "00....0", NULL },
	[PLAIN2] = { "00...0.", "00...0.", [SNAP] = "00...0.", NULL },
};
/* clang-format on */

/* Tags before the payload, and whether an LLC and a SNAP header are before its EtherType. */
static const struct {
	uint32_t tags[2];
	bool snap;
} forms[N_FORMS] = {
	[PRIORITY] = { { 0x8100e000 }, false },
	[Q10] = { { 0x8100000a }, false },
	[Q20] = { { 0x81002014 }, false },
	[Q30] = { { 0x8100001e }, false },
	[Q10_Q20] = { { 0x8100000a, 0x81000014 }, false },
	[Q20_Q10] = { { 0x81000014, 0x8100000a }, false },
	[PRIORITY_Q20] = { { 0x81000000, 0x81000014 }, false },
	[AD10] = { { 0x88a8000a }, false },
	[AD10_Q20] = { { 0x88a8000a, 0x81000014 }, false },
	[AD0_Q10] = { { 0x88a80000, 0x8100000a }, false },
	[SNAP] = { { 0 }, true },
	[Q10_SNAP] = { { 0x8100000a }, true },
};

/* Who a frame says that it comes from. */
enum sender {
	HONEST,
	OTHER_IP,
	OTHER_MAC,      /* of nobody here */
	NEIGHBOURS_MAC, /* of PLAIN2, or of PLAIN from there */
	N_SENDERS,
};

enum { TO_ALL = N_KINDS, TO_NOBODY, N_DESTINATIONS };

static struct policy policies[N_KINDS];

/* Port `kind` has the station 02::kind and the address 10.0.0.kind. */
static void
make_policies(bool guarded)
{
	for (unsigned kind = 0; kind < N_KINDS; kind++) {
		struct policy *p = &policies[kind];

		*p = (struct policy){ .check_mac = guarded,
				      .check_ip = guarded,
				      .mac = { 2, [5] = (uint8_t)kind },
				      .n_ipv4 = 1 };
		p->ipv4[0].mask = UINT32_MAX;
		memcpy(&p->ipv4[0].addr, (uint8_t[]){ 10, 0, 0, (uint8_t)kind }, 4);
	}
	policies[TRUNK].part = VLAN_TRUNK;
	policies[ACCESS].part = policies[NATIVE].part = policies[TAGGED].part = VLAN_LISTED;
	policies[ACCESS].vlans =
		(struct policy_vlans){ .pvid = 10, .member = { BIT(10) }, .untagged = { BIT(10) } };
	policies[NATIVE].vlans = (struct policy_vlans){ .pvid = 10,
							.member = { BIT(10) | BIT(20) },
							.untagged = { BIT(10) } };
	policies[TAGGED].vlans = (struct policy_vlans){ .member = { BIT(10) | BIT(20) } };
}

/* An IPv4 packet of no payload. Returns its length. */
static uint32_t
make_frame(uint8_t *frame, enum kind from, enum form form, enum sender sender, unsigned to)
{
	uint8_t neighbour = from == PLAIN2 ? PLAIN : PLAIN2;
	uint8_t ip[20] = { 0x45, 0, 0, 20, 0,  0, 0, 0,
			   64,   6, 0, 0,  10, 0, 0, sender == OTHER_IP ? 99 : from,
			   10,   0, 0, 77 };
	uint32_t len = 12;

	memcpy(frame, (uint8_t[]){ 2, 0, 0, 0, 0, (uint8_t)(to == TO_NOBODY ? 0xdd : to) }, 6);
	if (to == TO_ALL)
		memset(frame, 0xff, 6);
	memcpy(frame + 6,
	       (uint8_t[]){ 2, 0, 0, 0, 0,
			    sender == OTHER_MAC        ? 0xee
			    : sender == NEIGHBOURS_MAC ? neighbour
						       : from },
	       6);
	for (unsigned i = 0; i < 2 && forms[form].tags[i] != 0; i++, len += 4) {
		for (unsigned k = 0; k < 4; k++)
			frame[len + k] = (uint8_t)(forms[form].tags[i] >> (24 - 8 * k));
	}
	if (forms[form].snap) {
		memcpy(frame + len, (uint8_t[]){ 0, 8 + sizeof(ip), 0xaa, 0xaa, 3, 0, 0, 0 }, 8);
		len += 8;
	}
	memcpy(frame + len, (uint8_t[]){ 0x08, 0x00 }, 2);
	memcpy(frame + len + 2, ip, sizeof(ip));
	return len + 2 + (uint32_t)sizeof(ip);
}

static char
vid_char(unsigned vid)
{
	return vid == 10 ? '1' : vid == 20 ? '2' : vid == 30 ? '3' : '?';
}

/* What the frame looks like when that has been done to it. */
static char
edited(enum form form, enum vlan_edit edit, uint16_t vid)
{
	const uint32_t *tags = forms[form].tags;

	switch (edit) {
	case VLAN_KEEP:
		return tags[1] != 0 ? 'd' : tags[0] != 0 ? vid_char(tags[0] & 0xfff) : '0';
	case VLAN_INSERT:
		return tags[0] == 0 ? vid_char(vid) : '?';
	case VLAN_REMOVE:
		return tags[0] != 0 && tags[1] == 0 ? '0' : '?';
	case VLAN_RENAME:
		return tags[0] != 0 && tags[1] == 0 ? vid_char(vid) : '?';
	case VLAN_DROP:
		break;
	}
	return '.';
}

/* Sends it; `result` gets what comes out where. */
static void
deliver(struct sw *sw, enum kind from, enum form form, enum sender sender, unsigned to,
	char result[N_KINDS + 1])
{
	uint16_t out[LIMIT_PORTS], vid = VLAN_NONE;
	uint8_t frame[64];
	uint32_t len = make_frame(frame, from, form, sender, to);
	uint8_t *copy = malloc(len); /* of just its size */
	unsigned n = 0;

	memcpy(copy, frame, len);
	struct rte_mbuf m = mbuf_of(copy, len);
	memset(result, '.', N_KINDS);
	result[N_KINDS] = '\0';
	if (sw_rules(sw, from) == 0 || sw_admit(sw, from, &m, &vid) == DROP_N)
		sw_forward(sw, from, vid, copy, 1, out, &n);
	for (unsigned i = 0; i < n; i++)
		result[out[i]] = edited(form, sw_egress(sw, out[i], vid, copy, len), vid);
	free(copy);
}

static struct sw *
make_switch(unsigned flags, bool guarded)
{
	struct sw *sw = sw_create("test", 1024, 300000);

	REQUIRE_NOT_NULL(sw);
	make_policies(guarded);
	sw_set_bridge(sw, BRIDGE, flags);
	for (uint16_t kind = 0; kind < N_KINDS; kind++) {
		REQUIRE_EQ(sw_add_port(sw, kind, BRIDGE), 0);
		sw_set_policy(sw, kind, kind == UPLINK ? SW_UPLINK : SW_GUEST,
			      kind == UPLINK ? NULL : &policies[kind]);
	}
	return sw;
}

/* Whether the port `kind` is in the VLAN that such a frame of `from` is in. */
static bool
is_in_vlan(enum kind kind, enum kind from, enum form form, bool filters)
{
	enum form outer = form == Q10_Q20 ? Q10 : form == Q20_Q10 ? Q20 : form;

	return !filters || (table[from][outer] != NULL && table[from][outer][kind] != '.');
}

/*
 * Whether the sender's check lets it pass. An address that a guarded neighbour owns is its own
 * while it is there, in its VLANs.
 */
static bool
may_send(enum kind from, enum form form, enum sender sender, bool guarded, bool filters,
	 unsigned present)
{
	enum kind neighbour = from == PLAIN2 ? PLAIN : PLAIN2;

	if (sender == HONEST || !guarded)
		return true;
	if (from != UPLINK)
		return false;
	return sender != NEIGHBOURS_MAC || (present & 1u << neighbour) == 0 ||
	       !is_in_vlan(neighbour, from, form, filters);
}

/*
 * The row of the table, of which only those ports are left that the destination and `present`
 * (bits) leave.
 */
static void
expect(enum kind from, enum form form, unsigned to, bool guarded, bool filters, unsigned present,
       char row[N_KINDS + 1])
{
	char same = forms[form].tags[1] != 0 ? 'd' : edited(form, VLAN_KEEP, 0);

	memset(row, filters ? '.' : same, N_KINDS);
	row[N_KINDS] = '\0';
	if (filters && table[from][form] != NULL)
		memcpy(row, table[from][form], N_KINDS);
	if (to < N_KINDS && to != from && !is_in_vlan(to, from, form, filters))
		to = TO_NOBODY; /* its owner is in another VLAN */
	for (unsigned kind = 0; kind < N_KINDS; kind++) {
		bool goes =
			to == TO_ALL || (to == TO_NOBODY ? !guarded || kind == UPLINK : to == kind);

		if (kind == from || (present & 1u << kind) == 0 || !goes)
			row[kind] = '.';
	}
}

static void
check_row(struct sw *sw, enum kind from, enum form form, bool guarded, bool filters,
	  unsigned present)
{
	char row[N_KINDS + 1], got[N_KINDS + 1];

	for (enum sender sender = 0; sender < N_SENDERS; sender++) {
		for (unsigned to = TRUNK; to < N_DESTINATIONS; to++) {
			if (!guarded && to < N_KINDS)
				continue; /* nobody has said where that is */
			if (to < N_KINDS && (present & 1u << to) == 0)
				continue;
			expect(from, form, to, guarded, filters, present, row);
			if (!may_send(from, form, sender, guarded, filters, present))
				memset(row, '.', N_KINDS);
			deliver(sw, from, form, sender, to, got);
			CHECK_STR(got, row);
			if (strcmp(got, row) != 0)
				printf("from %u, form %u, sender %u, to %u, guarded %d, filters %d, present %x: %s instead of %s\n",
				       from, form, sender, to, guarded, filters, present, got, row);
		}
	}
}

/* All rows, with whichever other ports there are. */
static void
check_all(unsigned flags, bool guarded)
{
	struct sw *sw = make_switch(flags, guarded);
	bool filters = flags == SW_BRIDGE_VLANS;
	unsigned present = (1u << N_KINDS) - 1;

	srandom(1);
	for (unsigned round = 0; round < 40; round++) {
		for (unsigned kind = 0; kind < N_KINDS; kind++) {
			for (unsigned form = 0; (present & 1u << kind) != 0 && form < N_FORMS;
			     form++)
				check_row(sw, kind, form, guarded, filters, present);
		}
		uint16_t port = (uint16_t)((unsigned)random() % N_KINDS); /* one comes or goes */
		if ((present & 1u << port) != 0)
			sw_del_port(sw, port);
		else
			sw_add_port(sw, port, BRIDGE);
		present ^= 1u << port;
		sw_set_policy(sw, port, port == UPLINK ? SW_UPLINK : SW_GUEST,
			      port == UPLINK ? NULL : &policies[port]);
	}
	sw_destroy(sw);
}

static void
isolation_filtering(void)
{
	check_all(SW_BRIDGE_VLANS, false);
	check_all(SW_BRIDGE_VLANS, true);
}

/* Where no VLANs are filtered, tags mean nothing, whatever lists say. */
static void
isolation_not_filtering(void)
{
	check_all(0, false);
	check_all(0, true);
}

/* Behind a TAP: every form passes as it is, both ways; the vif's own checks hold. */
static void
isolation_pair(void)
{
	for (unsigned guarded = 0; guarded < 2; guarded++) {
		struct sw *sw = make_switch(SW_BRIDGE_PAIR, guarded != 0);

		for (uint16_t kind = TRUNK; kind < N_KINDS; kind++) {
			if (kind != PLAIN)
				sw_del_port(sw, kind);
		}
		for (enum form form = 0; form < N_FORMS; form++) {
			for (enum sender sender = 0; sender < N_SENDERS; sender++) {
				for (unsigned to = 0; to < N_DESTINATIONS; to++) {
					char got[N_KINDS + 1], from_vif[] = ".......",
							       to_vif[] = ".......";

					from_vif[UPLINK] = sender == HONEST || guarded == 0
								   ? edited(form, VLAN_KEEP, 0)
								   : '.';
					to_vif[PLAIN] = edited(form, VLAN_KEEP, 0);
					deliver(sw, PLAIN, form, sender, to, got);
					CHECK_STR(got, from_vif);
					deliver(sw, UPLINK, form, sender, to, got);
					CHECK_STR(got, to_vif);
				}
			}
		}
		sw_destroy(sw);
	}
}

void test_isolation(CU_pSuite suite);

void
test_isolation(CU_pSuite suite)
{
	UNIT_ADD(suite, isolation_filtering);
	UNIT_ADD(suite, isolation_not_filtering);
	UNIT_ADD(suite, isolation_pair);
}
