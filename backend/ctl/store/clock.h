/* SPDX-License-Identifier: BSD-3-Clause */
/* The control plane's clock, in a file of its own so that tests can replace it. */
#ifndef VPE_CTL_CLOCK_H
#define VPE_CTL_CLOCK_H

#include <stdint.h>

#define CLOCK_NEVER UINT64_MAX

/* Monotonic time in milliseconds. */
uint64_t clock_ms(void);

#endif
