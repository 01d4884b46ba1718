/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts DPDK's environment with the threads, memory and devices that vpe wants. */
#ifndef VPE_DP_EAL_H
#define VPE_DP_EAL_H

#include <stddef.h>

#include "dp/dp.h"

/*
 * Starts EAL with lcore 0 for the calling thread (on the CPUs that no poller has, or on all if none is left) and lcore i + 1 for poller i.
 * EAL starts once in a process: later calls return what became of it. 0 or -errno with a sentence in `why`.
 */
int eal_start(const struct dp_params *params, char *why, size_t why_size);

#endif
