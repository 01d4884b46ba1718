/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon from its start to its end. */
#ifndef VPE_SERVE_H
#define VPE_SERVE_H

#include <stddef.h>

#include "settings.h"

/*
 * Serves until a stop is requested or another daemon takes over. Returns 0, or -errno with the
 * reason in `why`; -EBUSY if another daemon runs.
 */
int serve(const struct settings *settings, char *why, size_t why_size);

/*
 * Starts a daemon that takes the place of the one that runs (heir.h), and returns when it serves.
 * Returns 0; or -errno with the reason in `why`, and then the other one goes on.
 */
int serve_instead(const struct settings *settings, char *why, size_t why_size);

#endif
