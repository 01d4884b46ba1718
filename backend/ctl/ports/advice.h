/* SPDX-License-Identifier: BSD-3-Clause */
/* Advice for the operator on a device that cannot be opened. Threads: any. */
#ifndef VPE_CTL_ADVICE_H
#define VPE_CTL_ADVICE_H

#include "ctl/ports/params.h"

/*
 * Returns the text to append to the message of `error` (a positive errno) when opening a device of
 * kind `kind` failed: ": ..." or "". `root` is prepended to the paths that are read; it is ""
 * except in tests.
 */
const char *advice_on_device(enum uplink_kind kind, int error, const char *root);

#endif
