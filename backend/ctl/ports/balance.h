/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Assigns queues to pollers by measured load. The semantics are those of Open vSwitch's
 * pmd-auto-lb. Nothing happens until a poller is nearly always busy. Then all queues that are not
 * pinned are assigned again, the busiest first, each to the least loaded poller. The new assignment
 * is used only if it reduces the variance of the loads by enough.
 *
 * A poller's load is the share of its time in which it moved frames. It is divided among its queues
 * in proportion to their work: each frame counts as one, and each 4 KiB of bytes as one more.
 * Threads: control thread.
 */
#ifndef VPE_CTL_BALANCE_H
#define VPE_CTL_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/ports/attachment.h"
#include "ctl/ports/params.h"
#include "dp/engine/dp.h"

/* A queue in a plan. Loads are in percent of one poller's time. */
struct balance_queue {
	struct attachment *attachment;
	unsigned queue;  /* of the attachment */
	unsigned poller; /* current one; balance_plan() sets the new one */
	double load;
	bool fixed; /* pinned, or of a kind that cannot move */
};

/*
 * Sets `poller` of the queues that should move, and sorts `queue`. Returns false, with `poller`
 * unchanged, if no move is needed.
 */
bool balance_plan(const struct balance_params *params, unsigned n_pollers,
		  struct balance_queue *queue, unsigned n);

struct balance;

/* Returns NULL if memory is short. */
struct balance *balance_create(const struct balance_params *params, struct dp *dp,
			       struct attachments *attachments, uint64_t now_ms);
void balance_destroy(struct balance *balance); /* NULL is allowed */

/* Plans and requests moves if it is due; attachments_place() carries them out. */
void balance_run(struct balance *balance, uint64_t now_ms);

/* Returns when balance_run() is due next. CLOCK_NEVER: never. */
uint64_t balance_due(const struct balance *balance);

#endif
