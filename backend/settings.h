/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration file. libconfig parses it once, at start, into a constant structure. Unknown
 * names, wrong types and values out of range are refused with file, line and reason. The man page
 * describes every setting.
 */
#ifndef VPE_SETTINGS_H
#define VPE_SETTINGS_H

#include <stddef.h>

#include "base/log.h"
#include "ctl/ctl.h"
#include "dp/engine/dp.h"
#include "sandbox.h"

struct settings; /* owns the strings of both structures below */

/*
 * Reads `path`; does not depend on the machine and changes nothing else. `foreign` is what
 * settings_ctl() gets if foreign_memory is wanted; NULL: that is refused, as it is not built in.
 * Returns NULL on error, with "file:line: reason" in `why`.
 */
struct settings *settings_load(const char *path, const struct foreign_ops *foreign, char *why,
			       size_t why_size);

/*
 * With `pollers.cpus`, checks that these CPUs may be used. Without it, chooses the last usable CPU,
 * if there are two or more. Returns 0, or -EINVAL with a sentence in `why`.
 */
int settings_choose_cpu(struct settings *settings, char *why, size_t why_size);

void settings_free(struct settings *settings);

enum log_level settings_log_level(const struct settings *settings);
enum sandbox_mode settings_sandbox(const struct settings *settings);
const struct dp_params *settings_dp(const struct settings *settings);
const struct ctl_params *settings_ctl(const struct settings *settings);

#endif
