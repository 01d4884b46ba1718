/* SPDX-License-Identifier: BSD-3-Clause */
/* What the toolstack says of a vif once, in the backend directory; vif_live.h has the rest. Threads: control thread. */
#ifndef VPE_CTL_VIF_CONFIG_H
#define VPE_CTL_VIF_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/bridge.h"
#include "ctl/hotplug.h"
#include "ctl/node.h"

struct vif_config {
	char frontend[NODE_PATH_SIZE - 32]; /* the guest's directory; its keys have to fit behind it */
	char bridge[BRIDGE_NAME_SIZE];
	/*
	 * Switched: a member of our bridge of that name. Otherwise drop-in: behind a TAP that the hotplug script puts
	 * where it likes. Our own script, or nobody who runs scripts, makes it switched.
	 */
	bool switched;
	bool bridged; /* drop-in: the script puts the TAP into a bridge of the kernel */
};

/*
 * Reads and checks backend directory `dir` of a guest `domid`. Returns 0; -ENOENT if the toolstack has not finished
 * it; -EINVAL with a sentence in `why` if it makes no sense; or another negative errno.
 */
int vif_config_read(const struct xstore *xs, const char *dir, uint32_t domid, enum hotplug_mode hotplug,
		    struct vif_config *config, char *why, size_t why_size);

#endif
