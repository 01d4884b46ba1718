/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: checksums and segmentation between guests that offer and take different offloads. */
#include <string.h>

#include "dp/vif/port_vif.h"
#include "sim/flow.h"
#include "sim/test_sim.h"

#define MSS 1428u /* what fits into an MTU of 1500 after the headers of IPv6 and TCP */

struct pair {
	struct sim s;
	struct guest *a, *b;
};

/* a offers everything, b takes `features`. */
static void
pair_start(struct pair *p, unsigned features)
{
	sim_start(&p->s);
	p->a = sim_join(&p->s);
	p->b = sim_add(&p->s);
	sim_connect(&p->s, p->b, features);
	CHECK(flow_exchange(p->a, p->b, 10));
}

/* Sends a frame whose checksum is blank; `gso_size` 0: it is to stay one frame. */
static void
send_blank(struct guest *g, const struct frame *f, uint16_t gso_size)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct guest_packet packet = {
		.data = data,
		.len = f->len,
		.flags = NETTXF_csum_blank | NETTXF_data_validated,
		.gso_size = gso_size,
	};

	if (gso_size != 0)
		packet.gso_type =
			f->kind == FRAME_TCP4 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6;
	frame_build_blank(f, data);
	flow_drain(g);
	flow_send(g, &packet);
}

/*
 * Blank checksums pass as they are to who takes them, and complete to who does not. Nobody takes
 * them behind a VLAN tag: Linux's netfront completes IP and IPv6 only, and drops the others.
 */
static void
csum_kinds(unsigned features, bool blank4, bool blank6)
{
	struct pair p;

	pair_start(&p, features);
	for (unsigned i = 0; i < 200; i++) {
		enum frame_kind kind = FRAME_UDP4 + i % 4;
		struct frame f = flow_frame(p.a, p.b, kind, 80 + i * 7, i);
		bool blank = kind == FRAME_UDP4 || kind == FRAME_TCP4 ? blank4 : blank6;

		f.vlan = i % 3 == 0 ? 7 : 0;
		send_blank(p.a, &f, 0);
		if (!flow_expect(p.b, &f, blank && f.vlan == 0 ? FRAME_BLANK : FRAME_COMPLETE))
			break;
		flow_drain(p.a);
	}
	CHECK_EQ(p.a->stats.n_tx_error, 0);
	sim_stop(&p.s);
}

static void
csum_blank_passes(void)
{
	csum_kinds(FRONT_LINUX, true, true);
}

static void
csum_completed_for_v6(void)
{
	csum_kinds(FRONT_SG, true, false);
}

static void
csum_completed_for_all(void)
{
	csum_kinds(FRONT_SG | FRONT_NO_CSUM, false, false);
}

/* Frontends that put 0 or anything else into a blank field are helped. */
static void
csum_blank_with_garbage(void)
{
	struct pair p;
	uint8_t data[200];

	pair_start(&p, FRONT_SG | FRONT_NO_CSUM);
	for (unsigned i = 0; i < 20; i++) {
		struct frame f = flow_frame(p.a, p.b, FRAME_UDP4, 200, i);
		struct guest_packet packet = { .data = data,
					       .len = 200,
					       .flags = NETTXF_csum_blank };

		frame_build(&f, data);
		data[40] = (uint8_t)(i * 37);
		data[41] = (uint8_t)(i * 91);
		CHECK_EQ(guest_send(p.a, &packet), 0);
		CHECK(flow_expect(p.b, &f, FRAME_COMPLETE));
		flow_drain(p.a);
	}
	sim_stop(&p.s);
}

static void
gso_whole(enum frame_kind kind)
{
	static const uint32_t lens[] = { 1600, 4096, 4097, 9000, 32768, 65535 };
	static struct guest_frame got;
	struct pair p;

	pair_start(&p, FRONT_LINUX);
	for (unsigned i = 0; i < 60; i++) {
		struct frame f = flow_frame(p.a, p.b, kind, lens[i % 6], i * 1000);

		send_blank(p.a, &f, MSS);
		if (!sim_check(flow_receive(p.b, &got), "GSO frame %u of %u bytes does not arrive",
			       i, f.len))
			break;
		CHECK_EQ(got.gso_size, MSS);
		CHECK_EQ(got.gso_type,
			 kind == FRAME_TCP4 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6);
		CHECK(got.flags & NETRXF_csum_blank);
		CHECK(frame_equal(&f, FRAME_BLANK, got.data, got.len));
		CHECK_EQ(got.n_slots, (f.len + 4095) / 4096 + 1);
		flow_drain(p.a);
	}
	CHECK_EQ(p.a->stats.n_tx_error, 0);
	sim_stop(&p.s);
}

static void
gso4_whole(void)
{
	gso_whole(FRAME_TCP4);
}

