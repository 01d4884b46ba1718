/* SPDX-License-Identifier: BSD-3-Clause */
/* Connects a vif to its guest and disconnects it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/vif/vif.h"

/* Formats the negotiated features, for the log. */
static void
describe_guest(struct vif *vif, const struct vif_keys *keys)
{
	snprintf(vif->guest_text, sizeof(vif->guest_text), " %u queue%s%s%s%s%s%s%s", keys->n_queues,
		 keys->n_queues == 1 ? "" : "s",
		 keys->guest & VIF_GUEST_SG ? " sg" : "", keys->guest & VIF_GUEST_GSO4 ? " gso4" : "",
		 keys->guest & VIF_GUEST_GSO6 ? " gso6" : "", keys->guest & VIF_GUEST_CSUM4 ? " csum4" : "",
		 keys->guest & VIF_GUEST_CSUM6 ? " csum6" : "",
		 keys->queue[0].evtchn_tx != keys->queue[0].evtchn_rx ? " split-events" : "");
}

/* Creates the port on the open link and attaches it. */
static int
join_guest(struct vif *vif, const struct vif_keys *keys, member_fn *moved)
{
	struct port_vif_params params = {
		.name = vif->name,
		.domid = vif->domid,
		.bridge = (uint16_t)vif->bridge,
		.guest = keys->guest,
		.headroom = keys->headroom,
		.mcast = &vif->mcast,
		.max_frame = vif->live.max_frame,
		.foreign_ops = vif->link.foreign_ops,
		.n_queues = vif->link.n_queues,
		.queue = vif->link.queue,
		.meter_from = &vif->meter_from,
		.meter_to = &vif->meter_to,
	};

	vif_front_start(vif, keys);
	struct port *port = port_vif_create(vif->env->xen, &params);

	if (port == NULL) {
		int error = errno;
		snprintf(vif->why, sizeof(vif->why), "%s", error == EPROTO
			 ? "the indices in the frontend's rings are impossible" : strerror(error));
		return -error;
	}
	int ret = vif_apply_first(vif, port);
	if (ret == 0)
		ret = member_join(vif->env->members, &vif->guest, port, moved, vif);
	if (ret < 0) {
		snprintf(vif->why, sizeof(vif->why), "no room for another port: %s", strerror(-ret));
		port->ops->destroy(port);
		vif_apply_last(vif);
	}
	return ret;
}

/* Opens the guest's memory. Without it, copies use hypercalls. */
static void
open_foreign(struct vif *vif)
{
	if (vif->env->foreign == NULL)
		return;
	int ret = vif_link_open_foreign(&vif->link, vif->env->foreign, vif->domid);
	if (ret < 0)
		log_info("%s: no foreign_memory: %s", vif->name,
			 ret == -EOPNOTSUPP ? "it is for PV guests with a grant table of version 1" : strerror(-ret));
}

int
vif_connect(struct vif *vif, member_fn *moved)
{
	struct vif_keys keys;
	int ret = vif_keys_read(&vif->env->xs, vif->config.frontend, vif->env->max_queues, &keys, vif->why, sizeof(vif->why));

	if (ret == 0)
		ret = vif_link_open(&vif->link, vif->env->xen, vif->env->ctrl->events, vif->domid, &keys, vif->why, sizeof(vif->why));
	if (ret < 0)
		return ret;
	vif_config_read_domain(&vif->env->xs, vif->domid, &vif->config);
	open_foreign(vif);
	ret = ctrl_open(&vif->ctrl, vif->env->ctrl, &vif->link, &vif->guest, vif->domid);
	if (ret < 0)
		snprintf(vif->why, sizeof(vif->why), "the indices in the frontend's control ring are impossible");
	else
		ret = join_guest(vif, &keys, moved);
	if (ret < 0) {
		ctrl_close(&vif->ctrl);
		vif_link_close(&vif->link, vif->env->xen);
	} else {
		describe_guest(vif, &keys);
	}
	return ret;
}

void
vif_disconnect(struct vif *vif)
{
	const char *fault = __atomic_load_n(&vif->guest.port->fault, __ATOMIC_ACQUIRE);

	if (fault != NULL) /* a fault while detaching counts as well; the text is a literal */
		vif->fault = fault;
	member_destroy_port(vif->env->members, &vif->guest);
	vif_apply_last(vif);
	ctrl_close(&vif->ctrl);
	vif_link_close(&vif->link, vif->env->xen);
	if (log_allowed(&vif->link_log))
		log_info("%s: disconnected", vif->name);
}
