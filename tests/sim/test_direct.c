/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: libvpefront at the other end of the daemon, in the same process. */
#include <errno.h>
#include <string.h>

#include "sim/direct.h"
#include "sim/test_sim.h"

/* ---- cases ----------------------------------------------------------------------------------- */

static void
all_sizes(void)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct guest *d, *b;
	struct sim s;

	struct vpe_fe *fe = direct_start(&s, &d, &b);
	for (uint32_t len = 60; len <= 1514; len++) {
		struct frame f = flow_frame(d, b, FRAME_RAW, len, len);
		frame_build(&f, data);
		direct_send(fe, direct_frame(fe, data, len, len % 3 ? len : 1 + len / 4));
		CHECK(flow_expect(b, &f, FRAME_COMPLETE));
		f = flow_frame(b, d, FRAME_RAW, len, len + 7);
		frame_build(&f, data);
		CHECK_EQ(guest_send_frame(b, data, len), 0);
		CHECK(direct_expect(fe, &f));
		flow_drain(b);
	}
	struct vpe_fe_stats stats;
	vpe_fe_get_stats(fe, 0, &stats);
	CHECK_EQ(stats.n_tx_failed + stats.n_tx_refused + stats.n_rx_dropped, 0);
	direct_end(&s, fe);
}

/* A received frame is sent back as it lies, many times over the rings. */
static void
echo(void)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct guest *d, *b;
	struct sim s;

	struct vpe_fe *fe = direct_start(&s, &d, &b);
	for (unsigned i = 0; i < 3000; i++) {
		struct frame f = flow_frame(b, d, FRAME_RAW, 60 + i % 1400, i);
		struct vpe_fe_buf *frame = NULL;
		uint64_t deadline = sim_deadline();

		frame_build(&f, data);
		REQUIRE_EQ(guest_send_frame(b, data, f.len), 0);
		while (vpe_fe_rx_burst(fe, 0, &frame, 1) == 0 && fake_now_ms() < deadline)
			;
		REQUIRE_NOT_NULL(frame);
		uint8_t mac[6];
		memcpy(mac, frame->data, 6);
		memcpy(frame->data, frame->data + 6, 6);
		memcpy(frame->data + 6, mac, 6);
		direct_send(fe, frame);
		memcpy(mac, data, 6);
		memcpy(data, data + 6, 6);
		memcpy(data + 6, mac, 6);
		static struct guest_frame back;
		REQUIRE(flow_receive(b, &back));
		CHECK_EQ(back.len, f.len);
		CHECK_MEM(back.data, data, f.len);
		flow_drain(b);
	}
	direct_end(&s, fe);
}

/* What is wrong with a frame is the sender's to know; nothing of it reaches the ring. */
static void
refused(void)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct vpe_fe_stats stats;
	struct guest *d;
	struct sim s;

	sim_start(&s);
	struct vpe_fe *fe = direct_open(&s, &d);
	vpe_fe_get_stats(fe, 0, &stats);
	unsigned n_free = stats.n_free;
	struct vpe_fe_buf *bad[] = {
		direct_frame(fe, data, 60, 60), /* no data */
		direct_frame(fe, data, 60, 60), /* beyond its page */
		direct_frame(fe, data, 60, 60), /* before its page */
		direct_frame(fe, data, 60, 3),  /* 20 buffers */
		direct_frame(fe, data, 10, 10), /* no Ethernet header */
		direct_frame(fe, data, 60, 60), /* GSO of nothing */
		direct_frame(fe, data, 60, 60), /* GSO with a checksum */
	};
	bad[0]->len = 0;
	bad[1]->len = 61;
	bad[2]->data = bad[2]->page - 1;
	bad[5]->flags = VPE_FE_GSO_TCPV4 | VPE_FE_CSUM_BLANK;
	bad[6]->flags = VPE_FE_GSO_TCPV4;
	bad[6]->gso_size = 1000;
	CHECK_EQ(vpe_fe_tx_burst(fe, 0, bad, 7), 7);
	vpe_fe_get_stats(fe, 0, &stats);
	CHECK_EQ(stats.n_tx_refused, 7);
	CHECK_EQ(stats.n_tx_frames, 0);
	CHECK_EQ(stats.n_free, n_free);
	direct_end(&s, fe);
}

/* Opened and closed again and again, nothing is left on either side. */
static void
cycles(void)
{
	const struct vpe_fe_params params = { .n_buffers = FE_BUFFERS_MIN,
					      .timeout_ms = GUEST_PATIENCE_MS };
	struct guest *d;
	struct sim s;

	sim_start(&s);
	struct vpe_fe *fe = direct_open(&s, &d);
	for (unsigned i = 0; i < 100 && fe != NULL; i++) {
		CHECK_EQ(vpe_fe_close(fe), 0);
		CHECK_EQ(front_n_open(), 0);
		CHECK_EQ(fake_domain_mapped(d->params.domid), 0);
		fe = direct_open_at(&params, front_xen(d->params.domid));
		sim_check(fe != NULL, "open %u: %s", i, vpe_fe_error());
	}
	direct_end(&s, fe);
}

