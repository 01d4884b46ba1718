/* SPDX-License-Identifier: BSD-3-Clause */
/* Check of the kernel features that the data plane needs. */
#ifndef VPE_DP_KERNEL_CHECK_H
#define VPE_DP_KERNEL_CHECK_H

#include <stddef.h>

/*
 * Tries the system calls that kernels before Linux 5.19 lack. Returns 0, or -errno with a message
 * in `why`. Call it before anything is started.
 */
int kernel_check(char *why, size_t why_size);

#endif
