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
 * and the link. vifs.c creates and frees it. Threads: control thread.
 */
#ifndef VPE_CTL_VIF_H
#define VPE_CTL_VIF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/log.h"
#include "ctl/ports/bridge.h"
#include "ctl/ports/member.h"
#include "ctl/store/clock.h"
#include "ctl/store/watch.h"
#include "ctl/vif/ctrl.h"
#include "ctl/vif/hotplug.h"
#include "ctl/vif/vif_config.h"
#include "ctl/vif/vif_connect.h"
#include "ctl/vif/vif_fsm.h"
#include "ctl/vif/vif_live.h"
#include "dp/frame/mcast.h"
#include "dp/frame/meter.h"
#include "dp/port/port.h"

/* State shared by all vifs. */
struct vif_env {
	struct xstore xs;
	const struct xen_ops *xen;
	struct dp *dp;
	struct bridges *bridges;
	struct watches *watches;
	struct members *members;
	enum hotplug_mode hotplug; /* SCRIPT or SELF */
	bool share_with_netback;
	bool strict_bridges; /* a switched vif's bridge needs an uplink */
	unsigned max_queues; /* per vif */
	const struct foreign_ops *foreign; /* NULL: off */
	struct ctrl_env *ctrl;
	const char *root; /* prefix of /sys; "" except in tests */
};

/* Flags of vif->stale: things that the next vif_step() has to read again or to do. */
#define VIF_STALE_BACKEND (1u << 0)  /* the backend directory */
#define VIF_STALE_FRONTEND (1u << 1) /* the frontend's state */
#define VIF_STALE_INSIDE (1u << 2)   /* something inside the daemon changed */
#define VIF_STALE_CTRL (1u << 3)     /* the control ring may have requests */
#define VIF_STALE_LIVE (1u << 4)     /* the keys that may change while the guest runs */
#define VIF_STALE_DOMAIN (1u << 5)   /* the guest may have died */
#define VIF_STALE_TAP (1u << 6)      /* the TAP may have changed */

#define VIF_WHY_SIZE 1024 /* room for an error in each of the keys that may change */
#define VIF_RETRY_MS 1000u /* after an error of the store */

/* The relation of the kernel's xen-netback to the vif. */
enum vif_netback {
	VIF_NETBACK_AWAY,
	VIF_NETBACK_NEAR, /* loaded, and still has time to take the vif */
	VIF_NETBACK_HOLDS,
};

/* The headroom of the guest's rx slots (vif_front.c). */
struct vif_headroom {
	uint16_t wanted; /* the frontend's last request */
	uint16_t used;   /* in use by the port */
	uint16_t sent;   /* being passed to the port's pollers */
	bool calling;    /* `sent` is under way */
};

/* The TAP of a drop-in vif (vif_tap.c). */
struct vif_tap {
	struct member member;
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

struct vif {
	const struct vif_env *env;
	LIST_ENTRY(vif) entry;
	uint32_t domid;
	uint32_t devid;
	char name[26]; /* "vif3.0"; leaves room for "-tap" in a port's name */
	char dir[64];  /* backend directory */
	enum vif_state state;
	unsigned stale;

	/* State as read from the store (vif_look.c). */
	uint64_t created_ms;
	bool configured; /* `config` is valid */
	struct vif_config config;
	struct vif_live live;
	char live_why[VIF_WHY_SIZE]; /* errors in the keys of `live`; "": none */
	bool removed;        /* the backend directory is gone or was replaced */
	enum vif_netback netback;
	enum vif_online online;
	uint32_t own_state;  /* our `state` key, whoever wrote it */
	enum hotplug_status hotplug;
	bool front_gone;
	bool dead;             /* the guest has died; implies front_gone */
	uint32_t front_state; /* 0: unknown */
	const char *fault;    /* why the vif is off for good; NULL: it is not */
	bool stop;            /* the daemon is stopping */
	struct watch *front_watch;
	struct watch *mcast_watch;
	uint64_t front_since_ms; /* start of the interval that n_front_events counts */
	unsigned n_front_events;

	/* State as shown to others (vif_show.c). */
	enum xenbus_state shown_state; /* Unknown: nothing yet */
	bool shown_carrier;
	bool linked;        /* uplinks or TAP as shown; follows them at most once a second */
	uint64_t linked_ms; /* when `linked` last changed */
	bool error_shown;
	bool error_is_live; /* the error shown is only about TAP or keys */
	char why[VIF_WHY_SIZE]; /* the last error */

	/* Resources. */
	int bridge; /* negative: none */
	bool counts_vlans; /* the bridge counts the vif as one that lists VLANs */
	struct vif_tap tap;
	struct member guest;
	struct vif_link link;
	struct ctrl ctrl;
	struct vif_headroom headroom;
	struct mcast_filter mcast; /* used by the guest's port */
	struct policy *policy; /* published to the pollers */
	struct meter meter_from, meter_to; /* shared by all queues */
	char guest_text[80]; /* negotiated features, for the log */

