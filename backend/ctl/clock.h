/* SPDX-License-Identifier: BSD-3-Clause */
/* The control plane's clock. In a file of its own, so that a test can put its own time in its place. */
#ifndef VPE_CTL_CLOCK_H
#define VPE_CTL_CLOCK_H

#include <stdint.h>

#define CLOCK_NEVER UINT64_MAX

/* Milliseconds that only grow. */
uint64_t clock_ms(void);

#endif
