/* SPDX-License-Identifier: BSD-3-Clause */
/* The functions of vpe/frontend.h: opens and closes a vif, and dispatches to its queues. */
#include "fe_dev.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/util.h"
#include "fe_connect.h"
#include "fe_guard.h"
#include "fe_kernel.h"

#define TIMEOUT_DEFAULT_MS 10000u

static __thread char error_text[160];

const char *
vpe_fe_error(void)
{
	return error_text;
}

/* Formats the text for vpe_fe_error(). Returns `ret`. */
static int __attribute__((format(printf, 3, 4)))
fail(const struct vpe_fe *fe, int ret, const char *format, ...)
{
	char what[96];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(error_text, sizeof(error_text), "vif %u: %s: %s", fe->vif, what, strerror(-ret));
	return ret;
}

/* ---- open and close -------------------------------------------------------------------------- */

/* Takes the vif from the kernel's netfront, and locks out other users of this library. */
static int
take_over(struct vpe_fe *fe, bool may)
{
	const char *guard = fe->guard_program;
	bool kernel_has = fe_kernel_has(fe->sysfs, fe->vif);

	if (kernel_has && !may)
		return fail(fe, -EBUSY, "the kernel's netfront has it");
	if (guard != NULL)
		fe->guard = fe_guard_start(guard, fe->vif, kernel_has);
	if (guard != NULL && fe->guard == -EBUSY)
		return fail(fe, fe->guard, "another program has it");
	if (guard != NULL && fe->guard < 0)
		return fail(fe, fe->guard, "%s", guard);
	if (!kernel_has)
		return 0;
	int ret = fe_kernel_unbind(fe->sysfs, fe->vif);
	if (ret < 0)
		return fail(fe, ret, "the kernel's netfront does not let go of it");
	fe->give_back = true;
	return 0;
}

static int
make_queues(struct vpe_fe *fe, unsigned n_buffers)
{
	fe->shares = fe->xen->shares->open();
	if (fe->shares == NULL)
		return fail(fe, -errno, "/dev/xen/gntalloc");
	fe->queue = calloc(fe->info.n_queues, sizeof(*fe->queue));
	if (fe->queue == NULL)
		return fail(fe, -ENOMEM, "queues");
	for (unsigned i = 0; i < fe->info.n_queues; i++) {
		struct fe_queue_params params = { .xen = fe->xen,
						  .shares = fe->shares,
						  .backend = fe->store.backend,
						  .idx = i,
						  .n_buffers = n_buffers };
		int ret = fe_queue_init(&fe->queue[i], &params);
		if (ret < 0)
			return fail(fe, ret, "grants for queue %u (%u buffers)", i, n_buffers);
	}
	return 0;
}

/* Makes a fresh control ring, if it is to be used. */
static int
make_ctrl(struct vpe_fe *fe)
{
	fe_ctrl_fini(&fe->ctrl);
	return fe->use_ctrl ? fe_ctrl_init(&fe->ctrl, fe->xen, fe->shares, fe->store.backend) : 0;
}

static int
connect(struct vpe_fe *fe, const struct vpe_fe_params *params)
{
	unsigned n_max, n_buffers = params->n_buffers == 0 ? FE_BUFFERS_DEFAULT : params->n_buffers;

	if (n_buffers < FE_BUFFERS_MIN || n_buffers > FE_BUFFERS_MAX ||
	    params->n_queues > FE_QUEUES_MAX)
		return fail(fe, -EINVAL, "%u buffers, %u queues", n_buffers, params->n_queues);
	int ret = fe_store_open(&fe->store, fe->xen->store, fe->vif);
	if (ret < 0)
		return fail(fe, ret, "device/vif/%u in xenstore", fe->vif);
	ret = take_over(fe, params->take_over);
	if (ret < 0)
		return ret;
	ret = fe_connect_prepare(fe);
	if (ret < 0)
		return fail(fe, ret, "the backend does not get ready (its state is %d)",
			    fe_store_back_state(&fe->store));
	ret = fe_connect_look(fe, &n_max);
	if (ret < 0)
		return fail(fe, ret, "no MAC, or a backend without feature-rx-copy");
	fe->info.n_queues = params->n_queues == 0      ? 1
			    : params->n_queues < n_max ? params->n_queues
						       : n_max;
	ret = make_queues(fe, n_buffers);
	if (ret < 0)
		return ret;
	ret = make_ctrl(fe);
	if (ret < 0)
		return fail(fe, ret, "a control ring");
	ret = fe_connect_finish(fe);
	if (ret < 0)
		return fail(fe, ret, "the backend does not connect (its state is %d)",
			    fe_store_back_state(&fe->store));
	fe->connected = true;
	ret = fe_connect_share_buffers(fe);
	return ret < 0 ? fail(fe, ret, "the backend's answer on the control ring") : 0;
}

