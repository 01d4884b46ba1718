/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl/vif/ctrl.c and ctrl_hash.c: a control ring and the pages that its requests name. The input is a series of steps of the guest, of control
 * and of the poller.
 */
#include "fuzz/ctrl_world.h"
#include "fuzz/fuzz.h"

/* A request, put where the producer is. */
static void
put_request(struct input *in)
{
	struct xen_netif_ctrl_request req = { .id = (uint16_t)take(in, 1), .type = (uint16_t)take(in, 1) };
	struct ring_shared *shared = (void *)ctrl_world.page;

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
		ctrl_world.list[i] = (struct xen_netif_gref){ .ref = first + i * stride, .flags = (uint16_t)(flags >= 0xf0 ? flags : flags & 1) };
}

static void
step(struct input *in)
{
	switch (take(in, 1) % 10) {
	case 0: case 1: put_request(in); break;
	case 2: case 3: ctrl_world_run(); break;
	case 4: ctrl_world_poll(); break;
	case 5: fill_list(in); break;
	case 6: take_bytes(in, &ctrl_world.list[take(in, 2) % LIMIT_STATIC_LIST], sizeof(ctrl_world.list[0])); break;
	case 7: ctrl_world.map_fails = take(in, 2), ctrl_world.copy_fails = take(in, 1); break;
	case 8: ctrl_world.call_fails = take(in, 1) & 1, ctrl_world.notify_fails = take(in, 1) & 1; break;
	case 9: take_bytes(in, ctrl_world.page + take(in, 2) % (NETIF_PAGE_SIZE - 4), 4); break;
	}
	ctrl_world_check();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint32_t index = take(&in, 4);

	ctrl_world_open(index, take(&in, 2));
	while (in.left > 0 && ctrl_world_is_open())
		step(&in);
	ctrl_world_close();
	return 0;
}
