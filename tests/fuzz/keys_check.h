/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads keys_store as the daemon does, and checks what comes of it: MUST() of fuzz.h where it
 * breaks what it promises.
 */
#ifndef VPE_TESTS_KEYS_CHECK_H
#define VPE_TESTS_KEYS_CHECK_H

#include <stdbool.h>

#include "ctl/vif/hotplug.h"

/* What a guest asks for when it connects (ctl/vif/vif_keys.h). */
void keys_check_frontend(void);

/* What the toolstack says once (ctl/vif/vif_config.h). */
void keys_check_config(enum hotplug_mode mode);

/* What the operator may change while the vif runs (ctl/vif/vif_live.h). */
void keys_check_live(bool switched);

/* The names that the daemon watches. */
void keys_check_names(void);

#endif
