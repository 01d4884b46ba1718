/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One vif: a backend directory, its frontend, and the resources held for both.
 *
 * Theory of operation: a store event only marks what has to be read again, so a thousand events
 * cost as much as one. vif_step() then reads it (vif_look.c), feeds the most important condition to
 * the state table (vif_fsm.h), performs the action and writes what the frontend is to see
 * (vif_show.c), until nothing changes any more.
 *
 * Ownership: the record owns its watches, its bridge reference, the ports of the TAP and the guest,
 * and the rings. vifs.c creates and frees it. What is known of a vif is in parts, each of which is
 * written by one file; all others have it by a const pointer. Threads: control thread.
 */
#ifndef VPE_CTL_VIF_H
#define VPE_CTL_VIF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/log.h"
#include "ctl/keep/keep.h"
#include "ctl/ports/attachment.h"
#include "ctl/ports/bridge.h"
#include "ctl/store/clock.h"
#include "ctl/store/watch.h"
#include "ctl/vif/ctrl_ring.h"
#include "ctl/vif/hotplug.h"
#include "ctl/vif/vif_config.h"
#include "ctl/vif/vif_fsm.h"
#include "ctl/vif/vif_live.h"
#include "ctl/vif/vif_rings.h"
#include "dp/guest/guest_port.h"
#include "dp/port/port.h"

/* State shared by all vifs. */
struct vif_env {
	struct xstore xs;
	const struct xen_ops *xen;
	struct dp *dp;
	struct bridges *bridges;
	struct watches *watches;
	struct attachments *attachments;
	enum hotplug_mode hotplug; /* SCRIPT or SELF */
	bool share_with_netback;
	bool strict_bridges;               /* a switched vif's bridge needs an uplink */
	unsigned max_queues;               /* per vif */
	const struct foreign_ops *foreign; /* NULL: off */
	struct ctrl_ring_env *ctrl;
	struct keep *keep; /* memory that outlives the daemon */
	const char *root;  /* prefix of /sys; "" except in tests */
};

/* Flags of vif->stale: things that the next vif_step() has to read again or to do. */
#define VIF_STALE_BACKEND (1u << 0)  /* the backend directory */
#define VIF_STALE_FRONTEND (1u << 1) /* the frontend's state */
#define VIF_STALE_INSIDE (1u << 2)   /* something inside the daemon changed */
#define VIF_STALE_CTRL (1u << 3)     /* the control ring may have requests */
#define VIF_STALE_LIVE (1u << 4)     /* the keys that may change while the guest runs */
#define VIF_STALE_DOMAIN (1u << 5)   /* the guest may have died */
#define VIF_STALE_TAP (1u << 6)      /* the TAP may have changed */

/* All that is read from the store. */
#define VIF_STALE_STORE (VIF_STALE_BACKEND | VIF_STALE_FRONTEND | VIF_STALE_LIVE | VIF_STALE_DOMAIN)

#define VIF_WHY_SIZE 1024                /* room for an error in each of the keys that may change */
#define VIF_RETRY_MS 1000u               /* after an error of the store */
#define VIF_KEY_IS "the toolstack's key" /* for node_source() of the backend directory */

/* The relation of the kernel's xen-netback to the vif. */
enum vif_netback {
	VIF_NETBACK_AWAY,
	VIF_NETBACK_NEAR, /* loaded, and still has time to take the vif */
	VIF_NETBACK_HOLDS,
};

/* The TAP of a drop-in vif (vif_place.c). */
struct vif_tap {
	struct attachment attachment;
	char name[16];     /* as the script or the operator named it */
	unsigned ifindex;  /* 0: not known */
	bool placed;       /* in place: frames can leave through it */
	bool lost;         /* the script's TAP was deleted and its successor is not in place */
	const char *fault; /* why it is not in place */
	char why[160];     /* the error last reported; "": none */
	uint64_t made_ms;  /* when it was created, or that was last tried */
	struct port_stats stats; /* summed over its predecessors */
	struct log_limit log;
};

/* The toolstack's key `online`. */
enum vif_online {
	VIF_ONLINE_UNSAID, /* missing: counts as 1 */
	VIF_ONLINE_NO,
	VIF_ONLINE_YES,
};

