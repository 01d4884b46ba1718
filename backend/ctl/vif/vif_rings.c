/* SPDX-License-Identifier: BSD-3-Clause */
/* Maps a guest's rings and binds its event channels, and undoes that. */
#include "ctl/vif/vif_rings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Converts the errno of a failed call to a result; `why` says what failed. */
static int
fail(int error, char *why, size_t why_size, const char *what)
{
	if (error <= 0)
		error = EIO;
	snprintf(why, why_size, "%s: %s", what, strerror(error));
	return -error;
}

static int
open_rings(struct vif_rings *rings, struct port_vif_queue *queue, const struct xen_ops *xen,
	   uint32_t domid, const struct vif_queue_keys *keys, char *why, size_t why_size)
{
	queue->tx_page = xen->grants->map(rings->grants, domid, keys->tx_ref, true);
	if (queue->tx_page == NULL)
		return fail(errno, why, why_size, "the frontend's transmit ring cannot be mapped");
	queue->rx_page = xen->grants->map(rings->grants, domid, keys->rx_ref, true);
	if (queue->rx_page == NULL)
		return fail(errno, why, why_size, "the frontend's receive ring cannot be mapped");
	return 0;
}

static int
open_events(struct port_vif_queue *queue, const struct xen_ops *xen, uint32_t domid,
	    const struct vif_queue_keys *keys, char *why, size_t why_size)
{
	queue->events = xen->events->open();
	if (queue->events == NULL)
		return fail(errno, why, why_size, "no handle for event channels can be opened");
	int port = xen->events->bind(queue->events, domid, keys->evtchn_tx);
	if (port < 0)
		return fail(-port, why, why_size,
			    "the frontend's transmit event channel cannot be bound");
	queue->evtchn_tx = queue->evtchn_rx = (uint32_t)port;
	if (keys->evtchn_rx == keys->evtchn_tx)
		return 0;
	port = xen->events->bind(queue->events, domid, keys->evtchn_rx);
	if (port < 0)
		return fail(-port, why, why_size,
			    "the frontend's receive event channel cannot be bound");
	queue->evtchn_rx = (uint32_t)port;
	return 0;
}

static int
open_queues(struct vif_rings *rings, const struct xen_ops *xen, uint32_t domid,
	    const struct vif_keys *keys, char *why, size_t why_size)
{
	rings->grants = xen->grants->open();
	if (rings->grants == NULL)
		return fail(errno, why, why_size, "no handle for grants can be opened");
	for (unsigned i = 0; i < keys->n_queues; i++) {
		struct port_vif_queue *queue = &rings->queue[rings->n_queues++];
		int ret = open_rings(rings, queue, xen, domid, &keys->queue[i], why, why_size);
		if (ret == 0)
			ret = open_events(queue, xen, domid, &keys->queue[i], why, why_size);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int
open_ctrl(struct vif_rings *rings, const struct xen_ops *xen, uint32_t domid,
	  const struct vif_keys *keys, char *why, size_t why_size)
{
	if (!keys->has_ctrl)
		return 0;
	rings->ctrl_page = xen->grants->map(rings->grants, domid, keys->ctrl_ref, true);
	if (rings->ctrl_page == NULL)
		return fail(errno, why, why_size, "the frontend's control ring cannot be mapped");
	int port = xen->events->bind(rings->ctrl_events, domid, keys->evtchn_ctrl);
	if (port < 0)
		return fail(-port, why, why_size,
			    "the frontend's control event channel cannot be bound");
	rings->evtchn_ctrl = (uint32_t)port;
	return 0;
}

int
vif_rings_open(struct vif_rings *rings, const struct xen_ops *xen, struct events *ctrl_events,
	       uint32_t domid, const struct vif_keys *keys, char *why, size_t why_size)
{
	rings->ctrl_events = ctrl_events;
	int ret = open_queues(rings, xen, domid, keys, why, why_size);

	if (ret == 0)
		ret = open_ctrl(rings, xen, domid, keys, why, why_size);
	if (ret < 0)
		vif_rings_close(rings, xen);
	return ret;
}

static void
close_foreign(struct vif_rings *rings)
{
	for (unsigned i = 0; i < rings->n_queues; i++) {
		if (rings->queue[i].foreign != NULL)
			rings->foreign_ops->close(rings->queue[i].foreign);
		rings->queue[i].foreign = NULL;
	}
}

int
vif_rings_open_foreign(struct vif_rings *rings, const struct foreign_ops *ops, uint32_t domid)
{
	rings->foreign_ops = ops;
	for (unsigned i = 0; i < rings->n_queues; i++) {
		rings->queue[i].foreign = ops->open(domid);
		if (rings->queue[i].foreign == NULL) {
			int error = errno;
			close_foreign(rings);
			return -error;
		}
	}
	return 0;
}

static void
close_queue(const struct vif_rings *rings, const struct xen_ops *xen,
	    const struct port_vif_queue *queue)
{
	if (queue->events != NULL)
		xen->events->close(queue->events); /* unbinds */
	if (queue->rx_page != NULL)
		xen->grants->unmap(rings->grants, queue->rx_page);
	if (queue->tx_page != NULL)
		xen->grants->unmap(rings->grants, queue->tx_page);
}

void
vif_rings_close(struct vif_rings *rings, const struct xen_ops *xen)
{
	close_foreign(rings);
	for (unsigned i = 0; i < rings->n_queues; i++)
		close_queue(rings, xen, &rings->queue[i]);
	if (rings->evtchn_ctrl != 0)
		xen->events->unbind(rings->ctrl_events, rings->evtchn_ctrl);
	if (rings->ctrl_page != NULL)
		xen->grants->unmap(rings->grants, rings->ctrl_page);
	if (rings->grants != NULL)
		xen->grants->close(rings->grants);
	*rings = (struct vif_rings){ 0 };
}