struct vpe_fe *
fe_dev_open(const struct vpe_fe_params *params, const struct fe_host *host)
{
	struct vpe_fe *fe = calloc(1, sizeof(*fe));

	if (fe == NULL)
		return NULL;
	error_text[0] = '\0';
	fe->xen = host->xen;
	fe->sysfs = host->sysfs;
	fe->guard = -1;
	fe->vif = params->vif;
	fe->timeout_ms = params->timeout_ms == 0 ? TIMEOUT_DEFAULT_MS : params->timeout_ms;
	fe->no_gso = params->no_gso;
	fe->no_static = params->no_static;
	fe->guard_program = params->no_guard ? NULL : host->guard;
	int ret = connect(fe, params);
	if (ret < 0) {
		vpe_fe_close(fe);
		errno = -ret;
		return NULL;
	}
	return fe;
}

struct vpe_fe *
vpe_fe_open(const struct vpe_fe_params *params)
{
	const struct fe_host host = { .xen = xen_real(), .sysfs = "/sys", .guard = VPE_GUARD };

	return fe_dev_open(params, &host);
}

/* Abandons the event channels, which are not ours any more: they must not be unbound. */
static void
keep_channels(struct vpe_fe *fe)
{
	for (unsigned i = 0; i < fe->info.n_queues; i++) {
		struct fe_queue *q = &fe->queue[i];
		if (q->port >= 0)
			fe_guard_keep(fe->guard_program, q->events_ops->fd(q->events));
		q->port = -1;
	}
	if (fe->ctrl.events != NULL && fe->ctrl.port >= 0)
		fe_guard_keep(fe->guard_program, fe->xen->events->fd(fe->ctrl.events));
	fe->ctrl.port = -1;
}

int
vpe_fe_close(struct vpe_fe *fe)
{
	int ret = 0;

	if (fe == NULL)
		return 0;
	if (fe->queue != NULL && fe_store_is_moved(&fe->store))
		keep_channels(fe);
	else if (fe->queue != NULL)
		ret = fe_connect_end(fe);
	for (unsigned i = 0; fe->queue != NULL && i < fe->info.n_queues; i++)
		fe_queue_fini(&fe->queue[i]);
	free(fe->queue);
	fe_ctrl_fini(&fe->ctrl);
	if (fe->shares != NULL)
		fe->xen->shares->close(fe->shares);
	if (fe->store.store != NULL)
		fe_store_close(&fe->store);
	if (fe->give_back) {
		int bound = fe_kernel_bind(fe->sysfs, fe->vif);
		ret = ret < 0 ? ret : bound;
	}
	if (fe->guard >= 0)
		fe_guard_end(fe->guard);
	free(fe);
	return ret;
}

/* ---- control --------------------------------------------------------------------------------- */

static int
reconnect(struct vpe_fe *fe)
{
	unsigned n_max;
	int ret = fe_connect_prepare(fe);

	if (ret == 0)
		ret = fe_connect_look(fe, &n_max);
	for (unsigned i = 0; i < fe->info.n_queues && ret == 0; i++)
		ret = fe_queue_renew(&fe->queue[i], fe->store.backend);
	if (ret == 0)
		ret = make_ctrl(fe);
	if (ret == 0)
		ret = fe_connect_finish(fe);
	if (ret == 0)
		ret = fe_connect_share_buffers(fe);
	fe->connected = ret == 0;
	return ret == 0 ? 1 : -ENOTCONN;
}