/* ---- the parts ------------------------------------------------------------------------------- */

/* The store and the host, as last read (vif_look.c). Times are CLOCK_NEVER if there is none. */
struct vif_seen {
	uint64_t created_ms;
	bool configured; /* `config` is valid */
	struct vif_config config;
	bool removed; /* the backend directory is gone or was replaced */
	enum vif_netback netback;
	enum vif_online online;
	uint64_t online_ms; /* when `online` last changed */
	uint32_t own_state; /* our `state` key, whoever wrote it */
	enum hotplug_status hotplug;
	bool front_gone;
	bool dead;            /* the guest has died; implies front_gone */
	bool wants_mcast;     /* the frontend asks for multicast filtering */
	uint32_t front_state; /* 0: unknown */
	struct watch *front_watch;
	struct watch *mcast_watch;
	uint64_t front_since_ms; /* start of the interval that n_front_events counts */
	unsigned n_front_events;
	uint64_t retry_ms;   /* after an error of the store: read again */
	uint64_t reconf_ms;  /* from then on the frontend's state 7 counts */
	uint64_t rewatch_ms; /* the frontend is not watched: try again */
};

/* The operator's settings, and what is made of them (vif_apply.c). */
struct vif_settings {
	struct vif_live live;
	char why[VIF_WHY_SIZE]; /* errors in the keys of `live`; "": none */
	struct policy *policy;  /* published to the pollers */
	bool counts_vlans;      /* the bridge counts the vif as one that lists VLANs */
	struct log_limit changed_log, wrong_log;
};

/* The host side: bridge and TAP (vif_place.c). */
struct vif_place {
	int bridge; /* negative: none */
	struct vif_tap tap;
	uint64_t retry_ms;       /* no bridge or TAP: try again. CLOCK_NEVER: not needed */
	uint64_t waits_since_ms; /* when that was first tried in vain; CLOCK_NEVER */
	bool wait_told;
};

/* The connection to the guest (vif_connect.c). */
struct vif_conn {
	struct vif_rings rings;
	struct keep_vif *kept; /* of this connection or the last daemon's; NULL: none */
	bool resumed;          /* the rings were taken over from the last daemon */
	char text[80];         /* negotiated features, for the log */
};

/* The headroom of the guest's rx slots (vif_headroom.c). */
struct vif_headroom {
	uint16_t wanted; /* the frontend's last request */
	uint16_t used;   /* in use by the port */
	uint16_t sent;   /* being passed to the port's pollers */
	bool calling;    /* `sent` is under way */
};

/* Last values written for frontend and toolstack (vif_show.c). Times are CLOCK_NEVER if unset. */
struct vif_shown {
	enum xenbus_state state; /* Unknown: nothing yet */
	bool carrier;
	bool has_error;
	bool error_is_live;       /* the error is only about TAP or keys */
	char error[VIF_WHY_SIZE]; /* the last one */
	uint64_t offered_ms;      /* when state 2 was last written (the features only once) */
	uint64_t closed_ms;       /* when state 6 was last written, or its directory not removed */
	uint64_t retry_ms;        /* after an error of the store: read and write again */
};

struct vif {
	const struct vif_env *env;
	LIST_ENTRY(vif) entry;
	uint32_t domid;
	uint32_t devid;
	char name[26];  /* "vif3.0"; leaves room for "-tap" in a port's name */
	char dir[64];   /* backend directory */
	unsigned stale; /* VIF_STALE_*; set by all that learn of a change */

	const struct vif_seen *seen;
	const struct vif_settings *settings;
	const struct vif_place *place;
	const struct vif_conn *conn;
	const struct vif_headroom *headroom;
	const struct vif_shown *shown;

	/* Objects with functions of their own. */
	struct attachment guest;
	struct ctrl_ring ctrl;
	struct guest_shared shared; /* rates and multicast filter, used by the guest's port */
	struct log_limit state_log;
	struct log_limit link_log;

	/* when to try to resume again (vif_resume.c); 0: not tried yet; 1: at any time */
	uint64_t resume_ms;

