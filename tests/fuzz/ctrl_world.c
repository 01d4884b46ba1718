/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's pages and the poller as ctl/vif/ctrl_ring.c sees them. */
#include "fuzz/ctrl_world.h"

#include "fakes/fake_xen.h"
#include "fuzz/fuzz.h"

#define SELF 1u
#define DOMID 5u
#define LAST_REF 0xefffffffu
#define BAD_GNTREF (-3) /* GNTST_bad_gntref */

struct ctrl_world ctrl_world;

static struct keep_ctrl kept;
static struct ctrl_ring ctrl;
static struct port port;
static struct attachment attachment;
static struct static_grants *polled;   /* the poller's table */
static const struct steering *steered; /* the poller's, at least until the next call */
static dp_call_fn *call; /* what is asked of the poller; NULL: to pass the top of its loop */
static void *call_arg;
static struct ctrl_ring_env env;
static struct vif_rings vif_rings = { .n_queues = CTRL_WORLD_QUEUES, .ctrl_page = ctrl_world.page };

/* Lists and the like are copied one by one. */
static int16_t
look_at_copy(const struct grant_copy *c, unsigned i)
{
	const union grant_ptr *foreign = c->flags == GRANT_COPY_SOURCE_REF ? &c->source : &c->dest;

	MUST(i == 0 && c->len > 0 && foreign->foreign.domid == DOMID);
	return foreign->foreign.ref % 8 == 7 ? BAD_GNTREF : GRANT_STATUS_OKAY;
}

void
ctrl_world_init(void)
{
	const struct xen_ops *xen = fake_xen();

	fake_reset(SELF);
	fake_abort_on_violation();
	fake_copy_set_hook(look_at_copy);
	ctrl_world.list = fake_page_alloc(DOMID);
	fake_grant_others(ctrl_world.list, SELF, LAST_REF);
	env = (struct ctrl_ring_env){ .xen = xen, .events = xen->events->open() };
	vif_rings.grants = xen->grants->open();
	vif_rings.evtchn_ctrl =
		(uint32_t)xen->events->bind(env.events, DOMID, fake_port_alloc(DOMID, SELF));
}

/* In place of ctl/ports/attachment.c and dp/vif/port_vif.c. */
void
port_vif_take_grants(struct port *p, void *grants)
{
	MUST(p == &port);
	polled = grants;
}

bool
attachment_can_call(const struct attachment *m)
{
	bool in_request = ctrl.ring.req_cons != ctrl.ring.rsp_prod;

	return m->phase == ATTACHMENT_IN && !(ctrl_world.call_fails && in_request);
}

bool
attachment_call(struct attachments *attachments, struct attachment *m, dp_call_fn *fn, void *arg,
		attachment_done_fn *done, void *done_arg)
{
	(void)attachments;
	MUST(m == &attachment && m->phase == ATTACHMENT_IN &&
	     (fn == port_vif_take_grants || fn == NULL));
	if (ctrl_world.call_fails)
		return false;
	m->phase = ATTACHMENT_BUSY;
	call = fn;
	call_arg = arg;
	m->done = done;
	m->done_arg = done_arg;
	steered = port.steering; /* a poller may answer at once, and use this until the next call */
	return true;
}

void
ctrl_world_poll(void)
{
	if (attachment.phase != ATTACHMENT_BUSY)
		return;
	if (call != NULL)
		call(&port, call_arg);
	attachment.phase = ATTACHMENT_IN;
	attachment.done(attachment.done_arg);
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
	const uint8_t *page = (const uint8_t *)ctrl_world.list;
	unsigned n = 0, n_mapped = fake_domain_mapped(DOMID);

	check_steering(steered);
	check_steering(port.steering);
	for (uint32_t i = 0; polled != NULL && i < static_grants_size(polled); i++) {
		n += polled->entry[i].page != NULL;
		MUST(polled->entry[i].page == NULL || *polled->entry[i].page == *page);
	}
	MUST(polled == NULL || (n == polled->n && (ctrl.busy || n == ctrl.n_grants)));
	MUST(n_mapped == env.n_static && n_mapped == ctrl.n_grants + ctrl.n_gone &&
	     n_mapped <= LIMIT_STATIC_GRANTS);
	MUST(ctrl.ring.req_cons - ctrl.ring.rsp_prod == ctrl.busy &&
	     ctrl.busy == (attachment.phase == ATTACHMENT_BUSY));
	MUST(ctrl.ring.rsp_published == ctrl.ring.rsp_prod);
}

void
ctrl_world_run(void)
{
	uint32_t pending = ring_pending(&ctrl.ring), before = ctrl.ring.req_cons;

	ctrl_ring_run(&ctrl);
	MUST(ctrl.ring.req_cons - before <= (pending > ring_size(&ctrl.ring) ? 0 : pending));
	MUST(ctrl.fault == NULL || ctrl.ring.req_cons == before);
}

void
ctrl_world_open(uint32_t index, uint32_t n_waiting)
{
	struct ring_shared *shared = (void *)ctrl_world.page;

	memset(ctrl_world.page, 0, sizeof(ctrl_world.page));
	memset(ctrl_world.list, 0, NETIF_PAGE_SIZE);
	ctrl_world.call_fails = false;
	fake_map_fail(0, 0, 0);
	fake_copy_fail_call(0, 0, 0, 0);
	fake_notify_fail(0, 0, 0);
	shared->rsp_prod = index;
	shared->req_prod = index + n_waiting;
	attachment = (struct attachment){ .phase = ATTACHMENT_IN, .port = &port };
	port.steering = steered = NULL;
	polled = NULL;
	kept.current = 0;
	memset(kept.state, 0, sizeof(kept.state));
	MUST((ctrl_ring_open(&ctrl, &env, &vif_rings, &attachment, DOMID, &kept) == 0) ==
	     (n_waiting <= 128));
}

bool
ctrl_world_is_open(void)
{
	return ctrl.env != NULL;
}

/* The next daemon would find what is in force now. */
static void
check_kept(void)
{
	const struct keep_ctrl_state *state = &kept.state[kept.current];

	if (ctrl.env == NULL || ctrl.busy || !state->has_answered)
		return;
	MUST(state->n_grants == ctrl.n_grants);
	for (unsigned i = 0; i < ctrl.n_grants; i++)
		MUST(kept.grant[state->list][i].ref == ctrl.grant[i].ref);
	MUST(state->is_steered == (ctrl.steering != NULL));
	MUST(state->answered + 1 == ctrl.ring.rsp_published);
}

void
ctrl_world_close(void)
{
	check_kept();
	ctrl_ring_close(&ctrl);
	ctrl_ring_close(&ctrl);
	MUST(fake_domain_mapped(DOMID) == 0 && env.n_static == 0 && !ctrl_ring_run(&ctrl));
}