static void
gso6_whole(void)
{
	gso_whole(FRAME_TCP6);
}

/* One GSO frame arrives as segments that carry the same bytes. */
static bool
expect_segments(struct pair *p, const struct frame *f, enum frame_csum csum)
{
	static struct guest_frame got;
	uint32_t payload = f->len - frame_header_len(f);
	uint32_t at = 0, n;

	while (at < payload) {
		if (!sim_check(flow_receive(p->b, &got), "%u of %u bytes arrived", at, payload))
			return false;
		bool blank = got.flags & NETRXF_csum_blank;
		if (!sim_check(frame_segment_of(f, at, got.data, got.len, &n),
			       "segment at %u of %u differs", at, payload) ||
		    !sim_check(n == MSS || at + n == payload, "segment of %u bytes at %u of %u", n,
			       at, payload) ||
		    !sim_check(blank == (csum == FRAME_BLANK), "flags are %x", got.flags) ||
		    !sim_check(blank || frame_checksums_right(got.data, got.len),
			       "wrong checksum at %u", at))
			return false;
		at += n;
	}
	return true;
}

static void
gso_segmented(enum frame_kind kind, unsigned features, uint16_t vlan)
{
	static const uint32_t lens[] = { 1600, 2962, 9000, 65535 };
	struct pair p;

	pair_start(&p, features);
	for (unsigned i = 0; i < 20; i++) {
		struct frame f = flow_frame(p.a, p.b, kind, lens[i % 4], i * 100000);

		f.tcp_flags = 0x18;
		f.vlan = vlan;
		send_blank(p.a, &f, MSS);
		if (!expect_segments(&p, &f, FRAME_COMPLETE))
			break;
		flow_drain(p.a);
	}
	const struct port *port = sim_port(p.b);
	REQUIRE_NOT_NULL(port);
	CHECK_EQ(port->stats.n_soft_gso, 20);
	sim_stop(&p.s);
}

static void
gso4_segmented(void)
{
	gso_segmented(FRAME_TCP4, FRONT_SG | FRONT_NO_CSUM, 0);
}

static void
gso6_segmented(void)
{
	gso_segmented(FRAME_TCP6, FRONT_SG | FRONT_GSO4, 0);
}

static void
gso_without_sg_segmented(void)
{
	gso_segmented(FRAME_TCP4, FRONT_GSO4 | FRONT_NO_CSUM, 0);
}

/* Whatever the guest takes, behind a tag it gets segments that are complete. */
static void
gso4_tagged_segmented(void)
{
	gso_segmented(FRAME_TCP4, FRONT_LINUX, 7);
}

static void
gso6_tagged_segmented(void)
{
	gso_segmented(FRAME_TCP6, FRONT_LINUX, 7);
}

/* PSH and FIN belong to the last segment, and each has its own IPv4 id. */
static void
gso_segment_headers(void)
{
	static struct guest_frame got;
	struct pair p;
	unsigned n_seen = 0, id = 0;

	pair_start(&p, FRONT_SG | FRONT_NO_CSUM);
	struct frame f = flow_frame(p.a, p.b, FRAME_TCP4, 54 + 5 * MSS, 77);
	f.tcp_flags = 0x19; /* ACK, PSH, FIN */
	send_blank(p.a, &f, MSS);
	for (n_seen = 0; n_seen < 5; n_seen++) {
		CHECK(flow_receive(p.b, &got));
		CHECK_EQ(got.data[47], n_seen < 4 ? 0x10 : 0x19);
		unsigned this_id = (unsigned)got.data[18] << 8 | got.data[19];
		if (n_seen > 0)
			CHECK_EQ(this_id, id + 1);
		id = this_id;
		CHECK_EQ(got.data[16] * 256u + got.data[17], got.len - 14);
	}
	sim_stop(&p.s);
}

/* A GSO frame that is flooded to guests with different abilities. */
static void
gso_flooded(void)
{
	static struct guest_frame got;
	struct pair p;

	pair_start(&p, FRONT_SG | FRONT_NO_CSUM);
	struct guest *c = sim_join(&p.s);
	for (unsigned i = 0; i < 10; i++) {
		struct frame f = flow_frame(p.a, p.b, FRAME_TCP4, 20000, 50000 * i);

		memset(f.dst, 0xff, 6);
		send_blank(p.a, &f, MSS);
		if (!expect_segments(&p, &f, FRAME_COMPLETE))
			break;
		CHECK(flow_receive(c, &got));
		CHECK(frame_equal(&f, FRAME_BLANK, got.data, got.len));
		CHECK_EQ(got.gso_size, MSS);
		flow_drain(p.a);
	}
	sim_stop(&p.s);
}

