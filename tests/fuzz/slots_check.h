/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A second opinion on what dp/vif/slots.c says of a ring: MUST() of fuzz.h where it differs. `page`
 * is the ring's shared page.
 */
#ifndef VPE_TESTS_SLOTS_CHECK_H
#define VPE_TESTS_SLOTS_CHECK_H

#include <stdint.h>

#include "dp/vif/slots.h"

/* The answers to the packet at `idx`: one for each of its slots, `pkt->n_ring` in all. */
void slots_check_answers(const uint8_t *page, uint32_t idx, enum slots_result result,
			 const struct gpkt *pkt, const struct slot_rsp *rsp);

/* The packet at `idx`, which was taken. */
void slots_check_packet(const uint8_t *page, uint32_t idx, const struct gpkt *pkt);

#endif