/* A program that was killed leaves the vif connected: the next one gets it. */
static void
after_a_kill(void)
{
	struct guest *d, *b;
	struct sim s;

	sim_start(&s);
	b = sim_join(&s);
	d = sim_add(&s);
	CHECK(sim_connect(&s, d, FRONT_LINUX)); /* somebody who does not close */
	const struct vpe_fe_params params = { .timeout_ms = GUEST_PATIENCE_MS };
	struct vpe_fe *fe = direct_open_at(&params, front_xen(d->params.domid));
	REQUIRE_NOT_NULL(fe);
	direct_greet(fe, d, b);
	direct_end(&s, fe);
}

static void
wrong_opens(void)
{
	const struct vpe_fe_params none = { .vif = 7, .timeout_ms = 100 };
	const struct vpe_fe_params many = { .n_buffers = FE_BUFFERS_MAX + 1 };
	const struct vpe_fe_params usual = { .timeout_ms = GUEST_PATIENCE_MS };
	struct guest *d;
	struct sim s;

	sim_start(&s);
	CHECK_NULL(direct_open_as(&s, &d, &none));
	CHECK_EQ(errno, ENOENT);
	CHECK_HAS(vpe_fe_error(), "vif 7");
	const struct xen_ops *xen = front_xen(d->params.domid);
	CHECK_NULL(direct_open_at(&many, xen));
	CHECK_EQ(errno, EINVAL);
	for (unsigned skip = 0; skip < 3; skip++) {
		front_share_fail(skip == 2 ? FE_BUFFERS_DEFAULT + 1 : skip * 100, ENOSPC);
		CHECK_NULL(direct_open_at(&usual, xen));
		CHECK_EQ(errno, ENOSPC);
		CHECK_EQ(front_n_open(), 0);
	}
	struct vpe_fe *fe = direct_open_at(&usual, xen);
	REQUIRE_NOT_NULL(fe);
	direct_end(&s, fe);
}

/* The backend process ends and a new one comes: process() connects again, and frames flow. */
static void
backend_closes(void)
{
	struct guest *d, *b;
	struct sim s;

	struct vpe_fe *fe = direct_start(&s, &d, &b);
	CHECK_EQ(vpe_fe_process(fe), 0);
	/* as a backend that was unloaded */
	fake_store_printf(guest_back(d, "state").text, "%d", XenbusStateClosed);
	CHECK_EQ(vpe_fe_process(fe), 1);
	direct_greet(fe, d, b);
	CHECK_EQ(vpe_fe_process(fe), 0);
	direct_end(&s, fe);
}

/*
 * The guest is restored: as another domain, or on another host as one that happens to have the same
 * number.
 */
static void
guest_restored(void)
{
	static const struct vpe_fe_params params = { .timeout_ms = GUEST_PATIENCE_MS };
	char path[64];
	struct guest *d, *b;
	struct sim s;

	struct vpe_fe *fe = direct_start(&s, &d, &b);
	CHECK_EQ(vpe_fe_process(fe), 0);
	toolstack_remove(d);
	toolstack_add(d, NULL);
	CHECK_EQ(vpe_fe_process(fe), -ENODEV);
	CHECK_EQ(vpe_fe_process(fe), -ENODEV);
	CHECK_EQ(vpe_fe_close(fe), 0);
	CHECK_EQ(front_n_open(), 0);
	/* not touched */
	CHECK_EQ(fake_store_number(guest_front(d, "state").text, -1), XenbusStateInitialising);

	snprintf(path, sizeof(path), "/local/domain/%u/domid", d->params.domid);
	fake_store_printf(path, "%u", d->params.domid);
	fe = direct_open_at(&params, front_xen(d->params.domid));
	REQUIRE_NOT_NULL(fe);
	direct_greet(fe, d, b);
	CHECK_EQ(vpe_fe_process(fe), 0);
	fake_store_printf(path, "%u", d->params.domid + 1);
	fake_store_printf(guest_back(d, "state").text, "%d", XenbusStateClosed);
	CHECK_EQ(vpe_fe_process(fe), -ENODEV);
	CHECK_EQ(vpe_fe_close(fe), 0);
	CHECK_EQ(front_n_open(), 0);
	toolstack_remove(d);
	sim_stop(&s);
}

CU_TestInfo direct_cases[] = {
	{ "all_sizes", all_sizes },
	{ "echo", echo },
	{ "refused", refused },
	{ "cycles", cycles },
	{ "after_a_kill", after_a_kill },
	{ "wrong_opens", wrong_opens },
	{ "backend_closes", backend_closes },
	{ "guest_restored", guest_restored },
	CU_TEST_INFO_NULL,
};
