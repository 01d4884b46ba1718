/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One vif: a backend directory, its frontend, and what we hold of both.
 *
 * Theory of operation: store events only mark what has to be looked at again, so a thousand of them cost as much as
 * one. vif_step() then looks (vif_look.c), feeds the most important condition to the state table (vif_fsm.h), does
 * what the table says and writes what the frontend is to see (vif_show.c), until nothing changes any more.
 *
 * Ownership: the record owns its watch, its bridge reference, the TAP's and the guest's port and the link. It is made
 * and freed by vifs.c. Threads: control thread.
 */
#ifndef VPE_CTL_VIF_H
#define VPE_CTL_VIF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/log.h"
#include "ctl/bridge.h"
#include "ctl/clock.h"
#include "ctl/ctrl.h"
#include "ctl/hotplug.h"
#include "ctl/member.h"
#include "ctl/vif_config.h"
#include "ctl/vif_connect.h"
#include "ctl/vif_fsm.h"
#include "ctl/vif_live.h"
#include "ctl/watch.h"
#include "dp/mcast.h"
#include "dp/meter.h"
#include "dp/port.h"

/* What all vifs share. */
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
	unsigned max_queues; /* of a vif */
	const struct foreign_ops *foreign; /* NULL: not to be used */
	struct ctrl_env *ctrl;
	const char *root; /* below which /sys is: "" but in tests */
};

/* What has to be done in the next vif_step(). */
#define VIF_STALE_BACKEND (1u << 0)  /* look at the backend directory */
#define VIF_STALE_FRONTEND (1u << 1) /* look at the frontend's state */
#define VIF_STALE_INSIDE (1u << 2)   /* something else changed */
#define VIF_STALE_CTRL (1u << 3)     /* its control ring may have requests */
#define VIF_STALE_LIVE (1u << 4)     /* look at the keys that may change while the guest runs */
#define VIF_STALE_DOMAIN (1u << 5)   /* its guest may be dead */
#define VIF_STALE_TAP (1u << 6)      /* its TAP may have changed */

#define VIF_WHY_SIZE 1024 /* each of the keys that may change may be wrong */
#define VIF_RETRY_MS 1000u /* after the store failed us */

/* Whether the kernel's xen-netback serves the vif. */
enum vif_netback {
	VIF_NETBACK_AWAY,
	VIF_NETBACK_NEAR, /* it is loaded, and is given the time to take the vif */
	VIF_NETBACK_HOLDS,
};

/* The headroom of the guest's rx slots (vif_front.c). */
struct vif_headroom {
	uint16_t wanted; /* what the frontend asked for last */
	uint16_t used;   /* what the port uses */
	uint16_t sent;   /* what the port's poller is being told */
	bool calling;    /* `sent` is under way */
};

/* The TAP of a drop-in vif (vif_tap.c). */
struct vif_tap {
	struct member member;
	char name[16];     /* as the script or the operator has named it */
	unsigned ifindex;  /* 0: not known */
	bool placed;       /* it is where frames go on */
	bool lost;         /* the one that the script knew was deleted; reset when the new one is placed */
	const char *fault; /* why it is not placed */
	char why[160];     /* what was told of it; "": nothing */
	uint64_t made_ms;  /* when it was made, or when that was last tried */
	struct port_stats stats; /* of those before this one */
	struct log_limit log;
};

/* The toolstack's `online`. */
enum vif_online {
	VIF_ONLINE_UNSAID, /* counts as 1 */
	VIF_ONLINE_NO,
	VIF_ONLINE_YES,
};

struct vif {
	const struct vif_env *env;
	LIST_ENTRY(vif) entry;
	uint32_t domid;
	uint32_t devid;
	char name[26]; /* "vif3.0"; leaves room in a port's name for "-tap" */
	char dir[64];  /* backend directory */
	enum vif_state state;
	unsigned stale;

	/* How the world looks (vif_look.c). */
	uint64_t created_ms;
	bool configured; /* `config` is valid, the frontend is watched */
	struct vif_config config;
	struct vif_live live;
	char live_why[VIF_WHY_SIZE]; /* what is wrong with those keys now; "": nothing */
	bool removed;        /* the backend directory is gone or a new one */
	enum vif_netback netback;
	enum vif_online online;
	uint32_t own_state;  /* as it stands in our `state` key, whoever wrote it */
	enum hotplug_status hotplug;
	bool front_gone;
	bool dead;             /* its domain is, whatever the store still says of the frontend: counts as front_gone */
	uint32_t front_state; /* 0: unknown */
	const char *fault;    /* why the port or the TAP is off for good; NULL: it is not */
	bool stop;            /* the daemon ends */
	struct watch *front_watch;
	struct watch *mcast_watch;
	uint64_t front_since_ms; /* events of the frontend's watches are counted since then */
	unsigned n_front_events;

	/* What we told (vif_show.c). */
	enum xenbus_state shown_state; /* Unknown: nothing yet */
	bool shown_carrier;
	bool linked;        /* what is shown of the bridge's uplinks; follows them once a second at most */
	uint64_t linked_ms; /* when it last changed */
	bool error_shown;
	bool error_is_live; /* it is only that of a key which was not taken */
	char why[VIF_WHY_SIZE]; /* of the last refusal */

	/* What we hold. */
	int bridge; /* negative: none */
	bool counts_vlans; /* the bridge knows that the vif lists VLANs */
	struct vif_tap tap;
	struct member guest;
	struct vif_link link;
	struct ctrl ctrl;
	struct vif_headroom headroom;
	struct mcast_filter mcast; /* the guest's port uses it */
	struct policy *policy; /* the port's */
	struct meter meter_from, meter_to; /* of all queues */
	char guest_text[80]; /* what was negotiated, for the log */

