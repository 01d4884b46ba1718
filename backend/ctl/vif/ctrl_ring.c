/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers requests on a vif's control ring. */
#include "ctl/vif/ctrl_ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ctl/vif/ctrl_ring_hash.h"
#include "proto/limits.h"

#define CTRL_REQUESTS_MAX 32u

_Static_assert(LIMIT_STATIC_LIST * sizeof(struct xen_netif_gref) == NETIF_PAGE_SIZE,
	       "netif.h: a list is one page");

/* ---- pages named by requests ----------------------------------------------------------------- */

/* Copies the start of the page granted as `ref` to `own_page`, or back, as `direction` says. */
static bool
copy_page(const struct ctrl_ring *ctrl, uint32_t ref, void *own_page, uint32_t size,
	  uint16_t direction)
{
	struct grant_copy c = { .len = (uint16_t)size,
				.flags = direction,
				.status = GRANT_STATUS_UNTOUCHED };
	union grant_ptr *foreign = direction == GRANT_COPY_SOURCE_REF ? &c.source : &c.dest;
	union grant_ptr *own = direction == GRANT_COPY_SOURCE_REF ? &c.dest : &c.source;

	own->virt = own_page;
	foreign->foreign.ref = ref;
	foreign->foreign.offset = 0;
	foreign->foreign.domid = (uint16_t)ctrl->domid;
	return ctrl->env->xen->grants->copy(ctrl->rings->grants, &c, 1) >= 0 &&
	       c.status == GRANT_STATUS_OKAY;
}

bool
ctrl_ring_copy_page(const struct ctrl_ring *ctrl, uint32_t ref, void *to, uint32_t size)
{
	return copy_page(ctrl, ref, to, size, GRANT_COPY_SOURCE_REF);
}

static bool
read_list(const struct ctrl_ring *ctrl, const struct xen_netif_ctrl_request *req,
	  struct xen_netif_gref *list)
{
	return req->data[0] == 0 && req->data[2] >= 1 && req->data[2] <= LIMIT_STATIC_LIST &&
	       ctrl_ring_copy_page(ctrl, req->data[1], list,
				   req->data[2] * (uint32_t)sizeof(*list));
}

static int
compare_refs(const void *a, const void *b)
{
	const struct xen_netif_gref *x = a, *y = b;

	return x->ref < y->ref ? -1 : x->ref > y->ref;
}

/* ---- mappings -------------------------------------------------------------------------------- */

static void
unmap(struct ctrl_ring *ctrl, const struct static_grant *grant, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ctrl->env->xen->grants->unmap(ctrl->rings->grants, grant[i].page);
	ctrl->env->n_static -= n;
}

bool
ctrl_ring_map(struct ctrl_ring *ctrl, uint32_t ref, bool writable, struct static_grant *grant)
{
	void *page = ctrl->env->xen->grants->map(ctrl->rings->grants, ctrl->domid, ref, writable);

	if (page == NULL)
		return false;
	ctrl->env->n_static++;
	*grant = (struct static_grant){ .ref = ref, .writable = writable, .page = page };
	return true;
}

/*
 * Maps the grants in the list and appends them to ctrl->grant. Returns false, with none of them
 * mapped, on error.
 */
static bool
map_list(struct ctrl_ring *ctrl, const struct xen_netif_gref *list, unsigned n)
{
	struct static_grant *grant = ctrl->grant + ctrl->n_grants;

	for (unsigned i = 0; i < n; i++) {
		bool writable = !(list[i].flags & XEN_NETIF_CTRLF_GREF_readonly);
		if (!ctrl_ring_map(ctrl, list[i].ref, writable, &grant[i])) {
			unmap(ctrl, grant, i);
			return false;
		}
	}
	return true;
}

static void ctrl_ring_called(void *owner);

/* Has the pollers replace their table of grants. Returns false if that cannot be started. */
static bool
hand_over(struct ctrl_ring *ctrl)
{
	struct static_grants *next = static_grants_create(ctrl->grant, ctrl->n_grants);

	if (next == NULL)
		return false;
	if (!attachment_call(ctrl->env->attachments, ctrl->attachment, port_vif_take_grants, next,
			     ctrl_ring_called, ctrl)) {
		static_grants_destroy(next);
		return false;
	}
	ctrl->next = next;
	ctrl->grants_changed = true;
	ctrl->busy = true;
	return true;
}

/* ---- requests: each returns a status; if it sets ctrl->busy, ctrl_ring_called() responds ----- */

