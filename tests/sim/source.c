/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports of a case's own. Called by the cases on sharing; their verbs are called by the poller. */
#include "sim/source.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "dp/engine/dp.h"
#include "dp/frame/worker.h"
#include "sim/sim.h"

#define STAMP_AT 20u /* bytes into the frame */

static struct source *
source_of(struct port *port)
{
	return container_of(port, struct source, port);
}

/* CPU time of the poller: what other processes and the hypervisor take from it does not count. */
static uint64_t
poller_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void
add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* A frame, or NULL, with the time at which it was due. */
static struct rte_mbuf *
make_frame(const struct source *s, uint64_t due_ns)
{
	struct rte_mbuf *m = pool_alloc(dp_pools(sim_dp()), SOURCE_LEN);

	if (m == NULL)
		return NULL;
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	memset(frame, 0, SOURCE_LEN);
	memcpy(frame, s->dst, 6);
	memcpy(frame + 6, s->src, 6);
	memcpy(frame + STAMP_AT, &due_ns, sizeof(due_ns));
	return m;
}

static unsigned
source_rx_burst(struct port *port, struct rte_mbuf **frames, unsigned n)
{
	struct source *s = source_of(port);
	uint64_t now = s->period_ns > 0 ? poller_ns() : 0;
	int64_t reserve = port->owner->work / 2;
	unsigned n_given = 0;

	add(&s->n_rounds, 1);
	if (s->every > 1 && s->n_rounds % s->every != 0)
		return 0;
	if (s->period_ns > 0 && s->due_ns == 0)
		s->due_ns = now;
	for (; n_given < util_min(n, __atomic_load_n(&s->supply, __ATOMIC_RELAXED)) &&
	       s->due_ns <= now;
	     s->due_ns += s->period_ns) {
		frames[n_given] = make_frame(s, s->due_ns);
		if (frames[n_given] == NULL)
			break;
		n_given++;
		port->owner->work -= s->work;
		if (s->work > 0 && port->owner->work <= reserve) {
			port->has_more = true;
			break;
		}
	}
	add(&s->n_frames, n_given);
	unsigned n_to_count = __atomic_load_n(&s->n_to_count, __ATOMIC_RELAXED);
	if (n_to_count > 0) {
		s->n_counted += n_given;
		__atomic_store_n(&s->n_to_count, n_to_count - 1, __ATOMIC_RELEASE);
	}
	return n_given;
}

static void
take(struct source *s, const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	uint64_t due_ns;

	if (frame[11] != SOURCE_MARK)
		return;
	add(&s->n_out_marked, 1);
	memcpy(&due_ns, frame + STAMP_AT, sizeof(due_ns));
	if (due_ns == 0)
		return;
	add(&s->n_delayed[util_min((poller_ns() - due_ns) / 1000 / SOURCE_BUCKET_US,
				   SOURCE_BUCKETS - 1)],
	    1);
}

static void
source_tx_burst(struct port *port, struct rte_mbuf **frames, unsigned n)
{
	struct source *s = source_of(port);

	for (unsigned i = 0; i < n; i++)
		take(s, frames[i]);
	for (uint64_t end = s->slow_ns > 0 ? poller_ns() + (uint64_t)s->slow_ns * n : 0;
	     end > 0 && poller_ns() < end;)
		;
	add(&s->n_out, n);
	rte_pktmbuf_free_bulk(frames, n);
}

static enum port_armed
source_arm(struct port *port)
{
	(void)port;
	return PORT_BLIND;
}

static const struct port_ops source_ops = {
	.kind = "source",
	.rx_burst = source_rx_burst,
	.tx_burst = source_tx_burst,
	.arm = source_arm,
	.disarm = port_no_event,
	.woken = port_no_event,
	.fd = port_no_fd,
};

/* Waits until the pollers have done one request. */
static void
await_event(enum dp_event_kind kind)
{
	struct pollfd pfd = { .fd = dp_event_fd(sim_dp()), .events = POLLIN };
	struct dp_event event;
	uint64_t deadline = sim_deadline();

	while (!dp_next_event(sim_dp(), &event)) {
		if (!sim_check(fake_now_ms() < deadline, "the pollers do not answer"))
			return;
		poll(&pfd, 1, 10);
	}
	CHECK_EQ(event.kind, kind);
}

void
source_make(struct source *s, const char *name, uint16_t bridge, unsigned supply)
{
	memset(s, 0, sizeof(*s));
	REQUIRE_EQ(port_init(&s->port, &source_ops, name, bridge), 0);
	s->port.weight = 1;
	s->port.max_frame = LIMIT_FRAME_SIZE;
	s->supply = supply;
	memset(s->dst, 2, 6);
	memset(s->src, 2, 6);
}

void
source_attach(struct source *s)
{
	int pinned[LIMIT_QUEUES];

	for (unsigned i = 0; i < LIMIT_QUEUES; i++)
		pinned[i] = s->poller;
	REQUIRE_EQ(dp_attach(sim_dp(), &s->port, pinned), 0);
	await_event(DP_ATTACHED);
}

void
source_end(struct source *s, unsigned n)
{
	dp_detach(sim_dp(), &s->port);
	await_event(DP_DETACHED);
	while (n-- > 0)
		port_fini(&s[n].port);
}

unsigned
source_delay_us(const struct source *s, const uint64_t *before, unsigned percent)
{
	uint64_t n[SOURCE_BUCKETS], sum = 0, so_far = 0;

	for (unsigned i = 0; i < SOURCE_BUCKETS; i++) {
		n[i] = __atomic_load_n(&s->n_delayed[i], __ATOMIC_RELAXED) - before[i];
		sum += n[i];
	}
	unsigned i = 0;
	while (i < SOURCE_BUCKETS - 1 && (so_far += n[i]) * 100 < sum * percent)
		i++;
	return (i + 1) * SOURCE_BUCKET_US;
}
