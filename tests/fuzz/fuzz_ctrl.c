/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl/ctrl.c and ctrl_hash.c: a control ring and the pages that its requests name. The input is a series of steps of the guest, of control
 * and of the poller.
 */
#include "ctl/ctrl.h"

#include "fuzz/fuzz.h"
#include "proto/limits.h"

#define DOMID 5u
#define N_QUEUES 3u

static uint8_t page[NETIF_PAGE_SIZE] __attribute__((aligned(NETIF_PAGE_SIZE)));
static struct xen_netif_gref list[LIMIT_STATIC_LIST];
static struct ctrl ctrl;
static struct port port;
static struct member member;
static struct static_grants *polled; /* the poller's table */
static const struct steering *steered; /* the poller's, at least until the next call */
static dp_call_fn *call; /* what is asked of the poller; NULL: to pass the top of its loop */
static void *call_arg;
static uint32_t n_mapped, map_fails, copy_fails, notify_fails;
static bool call_fails;

static void *
grants_map(struct grants *grants, uint32_t domid, uint32_t ref, bool writable)
{
	(void)grants, (void)writable;
	MUST(domid == DOMID);
	if (ref >= 0xf0000000u || (map_fails > 0 && --map_fails == 0))
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
	if (copy_fails > 0 && --copy_fails == 0)
		return -1;
	c->status = foreign->foreign.ref % 8 == 7 ? -3 : GRANT_STATUS_OKAY;
	if (c->status == GRANT_STATUS_OKAY)
		memcpy(from ? c->dest.virt : (void *)list, from ? (void *)list : c->source.virt, c->len);
	return 0;
}

static int
events_any(struct events *events, uint32_t port)
{
	(void)events;
	MUST(port == 9);
	return notify_fails ? -1 : 0;
}

static const struct grants_ops grants_ops = { .map = grants_map, .unmap = grants_unmap, .copy = grants_copy };
static const struct events_ops events_ops = { .notify = events_any, .unmask = events_any };
static const struct xen_ops xen = { .grants = &grants_ops, .events = &events_ops };
static struct ctrl_env env = { .xen = &xen };
static const struct vif_link vif_link = { .n_queues = N_QUEUES, .ctrl_page = page, .evtchn_ctrl = 9 };

/* In place of ctl/member.c and dp/port_vif.c. */
void
port_vif_take_grants(struct port *p, void *grants)
{
	MUST(p == &port);
	polled = grants;
}

bool
member_can_call(const struct member *m)
{
	return m->phase == MEMBER_IN;
}

bool
member_call(struct members *members, struct member *m, dp_call_fn *fn, void *arg)
{
	(void)members;
	MUST(m == &member && m->phase == MEMBER_IN && (fn == port_vif_take_grants || fn == NULL));
	if (call_fails)
		return false;
	m->phase = MEMBER_CALLED_ON;
	call = fn;
	call_arg = arg;
	return true;
}

static void
poller_called(void)
{
	if (member.phase != MEMBER_CALLED_ON)
		return;
	if (call != NULL)
		call(&port, call_arg);
	steered = port.steering;
	member.phase = MEMBER_IN;
	ctrl_called(&ctrl);
}

/* The poller may look at what it had before, too: it is there, and names queues that are there. */
static void
check_steering(const struct steering *s)
{
	MUST(s == NULL || (s->n_map <= STEERING_MAP_SIZE && s->algorithm <= 1 && s->types <= 15));
	for (unsigned i = 0; s != NULL && i < s->n_map; i++)
		MUST(s->map[i] < N_QUEUES);
}

/* The poller uses its table all the time: all that is in it is mapped. */
static void
check(void)
{
	unsigned n = 0;

	check_steering(steered);
	check_steering(port.steering);
	for (uint32_t i = 0; polled != NULL && i <= polled->mask; i++) {
		n += polled->entry[i].page != NULL;
		MUST(polled->entry[i].page == NULL || *polled->entry[i].page == 0);
	}
	MUST(polled == NULL || (n == polled->n && (ctrl.busy || n == ctrl.n_grants)));
	MUST(n_mapped == env.n_static && n_mapped == ctrl.n_grants + ctrl.n_gone && n_mapped <= LIMIT_STATIC_GRANTS);
	MUST(ctrl.ring.req_cons - ctrl.ring.rsp_prod == ctrl.busy && ctrl.busy == (member.phase == MEMBER_CALLED_ON));
	MUST(ctrl.ring.rsp_published == ctrl.ring.rsp_prod);
}

static void
run(void)
{
	uint32_t pending = ring_pending(&ctrl.ring), before = ctrl.ring.req_cons;

	ctrl_run(&ctrl);
	MUST(ctrl.ring.req_cons - before <= (pending > ring_size(&ctrl.ring) ? 0 : pending));
	MUST(ctrl.fault == NULL || ctrl.ring.req_cons == before);
}

/* A request, put where the producer is. */
static void
put_request(struct input *in)
{
	struct xen_netif_ctrl_request req = { .id = (uint16_t)take(in, 1), .type = (uint16_t)take(in, 1) };
	struct ring_shared *shared = (void *)page;

	req.data[0] = take(in, 1);
	req.data[1] = take(in, 1);
	req.data[2] = req.data[0] >= 0xf0 ? take(in, 4) : take(in, 2);
	memcpy(shared->slots + (shared->req_prod++ % 128) * sizeof(req), &req, sizeof(req));
}

static void
fill_list(struct input *in)
{
	uint32_t first = take(in, 2), stride = take(in, 1), flags = take(in, 1);

	for (uint32_t i = 0; i < LIMIT_STATIC_LIST; i++)
		list[i] = (struct xen_netif_gref){ .ref = first + i * stride, .flags = (uint16_t)(flags >= 0xf0 ? flags : flags & 1) };
}

static void
step(struct input *in)
{
	switch (take(in, 1) % 10) {
	case 0: case 1: put_request(in); break;
	case 2: case 3: run(); break;
	case 4: poller_called(); break;
	case 5: fill_list(in); break;
	case 6: take_bytes(in, &list[take(in, 2) % LIMIT_STATIC_LIST], sizeof(list[0])); break;
	case 7: map_fails = take(in, 2), copy_fails = take(in, 1); break;
	case 8: call_fails = take(in, 1) & 1, notify_fails = take(in, 1) & 1; break;
	case 9: take_bytes(in, page + take(in, 2) % (NETIF_PAGE_SIZE - 4), 4); break;
	}
	check();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct ring_shared *shared = (void *)page;

	memset(page, 0, sizeof(page));
	memset(list, 0, sizeof(list));
	shared->rsp_prod = take(&in, 4);
	shared->req_prod = shared->rsp_prod + take(&in, 2);
	map_fails = copy_fails = call_fails = notify_fails = 0;
	member = (struct member){ .phase = MEMBER_IN, .port = &port };
	port.steering = steered = NULL;
	polled = NULL;
	uint32_t n_waiting = shared->req_prod - shared->rsp_prod;
	MUST((ctrl_open(&ctrl, &env, &vif_link, &member, DOMID) == 0) == (n_waiting <= 128));
	while (in.left > 0 && ctrl.env != NULL)
		step(&in);
	ctrl_close(&ctrl);
	ctrl_close(&ctrl);
	MUST(n_mapped == 0 && env.n_static == 0 && !ctrl_run(&ctrl));
	return 0;
}
