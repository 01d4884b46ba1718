/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A kind of uplink: all that uplink.c, the configuration file and the lists of counters need to
 * know of it. To add a kind, write a file that defines a struct uplink_kind, and add a line to
 * UPLINK_KINDS in ctl/ports/params.h. Threads: control thread.
 */
#ifndef VPE_CTL_UPLINK_KIND_H
#define VPE_CTL_UPLINK_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"
#include "ctl/keep/keep.h"
#include "ctl/ports/params.h"
#include "dp/port/port.h"

/* The objects that uplinks are made from. */
struct uplink_env {
	struct pools *pools;
	struct keep *keep;
};

struct uplink_kind {
	const char *name;  /* the setting `type` */
	bool has_devargs;  /* `device` is devargs, which DPDK has to get at its start */
	bool makes_device; /* open() creates the device; a TAP */
	bool is_static;    /* link and errors never change, so nothing is to be polled */
	const struct counter_set *counters; /* as in the ports' struct port_ops; NULL: none */
	/*
	 * Checks the settings without the machine. Returns 0, or -EINVAL with a sentence in `why`.
	 * NULL: there is nothing to check.
	 */
	int (*check)(const struct uplink_params *params, char *why, size_t why_size);
	/*
	 * Creates the port `name`, with the settings' MTU. Returns NULL with errno on error.
	 */
	struct port *(*open)(const struct uplink_params *params, const struct uplink_env *env,
			     const char *name, uint16_t bridge);
	/*
	 * The port is about to be destroyed. `keeps`: its device stays for the next daemon. NULL:
	 * nothing has to be done.
	 */
	void (*release)(const struct uplink_params *params, const struct uplink_env *env,
			struct port *port, bool keeps);
	/*
	 * Returns the text to append to the message of `error` (a positive errno of open()): ":
	 * ..." or "". `root` is prepended to the paths that are read; it is "" except in tests.
	 * NULL: there is no advice.
	 */
	const char *(*advice)(int error, const char *root);
	/*
	 * Returns the index of the kernel's device. NULL: the kind has none; the index is then 0.
	 */
	unsigned (*ifindex)(const char *device);
	/* Returns whether the port has a link. NULL: always. */
	bool (*has_link)(struct port *port, unsigned ifindex);
	/*
	 * Returns whether the port's device still exists. If not, a new port is opened when there
	 * is a device again. NULL: the device stays, and a fault of the port is final.
	 */
	bool (*has_device)(const struct port *port);
};

/* Before the name of the device of a `tap` uplink, for ctl/keep. */
#define UPLINK_TAP_OWNER "uplink "

#define X(id, name) extern const struct uplink_kind uplink_##name;
UPLINK_KINDS(X)
#undef X

const struct uplink_kind *uplink_kind_of(enum uplink_type type);

/* Calls the kind's advice(); see there. */
const char *uplink_advice(enum uplink_type type, int error, const char *root);

#endif
