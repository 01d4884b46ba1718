/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's pages, the hypervisor and the poller as ctl/vif/ctrl.c sees them. */
#include "fuzz/ctrl_world.h"

#include "fuzz/fuzz.h"

#define DOMID 5u
#define EVTCHN 9u

struct ctrl_world ctrl_world;

static struct ctrl ctrl;
static struct port port;
static struct member member;
static struct static_grants *polled; /* the poller's table */
static const struct steering *steered; /* the poller's, at least until the next call */
static dp_call_fn *call; /* what is asked of the poller; NULL: to pass the top of its loop */
static void *call_arg;
static uint32_t n_mapped;

static void *
grants_map(struct grants *grants, uint32_t domid, uint32_t ref, bool writable)
{
	(void)grants, (void)writable;
	MUST(domid == DOMID);
	if (ref >= 0xf0000000u || (ctrl_world.map_fails > 0 && --ctrl_world.map_fails == 0))
		return NULL;
	n_mapped++;
	return calloc(1, 1); /* whoever uses it after unmap() is caught */
}

static int
grants_unmap(struct grants *grants, void *mapped)
{
	(void)grants;
	n_mapped--;
	free(mapped);
	return 0;
}

/* The guest's list is one page; its grant may be bad, and so may be the call. */
static int
grants_copy(struct grants *grants, struct grant_copy *c, unsigned n)
{
	bool from = c->flags == GRANT_COPY_SOURCE_REF;
	union grant_ptr *foreign = from ? &c->source : &c->dest;

	(void)grants;
	MUST(n == 1 && c->status == GRANT_STATUS_UNTOUCHED && foreign->foreign.domid == DOMID);
	MUST(c->len > 0 && foreign->foreign.offset + c->len <= NETIF_PAGE_SIZE);
	if (ctrl_world.copy_fails > 0 && --ctrl_world.copy_fails == 0)
		return -1;
	c->status = foreign->foreign.ref % 8 == 7 ? -3 : GRANT_STATUS_OKAY;
	if (c->status == GRANT_STATUS_OKAY)
		memcpy(from ? c->dest.virt : (void *)ctrl_world.list, from ? (void *)ctrl_world.list : c->source.virt, c->len);
	return 0;
}

static int
events_any(struct events *events, uint32_t port)
{
	(void)events;
	MUST(port == EVTCHN);
	return ctrl_world.notify_fails ? -1 : 0;
}

static const struct grants_ops grants_ops = { .map = grants_map, .unmap = grants_unmap, .copy = grants_copy };
static const struct events_ops events_ops = { .notify = events_any, .unmask = events_any };
static const struct xen_ops xen = { .grants = &grants_ops, .events = &events_ops };
static struct ctrl_env env = { .xen = &xen };
static const struct vif_link vif_link = { .n_queues = CTRL_WORLD_QUEUES, .ctrl_page = ctrl_world.page, .evtchn_ctrl = EVTCHN };

/* In place of ctl/ports/member.c and dp/vif/port_vif.c. */
void
port_vif_take_grants(struct port *p, void *grants)
{
	MUST(p == &port);
	polled = grants;
}

bool
member_can_call(const struct member *m)
{
	bool in_request = ctrl.ring.req_cons != ctrl.ring.rsp_prod;

	return m->phase == MEMBER_IN && !(ctrl_world.call_fails && in_request);
}

bool
member_call(struct members *members, struct member *m, dp_call_fn *fn, void *arg)
{
	(void)members;
	MUST(m == &member && m->phase == MEMBER_IN && (fn == port_vif_take_grants || fn == NULL));
	if (ctrl_world.call_fails)
		return false;
	m->phase = MEMBER_CALLED_ON;
	call = fn;
	call_arg = arg;
	steered = port.steering; /* a poller may answer at once, and use this until the next call */
	return true;
}

void
ctrl_world_poll(void)
{
	if (member.phase != MEMBER_CALLED_ON)
		return;
	if (call != NULL)
		call(&port, call_arg);
	member.phase = MEMBER_IN;
	ctrl_called(&ctrl);
}

/* The poller may look at what it had before, too: it is there, and names queues that are there. */
static void
check_steering(const struct steering *s)
{
	MUST(s == NULL || (s->n_map <= STEERING_MAP_SIZE && s->algorithm <= 1 && s->types <= 15));
	for (unsigned i = 0; s != NULL && i < s->n_map; i++)
		MUST(s->map[i] < CTRL_WORLD_QUEUES);
}

/* The poller uses its table all the time: all that is in it is mapped. */
void
ctrl_world_check(void)
{
	unsigned n = 0;

	check_steering(steered);
	check_steering(port.steering);
	for (uint32_t i = 0; polled != NULL && i < static_grants_size(polled); i++) {
		n += polled->entry[i].page != NULL;
		MUST(polled->entry[i].page == NULL || *polled->entry[i].page == 0);
	}
	MUST(polled == NULL || (n == polled->n && (ctrl.busy || n == ctrl.n_grants)));
	MUST(n_mapped == env.n_static && n_mapped == ctrl.n_grants + ctrl.n_gone && n_mapped <= LIMIT_STATIC_GRANTS);
	MUST(ctrl.ring.req_cons - ctrl.ring.rsp_prod == ctrl.busy && ctrl.busy == (member.phase == MEMBER_CALLED_ON));
	MUST(ctrl.ring.rsp_published == ctrl.ring.rsp_prod);
}

void
ctrl_world_run(void)
{
	uint32_t pending = ring_pending(&ctrl.ring), before = ctrl.ring.req_cons;

	ctrl_run(&ctrl);
	MUST(ctrl.ring.req_cons - before <= (pending > ring_size(&ctrl.ring) ? 0 : pending));
	MUST(ctrl.fault == NULL || ctrl.ring.req_cons == before);
}

void
ctrl_world_open(uint32_t index, uint32_t n_waiting)
{
	struct ring_shared *shared = (void *)ctrl_world.page;

	memset(&ctrl_world, 0, sizeof(ctrl_world));
	shared->rsp_prod = index;
	shared->req_prod = index + n_waiting;
	member = (struct member){ .phase = MEMBER_IN, .port = &port };
	port.steering = steered = NULL;
	polled = NULL;
	MUST((ctrl_open(&ctrl, &env, &vif_link, &member, DOMID) == 0) == (n_waiting <= 128));
}

bool
ctrl_world_is_open(void)
{
	return ctrl.env != NULL;
}

void
ctrl_world_close(void)
{
	ctrl_close(&ctrl);
	ctrl_close(&ctrl);
	MUST(n_mapped == 0 && env.n_static == 0 && !ctrl_run(&ctrl));
}
