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

/* ---- what outlives the daemon ---------------------------------------------------------------- */

void
vif_connect_init(struct vif *vif)
{
	own(vif)->kept = keep_find_vif(vif->env->keep, vif->domid, vif->devid);
}

/* Gives the rings their journals. Returns 0 or -ENOSPC. */
static int
keep_rings(struct vif *vif, const struct vif_keys *keys, bool resumes)
{
	struct vif_conn *conn = own(vif);
	uint64_t sum = vif_keys_sum(keys);
	struct keep_vif *kept = conn->kept;

	if (!resumes || kept == NULL || kept->connection != sum)
		kept = keep_add_vif(vif->env->keep, vif->domid, vif->devid, sum, keys->n_queues);
	if (kept == NULL)
		return -ENOSPC;
	conn->kept = kept;
	conn->resumed = resumes;
	for (unsigned i = 0; i < conn->rings.n_queues; i++)
		conn->rings.queue[i].journal = &kept->queue[i].journal;
	vif->shared.mcast = &kept->mcast;
	vif_connect_mcast(vif);
	return 0;
}

const char *
vif_connect_kept_fault(const struct vif *vif)
{
	struct keep_vif *kept = vif->conn->kept;

	if (kept == NULL || kept->fault[0] == '\0')
		return NULL;
	kept->fault[sizeof(kept->fault) - 1] = '\0'; /* if the file is damaged */
	return kept->fault;
}

void
vif_connect_keep_fault(struct vif *vif, const char *fault)
{
	struct keep_vif *kept = vif->conn->kept;

	if (kept != NULL && kept->fault != fault)
		snprintf(kept->fault, sizeof(kept->fault), "%s", fault);
}

bool
vif_connect_is_suspect(const struct vif *vif)
{
	return vif->conn->kept != NULL && keep_strikes(vif->conn->kept) > 1;
}

void
vif_connect_forget(struct vif *vif)
{
	keep_drop_vif(vif->conn->kept);
	own(vif)->kept = NULL;
}

void
vif_connect_mcast(struct vif *vif)
{
	if (vif->shared.mcast != NULL)
		mcast_apply(vif->shared.mcast, vif->seen->wants_mcast);
}

/* ---- the connection -------------------------------------------------------------------------- */

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
		.blame = keep_blame_number(vif->env->keep, vif->conn->kept),
		.in_use = vif->conn->resumed,
		.max_frame = vif->settings->live.max_frame,
		.foreign_ops = vif->conn->rings.foreign_ops,
		.n_queues = vif->conn->rings.n_queues,
		.queue = vif->conn->rings.queue,
	};

	vif_headroom_start(vif, keys->headroom);
	struct port *port = port_vif_create(vif->env->xen, &params);

	if (port == NULL) {
		int error = errno;
		snprintf(why, why_size, "%s",
			 error == EPROTO ? "the indices in the frontend's rings are invalid"
					 : strerror(error));
		return -error;
	}
	if (params.in_use)
		ctrl_ring_resume(&vif->ctrl, port);
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

/* Releases what vif_connect() opened. Nothing is known of this connection any more. */
static void
close_all(struct vif *vif)
{
	ctrl_ring_close(&vif->ctrl);
	vif_rings_close(&own(vif)->rings, vif->env->xen);
	vif->shared.mcast = NULL;
}

int
vif_connect(struct vif *vif, bool resumes, attachment_fn *moved, char *why, size_t why_size)
{
	struct vif_keys keys;
	/* the last daemon may have offered more queues than this one does */
	unsigned max_queues = resumes ? LIMIT_QUEUES : vif->env->max_queues;
	int ret = vif_keys_read(&vif->env->xs, vif->seen->config.frontend, max_queues, &keys, why,
				why_size);

	if (ret == 0)
		ret = vif_rings_open(&own(vif)->rings, vif->env->xen, vif->env->ctrl->events,
				     vif->domid, &keys, why, why_size);
	if (ret < 0)
		return ret;
	vif_look_at_domain(vif);
	open_foreign(vif);
	ret = keep_rings(vif, &keys, resumes);
	if (ret < 0) {
		snprintf(why, why_size, "there are too many vifs");
		close_all(vif);
		return ret;
	}
	ret = ctrl_ring_open(&vif->ctrl, vif->env->ctrl, &vif->conn->rings, &vif->guest, vif->domid,
			     &vif->conn->kept->ctrl);
	if (ret < 0)
		snprintf(why, why_size, "the indices in the frontend's control ring are invalid");
	else
		ret = join_guest(vif, &keys, moved, why, why_size);
	if (ret < 0) {
		close_all(vif);
		if (!resumes)
			vif_connect_forget(vif);
	} else {
		describe_guest(vif, &keys);
	}
	return ret;
}

const char *
vif_disconnect(struct vif *vif, bool keeps)
{
	/* Acquire: pairs with port_set_fault(). */
	const char *fault = __atomic_load_n(&vif->guest.port->fault, __ATOMIC_ACQUIRE);

	attachment_destroy_port(vif->env->attachments, &vif->guest);
	vif_apply_end(vif);
	close_all(vif);
	if (fault != NULL)
		vif_connect_keep_fault(vif, fault);
	else if (!keeps && vif->fault == NULL)
		vif_connect_forget(vif);
	if (log_allowed(&vif->link_log))
		log_info("%s: %s", vif->name,
			 keeps ? "parked, another daemon can resume it" : "disconnected");
	return fault;
}
