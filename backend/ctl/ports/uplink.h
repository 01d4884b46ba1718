/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The uplinks: devices of the host that are members of the daemon's bridges. Threads: control
 * thread.
 */
#ifndef VPE_CTL_UPLINK_H
#define VPE_CTL_UPLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/keep/keep.h"
#include "ctl/ports/attachment.h"
#include "ctl/ports/bridge.h"
#include "ctl/ports/params.h"
#include "dp/engine/dp.h"

struct uplinks;

/*
 * Makes room for `n` uplinks, none open yet. `told`: uplinks_look() is called whenever the kernel
 * reports a change of a device, not only when uplinks_due() says. Returns NULL if memory is short.
 * The arguments must outlive the result.
 */
struct uplinks *uplinks_create(unsigned n, struct dp *dp, struct keep *keep,
			       struct bridges *bridges, struct attachments *attachments, bool told);

/*
 * Opens up to `n` uplinks and attaches them. Returns 0, or -errno with a sentence in `why` that
 * names the uplink that failed. Those before it stay open, so call uplinks_leave() before
 * uplinks_destroy().
 */
int uplinks_open(struct uplinks *uplinks, const struct uplink_params *params, unsigned n, char *why,
		 size_t why_size);

/*
 * Updates the link state of all uplinks and the bridges; detaches uplinks whose device has gone,
 * and opens those again whose device is back.
 */
void uplinks_look(struct uplinks *uplinks, uint64_t now_ms);

/* Returns when uplinks_look() is due next without an event from the kernel. CLOCK_NEVER: never. */
uint64_t uplinks_due(const struct uplinks *uplinks);

/* The state of an uplink, for operators. */
struct uplink_info {
	const char *name;
	const char *type; /* as in the configuration */
	const char *device;
	int bridge;
	bool linked;
	bool lost;               /* its device has gone */
	const struct port *port; /* NULL: none now */
};

/* Fills `info` for uplink `i`, in the order of the configuration. Returns false behind the last. */
bool uplink_get_info(const struct uplinks *uplinks, unsigned i, struct uplink_info *info);

/* Returns whether ctl/keep's TAP of `owner` is that of an uplink. */
bool uplinks_own_tap(const struct uplinks *uplinks, const char *owner);

/* Detaches all uplinks. `keeps`: devices that the daemon created stay for the next one. */
void uplinks_leave(struct uplinks *uplinks, bool keeps);

/* Returns whether all uplinks are detached. True for NULL. */
bool uplinks_are_out(const struct uplinks *uplinks);

/* Frees everything. All uplinks must be detached. NULL is allowed. */
void uplinks_destroy(struct uplinks *uplinks);

#endif
