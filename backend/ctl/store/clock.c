/* SPDX-License-Identifier: BSD-3-Clause */
/* The control plane's clock. */
#include "ctl/store/clock.h"

#include "base/util.h"

uint64_t
clock_ms(void)
{
	return util_now_ms();
}