	/* Times. CLOCK_NEVER: none. */
	uint64_t offered_ms; /* when state 2 was last written (the features only once) */
	uint64_t closed_ms;  /* when state 6 was written or `online` last changed */
	uint64_t retry_ms;   /* after an error of the store: read and write again */
	uint64_t reconf_ms;  /* from then on the frontend's state 7 counts */
	uint64_t rewatch_ms; /* the frontend is not watched: try again */
	uint64_t place_ms;   /* no bridge or TAP: try again */
	uint64_t waits_since_ms; /* when that was first tried in vain */
	bool wait_told;
	uint64_t alone_ms; /* check whether others are on the bridge */
	struct log_limit state_log;
	struct log_limit link_log;
	struct log_limit live_log;
	struct log_limit wrong_log;
};

/* ---- vif.c ----------------------------------------------------------------------------------- */

/*
 * Creates a record for backend directory `domid`/`devid`; nothing is read yet. Returns NULL if
 * memory is short.
 */
struct vif *vif_create(const struct vif_env *env, uint32_t domid, uint32_t devid);

/* Frees the record. vif_is_over() must be true. */
void vif_destroy(struct vif *vif);

/* Does everything that is due. */
void vif_step(struct vif *vif, uint64_t now_ms);

/* Returns when vif_step() is due next. CLOCK_NEVER: after the next event. */
uint64_t vif_due(const struct vif *vif);

/* Returns whether the vif holds nothing any more and may be freed. */
bool vif_is_over(const struct vif *vif);

/* ---- vif_tap.c ------------------------------------------------------------------------------- */

/*
 * Gets the bridge and the TAP without which the vif cannot be offered. Returns false if that
 * failed; vif->place_ms is when to try again.
 */
bool vif_place(struct vif *vif, uint64_t now_ms);

/* Replaces a TAP that was deleted, and reports faults of the TAP. */
void vif_keep_place(struct vif *vif, uint64_t now_ms);

/* Checks whether the TAP exists and leads anywhere. */
void vif_tap_look(struct vif *vif);

/* Reports faults of the TAP if the vif is connected. */
void vif_tap_tell(struct vif *vif);

/* ---- vif_guest.c ----------------------------------------------------------------------------- */

/*
 * Reads the frontend's keys, maps the rings, binds the events, creates the port and attaches it;
 * `moved` is told the outcome. Returns 0, or a negative errno with a sentence in vif->why, and then
 * holds nothing.
 */
int vif_connect(struct vif *vif, member_fn *moved);

/* Releases everything of the guest's. The port must be detached. */
void vif_disconnect(struct vif *vif);

/* ---- vif_look.c ------------------------------------------------------------------------------ */

/* Reads again what is marked stale. */
void vif_look(struct vif *vif, uint64_t now_ms);

/* Watches the frontend's keys. If that fails, vif_step() tries again. */
void vif_watch_frontend(struct vif *vif, uint64_t now_ms);
void vif_unwatch_frontend(struct vif *vif);

/* Sets vif->netback: whether the kernel's xen-netback serves the vif or may be about to. */
void vif_look_for_netback(struct vif *vif, uint64_t now_ms);

/* Returns whether the toolstack is removing the device. */
bool vif_is_offline(const struct vif *vif);

/* ---- vif_front.c ----------------------------------------------------------------------------- */

/* Takes over the settings with which the frontend connects. Its port does not exist yet. */
void vif_front_start(struct vif *vif, const struct vif_keys *keys);

/* Reads whether the frontend wants multicast filtering. */
void vif_look_at_mcast(struct vif *vif);

/*
 * Reads the headroom that the frontend wants. Returns true if the port uses it; else call
 * vif_headroom_settle() later.
 */
bool vif_headroom_look(struct vif *vif);

/*
 * Has the port use the wanted headroom. Returns true if it does; else call again after
 * MEMBER_CALLED.
 */
bool vif_headroom_settle(struct vif *vif);

/* Handles MEMBER_CALLED. Returns whether the call was for the headroom. */
bool vif_headroom_called(struct vif *vif);

/* ---- vif_apply.c ----------------------------------------------------------------------------- */

/* Reads vif->live for the first time. Returns the result of vif_live_read(). */
int vif_read_first(struct vif *vif, char *why, size_t why_size);

/*
 * Reads vif->live again and applies what changed. Returns 0, or a negative errno if that should be
 * tried again.
 */
int vif_look_at_live(struct vif *vif);

/* Applies vif->live to a new port of the guest. Returns 0 or -ENOMEM. */
int vif_apply_first(struct vif *vif, struct port *port);

/* Frees what vif_apply_first() made. The port must have been destroyed. */
void vif_apply_last(struct vif *vif);

/*
 * Tells the bridge whether the vif lists VLANs. That depends on the vif's settings and existence,
 * not on its guest. `is_wanted`: the operator changed the settings.
 */
void vif_count_vlans(struct vif *vif, bool is_wanted);

/* ---- vif_show.c ------------------------------------------------------------------------------ */

/* Writes the vif's state to the backend directory. If the store fails, vif_step() tries again. */
void vif_show(struct vif *vif, uint64_t now_ms);

/* Tells the toolstack why the vif does not work. */
void vif_show_error(struct vif *vif, const char *why);

/*
 * Tells the toolstack about tap.why and live_why, or clears that error. Does not replace a worse
 * one.
 */
void vif_show_live_error(struct vif *vif);

/* Clears the error. */
void vif_clear_error(struct vif *vif);

/*
 * Removes the backend directory if it still holds the expected values; else vif_step() tries again.
 */
void vif_remove_directory(struct vif *vif, uint64_t now_ms);

#endif
