/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/asker.h"

#include <stdlib.h>

void
asker_start(struct asker *a, unsigned n_queues)
{
	asker_start_with(a, n_queues,
			 &(struct sim_options){ .self = SIM_SELF, .hotplug = HOTPLUG_SELF });
}

void
asker_start_with(struct asker *a, unsigned n_queues, const struct sim_options *options)
{
	struct vpe_fe_params params = { .timeout_ms = GUEST_PATIENCE_MS, .n_queues = n_queues };

	sim_start_with(&a->s, options);
	a->b = sim_join(&a->s);
	a->fe = direct_open_as(&a->s, &a->d, &params);
	if (!sim_check(a->fe != NULL, "open: %s", vpe_fe_error()))
		abort();
	direct_greet(a->fe, a->d, a->b);
	a->ctrl = &a->fe->ctrl;
	a->domid = a->d->params.domid;
	a->n_mapped = fake_domain_mapped(a->domid);
	for (unsigned i = 0; i < LIMIT_STATIC_LIST; i++) {
		a->page[i] = fake_page_alloc(a->domid);
		a->ref[i] = fake_grant(a->page[i], SIM_SELF, FAKE_GRANT_READ_WRITE);
	}
}

void
asker_end(struct asker *a)
{
	direct_greet(a->fe, a->d, a->b);
	for (unsigned i = 0; i < LIMIT_STATIC_LIST; i++)
		fake_page_free(a->page[i]);
	direct_end(&a->s, a->fe);
}

void
asker_put(struct asker *a, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2)
{
	request_t req = { .id = a->ctrl->next_id++, .type = type, .data = { d0, d1, d2 } };

	fe_ring_put_request(&a->ctrl->ring, &req, sizeof(req));
}

void
asker_publish(struct asker *a)
{
	if (fe_ring_publish(&a->ctrl->ring))
		a->ctrl->xen->events->notify(a->ctrl->events, (uint32_t)a->ctrl->port);
}

bool
asker_take(struct asker *a, response_t *rsp)
{
	uint64_t deadline = sim_deadline();

	while (fe_ring_pending(&a->ctrl->ring) == 0)
		if (!sim_check(fake_now_ms() < deadline, "no answer on the control ring"))
			return false;
	fe_ring_copy_response(&a->ctrl->ring, a->ctrl->ring.rsp_cons++, rsp, sizeof(*rsp));
	return true;
}

uint32_t
ask(struct asker *a, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2, uint32_t status)
{
	uint16_t id = a->ctrl->next_id;
	response_t rsp = { .id = 0 };

	asker_put(a, type, d0, d1, d2);
	asker_publish(a);
	if (!asker_take(a, &rsp))
		return UINT32_MAX;
	sim_check(rsp.id == id && rsp.type == type,
		  "request %u of type %u has answer %u of type %u", id, type, rsp.id, rsp.type);
	sim_check(rsp.status == status, "type %u: status %u instead of %u", type, rsp.status,
		  status);
	return rsp.data;
}
