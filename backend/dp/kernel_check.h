/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether this machine's kernel has what the data plane asks of it. Called by main, before anything is started. */
#ifndef VPE_DP_KERNEL_CHECK_H
#define VPE_DP_KERNEL_CHECK_H

#include <stddef.h>

/* Tries the system calls that kernels before Linux 5.19 lack. 0, or -errno with a sentence in `why`. */
int kernel_check(char *why, size_t why_size);

#endif
