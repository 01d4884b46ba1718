/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cases: the control ring, and static grants behind it: netif.h types 8 to 10 from guests that may
 * be hostile.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"
#include "sim/asker.h"
#include "sim/test_sim.h"

#define SIZE XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE
#define ADD XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING
#define DEL XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING

static void
list_refs(struct asker *a, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		a->ctrl->list[i] = (struct xen_netif_gref){ .ref = a->ref[i], .status = 0xffff };
}

/* The list in the page cannot be added, and none of it is mapped afterwards. */
static void
not_added(struct asker *a, unsigned n, const char *why)
{
	unsigned n_before = fake_domain_mapped(a->domid);

	ask(a, ADD, 0, a->ctrl->list_ref, n, NO);
	sim_check(fake_domain_mapped(a->domid) == n_before, "%s: %u pages were mapped", why,
		  fake_domain_mapped(a->domid) - n_before);
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void
types(void)
{
	struct asker a;

	asker_start(&a, 1);
	ask(&a, 0, 0, 0, 0, NOT_SUPPORTED);
	ask(&a, DEL + 1, 0, 0, 0, NOT_SUPPORTED);
	ask(&a, UINT16_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, NOT_SUPPORTED);
	CHECK_EQ(ask(&a, SIZE, 0, 0, 0, OKAY), LIMIT_STATIC_GRANTS);
	CHECK_EQ(ask(&a, SIZE, 1, 0, 0, NO), 0);
	CHECK_EQ(ask(&a, SIZE, UINT32_MAX, 0, 0, NO), 0);
	asker_end(&a);
}

static void
added_and_deleted(void)
{
	struct asker a;

	asker_start(&a, 1);
	CHECK_EQ(a.fe->info.n_static, a.fe->queue[0].n_buf);
	for (unsigned n = 1; n <= LIMIT_STATIC_LIST; n *= 8) {
		list_refs(&a, n);
		ask(&a, ADD, 0, a.ctrl->list_ref, n, OKAY);
		CHECK_EQ(fake_domain_mapped(a.domid), a.n_mapped + n);
		CHECK_EQ(ask(&a, DEL, 0, a.ctrl->list_ref, n, OKAY), n);
		for (unsigned i = 0; i < n; i++)
			CHECK_EQ(a.ctrl->list[i].status, OKAY);
		CHECK_EQ(fake_domain_mapped(a.domid), a.n_mapped);
	}
	asker_end(&a);
}

/* The buffers themselves are deleted: from now on they are copied by the hypervisor. */
static void
deleted_under_traffic(void)
{
	uint64_t n_ops, n_calls, n_before;
	struct asker a;

	asker_start(&a, 1);
	fake_copy_counts(&n_before, &n_calls);
	direct_greet(a.fe, a.d, a.b);
	fake_copy_counts(&n_ops, &n_calls);
	CHECK_EQ(n_ops, n_before + 1); /* to the neighbour alone */
	for (unsigned i = 0; i < a.fe->queue[0].n_buf; i++) {
		a.ctrl->list[0] = (struct xen_netif_gref){ .ref = a.fe->queue[0].buf[i].ref };
		CHECK_EQ(ask(&a, DEL, 0, a.ctrl->list_ref, 1, OKAY), 1);
		if (i % 16 == 0)
			direct_greet(a.fe, a.d, a.b);
	}
	fake_copy_counts(&n_before, &n_calls);
	direct_greet(a.fe, a.d, a.b);
	fake_copy_counts(&n_ops, &n_calls);
	CHECK_EQ(n_ops, n_before + 2);
	asker_end(&a);
}

/*
 * A read-only static grant serves transmits; a receive buffer in it is left to the hypervisor to
 * judge.
 */
static void
read_only(void)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct asker a;

	asker_start(&a, 1);
	for (unsigned i = 0; i < a.fe->queue[0].n_buf; i++) {
		struct xen_netif_gref *entry = &a.ctrl->list[0];

		*entry = (struct xen_netif_gref){ .ref = a.fe->queue[0].buf[i].ref };
		ask(&a, DEL, 0, a.ctrl->list_ref, 1, OKAY);
		*entry = (struct xen_netif_gref){ .ref = a.fe->queue[0].buf[i].ref,
						  .flags = XEN_NETIF_CTRLF_GREF_readonly };
		ask(&a, ADD, 0, a.ctrl->list_ref, 1, OKAY);
	}
	for (unsigned i = 0; i < 20; i++) {
		struct frame f = flow_frame(a.b, a.d, FRAME_RAW, 100 + i, i);

		direct_greet(a.fe, a.d, a.b);
		frame_build(&f, data);
		CHECK_EQ(guest_send_frame(a.b, data, f.len), 0);
		CHECK(direct_expect(a.fe, &f));
		flow_drain(a.b);
	}
	asker_end(&a);
}

