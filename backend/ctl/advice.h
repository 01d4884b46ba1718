/* SPDX-License-Identifier: BSD-3-Clause */
/* What to do about a device that cannot be opened. Threads: any. */
#ifndef VPE_CTL_ADVICE_H
#define VPE_CTL_ADVICE_H

#include "ctl/ctl.h"

/*
 * Words to put behind the text of `error` (a positive errno) from opening a device of that kind: ": ..." or nothing. `root` stands
 * before the paths that are looked at: "" but in tests.
 */
const char *advice_on_device(enum uplink_kind kind, int error, const char *root);

#endif