	/* Written by vif.c. */
	enum vif_state state;
	const char *fault;  /* why the vif is off for good, a literal; NULL: it is not */
	bool stop;          /* the daemon is stopping */
	bool park;          /* and another one will resume the vif */
	bool linked;        /* uplinks or TAP as shown; follows them at most once a second */
	uint64_t linked_ms; /* when `linked` last changed */
	uint64_t alone_ms;  /* check whether others are on the bridge; CLOCK_NEVER: no need to */
	char refusal[VIF_WHY_SIZE]; /* why the frontend's last offer could not be used */
};

/* ---- vif.c ----------------------------------------------------------------------------------- */

/*
 * Creates a record for backend directory `domid`/`devid`; nothing is read yet. Returns NULL if
 * memory is short.
 */
struct vif *vif_create(const struct vif_env *env, uint32_t domid, uint32_t devid);

/* Frees the record. vif_is_over() must be true. */
void vif_destroy(struct vif *vif);

/*
 * Ends the vif; vif_step() does it. `park`: the frontend sees nothing of it, and the next daemon
 * resumes. Else the vif is closed.
 */
void vif_stop(struct vif *vif, bool park);

/* Does everything that is due. */
void vif_step(struct vif *vif, uint64_t now_ms);

/* Returns when vif_step() is due next. CLOCK_NEVER: after the next event. */
uint64_t vif_due(const struct vif *vif);

/* Returns whether the vif holds nothing any more and may be freed. */
bool vif_is_over(const struct vif *vif);

/* ---- vif_place.c ----------------------------------------------------------------------------- */

void vif_place_init(struct vif *vif);

/*
 * Gets the bridge and the TAP without which the vif cannot be offered. Returns false if that
 * failed; place->retry_ms is when to try again.
 */
bool vif_place_get(struct vif *vif, uint64_t now_ms);

/* Replaces a TAP that was deleted, and reports faults of the TAP. */
void vif_place_keep(struct vif *vif, uint64_t now_ms);

/* Checks whether the TAP exists and leads anywhere. */
void vif_place_look(struct vif *vif);

/* Reports faults of the TAP if the vif is connected. */
void vif_place_tell(struct vif *vif);

/* Detaches the TAP, for good. `keeps`: the device stays for the next daemon. */
void vif_place_leave(struct vif *vif, bool keeps);

/* Releases TAP and bridge. The TAP must be detached. */
void vif_place_end(struct vif *vif);

/* ---- vif_connect.c --------------------------------------------------------------------------- */

/* Finds what the last daemon knew of the vif. */
void vif_connect_init(struct vif *vif);

/*
 * Reads the frontend's keys, maps the rings, binds the events, creates the port and attaches it;
 * `moved` is told the outcome. `resumes`: the rings are in use, by a daemon that has ended. Returns
 * 0, or a negative errno with a sentence in `why`, and then holds nothing; -EINVAL also if that
 * daemon's event channels are not released yet.
 */
int vif_connect(struct vif *vif, bool resumes, attachment_fn *moved, char *why, size_t why_size);

/*
 * Releases everything of the guest's. The port must be detached. `keeps`: the next daemon will
 * resume. Returns the port's fault, a literal, or NULL.
 */
const char *vif_disconnect(struct vif *vif, bool keeps);

/*
 * Returns why the last daemon switched the vif off, or NULL. Valid until vif_connect_forget().
 */
const char *vif_connect_kept_fault(const struct vif *vif);

/* The vif is switched off, for the daemons to come as well. */
void vif_connect_keep_fault(struct vif *vif, const char *fault);

/* Returns whether the daemon has crashed more than once because of the vif, as it seems. */
bool vif_connect_is_suspect(const struct vif *vif);

/* Forgets what outlives the daemon. The vif must not be connected. */
void vif_connect_forget(struct vif *vif);

/* Applies seen->wants_mcast. */
void vif_connect_mcast(struct vif *vif);

/* ---- vif_resume.c ---------------------------------------------------------------------------- */

/*
 * Returns whether the frontend believes to be served: our state is from a daemon that was killed or
 * parked, or from xen-netback, which the operator has unbound.
 */
bool vif_is_served(const struct vif *vif);

