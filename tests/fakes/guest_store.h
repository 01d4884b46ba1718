/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store side of a vif: what xl writes (toolstack_*), and what the guest's frontend writes
 * (front_*). Threads: any one thread per guest. Source: libxl_nic.c libxl__set_xenstore_nic(),
 * libxl_device.c libxl__device_generic_add(); xen-netfront.c talk_to_netback(), netback_changed().
 */
#ifndef VPE_FAKES_GUEST_STORE_H
#define VPE_FAKES_GUEST_STORE_H

#include "fakes/guest.h"

/* How long anything may take before a test gives up. */
#define GUEST_PATIENCE_MS 5000u

struct guest_path {
	char text[256];
};
/* Absolute path of `key` ("": the directory itself) in the vif's backend or frontend directory. */
struct guest_path guest_back(const struct guest *g, const char *key);
struct guest_path guest_front(const struct guest *g, const char *key);
/* The node with the backend's error text. */
struct guest_path guest_error(const struct guest *g);

/* ---- the toolstack --------------------------------------------------------------------------- */

struct toolstack_vif {
	const char *bridge; /* NULL: "xenbr0" */
	const char *mac;    /* NULL: 00:16:3e:00:<domid>:<devid> */
	const char *script; /* NULL: vif-vpe */
	unsigned mtu;       /* 0: 1500, which has no key in the backend directory */
	const char *rate;   /* NULL: none; so with the others */
	const char *ip;
	const char *vlan;
	const char *mac_antispoof;
};
/*
 * The domain's own directory, and both directories of the vif in one transaction. `vif` may be
 * NULL.
 */
void toolstack_add(const struct guest *g, const struct toolstack_vif *vif);
/* Says that the hotplug script has run; only dom0's toolstack does that. */
void toolstack_hotplug(const struct guest *g, const char *status);
/* xl network-detach: asks the backend to close. */
void toolstack_detach(const struct guest *g);
/* What libxl does when the backend is Closed or took too long: removes both directories. */
void toolstack_remove(const struct guest *g);

/* ---- the frontend ---------------------------------------------------------------------------- */

#define FRONT_SG (1u << 0)
#define FRONT_GSO4 (1u << 1)
#define FRONT_GSO6 (1u << 2)
#define FRONT_NO_CSUM (1u << 3)      /* feature-no-csum-offload */
#define FRONT_CSUM6 (1u << 4)        /* feature-ipv6-csum-offload */
#define FRONT_NO_RX_NOTIFY (1u << 5) /* feature-rx-notify is not there */
#define FRONT_LINUX (FRONT_SG | FRONT_GSO4 | FRONT_GSO6 | FRONT_CSUM6) /* as stock netfront */

/* Writes one key of the frontend directory as the guest. 0 or -errno. */
int front_printf(const struct guest *g, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Writes all keys that describe the rings and features, in one transaction. */
void front_publish(const struct guest *g, unsigned features);
void front_set_state(const struct guest *g, int state);
/* The backend's state now, -1 if there is none. */
int front_backend_state(const struct guest *g);
/* Waits until the backend is in `state`. */
bool front_await(const struct guest *g, int state);
/* Waits for state 2, publishes, goes to state 4 and waits for the backend's 4. */
bool front_connect(const struct guest *g, unsigned features);
/*
 * What netfront does for an XDP program: 7, then the key, waits for the backend's 8, 4; and waits
 * for its 4.
 */
bool front_reconfigure(const struct guest *g, unsigned headroom);
/* 5, waits for the backend's 5, 6, waits for its 6: an orderly close by the guest. */
bool front_close(const struct guest *g);

#endif