int
vpe_fe_process(struct vpe_fe *fe)
{
	for (unsigned i = 0; i < fe->info.n_queues; i++)
		if (fe->queue[i].fault != NULL)
			return -EPROTO;
	int ret = fe_store_drain(&fe->store);
	if (ret < 0)
		return ret;
	if (ret == 0 && fe->connected)
		return 0;
	if (fe_store_is_moved(&fe->store)) {
		fe->connected = false;
		return -ENODEV;
	}
	switch (fe_store_back_state(&fe->store)) {
	case XenbusStateConnected:
		return fe->connected ? 0 : reconnect(fe);
	case XenbusStateUnknown:
		return -ENODEV;
	default:
		return reconnect(fe);
	}
}

void
vpe_fe_get_info(const struct vpe_fe *fe, struct vpe_fe_info *info)
{
	*info = fe->info;
}

/* ---- frames ---------------------------------------------------------------------------------- */

struct vpe_fe_buf *
vpe_fe_alloc(struct vpe_fe *fe, unsigned queue)
{
	return fe_queue_alloc(&fe->queue[queue]);
}

void
vpe_fe_free(struct vpe_fe *fe, struct vpe_fe_buf *frame)
{
	if (frame != NULL)
		fe_queue_free(&fe->queue[frame->queue], frame);
}

unsigned
vpe_fe_rx_burst(struct vpe_fe *fe, unsigned queue, struct vpe_fe_buf **frames, unsigned n)
{
	return fe_rx_burst(&fe->queue[queue], frames, n);
}

unsigned
vpe_fe_tx_burst(struct vpe_fe *fe, unsigned queue, struct vpe_fe_buf **frames, unsigned n)
{
	return fe_tx_burst(&fe->queue[queue], frames, n);
}

int
vpe_fe_fd(const struct vpe_fe *fe, unsigned queue)
{
	const struct fe_queue *q = &fe->queue[queue];

	return q->events_ops->fd(q->events);
}

bool
vpe_fe_arm(struct vpe_fe *fe, unsigned queue)
{
	struct fe_queue *q = &fe->queue[queue];

	fe_tx_reap(q);
	bool idle = fe_ring_arm(&q->rx);
	return fe_ring_arm(&q->tx) && idle;
}

void
vpe_fe_disarm(struct vpe_fe *fe, unsigned queue)
{
	struct fe_queue *q = &fe->queue[queue];
	int fired;

	fe_ring_disarm(&q->rx);
	fe_ring_disarm(&q->tx);
	while ((fired = q->events_ops->pending(q->events)) >= 0)
		q->events_ops->unmask(q->events, (uint32_t)fired);
}

int
vpe_fe_wait(struct vpe_fe *fe, unsigned queue, unsigned timeout_us)
{
	struct timespec timeout = { .tv_sec = timeout_us / 1000000,
				    .tv_nsec = (long)(timeout_us % 1000000) * 1000 };
	struct pollfd pfd = { .fd = vpe_fe_fd(fe, queue), .events = POLLIN };
	int ret = 1;

	if (vpe_fe_arm(fe, queue))
		ret = ppoll(&pfd, 1, &timeout, NULL);
	if (ret < 0)
		ret = -errno;
	vpe_fe_disarm(fe, queue);
	return ret;
}

void
vpe_fe_get_stats(const struct vpe_fe *fe, unsigned queue, struct vpe_fe_stats *stats)
{
	*stats = fe->queue[queue].stats;
	stats->n_free = fe->queue[queue].n_pool;
}

int
vpe_fe_set_rss(struct vpe_fe *fe, const struct vpe_fe_rss *rss)
{
	if (rss->n_map > ARRAY_SIZE(rss->map))
		return -EINVAL;
	for (unsigned i = 0; i < rss->n_map; i++) {
		if (rss->map[i] >= fe->info.n_queues)
			return -EINVAL;
	}
	return fe->ctrl.port < 0 || fe->ctrl.events == NULL
		       ? -EOPNOTSUPP
		       : fe_ctrl_set_rss(&fe->ctrl, rss, fe->timeout_ms);
}