/*
 * Returns vif->fault or, if there is none, that of the last daemon: a vif that was switched off
 * stays so as long as its directory is the same.
 */
const char *vif_resume_fault(struct vif *vif);

/*
 * Takes the rings of the last daemon over. Returns as vif_connect(); also -EAGAIN if it has to be
 * tried again at vif_resume_due().
 */
int vif_resume(struct vif *vif, uint64_t now_ms, attachment_fn *moved, char *why, size_t why_size);

/* A try that was due by now has been made, if it is still wanted. */
void vif_resume_passed(struct vif *vif, uint64_t now_ms);

/* Returns when to try again. CLOCK_NEVER: after the next event. */
uint64_t vif_resume_due(const struct vif *vif);

/* ---- vif_look.c ------------------------------------------------------------------------------ */

void vif_look_init(struct vif *vif);

/* Reads again what is marked stale, or is due. */
void vif_look(struct vif *vif, uint64_t now_ms);

/* Reads the name of the guest's domain again. */
void vif_look_at_domain(struct vif *vif);

/* Stops looking at the frontend. */
void vif_look_end(struct vif *vif);

/* Sets seen->netback: whether the kernel's xen-netback serves the vif or may be about to. */
void vif_look_for_netback(struct vif *vif, uint64_t now_ms);

/* Returns whether the toolstack is removing the device. */
bool vif_is_offline(const struct vif *vif);

/* ---- vif_headroom.c -------------------------------------------------------------------------- */

/* The frontend connects with that headroom. Its port does not exist yet. */
void vif_headroom_start(struct vif *vif, uint16_t headroom);

/*
 * Reads the headroom that the frontend wants. Returns true if the port uses it; else call
 * vif_headroom_settle() later.
 */
bool vif_headroom_look(struct vif *vif);

/*
 * Has the port use the wanted headroom. Returns true if it does; else call again after
 * ATTACHMENT_CALLED.
 */
bool vif_headroom_settle(struct vif *vif);

/* ---- vif_apply.c ----------------------------------------------------------------------------- */

/* Reads the settings for the first time. Returns the result of vif_live_read(). */
int vif_apply_read(struct vif *vif, const struct key_source *source, char *why, size_t why_size);

/*
 * Reads the settings again and applies what changed. Returns 0, or a negative errno if that should
 * be tried again.
 */
int vif_apply_changes(struct vif *vif, const struct key_source *source);

/* Applies the settings to a new port of the guest. Returns 0 or -ENOMEM. */
int vif_apply_to_port(struct vif *vif, struct port *port);

/* Frees what vif_apply_to_port() made. The port must have been destroyed. */
void vif_apply_end(struct vif *vif);

/*
 * Tells the bridge whether the vif lists VLANs. That depends on the vif's settings and existence,
 * not on its guest. `is_wanted`: the operator changed the settings.
 */
void vif_apply_vlans(struct vif *vif, bool is_wanted);

/* ---- vif_show.c ------------------------------------------------------------------------------ */

void vif_show_init(struct vif *vif);

/*
 * Returns whether something could not be written and the time has come to read again what is in
 * the store. After that, vif_show() writes again.
 */
bool vif_show_resumes(struct vif *vif, uint64_t now_ms);

/* Takes what the last daemon wrote for what is shown: only changes are written. */
void vif_show_adopt(struct vif *vif);

/* Has a state that is shown written once more: the toolstack waits for it. */
void vif_show_again(struct vif *vif);

/* Writes the vif's state to the backend directory. If the store fails, vif_step() tries again. */
void vif_show(struct vif *vif, uint64_t now_ms);

/* Tells the toolstack why the vif does not work. */
void vif_show_error(struct vif *vif, const char *why);

/*
 * Tells the toolstack about errors of the TAP and of settings, or clears that error. Does not
 * replace a worse one.
 */
void vif_show_live_error(struct vif *vif);

/* Clears the error. */
void vif_show_no_error(struct vif *vif);

/* Clears the error; nothing is written any more. */
void vif_show_end(struct vif *vif);

/*
 * Removes the backend directory if it still holds the expected values; else vif_step() tries again.
 */
void vif_show_removal(struct vif *vif, uint64_t now_ms);

#endif
