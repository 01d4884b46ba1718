/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control plane's objects and the sources of its events, for ctl.c, which makes and destroys
 * them, and loop.c.
 */
#ifndef VPE_CTL_LOOP_H
#define VPE_CTL_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "ctl/control.h"
#include "ctl/ctl.h"
#include "ctl/ports/balance.h"
#include "ctl/ports/notes.h"
#include "ctl/ports/uplink.h"
#include "ctl/store/store_lost.h"
#include "ctl/vif/vifs.h"
#include "ctl/watchdog.h"

/* Event sources. */
enum loop_fd {
	LOOP_STORE,   /* a watch fired */
	LOOP_CTRL,    /* a control ring's event channel fired */
	LOOP_DP,      /* the pollers finished a request */
	LOOP_SIGNAL,  /* SIGTERM, SIGINT or SIGHUP */
	LOOP_STOP,    /* ctl_stop() */
	LOOP_CARRIER, /* a network device of the kernel changed */
	LOOP_CONTROL, /* a client of the control socket sent something */
	LOOP_HEIR,    /* another daemon wants to take over */
	LOOP_N_FDS,
};

struct ctl {
	struct vif_env env;
	struct ctrl_ring_env ctrl;
	struct uplinks *uplinks;
	struct vifs *vifs;
	struct balance *balance;
	struct control_view view;
	struct control *control; /* NULL: none */
	struct notes notes;
	sigset_t old_mask;
	int epoll_fd;
	int signal_fd;
	int stop_fd;
	int carrier_fd;               /* negative: no events for network devices */
	char domid[STORE_DOMID_SIZE]; /* the own domid */
	uint64_t lost_ms;      /* when the connection to the store broke; CLOCK_NEVER: it is up */
	uint64_t reconnect_ms; /* when to reconnect; CLOCK_NEVER: not needed */
	uint64_t health_ms;    /* when to check that the connection is still up */
	struct log_limit hup_log;
	bool stopping;
	bool owns_keep;
	struct watchdog watchdog;
	int heir_fd;                /* see struct ctl_params */
	bool (*asked)(int heir_fd); /* likewise */
	bool parks;                 /* at the end, for the next daemon; else closes the vifs */
};

/* Takes events of the descriptor from now on. Returns 0 or -errno. */
int loop_add(struct ctl *ctl, int fd, enum loop_fd kind);

/* Parks or closes all vifs and detaches all ports. The pollers must be running. */
void loop_drain(struct ctl *ctl);

#endif
