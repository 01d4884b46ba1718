/* SPDX-License-Identifier: BSD-3-Clause */
/* Balances queues between pollers by measured load. */
#include "ctl/ports/balance.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "ctl/store/clock.h"

#define QUEUES_MAX (LIMIT_PORTS * 2) /* any further queues stay where they are */
#define WORK_BYTES 4096u

struct balance {
	struct balance_params params;
	struct dp *dp;
	struct attachments *attachments;
	uint64_t last_ms;
	uint64_t busy_us[LIMIT_POLLERS]; /* at last_ms */
	unsigned n;
	struct balance_queue queue[QUEUES_MAX];
};

/* ---- planning -------------------------------------------------------------------------------- */

static int
compare_loads(const void *a, const void *b)
{
	const struct balance_queue *x = a, *y = b;

	return (x->load < y->load) - (x->load > y->load);
}

static double
variance(const double *load, unsigned n)
{
	double mean = 0, sum = 0;

	for (unsigned i = 0; i < n; i++)
		mean += load[i] / n;
	for (unsigned i = 0; i < n; i++)
		sum += (load[i] - mean) * (load[i] - mean);
	return sum / n;
}

/* Returns the least loaded poller, or the queue's own if no other has less load. */
static unsigned
best_poller(const double *load, unsigned n_pollers, unsigned own)
{
	unsigned best = own;

	for (unsigned i = 0; i < n_pollers; i++) {
		if (load[i] < load[best])
			best = i;
	}
	return best;
}

bool
balance_plan(const struct balance_params *params, unsigned n_pollers, struct balance_queue *queue,
	     unsigned n)
{
	double before[LIMIT_POLLERS] = { 0 }, after[LIMIT_POLLERS] = { 0 };
	unsigned to[QUEUES_MAX];
	double busiest = 0;

	for (unsigned i = 0; i < n; i++)
		before[queue[i].poller] += queue[i].load;
	for (unsigned i = 0; i < n_pollers; i++)
		busiest = before[i] > busiest ? before[i] : busiest;
	if (n_pollers < 2 || busiest < params->load_percent)
		return false;
	qsort(queue, n, sizeof(*queue), compare_loads);
	for (unsigned i = 0; i < n; i++) {
		if (queue[i].fixed)
			after[queue[i].poller] += queue[i].load;
	}
	for (unsigned i = 0; i < n; i++) {
		to[i] = queue[i].fixed ? queue[i].poller
				       : best_poller(after, n_pollers, queue[i].poller);
		if (!queue[i].fixed)
			after[to[i]] += queue[i].load;
	}
	if (variance(after, n_pollers) * 100 >
	    variance(before, n_pollers) * (100 - params->improvement_percent))
		return false;
	for (unsigned i = 0; i < n; i++)
		queue[i].poller = to[i];
	return true;
}

/* ---- measuring ------------------------------------------------------------------------------- */

/* Returns the queue's work since the last call. */
static uint64_t
work_of(struct attachment *attachment, unsigned queue)
{
	const struct port_stats *s = &attachment->port->queue[queue]->stats;
	uint64_t now = s->rx_frames + s->tx_frames + (s->rx_bytes + s->tx_bytes) / WORK_BYTES;
	uint64_t work = now - attachment->queue_of[queue].work_seen;

	attachment->queue_of[queue].work_seen = now;
	return work;
}

static void
take_queues(void *arg, struct attachment *attachment)
{
	struct balance *b = arg;

	if (attachment->phase != ATTACHMENT_IN)
		return;
	for (unsigned i = 0; i < attachment->port->n_queues && b->n < QUEUES_MAX; i++) {
		b->queue[b->n++] = (struct balance_queue){
			.attachment = attachment,
			.queue = i,
			.poller = dp_poller_of(b->dp, attachment->port->queue[i]),
			.load = (double)work_of(attachment, i),
			.fixed = attachment_is_fixed(attachment, i),
		};
	}
}

/* Converts work to percent of the poller's time. */
static void
weigh(struct balance *b, uint64_t elapsed_ms)
{
	double work[LIMIT_POLLERS] = { 0 }, busy[LIMIT_POLLERS];

	for (unsigned i = 0; i < dp_n_pollers(b->dp); i++) {
		struct dp_poller_stats stats;
		dp_get_poller_stats(b->dp, i, &stats);
		busy[i] = (double)(stats.busy_us - b->busy_us[i]) / 10 / (double)elapsed_ms;
		b->busy_us[i] = stats.busy_us;
	}
	for (unsigned i = 0; i < b->n; i++)
		work[b->queue[i].poller] += b->queue[i].load;
	for (unsigned i = 0; i < b->n; i++) {
		struct balance_queue *q = &b->queue[i];
		q->load = work[q->poller] > 0 ? q->load * busy[q->poller] / work[q->poller] : 0;
	}
}

/* ---- interface ------------------------------------------------------------------------------- */

struct balance *
balance_create(const struct balance_params *params, struct dp *dp, struct attachments *attachments,
	       uint64_t now_ms)
{
	struct balance *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->params = *params;
	b->dp = dp;
	b->attachments = attachments;
	b->last_ms = now_ms;
	return b;
}

void
balance_destroy(struct balance *b)
{
	free(b);
}

void
balance_run(struct balance *b, uint64_t now_ms)
{
	if (now_ms < balance_due(b))
		return;
	b->n = 0;
	attachments_visit(b->attachments, take_queues, b);
	weigh(b, now_ms - b->last_ms);
	b->last_ms = now_ms;
	if (!balance_plan(&b->params, dp_n_pollers(b->dp), b->queue, b->n))
		return;
	for (unsigned i = 0; i < b->n; i++) {
		struct balance_queue *q = &b->queue[i];
		const struct port *queue = q->attachment->port->queue[q->queue];
		if (q->poller != dp_poller_of(b->dp, queue))
			log_info("%s: moves to poller %u to balance the load", queue->name,
				 q->poller);
		attachment_want(q->attachment, q->queue, q->poller);
	}
}

uint64_t
balance_due(const struct balance *b)
{
	if (b->params.interval_s == 0 || dp_n_pollers(b->dp) < 2)
		return CLOCK_NEVER;
	return b->last_ms + (uint64_t)b->params.interval_s * 1000;
}
