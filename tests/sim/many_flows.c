/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/many_flows.h"

#include <string.h>

#include "check.h"

#define PORT_AT 34u /* the UDP source port: which flow it is */
#define TURN_AT 60u /* in the payload */

void
flows_start(struct flows *fl)
{
	memset(fl->turn, 0, sizeof(fl->turn));
	for (unsigned i = 0; i < FLOWS_N; i++)
		fl->queue[i] = -1;
}

void
flows_build(const struct guest *from, const struct guest *to, unsigned flow, uint32_t turn,
	    uint8_t *data)
{
	struct frame f = flow_frame(from, to, FRAME_UDP4, FLOWS_FRAME_LEN, 1);

	frame_build(&f, data);
	data[PORT_AT] = 0x40;
	data[PORT_AT + 1] = (uint8_t)flow;
	memcpy(data + TURN_AT, &turn, sizeof(turn));
}

bool
flows_came(struct flows *fl, const uint8_t *data, unsigned queue, bool stays)
{
	unsigned flow = data[PORT_AT + 1];
	uint32_t turn;

	memcpy(&turn, data + TURN_AT, sizeof(turn));
	if (!sim_check(flow < FLOWS_N && turn == fl->turn[flow], "flow %u: turn %u instead of %u",
		       flow, turn, flow < FLOWS_N ? fl->turn[flow] : 0))
		return false;
	fl->turn[flow]++;
	int last = fl->queue[flow];
	fl->queue[flow] = (int)queue;
	return !stays ||
	       sim_check(last < 0 || last == (int)queue, "flow %u changes its queue", flow);
}

/* Takes what came on all queues of the library's vif, until `n` frames of flows did. */
static bool
flows_take(struct asker *a, struct flows *fl, unsigned n, bool stays)
{
	uint64_t deadline = sim_deadline();

	while (n > 0) {
		for (unsigned q = 0; q < a->fe->info.n_queues; q++) {
			struct vpe_fe_buf *frame;
			while (n > 0 && vpe_fe_rx_burst(a->fe, q, &frame, 1) == 1) {
				bool ours = frame->len == FLOWS_FRAME_LEN &&
					    frame->data[PORT_AT] == 0x40;
				bool ok = !ours || flows_came(fl, frame->data, q, stays);
				vpe_fe_free(a->fe, frame);
				n -= ours;
				if (!ok)
					return false;
			}
		}
		if (!sim_check(fake_now_ms() < deadline, "%u frames did not come", n))
			return false;
	}
	return true;
}

bool
flows_send(struct asker *a, struct flows *fl, unsigned n, uint32_t turn, bool stays)
{
	uint8_t data[FLOWS_FRAME_LEN];

	for (unsigned flow = 0; flow < n; flow++) {
		flows_build(a->b, a->d, flow, turn, data);
		if (!flow_send(a->b,
			       &(struct guest_packet){ .data = data, .len = FLOWS_FRAME_LEN }))
			return false;
	}
	flow_drain(a->b);
	return flows_take(a, fl, n, stays);
}

bool
flows_round(struct asker *a, struct flows *fl, uint32_t turn, bool stays)
{
	return flows_send(a, fl, FLOWS_N, turn, stays);
}

unsigned
flows_of_queue(const struct flows *fl, int queue)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FLOWS_N; i++)
		n += fl->queue[i] == queue;
	return n;
}

bool
flows_next_hash(struct asker *a, struct flows *fl, uint32_t turn, uint32_t *hash)
{
	netif_extra_info_t extra;

	if (!flows_send(a, fl, 1, turn, false))
		return false;
	const struct fe_ring *rx = &a->fe->queue[fl->queue[0]].rx;
	fe_ring_copy_response(rx, rx->rsp_cons - 1, &extra, sizeof(extra));
	memcpy(hash, extra.u.hash.value, sizeof(*hash));
	return extra.type == XEN_NETIF_EXTRA_TYPE_HASH && extra.flags == 0 &&
	       extra.u.hash.type == _XEN_NETIF_CTRL_HASH_TYPE_IPV4 &&
	       extra.u.hash.algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
}
