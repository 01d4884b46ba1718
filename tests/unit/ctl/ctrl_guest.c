/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctrl_guest.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "fakes/guest_store.h"
#include "proto/keys.h"

#define N_PAGES (CTRL_GUEST_GRANTS + 1)

/* In this order: each has to succeed. The last grant is added and deleted again. */
static const struct xen_netif_ctrl_request requests[] = {
	{ .type = XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM,
	  .data = { XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ } },
	{ .type = XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE },
	{ .type = XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, .data = { XEN_NETIF_CTRL_HASH_TYPE_IPV4 } },
	{ .type = XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, .data = { 0, 0, N_PAGES } },
	{ .type = XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING, .data = { 0, 0, 1 } },
	{ .type = XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS },
};

static void
breaks(struct ctrl_guest *c, const char *rule, unsigned number)
{
	if (c->broken[0] == '\0')
		snprintf(c->broken, sizeof(c->broken), "control ring: %s (%u)", rule, number);
}

void
ctrl_guest_create(struct ctrl_guest *c, const struct guest *g)
{
	uint32_t domid = g->params.domid, backend = g->params.backend;
	xen_netif_ctrl_sring_t *sring = fake_page_alloc(domid);

	memset(c, 0, sizeof(*c));
	c->g = g;
	SHARED_RING_INIT(sring);
	FRONT_RING_INIT(&c->ring, sring, NETIF_PAGE_SIZE);
	c->ref = fake_grant(sring, backend, FAKE_GRANT_READ_WRITE);
	c->port = fake_port_alloc(domid, backend);
	c->list = fake_page_alloc(domid);
	c->list_ref = fake_grant(c->list, backend, FAKE_GRANT_READ_WRITE);
	for (unsigned i = 0; i < N_PAGES; i++) {
		c->page[i] = fake_page_alloc(domid);
		c->page_ref[i] = fake_grant(c->page[i], backend, FAKE_GRANT_READ_WRITE);
	}
}

void
ctrl_guest_destroy(struct ctrl_guest *c)
{
	fake_port_close(c->g->params.domid, c->port);
	fake_page_free(c->ring.sring);
	fake_page_free(c->list);
	for (unsigned i = 0; i < N_PAGES; i++)
		fake_page_free(c->page[i]);
}

void
ctrl_guest_publish(const struct ctrl_guest *c)
{
	front_printf(c->g, KEY_CTRL_RING_REF, "%u", c->ref);
	front_printf(c->g, KEY_EVTCHN_CTRL, "%u", c->port);
}

bool
ctrl_guest_ask(struct ctrl_guest *c)
{
	if (c->n_asked == ARRAY_SIZE(requests))
		return false;
	struct xen_netif_ctrl_request req = requests[c->n_asked];
	bool deletes = req.type == XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING;

	req.id = (uint16_t)(100 + c->n_asked++);
	if (deletes || req.type == XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING)
		req.data[1] = c->list_ref;
	for (unsigned i = 0; i < N_PAGES; i++)
		c->list[i] = (struct xen_netif_gref){ .ref = c->page_ref[i] };
	if (deletes)
		c->list[0].ref = c->page_ref[CTRL_GUEST_GRANTS];
	*RING_GET_REQUEST(&c->ring, c->ring.req_prod_pvt) = req;
	c->ring.req_prod_pvt++;
	__atomic_store_n(&c->ring.sring->req_prod, c->ring.req_prod_pvt, __ATOMIC_RELEASE);
	fake_port_send(c->g->params.domid, c->port);
	return true;
}

bool
ctrl_guest_asks(const struct ctrl_guest *c)
{
	return c->n_answered < ARRAY_SIZE(requests);
}

bool
ctrl_guest_take(struct ctrl_guest *c)
{
	while (c->ring.sring->rsp_prod != c->ring.rsp_cons) {
		struct xen_netif_ctrl_response rsp;

		RING_COPY_RESPONSE(&c->ring, c->ring.rsp_cons, &rsp);
		c->ring.rsp_cons++;
		if (c->n_answered >= c->n_asked)
			breaks(c, "an answer too many", c->n_answered);
		else if (rsp.id != 100 + c->n_answered)
			breaks(c, "the answer to another request", rsp.id);
		else if (rsp.type != requests[c->n_answered].type)
			breaks(c, "an answer of another type", rsp.type);
		else if (rsp.status != XEN_NETIF_CTRL_STATUS_SUCCESS)
			breaks(c, "a request failed", c->n_answered);
		c->n_answered++;
	}
	return c->n_answered == c->n_asked;
}
