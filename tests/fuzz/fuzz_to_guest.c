/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dp/vif/to_guest.c: frames of any length to a guest that posts what it likes. The input is a
 * series of steps of the guest, of the poller and of the hypervisor.
 */
#include "fuzz/fuzz.h"
#include "fuzz/to_guest_world.h"
#include "proto/limits.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	start_eal();
	to_guest_world_init();
	return 0;
}

/* Requests for some pages, put where the producer is. */
static void
post(struct input *in)
{
	struct ring_shared *shared = (void *)to_guest_world.page;
	unsigned n = take(in, 1);
	uint32_t ref = take(in, 1);

	for (unsigned i = 0; i < n; i++) {
		netif_rx_request_t req = { .id = (uint16_t)(i + 1), .gref = ref + i % 4 };

		memcpy(shared->slots + (shared->req_prod++ % NETIF_RING_SIZE) * sizeof(req), &req,
		       sizeof(req));
	}
}

static void
give(struct input *in)
{
	unsigned n = take(in, 1);
	uint32_t len = take(in, 2), at = take(in, 2);

	to_guest_world_give(n, len, at, take(in, 1));
}

static void
step(struct input *in)
{
	struct ring_shared *shared = (void *)to_guest_world.page;
	uint32_t bytes;

	switch (take(in, 1) % 11) {
	case 0:
	case 1:
		post(in);
		break;
	case 2:
	case 3:
		give(in);
		break;
	case 4:
		to_guest_world_pass_time(take(in, 2));
		break;
	case 5:
		to_guest_world_fail_copies(take(in, 4));
		break;
	case 6:
		shared->req_prod = take(in, 4);
		break;
	case 7: /* never our rsp_prod */
		take_bytes(in,
			   to_guest_world.page + (take(in, 1) & 1 ? 12 : 64 + take(in, 2) % 2048),
			   4);
		break;
	case 8:
		to_guest_world_drop();
		break;
	case 9:
		to_guest_world_hash(take(in, 1) & 1);
		break;
	case 10:
		bytes = take(in, 4), to_guest_world_meter(bytes, 1 + take(in, 2));
		break;
	}
	to_guest_world_check();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint32_t what = take(&in, 1), index = take(&in, 4);

	to_guest_world_open(index, what & 1,
			    what & 2 ? (uint16_t)(take(&in, 2) % (LIMIT_XDP_HEADROOM + 1)) : 0);
	while (in.left > 0 && to_guest_world_is_on())
		step(&in);
	to_guest_world_close();
	return 0;
}
