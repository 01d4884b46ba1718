/* SPDX-License-Identifier: BSD-3-Clause */
/* The control ring, one request at a time. */
#include "fe_ctrl.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/util.h"
#include "proto/limits.h"

#define POLL_MAX_MS 100 /* bounds the cost of a lost event */

int
fe_ctrl_init(struct fe_ctrl *ctrl, const struct xen_ops *xen, struct shares *shares,
	     uint32_t backend)
{
	*ctrl = (struct fe_ctrl){ .xen = xen, .shares = shares, .port = -1 };
	ctrl->events = xen->events->open();
	void *page =
		ctrl->events == NULL ? NULL : xen->shares->share(shares, backend, &ctrl->ring_ref);
	if (page != NULL) {
		fe_ring_init(&ctrl->ring, page, sizeof(struct xen_netif_ctrl_request));
		ctrl->list = xen->shares->share(shares, backend, &ctrl->list_ref);
	}
	int ret = ctrl->list == NULL ? -errno : 0;
	if (ret == 0)
		ctrl->port = xen->events->alloc(ctrl->events, backend);
	if (ret == 0 && ctrl->port < 0)
		ret = ctrl->port;
	if (ret < 0)
		fe_ctrl_fini(ctrl);
	return ret;
}

void
fe_ctrl_fini(struct fe_ctrl *ctrl)
{
	if (ctrl->events != NULL) {
		if (ctrl->port >= 0)
			ctrl->xen->events->unbind(ctrl->events, (uint32_t)ctrl->port);
		ctrl->xen->events->close(ctrl->events);
	}
	if (ctrl->list != NULL)
		ctrl->xen->shares->unshare(ctrl->shares, ctrl->list);
	if (ctrl->ring.shared != NULL)
		ctrl->xen->shares->unshare(ctrl->shares, ctrl->ring.shared);
	*ctrl = (struct fe_ctrl){ .port = -1 };
}

/* Waits for a response until the time is up. Returns whether there is one. */
static bool
await(struct fe_ctrl *ctrl, unsigned timeout_ms)
{
	const struct events_ops *ops = ctrl->xen->events;
	struct pollfd pfd = { .fd = ops->fd(ctrl->events), .events = POLLIN };
	uint64_t end = util_now_ms() + timeout_ms;
	int fired;

	while (fe_ring_arm(&ctrl->ring) && util_now_ms() < end) {
		poll(&pfd, 1, POLL_MAX_MS);
		while ((fired = ops->pending(ctrl->events)) >= 0)
			ops->unmask(ctrl->events, (uint32_t)fired);
	}
	return fe_ring_pending(&ctrl->ring) != 0;
}

/* Sends a request and waits for the response. Returns 0 or -errno. */
static int
ask(struct fe_ctrl *ctrl, struct xen_netif_ctrl_request *req, struct xen_netif_ctrl_response *rsp,
    unsigned timeout_ms)
{
	req->id = ctrl->next_id++;
	fe_ring_put_request(&ctrl->ring, req, sizeof(*req));
	if (fe_ring_publish(&ctrl->ring))
		ctrl->xen->events->notify(ctrl->events, (uint32_t)ctrl->port);
	if (!await(ctrl, timeout_ms))
		return -ETIMEDOUT;
	if (fe_ring_pending(&ctrl->ring) != 1)
		return -EPROTO;
	fe_ring_copy_response(&ctrl->ring, ctrl->ring.rsp_cons++, rsp, sizeof(*rsp));
	return rsp->id == req->id && rsp->type == req->type ? 0 : -EPROTO;
}

int
fe_ctrl_size(struct fe_ctrl *ctrl, unsigned queue, unsigned timeout_ms)
{
	struct xen_netif_ctrl_request req = { .type = XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE,
					      .data = { queue } };
	struct xen_netif_ctrl_response rsp;
	int ret = ask(ctrl, &req, &rsp, timeout_ms);

	if (ret < 0)
		return ret;
	return rsp.status == XEN_NETIF_CTRL_STATUS_SUCCESS && rsp.data <= INT32_MAX ? (int)rsp.data
										    : 0;
}

int
fe_ctrl_add(struct fe_ctrl *ctrl, unsigned queue, const uint32_t *ref, unsigned n,
	    unsigned timeout_ms)
{
	struct xen_netif_ctrl_request req = { .type = XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING,
					      .data = { queue, ctrl->list_ref, n } };
	struct xen_netif_ctrl_response rsp;

	if (n == 0 || n > LIMIT_STATIC_LIST)
		return -EINVAL;
	for (unsigned i = 0; i < n; i++)
		ctrl->list[i] = (struct xen_netif_gref){ .ref = ref[i] };
	int ret = ask(ctrl, &req, &rsp, timeout_ms);
	if (ret < 0)
		return ret;
	return rsp.status == XEN_NETIF_CTRL_STATUS_SUCCESS ? 0 : -EINVAL;
}

/* Sends a request that returns no data. Returns 0, -EOPNOTSUPP, -EINVAL, or the error of ask(). */
static int
command(struct fe_ctrl *ctrl, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2,
	unsigned timeout_ms)
{
	struct xen_netif_ctrl_request req = { .type = type, .data = { d0, d1, d2 } };
	struct xen_netif_ctrl_response rsp;
	int ret = ask(ctrl, &req, &rsp, timeout_ms);

	if (ret < 0 || rsp.status == XEN_NETIF_CTRL_STATUS_SUCCESS)
		return ret;
	return rsp.status == XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED ? -EOPNOTSUPP : -EINVAL;
}

/* The page for lists also carries the key and the mapping table. */
static int
set_map(struct fe_ctrl *ctrl, const struct vpe_fe_rss *rss, unsigned timeout_ms)
{
	uint32_t *entry = (uint32_t *)ctrl->list;

	for (unsigned i = 0; i < rss->n_map; i++)
		entry[i] = rss->map[i];
	int ret = command(ctrl, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, rss->n_map, 0, 0,
			  timeout_ms);
	if (ret == 0 && rss->n_map > 0)
		ret = command(ctrl, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, ctrl->list_ref,
			      rss->n_map, 0, timeout_ms);
	return ret;
}

int
fe_ctrl_set_rss(struct fe_ctrl *ctrl, const struct vpe_fe_rss *rss, unsigned timeout_ms)
{
	uint32_t algorithm = rss->types == 0 ? XEN_NETIF_CTRL_HASH_ALGORITHM_NONE
					     : XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
	int ret =
		command(ctrl, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, algorithm, 0, 0, timeout_ms);

	if (ret < 0 || rss->types == 0)
		return ret;
	memcpy(ctrl->list, rss->key, sizeof(rss->key));
	ret = command(ctrl, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, ctrl->list_ref, sizeof(rss->key), 0,
		      timeout_ms);
	if (ret == 0)
		ret = set_map(ctrl, rss, timeout_ms);
	return ret == 0 ? command(ctrl, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, rss->types, 0, 0,
				  timeout_ms)
			: ret;
}
