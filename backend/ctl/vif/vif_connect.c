/* SPDX-License-Identifier: BSD-3-Clause */
/* Connects a vif to its guest and disconnects it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/vif/vif_parts.h"

VIF_OWN_PART(conn)

/* Formats the negotiated features, for the log. */
static void
describe_guest(struct vif *vif, const struct vif_keys *keys)
{
	snprintf(own(vif)->text, sizeof(vif->conn->text), " %u queue%s%s%s%s%s%s%s", keys->n_queues,
		 keys->n_queues == 1 ? "" : "s", keys->guest & VIF_GUEST_SG ? " sg" : "",
		 keys->guest & VIF_GUEST_GSO4 ? " gso4" : "",
		 keys->guest & VIF_GUEST_GSO6 ? " gso6" : "",
		 keys->guest & VIF_GUEST_CSUM4 ? " csum4" : "",
		 keys->guest & VIF_GUEST_CSUM6 ? " csum6" : "",
		 keys->queue[0].evtchn_tx != keys->queue[0].evtchn_rx ? " split-events" : "");
}

/* Creates the port on the open rings and attaches it. */
static int
join_guest(struct vif *vif, const struct vif_keys *keys, attachment_fn *moved, char *why,
	   size_t why_size)
{
	struct port_vif_params params = {
		.name = vif->name,
		.domid = vif->domid,
		.bridge = (uint16_t)vif->place->bridge,
		.guest = keys->guest,
		.headroom = keys->headroom,
		.shared = &vif->shared,
		.max_frame = vif->settings->live.max_frame,
		.foreign_ops = vif->conn->rings.foreign_ops,
		.n_queues = vif->conn->rings.n_queues,
		.queue = vif->conn->rings.queue,
	};

	vif_headroom_start(vif, keys->headroom);
	/* netif.h: frontends add them again */
	memset(vif->shared.mcast.addr, 0, sizeof(vif->shared.mcast.addr));
	struct port *port = port_vif_create(vif->env->xen, &params);

	if (port == NULL) {
		int error = errno;
		snprintf(why, why_size, "%s",
			 error == EPROTO ? "the indices in the frontend's rings are invalid"
					 : strerror(error));
		return -error;
	}
	int ret = vif_apply_to_port(vif, port);
	if (ret == 0)
		ret = attachment_join(vif->env->attachments, &vif->guest, port, moved, vif);
	if (ret < 0) {
		snprintf(why, why_size, "another port cannot be added: %s", strerror(-ret));
		port->ops->destroy(port);
		vif_apply_end(vif);
	}
	return ret;
}

/* Opens the guest's memory. Without it, copies use hypercalls. */
static void
open_foreign(struct vif *vif)
{
	if (vif->env->foreign == NULL)
		return;
	int ret = vif_rings_open_foreign(&own(vif)->rings, vif->env->foreign, vif->domid);
	if (ret < 0)
		log_info("%s: foreign_memory is not used: %s", vif->name,
			 ret == -EOPNOTSUPP
				 ? "only PV guests with a grant table of version 1 can have it"
				 : strerror(-ret));
}

int
vif_connect(struct vif *vif, attachment_fn *moved, char *why, size_t why_size)
{
	struct vif_keys keys;
	int ret = vif_keys_read(&vif->env->xs, vif->seen->config.frontend, vif->env->max_queues,
				&keys, why, why_size);

	if (ret == 0)
		ret = vif_rings_open(&own(vif)->rings, vif->env->xen, vif->env->ctrl->events,
				     vif->domid, &keys, why, why_size);
	if (ret < 0)
		return ret;
	vif_look_at_domain(vif);
	open_foreign(vif);
	ret = ctrl_ring_open(&vif->ctrl, vif->env->ctrl, &vif->conn->rings, &vif->guest,
			     vif->domid);
	if (ret < 0)
		snprintf(why, why_size, "the indices in the frontend's control ring are invalid");
	else
		ret = join_guest(vif, &keys, moved, why, why_size);
	if (ret < 0) {
		ctrl_ring_close(&vif->ctrl);
		vif_rings_close(&own(vif)->rings, vif->env->xen);
	} else {
		describe_guest(vif, &keys);
	}
	return ret;
}

const char *
vif_disconnect(struct vif *vif)
{
	/* Acquire: pairs with port_set_fault(). */
	const char *fault = __atomic_load_n(&vif->guest.port->fault, __ATOMIC_ACQUIRE);

	attachment_destroy_port(vif->env->attachments, &vif->guest);
	vif_apply_end(vif);
	ctrl_ring_close(&vif->ctrl);
	vif_rings_close(&own(vif)->rings, vif->env->xen);
	if (log_allowed(&vif->link_log))
		log_info("%s: disconnected", vif->name);
	return fault;
}
