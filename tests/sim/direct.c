/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/direct.h"

#include <stdlib.h>
#include <string.h>

struct vpe_fe *
direct_open_at(const struct vpe_fe_params *params, const struct xen_ops *xen)
{
	const struct fe_host host = { .xen = xen, .sysfs = "/nonexistent" };

	return fe_dev_open(params, &host);
}

struct vpe_fe *
direct_open_as(struct sim *s, struct guest **g, const struct vpe_fe_params *params)
{
	*g = sim_add(s);
	if (s->hotplug == HOTPLUG_SCRIPT)
		toolstack_hotplug(*g, "connected");
	return direct_open_at(params, front_xen((*g)->params.domid));
}

struct vpe_fe *
direct_open(struct sim *s, struct guest **g)
{
	static const struct vpe_fe_params params = { .timeout_ms = GUEST_PATIENCE_MS };
	struct vpe_fe *fe = direct_open_as(s, g, &params);

	if (!sim_check(fe != NULL, "open: %s", vpe_fe_error()))
		abort();
	return fe;
}

struct vpe_fe_buf *
direct_frame(struct vpe_fe *fe, const uint8_t *data, uint32_t len, uint32_t per_buf)
{
	struct vpe_fe_buf *first = NULL, **at = &first;

	for (uint32_t done = 0, n; done < len; done += n) {
		n = len - done < per_buf ? len - done : per_buf;
		*at = vpe_fe_alloc(fe, 0);
		if (*at == NULL) {
			vpe_fe_free(fe, first);
			return NULL;
		}
		(*at)->data += VPE_FE_BUF_SIZE - n; /* wherever it lies in its page */
		(*at)->len = (uint16_t)n;
		memcpy((*at)->data, data + done, n);
		at = &(*at)->next;
	}
	return first;
}

void
direct_send(struct vpe_fe *fe, struct vpe_fe_buf *frame)
{
	uint64_t deadline = sim_deadline();

	while (vpe_fe_tx_burst(fe, 0, &frame, 1) == 0)
		if (!sim_check(fake_now_ms() < deadline, "the tx ring stays full"))
			return;
}

uint32_t
direct_receive(struct vpe_fe *fe, uint8_t *data, struct vpe_fe_buf *first)
{
	uint64_t deadline = sim_deadline();
	struct vpe_fe_buf *frame;
	uint32_t len = 0;

	while (vpe_fe_rx_burst(fe, 0, &frame, 1) == 0) {
		if (fake_now_ms() > deadline)
			return 0;
		vpe_fe_wait(fe, 0, 1000);
	}
	*first = *frame;
	for (struct vpe_fe_buf *buf = frame; buf != NULL; buf = buf->next) {
		memcpy(data + len, buf->data, buf->len);
		len += buf->len;
	}
	vpe_fe_free(fe, frame);
	return len;
}

bool
direct_expect(struct vpe_fe *fe, const struct frame *f)
{
	static uint8_t want[GUEST_FRAME_SIZE], got[GUEST_FRAME_SIZE];
	struct vpe_fe_buf first;
	uint32_t len;

	frame_build(f, want);
	do
		len = direct_receive(fe, got, &first);
	while (len > 0 && got[0] == 0xff); /* a broadcast of somebody else */
	return sim_check(len == f->len && memcmp(want, got, len) == 0,
			 "%u bytes came instead of %u", len, f->len);
}

void
direct_greet(struct vpe_fe *fe, struct guest *from, struct guest *to)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct frame f = flow_frame(from, to, FRAME_RAW, 60, 1);

	frame_build(&f, data);
	direct_send(fe, direct_frame(fe, data, f.len, f.len));
	CHECK(flow_expect(to, &f, FRAME_COMPLETE));
}

struct vpe_fe *
direct_start(struct sim *s, struct guest **g, struct guest **b)
{
	sim_start(s);
	*b = sim_join(s);
	struct vpe_fe *fe = direct_open(s, g);
	direct_greet(fe, *g, *b);
	return fe;
}

void
direct_end(struct sim *s, struct vpe_fe *fe)
{
	CHECK_EQ(vpe_fe_close(fe), 0);
	CHECK_EQ(front_n_open(), 0);
	sim_stop(s);
}
