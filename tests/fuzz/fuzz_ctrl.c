/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl/vif/ctrl_ring.c and ctrl_ring_hash.c: a control ring and the pages that its requests name.
 * The input is a series of steps of the guest, of control and of the poller.
 */
#include <errno.h>
#include <limits.h>

#include "fakes/fake_xen.h"
#include "fuzz/ctrl_world.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	ctrl_world_init();
	return 0;
}

/* A request, put where the producer is. */
static void
put_request(struct input *in)
{
	struct xen_netif_ctrl_request req = { .id = (uint16_t)take(in, 1),
					      .type = (uint16_t)take(in, 1) };
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
		ctrl_world.list[i] = (struct xen_netif_gref){
			.ref = first + i * stride,
			.flags = (uint16_t)(flags >= 0xf0 ? flags : flags & 1)
		};
}

/* The so-maniest mapping and copy from now; 0: none. */
static void
fail_grants(struct input *in)
{
	unsigned map = take(in, 2), copy = take(in, 1);

	fake_map_fail(map - 1, map > 0, ENOMEM);
	fake_copy_fail_call(copy - 1, copy > 0, 0, EFAULT);
}

static void
step(struct input *in)
{
	switch (take(in, 1) % 10) {
	case 0:
	case 1:
		put_request(in);
		break;
	case 2:
	case 3:
		ctrl_world_run();
		break;
	case 4:
		ctrl_world_poll();
		break;
	case 5:
		fill_list(in);
		break;
	case 6:
		take_bytes(in, &ctrl_world.list[take(in, 2) % LIMIT_STATIC_LIST],
			   sizeof(ctrl_world.list[0]));
		break;
	case 7:
		fail_grants(in);
		break;
	case 8:
		ctrl_world.call_fails = take(in, 1) & 1;
		fake_notify_fail(0, take(in, 1) & 1 ? UINT_MAX : 0, EIO);
		break;
	case 9:
		take_bytes(in, ctrl_world.page + take(in, 2) % (NETIF_PAGE_SIZE - 4), 4);
		break;
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
