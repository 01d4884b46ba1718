/* SPDX-License-Identifier: BSD-3-Clause */
/* A port whose far end is a guest. */
#include "dp/guest/guest_port.h"

int
guest_port_init(struct guest_port *guest, const struct port_ops *ops,
		const struct guest_ops *guest_ops, const char *name, uint16_t bridge,
		struct guest_shared *shared)
{
	int err = port_init(&guest->port, ops, name, bridge);

	if (err < 0)
		return err;
	guest->ops = guest_ops;
	guest->meter_from = &shared->from_guest;
	guest->meter_to = &shared->to_guest;
	guest->port.mcast = shared->mcast;
	return 0;
}

void
guest_port_fini(struct guest_port *guest)
{
	backlog_free(&guest->backlog);
	port_fini(&guest->port);
}

void
guest_port_set_max_frame(struct port *leader, uint32_t max_frame)
{
	for (unsigned i = 0; i < leader->n_queues; i++)
		port_set_frame_limit(leader->queue[i], max_frame);
}

void
guest_port_get_stats(const struct guest_port *guest, struct guest_port_stats *stats)
{
	*stats = guest->stats;
	stats->n_backlog_bytes = guest->backlog.bytes;
}

/* ---- to the guest ---- */

/* Whether the frame would be sent at once, without being held back. */
static bool
goes_at_once(struct guest_port *guest, struct rte_mbuf *m)
{
	return guest->backlog.n == 0 && guest->ops->takes(guest, m) &&
	       meter_is_open(guest->meter_to, guest->port.owner->now);
}

/*
 * The limit is for frames that the guest does not take, so a burst that exceeds it is sent in parts
 * before anything is dropped. A guest that takes its frames gets them, however much others hold
 * back.
 */
void
guest_port_send(struct guest_port *guest, struct rte_mbuf **frames, unsigned n)
{
	struct port *port = &guest->port;

	for (unsigned i = 0; i < n; i++) {
		bool fits = backlog_has_room(&guest->backlog, port, frames[i]);

		if (!fits) {
			guest->ops->run(guest);
			fits = backlog_has_room(&guest->backlog, port, frames[i]) ||
			       goes_at_once(guest, frames[i]);
		}
		if (fits)
			backlog_push(&guest->backlog, port, frames[i]);
		else
			port_drop(port, frames[i], DROP_QUEUE_FULL);
	}
	guest->ops->run(guest);
}

/*
 * The frames use at most half of the guest's share, or a guest that receives all the time could
 * never send. Their senders already paid for them when they came in. The backlog is bounded
 * (LIMIT_BACKLOG_BYTES), so what goes unpaid is less than one round's work.
 */
void
guest_port_retry(struct guest_port *guest)
{
	const struct port_stats *stats = &guest->port.stats;
	uint64_t n_frames = stats->tx_frames, bytes = stats->tx_bytes;
	int64_t *work = &guest->port.owner->work;

	if (guest->backlog.n == 0 || *work <= 0)
		return;
	guest->ops->run(guest);
	int64_t cost =
		(int64_t)((stats->tx_frames - n_frames) * WORK_FRAME + stats->tx_bytes - bytes);
	*work -= util_min(cost, *work / 2);
}

bool
guest_port_has_room(struct guest_port *guest, unsigned n, uint32_t bytes)
{
	const struct backlog *backlog = &guest->backlog;

	if (!backlog_is_below(backlog, n, bytes))
		guest->ops->run(guest);
	return backlog_is_below(backlog, n, bytes) && !backlog_is_stalled(backlog, &guest->port) &&
	       (waiting_has_room(&guest->port, POOL_SMALL) || guest->ops->takes_small(guest, n));
}

void
guest_port_drop(struct guest_port *guest)
{
	backlog_drop(&guest->backlog, &guest->port, guest->backlog.n);
}

/*
 * A stalled guest loses its backlog except for the newest frame. That one's progress shows when the
 * guest takes frames again.
 */
bool
guest_run_settle(struct guest_port *guest, const struct guest_run *run)
{
	struct backlog *backlog = &guest->backlog;

	guest_count_wait(&guest->stats.n_rate_to_guest, &guest->held_to, run->held, run->n > 0);
	if (run->n > 0)
		backlog->moved_ms = guest->port.owner->now_ms;
	else if (backlog->n >= 2 && backlog_is_stalled(backlog, &guest->port))
		backlog_drop(backlog, &guest->port, backlog->n - 1);
	return run->n > 0;
}