static void
bad_lists(void)
{
	struct asker a;

	asker_start(&a, 1);
	list_refs(&a, LIMIT_STATIC_LIST);
	not_added(&a, 0, "an empty list");
	not_added(&a, LIMIT_STATIC_LIST + 1, "a list beyond its page");
	not_added(&a, UINT32_MAX, "a list of 2^32 - 1");
	uint32_t revoked = fake_grant(a.page[0], SIM_SELF, FAKE_GRANT_READ_WRITE);
	fake_grant_end(a.domid, revoked);
	uint32_t other = fake_grant(a.page[0], 77, FAKE_GRANT_READ_WRITE);
	const uint32_t bad[] = { 0, FAKE_GRANT_REF_FIRST - 1, UINT32_MAX, revoked, other };
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ask(&a, ADD, 0, bad[i], 1, NO); /* as the list's page */
		ask(&a, DEL, 0, bad[i], 1, NO);
		/* in the list: first, in the middle, last */
		for (unsigned at = 0; at < 300; at += 149) {
			list_refs(&a, 299);
			a.ctrl->list[at].ref = bad[i];
			not_added(&a, 299, "a bad reference");
		}
	}
	list_refs(&a, 9);
	ask(&a, ADD, 1, a.ctrl->list_ref, 9, NO);
	ask(&a, DEL, 1, a.ctrl->list_ref, 9, NO);
	a.ctrl->list[4].flags = 2;
	not_added(&a, 9, "an unknown flag");
	list_refs(&a, 9);
	a.ctrl->list[8].ref = a.ref[0];
	not_added(&a, 9, "the same reference twice");
	list_refs(&a, 9);
	a.ctrl->list[8].ref = a.fe->queue[0].buf[5].ref;
	not_added(&a, 9, "a reference that is mapped already");
	/* the ring as a list: its indices are no references of the guest's */
	ask(&a, ADD, 0, a.ctrl->ring_ref, 9, NO);
	asker_end(&a);
}

static void
read_only_as_writable(void)
{
	struct asker a;

	asker_start(&a, 1);
	uint32_t ref = fake_grant(a.page[0], SIM_SELF, FAKE_GRANT_READ_ONLY);
	a.ctrl->list[0] = (struct xen_netif_gref){ .ref = ref };
	not_added(&a, 1, "a read-only page as a writable one");
	a.ctrl->list[0].flags = XEN_NETIF_CTRLF_GREF_readonly;
	ask(&a, ADD, 0, a.ctrl->list_ref, 1, OKAY);
	/*
	 * The list's page is read-only: nobody can be told what was deleted. It is, all the same.
	 */
	uint32_t list_ref = fake_grant(a.ctrl->list, SIM_SELF, FAKE_GRANT_READ_ONLY);
	CHECK_EQ(ask(&a, DEL, 0, list_ref, 1, NO), 1);
	CHECK_EQ(fake_domain_mapped(a.domid), a.n_mapped);
	fake_grant_end(a.domid, list_ref);
	asker_end(&a);
}

