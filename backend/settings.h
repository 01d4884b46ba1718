/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration file: what is fixed at start. Parsed once by libconfig into this constant struct; unknown
 * names, wrong types and values out of range are refused with file, line and reason. The man page describes
 * every setting.
 */
#ifndef VPE_SETTINGS_H
#define VPE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/ctl.h"
#include "dp/dp.h"

struct settings; /* owns the strings that the two below point to */

/* Reads `path`, and asks nothing of this machine. NULL on error with "file:line: reason" in `why`. */
struct settings *settings_load(const char *path, char *why, size_t why_size);

/*
 * Without `pollers.cpus`, takes this machine's last CPU, if there is another one for everything else; with it, checks that it has
 * these. 0, or -EINVAL with a sentence in `why`.
 */
int settings_choose_cpu(struct settings *settings, char *why, size_t why_size);

void settings_free(struct settings *settings);

const struct dp_params *settings_dp(const struct settings *settings);
const struct ctl_params *settings_ctl(const struct settings *settings);

#endif
