/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verb "show" of the control socket.
 *
 * Lists come in pages, sorted by name. A cursor is the name of the last entry of a page, so an
 * entry that stays is listed once, even if others come and go between two pages. A request visits
 * each vif, port, bridge and poller once at most and makes one page, so its cost is bounded.
 *
 * Threads: control thread.
 */
#ifndef VPE_CTL_CONTROL_SHOW_H
#define VPE_CTL_CONTROL_SHOW_H

#include <jansson.h>

#include "ctl/ports/attachment.h"
#include "ctl/ports/bridge.h"
#include "ctl/ports/uplink.h"
#include "ctl/vif/vifs.h"
#include "dp/engine/dp.h"

struct control_request; /* ctl/control_request.h */

/* Everything that can be shown. */
struct control_view {
	struct dp *dp;
	struct attachments *attachments;
	const struct bridges *bridges;
	const struct uplinks *uplinks;
	const struct vifs *vifs;
};

/* Answers a request. Returns a new reference, or NULL if memory is short. */
json_t *control_show(const struct control_view *view, const struct control_request *request);

/* Return a vif as an entry of a list, and with everything that is known of it. New references. */
json_t *control_vif_row(const struct control_view *view, const struct vif *vif);
json_t *control_vif(const struct control_view *view, const struct vif *vif);

/* The same for a port. */
json_t *control_port_row(const struct control_view *view, const struct port *port);
json_t *control_port(const struct control_view *view, const struct port *port);

#endif