static bool
may_add(const struct ctrl_ring *ctrl, struct xen_netif_gref *list, unsigned n)
{
	if (ctrl->n_grants + n > LIMIT_STATIC_GRANTS ||
	    ctrl->env->n_static + n > LIMIT_STATIC_GRANTS_ALL)
		return false;
	qsort(list, n, sizeof(*list), compare_refs);
	for (unsigned i = 0; i < n; i++) {
		if ((list[i].flags & ~XEN_NETIF_CTRLF_GREF_readonly) ||
		    (i > 0 && list[i].ref == list[i - 1].ref) ||
		    static_grants_find(ctrl->table, list[i].ref) != NULL)
			return false;
	}
	return true;
}

static uint32_t
do_add(struct ctrl_ring *ctrl, const struct xen_netif_ctrl_request *req)
{
	struct xen_netif_gref list[LIMIT_STATIC_LIST];
	unsigned n = req->data[2];

	if (!read_list(ctrl, req, list) || !may_add(ctrl, list, n))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	if (ctrl->grant == NULL)
		ctrl->grant = calloc(LIMIT_STATIC_GRANTS, sizeof(*ctrl->grant));
	if (ctrl->grant == NULL || !map_list(ctrl, list, n))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	ctrl->n_grants += n;
	if (!hand_over(ctrl)) {
		ctrl->n_grants -= n;
		unmap(ctrl, ctrl->grant + ctrl->n_grants, n);
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/*
 * Moves the grants in the list to ctrl->gone, leaving holes, and sets the status of each list
 * entry. The list may name a grant twice.
 */
static void
take_out(struct ctrl_ring *ctrl, struct xen_netif_gref *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct static_grant *found = static_grants_find(ctrl->table, list[i].ref);
		bool is_there = found != NULL && ctrl->grant[found->place].page != NULL;
		list[i].status = is_there ? XEN_NETIF_CTRL_STATUS_SUCCESS
					  : XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
		if (!is_there)
			continue;
		ctrl->gone[ctrl->n_gone++] = *found;
		ctrl->grant[found->place].page = NULL;
	}
}

/* Closes the holes. The order stays that of the table. */
static void
close_up(struct ctrl_ring *ctrl)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ctrl->n_grants; i++) {
		if (ctrl->grant[i].page != NULL)
			ctrl->grant[n++] = ctrl->grant[i];
	}
	ctrl->n_grants = n;
}

static uint32_t
do_del(struct ctrl_ring *ctrl, const struct xen_netif_ctrl_request *req, uint32_t *data)
{
	struct xen_netif_gref list[LIMIT_STATIC_LIST];
	unsigned n = req->data[2];

	if (!read_list(ctrl, req, list))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	ctrl->gone = calloc(n, sizeof(*ctrl->gone));
	if (ctrl->gone == NULL)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	take_out(ctrl, list, n);
	*data = ctrl->n_gone;
	bool told = copy_page(ctrl, req->data[1], list, n * (uint32_t)sizeof(*list),
			      GRANT_COPY_DEST_REF);
	if (ctrl->n_gone > 0 && !hand_over(ctrl)) {
		for (unsigned i = 0; i < ctrl->n_gone; i++)
			ctrl->grant[ctrl->gone[i].place] = ctrl->gone[i];
		*data = ctrl->n_gone = 0;
		told = false;
	}
	close_up(ctrl);
	if (!ctrl->busy) {
		free(ctrl->gone);
		ctrl->gone = NULL;
	}
	return told ? XEN_NETIF_CTRL_STATUS_SUCCESS : XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
}

/*
 * Publishes `next` to the pollers. The grace period, which begins with the call, must come after
 * that: ctrl_ring_called() frees the old choice and tells the guest. Returns false without effect
 * if no call is possible.
 */
static bool
steer(struct ctrl_ring *ctrl, const struct steering *next)
{
	struct steering *own = malloc(sizeof(*own));

	if (own == NULL || !attachment_can_call(ctrl->attachment)) {
		free(own);
		return false;
	}
	*own = *next;
	ctrl->old = ctrl->steering;
	ctrl->steering = own;
	ctrl->busy = true;
	port_set_steering(ctrl->attachment->port, own);
	return attachment_call(ctrl->env->attachments, ctrl->attachment, NULL, NULL,
			       ctrl_ring_called, ctrl);
}

static uint32_t
do_hash(struct ctrl_ring *ctrl, const struct xen_netif_ctrl_request *req, uint32_t *data)
{
	static const struct steering none;
	struct steering next;
	bool changed;
	uint32_t status =
		ctrl_ring_hash_request(ctrl, req, ctrl->steering == NULL ? &none : ctrl->steering,
				       &next, &changed, data);

	return changed && !steer(ctrl, &next) ? XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER : status;
}