static void
delete_unknown(void)
{
	struct asker a;

	asker_start(&a, 1);
	list_refs(&a, 8);
	CHECK_EQ(ask(&a, DEL, 0, a.ctrl->list_ref, 8, OKAY), 0);
	for (unsigned i = 0; i < 8; i++)
		CHECK_EQ(a.ctrl->list[i].status, NO);
	ask(&a, ADD, 0, a.ctrl->list_ref, 4, OKAY);
	list_refs(&a, 8);
	a.ctrl->list[7].ref = a.ref[0]; /* named twice: deleted once */
	a.ctrl->list[6].ref = UINT32_MAX;
	CHECK_EQ(ask(&a, DEL, 0, a.ctrl->list_ref, 8, OKAY), 4);
	for (unsigned i = 0; i < 8; i++)
		CHECK_EQ(a.ctrl->list[i].status, i < 4 ? OKAY : NO);
	CHECK_EQ(fake_domain_mapped(a.domid), a.n_mapped);
	ask(&a, DEL, 0, a.ctrl->list_ref, 0, NO);
	ask(&a, DEL, 0, a.ctrl->list_ref, LIMIT_STATIC_LIST + 1, NO);
	asker_end(&a);
}

/* More than a vif may have: refused, and what is there stays. */
static void
too_many(void)
{
	struct asker a;
	unsigned n_static;

	asker_start(&a, 1);
	n_static = a.fe->info.n_static;
	for (unsigned i = 0; i < LIMIT_STATIC_GRANTS - n_static; i++) {
		a.ctrl->list[0] = (struct xen_netif_gref){
			.ref = fake_grant(a.page[i % LIMIT_STATIC_LIST], SIM_SELF,
					  FAKE_GRANT_READ_WRITE),
		};
		ask(&a, ADD, 0, a.ctrl->list_ref, 1, OKAY);
	}
	CHECK_EQ(fake_domain_mapped(a.domid), a.n_mapped - n_static + LIMIT_STATIC_GRANTS);
	list_refs(&a, 1);
	not_added(&a, 1, "one too many");
	direct_greet(a.fe, a.d, a.b);
	a.ctrl->list[0].ref = a.fe->queue[0].buf[0].ref;
	CHECK_EQ(ask(&a, DEL, 0, a.ctrl->list_ref, 1, OKAY), 1);
	list_refs(&a, 1);
	ask(&a, ADD, 0, a.ctrl->list_ref, 1, OKAY);
	not_added(&a, 1, "one too many");
	asker_end(&a);
}

static void
mapping_fails(void)
{
	struct asker a;

	asker_start(&a, 1);
	for (unsigned skip = 0; skip < 9; skip += 4) {
		list_refs(&a, 9);
		fake_map_fail(skip, 1, ENOSPC);
		not_added(&a, 9, "the hypervisor has no room");
	}
	ask(&a, ADD, 0, a.ctrl->list_ref, 9, OKAY);
	asker_end(&a);
}

/* A full ring at once: each is answered, in order, while frames flow. */
static void
full_ring(void)
{
	struct asker a;
	response_t rsp;

	asker_start(&a, 1);
	for (unsigned round = 0; round < 50; round++) {
		uint16_t first = a.ctrl->next_id;
		unsigned n = fe_ring_room(&a.ctrl->ring);

		list_refs(&a, 3);
		for (unsigned i = 0; i < n; i++)
			asker_put(&a,
				  i % 3 == 0   ? ADD
				  : i % 3 == 1 ? DEL
					       : SIZE,
				  0, i % 3 == 2 ? 0 : a.ctrl->list_ref, i % 3 == 2 ? 0 : 3);
		asker_publish(&a);
		direct_greet(a.fe, a.d, a.b);
		for (unsigned i = 0; i < n && asker_take(&a, &rsp); i++)
			sim_check(rsp.id == (uint16_t)(first + i) && rsp.status == OKAY,
				  "answer %u: id %u, status %u", i, rsp.id, rsp.status);
	}
	ask(&a, DEL, 0, a.ctrl->list_ref, 3, OKAY);
	CHECK_EQ(fake_domain_mapped(a.domid), a.n_mapped);
	asker_end(&a);
}

/*
 * The producer index is impossible: the vif is switched off, and all of it is unmapped when it
 * goes.
 */