	/* CLOCK_NEVER: not. */
	uint64_t offered_ms; /* when the 2 was last written; the features stand in the store since the first time */
	uint64_t closed_ms;  /* when the 6 was written, or the toolstack last changed `online` */
	uint64_t retry_ms;   /* the store failed us: look and write again then */
	uint64_t reconf_ms;  /* the frontend's state 7 counts from then on */
	uint64_t rewatch_ms; /* the frontend is not watched: look at it and try to watch it then */
	uint64_t place_ms;   /* bridge or TAP are not to be had: try again then */
	uint64_t waits_since_ms; /* when that was first tried in vain */
	bool wait_told;
	uint64_t alone_ms; /* it was announced: look then whether anybody else is on its bridge */
	struct log_limit state_log;
	struct log_limit link_log;
	struct log_limit live_log;
	struct log_limit wrong_log;
};

/* ---- vif.c ---------------------------------------------------------------------------------------------------- */

/* A record for backend directory `domid`/`devid`, not looked at yet. NULL if memory is short. */
struct vif *vif_create(const struct vif_env *env, uint32_t domid, uint32_t devid);

/* Frees it. vif_is_over() must be true. */
void vif_destroy(struct vif *vif);

/* Does all that is to be done now. */
void vif_step(struct vif *vif, uint64_t now_ms);

/* When vif_step() is to be called next; CLOCK_NEVER: when something happens. */
uint64_t vif_due(const struct vif *vif);

/* Whether nothing is left of it. */
bool vif_is_over(const struct vif *vif);

/* ---- vif_tap.c ------------------------------------------------------------------------------------------------ */

/* Gets the bridge and the TAP that the vif needs to be offered. False: not now; vif->place_ms says when to try again. */
bool vif_place(struct vif *vif, uint64_t now_ms);

/* Makes a TAP that has gone anew, and tells what is wrong with it. */
void vif_keep_place(struct vif *vif, uint64_t now_ms);

/* Looks whether the TAP is there and leads anywhere. */
void vif_tap_look(struct vif *vif);

/* Tells what is wrong with it if the vif is connected. */
void vif_tap_tell(struct vif *vif);

/* ---- vif_guest.c ---------------------------------------------------------------------------------------------- */

/*
 * Reads the frontend's keys, maps, binds, makes the port and hands it over; `moved` is told of what becomes of it. 0, or a negative
 * errno with a sentence in vif->why: nothing is held then.
 */
int vif_connect(struct vif *vif, member_fn *moved);

/* The port is back: gives all up that it used. */
void vif_disconnect(struct vif *vif);

/* ---- vif_look.c ----------------------------------------------------------------------------------------------- */

/* Looks again at what is stale. */
void vif_look(struct vif *vif, uint64_t now_ms);

/* Watches what the frontend may change; if that cannot be done, vif_step() tries again. */
void vif_watch_frontend(struct vif *vif, uint64_t now_ms);
void vif_unwatch_frontend(struct vif *vif);

/* Sets vif->netback: whether the kernel's xen-netback serves the vif, or may be about to. */
void vif_look_for_netback(struct vif *vif, uint64_t now_ms);

/* Whether the toolstack takes the device away. */
bool vif_is_offline(const struct vif *vif);

/* ---- vif_front.c ----------------------------------------------------------------------------------------------- */

/* Starts with what the frontend asked for as it connected. Its port is not made yet. */
void vif_front_start(struct vif *vif, const struct vif_keys *keys);

/* Looks whether the frontend wants its multicast frames filtered. */
void vif_look_at_mcast(struct vif *vif);

/* Reads the headroom that the frontend wants. True if the port uses it; else vif_headroom_settle() is to follow. */
bool vif_headroom_look(struct vif *vif);

/* Has the port use it. True if it does already; else again after MEMBER_CALLED. */
bool vif_headroom_settle(struct vif *vif);

/* MEMBER_CALLED came. Whether the call was one of the above. */
bool vif_headroom_called(struct vif *vif);

/* ---- vif_apply.c ---------------------------------------------------------------------------------------------- */

/* Reads vif->live for the first time. Returns as vif_live_read(). */
int vif_read_first(struct vif *vif, char *why, size_t why_size);

/* Reads vif->live again and puts what changed into effect. 0, or a negative errno: try again later. */
int vif_look_at_live(struct vif *vif);

/* Gives a new port of the guest's what it takes of vif->live. 0 or -ENOMEM. */
int vif_apply_first(struct vif *vif, struct port *port);

/* The port is destroyed. */
void vif_apply_last(struct vif *vif);

/*
 * Has the bridge know whether the vif lists VLANs, which depends on its settings and its being there, and not on what the guest does.
 * `is_wanted`: the operator has changed the settings.
 */
void vif_count_vlans(struct vif *vif, bool is_wanted);

/* ---- vif_show.c ----------------------------------------------------------------------------------------------- */

/* Makes the backend directory show the state that we are in; if the store fails, vif_step() tries again. */
void vif_show(struct vif *vif, uint64_t now_ms);

/* Tells the toolstack why the vif does not work. */
void vif_show_error(struct vif *vif, const char *why);

/* Tells it of tap.why and live_why, or takes that back, unless there is something worse to tell. */
void vif_show_live_error(struct vif *vif);

/* Takes the error back. */
void vif_clear_error(struct vif *vif);

/* Removes the backend directory, if it still says what we believe; else vif_step() tries again. */
void vif_remove_directory(struct vif *vif, uint64_t now_ms);

#endif
