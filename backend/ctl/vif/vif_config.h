/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The toolstack's settings that are read once. vif_live.h has the others. Threads: control thread.
 */
#ifndef VPE_CTL_VIF_CONFIG_H
#define VPE_CTL_VIF_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/ports/bridge.h"
#include "ctl/store/node.h"
#include "ctl/vif/hotplug.h"

struct vif_config {
	char frontend[NODE_PATH_SIZE - 32]; /* the guest's directory; leaves room for keys */
	char bridge[BRIDGE_NAME_SIZE];
	/* The guest's name, any bytes, cut if need be. "": not readable, as in a driver domain. */
	char domain[128];
	/*
	 * Switched: the vif joins the daemon's bridge of that name. Otherwise it is drop-in: behind
	 * a TAP that the hotplug script attaches. The daemon's own script, or a mode without
	 * scripts, selects switched.
	 */
	bool switched;
	bool bridged; /* drop-in: the script adds the TAP to a kernel bridge */
};

/*
 * Reads and checks everything but `domain`, for guest `domid`. Returns 0; -ENOENT if the toolstack
 * has not written it all yet; -EINVAL with a sentence in `why` if a value is invalid; or another
 * negative errno if the source failed.
 */
int vif_config_read(const struct key_source *source, uint32_t domid, enum hotplug_mode hotplug,
		    struct vif_config *config, char *why, size_t why_size);

/* Reads config->domain. Not once for all: a guest that migrates gets its name after its vifs. */
void vif_config_read_domain(const struct xstore *xs, uint32_t domid, struct vif_config *config);

#endif
