/* SPDX-License-Identifier: BSD-3-Clause */
/* Shares of a poller's round. */
#include "dp/engine/share.h"

#define ALONE_ROUNDS 64 /* some 6 ms, since each of them is full */

void
sharing_next_round(struct sharing *sharing)
{
	if (sharing->n_active > 1)
		sharing->n_alone = 0;
	else if (sharing->n_next > 0 && sharing->n_alone < ALONE_ROUNDS)
		sharing->n_alone++;
	sharing->n_active = 0;
	sharing->round++;
	sharing->weight_max = sharing->weight_next;
	sharing->n_hungry = sharing->n_next;
	sharing->weight_next = sharing->n_next = 0;
}

static void
fill(const struct sharing *sharing, struct share *share, unsigned weight)
{
	int64_t work = LIMIT_WORK;

	share->part = LIMIT_BURST;
	if (weight == 0) {
		work = LIMIT_WORK_UPLINK;
	} else if (weight < sharing->weight_max) {
		work = work * weight / sharing->weight_max;
		share->part = LIMIT_BURST * weight / sharing->weight_max;
	} else if (sharing->n_alone == ALONE_ROUNDS) {
		work = LIMIT_WORK_ALONE;
	}
	/* Rounds without a turn repay as well. The product has at most 54 bits. */
	share->work += work * (sharing->round - share->round);
	share->work = share->work < work ? share->work : work;
	share->left = share->part;
	share->round = sharing->round;
	share->hungry = share->active = false;
}

struct share *
sharing_get(struct sharing *sharing, unsigned id, unsigned weight)
{
	struct share *share = &sharing->of[id];

	if (share->round != sharing->round)
		fill(sharing, share, weight);
	return share;
}

unsigned
sharing_frames(const struct sharing *sharing, const struct share *share)
{
	if (share->work <= 0)
		return 0;
	/* Without competition each queue may fill a batch. */
	return sharing->n_hungry <= 1 ? share->part : share->left;
}

void
sharing_end_turn(struct sharing *sharing, struct share *share, unsigned weight, unsigned n_frames,
		 int64_t work, bool hungry)
{
	share->work = work;
	share->left -= n_frames < share->left ? n_frames : share->left;
	if (weight == 0)
		return;
	bool active = n_frames > 0 || hungry;
	sharing->n_active += active && !share->active;
	share->active |= active;
	if (!hungry)
		return;
	if (weight > sharing->weight_next)
		sharing->weight_next = weight;
	sharing->n_next += !share->hungry;
	share->hungry = true;
}
