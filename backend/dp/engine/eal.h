/* SPDX-License-Identifier: BSD-3-Clause */
/* Start of DPDK's environment with the threads, memory and devices that vpe needs. */
#ifndef VPE_DP_EAL_H
#define VPE_DP_EAL_H

#include <stddef.h>

#include "dp/engine/dp.h"

/*
 * Starts EAL: lcore 0 is the calling thread, on the CPUs without a poller or on all if there is
 * none, and lcore i + 1 is poller i. EAL starts only once per process, so later calls return the
 * result of the first one. Returns 0, or -errno with a message in `why`.
 */
int eal_start(const struct dp_params *params, char *why, size_t why_size);

#endif
