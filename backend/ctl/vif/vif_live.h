/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The settings that the operator may change while the guest runs. They are read again whenever
 * they change (docs/XENSTORE.md). Threads: pure, except for the source.
 */
#ifndef VPE_CTL_VIF_LIVE_H
#define VPE_CTL_VIF_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/store/source.h"
#include "proto/limits.h"
#include "sw/policy.h"

/* `bytes` per `usecs`. bytes 0: no limit. */
struct vif_rate {
	uint64_t bytes;
	uint32_t usecs;
};

struct vif_live {
	/*
	 * Missing keys mean the safe choice for switched vifs. For drop-in vifs they mean what
	 * xen-netback does, which leaves the checks to the kernel's bridge.
	 */
	bool switched;
	char mac_text[18]; /* "" if there is none; for the log */
	/*
	 * Longest frame to the guest, with Ethernet header and one VLAN tag, as a Linux bridge
	 * forwards to a device of that MTU. 0, no limit, for drop-in vifs: the script sets the MTU
	 * of the TAP.
	 */
	uint32_t max_frame;
	uint32_t weight;            /* 1 to LIMIT_WEIGHT */
	struct vif_rate from_guest; /* sent by the guest */
	struct vif_rate to_guest;
	unsigned n_pollers;         /* pollers of the daemon */
	unsigned n_pins;            /* 0: not pinned; queues may be on any poller and move */
	uint8_t pin[LIMIT_QUEUES];  /* queue i is on poller pin[i % n_pins] */
	bool guards_mac, guards_ip; /* mac-antispoof, ip-antispoof */
	bool has_mac, has_ip;
	struct policy policy;
};

/* Returns whether `key`, of `len` bytes, is read here. */
bool vif_live_has_key(const char *key, size_t len);

/* Sets the defaults. */
void vif_live_init(struct vif_live *live, bool switched, unsigned n_pollers);

/*
 * Reads all settings. A missing key has its default. An invalid key leaves
 * its setting in `live` unchanged; the others take effect, and the result is -EINVAL with a
 * sentence on all invalid keys in `why`. Any other error (negative errno) means that the source
 * failed; `live` is then unchanged.
 */
int vif_live_read(const struct key_source *source, struct vif_live *live, char *why,
		  size_t why_size);

#endif