static void
do_request(struct ctrl_ring *ctrl, const struct xen_netif_ctrl_request *req,
	   struct xen_netif_ctrl_response *rsp)
{
	*rsp = (struct xen_netif_ctrl_response){ .id = req->id, .type = req->type };
	switch (req->type) {
	case XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS:
	case XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS:
	case XEN_NETIF_CTRL_TYPE_SET_HASH_KEY:
	case XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE:
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE:
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING:
	case XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM:
		rsp->status = do_hash(ctrl, req, &rsp->data);
		return;
	case XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE:
		rsp->status = req->data[0] == 0 ? XEN_NETIF_CTRL_STATUS_SUCCESS
						: XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
		rsp->data = req->data[0] == 0 ? LIMIT_STATIC_GRANTS : 0;
		return;
	case XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING:
		rsp->status = do_add(ctrl, req);
		return;
	case XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING:
		rsp->status = do_del(ctrl, req, &rsp->data);
		return;
	default:
		rsp->status = XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
		return;
	}
}

/* ---- the ring -------------------------------------------------------------------------------- */

void
ctrl_ring_publish(struct ctrl_ring *ctrl, const struct xen_netif_ctrl_response *rsp)
{
	ring_put_response(&ctrl->ring, rsp, sizeof(*rsp));
	ring_publish_responses(&ctrl->ring);
	if (ring_check_notify(&ctrl->ring))
		ctrl->env->xen->events->notify(ctrl->env->events, ctrl->rings->evtchn_ctrl);
}

static void
answer(struct ctrl_ring *ctrl, const struct xen_netif_ctrl_response *rsp)
{
	ctrl_ring_keep(ctrl, rsp);
	ctrl_ring_publish(ctrl, rsp);
}

bool
ctrl_ring_run(struct ctrl_ring *ctrl)
{
	struct xen_netif_ctrl_request req;
	struct xen_netif_ctrl_response rsp;
	unsigned n = 0;

	if (ctrl->env == NULL || ctrl->busy || ctrl->fault != NULL ||
	    !attachment_can_call(ctrl->attachment))
		return false;
	uint32_t pending = ring_pending(&ctrl->ring);
	if (pending > ring_size(&ctrl->ring)) {
		ctrl->fault = "control ring: impossible number of requests";
		return false;
	}
	for (; n < pending && n < CTRL_REQUESTS_MAX && !ctrl->busy; n++) {
		ring_copy_request(&ctrl->ring, ctrl->ring.req_cons++, &req);
		do_request(ctrl, &req, &rsp);
		if (ctrl->busy)
			ctrl->rsp = rsp;
		else
			answer(ctrl, &rsp);
	}
	if (ctrl->busy)
		return false;
	if (n < pending || !ring_arm(&ctrl->ring, 1))
		return true;
	ctrl->env->xen->events->unmask(ctrl->env->events, ctrl->rings->evtchn_ctrl);
	return false;
}

/* Completes the request that waited for the grace period. */
static void
ctrl_ring_called(void *owner)
{
	struct ctrl_ring *ctrl = owner;

	if (ctrl->next != NULL) {
		static_grants_destroy(ctrl->table);
		ctrl->table = ctrl->next;
		ctrl->next = NULL;
	}
	free(ctrl->old);
	ctrl->old = NULL;
	unmap(ctrl, ctrl->gone, ctrl->n_gone);
	free(ctrl->gone);
	ctrl->gone = NULL;
	ctrl->n_gone = 0;
	ctrl->busy = false;
	answer(ctrl, &ctrl->rsp);
}

int
ctrl_ring_open(struct ctrl_ring *ctrl, struct ctrl_ring_env *env, const struct vif_rings *rings,
	       struct attachment *attachment, uint32_t domid, struct keep_ctrl *kept)
{
	if (rings->ctrl_page == NULL)
		return 0;
	*ctrl = (struct ctrl_ring){
		.env = env, .rings = rings, .attachment = attachment, .domid = domid, .kept = kept
	};
	if (ring_attach(&ctrl->ring, rings->ctrl_page, sizeof(struct xen_netif_ctrl_request)) ==
	    RING_ATTACHED)
		return 0;
	ctrl->env = NULL;
	return -EPROTO;
}

void
ctrl_ring_close(struct ctrl_ring *ctrl)
{
	if (ctrl->env == NULL)
		return;
	unmap(ctrl, ctrl->grant, ctrl->n_grants);
	unmap(ctrl, ctrl->gone, ctrl->n_gone);
	free(ctrl->grant);
	free(ctrl->gone);
	static_grants_destroy(ctrl->table);
	static_grants_destroy(ctrl->next);
	free(ctrl->steering);
	free(ctrl->old);
	*ctrl = (struct ctrl_ring){ .env = NULL };
}
