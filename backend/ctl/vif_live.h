/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator may change of a vif while its guest runs: keys of the backend directory that are read again whenever
 * they change (docs/XENSTORE.md). Threads: control thread.
 */
#ifndef VPE_CTL_VIF_LIVE_H
#define VPE_CTL_VIF_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/node.h"
#include "proto/limits.h"
#include "sw/policy.h"

/* `bytes` in each `usecs`. bytes 0: no limit. */
struct vif_rate {
	uint64_t bytes;
	uint32_t usecs;
};

struct vif_live {
	/*
	 * Switched vifs: what the keys leave open is decided for safety. Drop-in vifs: as xen-netback does, which leaves it to the
	 * kernel's bridge.
	 */
	bool switched;
	char mac_text[18]; /* "" if there is none; for the log */
	/*
	 * Longest frame to the guest, with Ethernet header and one VLAN tag: what a Linux bridge lets through to a
	 * device of that MTU. 0, no limit, for drop-in vifs: the TAP has an MTU, which the script sets.
	 */
	uint32_t max_frame;
	uint32_t weight;             /* 1 to LIMIT_WEIGHT */
	struct vif_rate from_guest;  /* what it sends */
	struct vif_rate to_guest;
	unsigned n_pollers;          /* that there are */
	unsigned n_pins;             /* 0: the queues are with any poller, and may be moved */
	uint8_t pin[LIMIT_QUEUES];   /* queue i belongs to poller pin[i % n_pins] */
	bool guards_mac, guards_ip;  /* mac-antispoof, ip-antispoof */
	bool has_mac, has_ip;
	struct policy policy;
};

/* Whether `key`, of `len` bytes, is one of those that are read here. */
bool vif_live_has_key(const char *key, size_t len);

/* What is so as long as no key says otherwise. */
void vif_live_init(struct vif_live *live, bool switched, unsigned n_pollers);

/*
 * Reads all keys of backend directory `dir`. A missing one has its default. One that makes no sense leaves what it is for as it
 * was in `live`; the result is then -EINVAL with a sentence on all of those in `why`, and the others are taken. Any other
 * error (negative errno): the store failed, and `live` is unchanged.
 */
int vif_live_read(const struct xstore *xs, const char *dir, struct vif_live *live, char *why, size_t why_size);

#endif