static void
impossible_index(void)
{
	const uint32_t jumps[] = { 129, 0x7fffffff, 0x80000000, 0xffffffff };

	for (unsigned i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct asker a;

		asker_start(&a, 1);
		struct fe_ring *ring = &a.ctrl->ring;
		__atomic_store_n(&ring->shared->req_prod, ring->req_published + jumps[i],
				 __ATOMIC_RELEASE);
		a.ctrl->xen->events->notify(a.ctrl->events, (uint32_t)a.ctrl->port);
		CHECK(sim_expect_fault(a.d, "control ring"));
		for (unsigned p = 0; p < LIMIT_STATIC_LIST; p++)
			fake_page_free(a.page[p]);
		direct_end(&a.s, a.fe);
	}
}

/* The domain dies while a request waits for the poller, and with all mapped. */
static void
dies(void)
{
	for (unsigned i = 0; i < 20; i++) {
		struct asker a;

		asker_start(&a, 1);
		list_refs(&a, LIMIT_STATIC_LIST);
		asker_put(&a, ADD, 0, a.ctrl->list_ref, LIMIT_STATIC_LIST);
		asker_put(&a, DEL, 0, a.ctrl->list_ref, LIMIT_STATIC_LIST);
		asker_publish(&a);
		fake_domain_destroy(a.domid, i % 2 ? FAKE_STORE_REMOVED : FAKE_STORE_KEPT);
		if (i % 2 == 0)
			toolstack_detach(a.d);
		uint64_t deadline = sim_deadline();
		while (fake_domain_mapped(a.domid) > 0 && fake_now_ms() < deadline)
			fake_wait(fake_seq(), fake_now_ms() + 5);
		CHECK_EQ(fake_domain_mapped(a.domid), 0);
		for (unsigned p = 0; p < LIMIT_STATIC_LIST; p++)
			fake_page_free(a.page[p]);
		vpe_fe_close(a.fe); /* may say that the store is gone */
		sim_stop(&a.s);
	}
}

struct mutator {
	struct xen_netif_gref *list;
	const uint32_t *ref;
	bool stop;
};

static void *
rewrite_list(void *arg)
{
	struct mutator *m = arg;

	for (unsigned random = 1; !__atomic_load_n(&m->stop, __ATOMIC_RELAXED);
	     random = random * 1664525 + 1013904223) {
		struct xen_netif_gref *entry = &m->list[random >> 8 & 15];

		__atomic_store_n(&entry->ref, m->ref[random >> 16 & 31], __ATOMIC_RELAXED);
		__atomic_store_n(&entry->flags, (uint16_t)(random >> 24 & 1), __ATOMIC_RELAXED);
	}
	return NULL;
}

/*
 * The list changes while it is read. What the backend counts stays true: after deleting each page,
 * none is mapped.
 */
static void
changing_list(void)
{
	struct mutator m;
	pthread_t thread;
	struct asker a;
	response_t rsp;

	asker_start(&a, 1);
	m = (struct mutator){ .list = a.ctrl->list, .ref = a.ref };
	list_refs(&a, 16);
	REQUIRE_EQ(pthread_create(&thread, NULL, rewrite_list, &m), 0);
	for (unsigned i = 0; i < 2000; i++) {
		asker_put(&a, i % 2 ? DEL : ADD, 0, a.ctrl->list_ref, 1 + i % 16);
		asker_publish(&a);
		if (!asker_take(&a, &rsp))
			break;
	}
	__atomic_store_n(&m.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	list_refs(&a, 32);
	ask(&a, DEL, 0, a.ctrl->list_ref, 32, OKAY);
	CHECK_EQ(fake_domain_mapped(a.domid), a.n_mapped);
	asker_end(&a);
}

CU_TestInfo ctrl_cases[] = {
	{ "types", types },
	{ "added_and_deleted", added_and_deleted },
	{ "deleted_under_traffic", deleted_under_traffic },
	{ "read_only", read_only },
	{ "bad_lists", bad_lists },
	{ "read_only_as_writable", read_only_as_writable },
	{ "delete_unknown", delete_unknown },
	{ "too_many", too_many },
	{ "mapping_fails", mapping_fails },
	{ "full_ring", full_ring },
	{ "impossible_index", impossible_index },
	{ "dies", dies },
	{ "changing_list", changing_list },
	CU_TEST_INFO_NULL,
};