/* As many GSO frames at once as the receiver has slots for: none is lost. */
static void
gso_burst(void)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	static struct guest_frame got;
	struct pair p;
	unsigned n = 0;

	pair_start(&p, FRONT_LINUX);
	flow_drain(p.a);
	for (unsigned i = 0; i < 15; i++) { /* of 17 slots each */
		struct frame f = flow_frame(p.a, p.b, FRAME_TCP4, 65535, i);
		struct guest_packet packet = {
			.data = data,
			.len = f.len,
			.flags = NETTXF_csum_blank,
			.gso_type = XEN_NETIF_GSO_TYPE_TCPV4,
			.gso_size = MSS,
		};

		frame_build_blank(&f, data);
		CHECK_EQ(guest_queue(p.a, &packet), 0);
	}
	guest_tx_publish(p.a);
	for (; n < 15 && flow_receive(p.b, &got); n++) {
		struct frame f = flow_frame(p.a, p.b, FRAME_TCP4, 65535, n);

		if (!frame_equal(&f, FRAME_BLANK, got.data, got.len))
			break;
	}
	sim_check(n == 15, "%u of 15 arrived", n);
	sim_stop(&p.s);
}

/* Segments that the receiver's MTU does not allow are not made. */
static void
gso_above_mtu(void)
{
	struct pair p;

	pair_start(&p, FRONT_LINUX);
	struct frame f = flow_frame(p.a, p.b, FRAME_TCP4, 20000, 1);
	send_blank(p.a, &f, 9000 - 40);
	CHECK(flow_exchange(p.a, p.b, 10));
	const struct port *port = sim_port(p.b);
	REQUIRE_NOT_NULL(port);
	CHECK_EQ(port->stats.n_dropped[DROP_TOO_BIG], 1);
	sim_stop(&p.s);
}

/* "Data validated" reaches the receiver: it need not check again. */
static void
validated_passes(void)
{
	static struct guest_frame got;
	struct pair p;
	uint8_t data[200];

	pair_start(&p, FRONT_LINUX);
	struct frame f = flow_frame(p.a, p.b, FRAME_TCP4, 200, 1);
	struct guest_packet packet = { .data = data, .len = 200, .flags = NETTXF_data_validated };
	frame_build(&f, data);
	CHECK_EQ(guest_send(p.a, &packet), 0);
	CHECK(flow_receive(p.b, &got));
	CHECK_EQ(got.flags & (NETRXF_data_validated | NETRXF_csum_blank), NETRXF_data_validated);
	packet.flags = 0;
	CHECK_EQ(guest_send(p.a, &packet), 0);
	CHECK(flow_receive(p.b, &got));
	CHECK_EQ(got.flags & (NETRXF_data_validated | NETRXF_csum_blank), 0);
	sim_stop(&p.s);
}

/* Linux accepts GSO without the blank flag: the checksum is made blank. */
static void
gso_without_blank_flag(void)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	static struct guest_frame got;
	struct pair p;

	pair_start(&p, FRONT_LINUX);
	struct frame f = flow_frame(p.a, p.b, FRAME_TCP4, 5000, 9);
	struct guest_packet packet = {
		.data = data,
		.len = f.len,
		.gso_type = XEN_NETIF_GSO_TYPE_TCPV4,
		.gso_size = MSS,
	};
	frame_build(&f, data);
	CHECK_EQ(guest_send(p.a, &packet), 0);
	CHECK(flow_receive(p.b, &got));
	CHECK(frame_equal(&f, FRAME_BLANK, got.data, got.len));
	CHECK(got.flags & NETRXF_csum_blank);
	struct port_vif_stats stats;
	port_vif_get_stats(sim_port(p.a), &stats);
	CHECK_EQ(stats.n_gso_csum_fixups, 1);
	sim_stop(&p.s);
}

CU_TestInfo offload_cases[] = {
	{ "csum_blank_passes", csum_blank_passes },
	{ "csum_completed_for_v6", csum_completed_for_v6 },
	{ "csum_completed_for_all", csum_completed_for_all },
	{ "csum_blank_with_garbage", csum_blank_with_garbage },
	{ "gso4_whole", gso4_whole },
	{ "gso6_whole", gso6_whole },
	{ "gso4_segmented", gso4_segmented },
	{ "gso6_segmented", gso6_segmented },
	{ "gso_without_sg_segmented", gso_without_sg_segmented },
	{ "gso4_tagged_segmented", gso4_tagged_segmented },
	{ "gso6_tagged_segmented", gso6_tagged_segmented },
	{ "gso_segment_headers", gso_segment_headers },
	{ "gso_flooded", gso_flooded },
	{ "gso_burst", gso_burst },
	{ "gso_above_mtu", gso_above_mtu },
	{ "validated_passes", validated_passes },
	{ "gso_without_blank_flag", gso_without_blank_flag },
	CU_TEST_INFO_NULL,
};
