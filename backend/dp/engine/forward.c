/* SPDX-License-Identifier: BSD-3-Clause */
/* Forwarding of frames from port to port. */
#include "dp/engine/poller.h"
#include "dp/port/crossing.h"
#include "dp/port/tag.h"
#include "sw/frame_headers.h"

/* taken at once: few, so that little is left over when the round's work is used up */
#define CROSSING_BURST 8u

/* Drops a frame that the port must not send, and leaves a note for control. */
static void
poller_refuse(struct port *in, struct rte_mbuf *m, enum drop_reason reason)
{
	note_take(&in->note, m, reason);
	port_drop(in, m, reason);
}

/*
 * Returns whether the frame may come in; otherwise it is dropped. The VID travels in vlan_tci, also
 * to other pollers. The tag, if there is one, stays in the frame.
 */
static bool
poller_admit(struct poller *pl, struct port *in, struct rte_mbuf *m)
{
	uint16_t vid = VLAN_NONE;
	enum drop_reason reason = DROP_N;

	if (in->rules != 0)
		reason = sw_admit(pl->sw, in->id, m, &vid);
	if (reason != DROP_N) {
		poller_refuse(in, m, reason);
		return false;
	}
	m->vlan_tci = vid;
	return true;
}

/* Sends a frame out of a port that we own, after editing its VLAN tag. */
static void
poller_send(struct poller *pl, struct port *port, struct rte_mbuf *m)
{
	uint16_t vid = m->vlan_tci;

	if ((port->rules & SW_RULE_VLANS) != 0 || vid != VLAN_NONE) {
		const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);

		m = tag_edit(port, m, sw_egress(pl->sw, port->id, vid, frame, m->pkt_len), vid);
	}
	if (m != NULL)
		port_send(port, m);
}

/* Whether the frame, and with it those behind it, has waited long enough for the other poller. */
static bool
is_late(const struct poller *pl, const struct port_held *held)
{
	return held->since != 0 && pl->w.now - held->since >= pl->crossing_wait;
}

/* Returns false if the frame has to wait until the port's owner has taken others. */
static bool
poller_cross(struct poller *pl, struct port *in, struct port *port, struct rte_mbuf *m)
{
	bool waits = __atomic_load_n(&in->leader->weight, __ATOMIC_RELAXED) != 0;

	pl->w.work -= WORK_FRAME + (int64_t)m->pkt_len;
	bool is_put = crossing_put(&pl->crossings, in, port, m);

	if (crossing_is_due(&pl->crossings))
		poller_wake_touched(pl);
	if (is_put) {
		in->held.since = 0;
		return true;
	}
	if (waits && !is_late(pl, &in->held)) {
		if (in->held.since == 0)
			in->held.since = pl->w.now;
		return false;
	}
	port_drop(in, m, DROP_QUEUE_FULL);
	return true;
}

/* Returns false like poller_cross(). */
static bool
poller_output(struct poller *pl, struct port *in, uint16_t out, struct rte_mbuf *m)
{
	struct port *port = pl->port[out];

	/* The port may have been detached since the switch chose it. */
	if (port == NULL || port->bridge != in->bridge) {
		port_drop(in, m, DROP_NO_PORT);
		return true;
	}
	port = port_queue(port, m);
	if (!poller_owns(pl, port))
		return poller_cross(pl, in, port, m);
	poller_send(pl, port, m);
	return true;
}

/*
 * Has the headers of a flooded frame parsed while it is not shared yet, if a queue has to be chosen
 * by them.
 */
static void
poller_prepare_flood(const struct poller *pl, const struct port_held *held, unsigned n)
{
	unsigned i = 0;

	while (i < n && (pl->port[held->out[i]] == NULL || pl->port[held->out[i]]->n_queues == 1))
		i++;
	if (i < n)
		(void)frame_headers(held->frame[held->at]);
}

/* Asks the switch where the first held frame goes. Returns false if the frame was dropped. */
static bool
poller_look_up(struct poller *pl, struct port *in)
{
	struct port_held *held = &in->held;
	struct rte_mbuf *m = held->frame[held->at];
	unsigned n = 0;

	pl->w.work -= WORK_FRAME;
	if (!poller_admit(pl, in, m))
		return false;
	m->port = in->id; /* identifies the sender to the pollers that the frame crosses to */
	enum sw_verdict verdict =
		sw_forward(pl->sw, in->id, m->vlan_tci, rte_pktmbuf_mtod(m, const uint8_t *),
			   pl->w.now_ms, held->out, &n);
	if (verdict == SW_NOT_OWNER || verdict == SW_STORM) {
		poller_refuse(in, m, verdict == SW_STORM ? DROP_STORM : DROP_NOT_OWNER);
		return false;
	}
	if (n == 0) {
		port_drop(in, m, verdict == SW_SAME_PORT ? DROP_SAME_PORT : DROP_NO_PORT);
		return false;
	}
	if (n > 1) {
		poller_prepare_flood(pl, held, n);
		rte_mbuf_refcnt_update(m, (int16_t)(n - 1));
	}
	held->n_out = n;
	held->at_out = 0;
	return true;
}

/* Sends the first held frame to all its output ports. Returns false if some are left. */
static bool
poller_switch_one(struct poller *pl, struct port *in)
{
	struct port_held *held = &in->held;

	if (held->n_out == 0 && !poller_look_up(pl, in))
		return true;
	while (held->at_out < held->n_out) {
		if (pl->w.work <= 0 ||
		    !poller_output(pl, in, held->out[held->at_out], held->frame[held->at]))
			return false;
		held->at_out++;
	}
	held->n_out = 0;
	return true;
}

void
poller_switch(struct poller *pl, struct port *in)
{
	struct port_held *held = &in->held;

	while (held->at < held->n && pl->w.work > 0 && poller_switch_one(pl, in))
		held->at++;
	if (held->at == held->n)
		held->at = held->n = 0;
	crossing_flush(&pl->crossings);
	if (pl->crossings.n_touched > 0)
		poller_wake_touched(pl);
}

unsigned
poller_take_crossing(struct poller *pl, struct port *port)
{
	struct rte_mbuf *frame[CROSSING_BURST];
	unsigned n_all = 0;

	pl->w.work = LIMIT_WORK;
	while (!rte_ring_empty(port->crossing) && n_all < LIMIT_BURST && pl->w.work > 0) {
		unsigned n = crossing_take(&pl->crossings, port, frame, CROSSING_BURST);

		for (unsigned i = 0; i < n; i++) {
			const struct rte_mbuf *m = frame[i];

			if (pl->port[m->port] != NULL)
				sw_learn(pl->sw, m->port, m->vlan_tci,
					 rte_pktmbuf_mtod(m, const uint8_t *), pl->w.now_ms);
			poller_send(pl, port, frame[i]);
		}
		n_all += n;
	}
	return n_all;
}
