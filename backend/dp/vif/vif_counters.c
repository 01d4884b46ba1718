/* SPDX-License-Identifier: BSD-3-Clause */
/* The description of the counters that only a vif has. */
#include "dp/vif/port_vif.h"

#include "base/util.h"

static const struct counter list[] = {
	COUNTER(COUNTER_SUM, port_vif_stats, n_from_guest_slots, "from_guest_slots", "slots",
		"taken from the guest's transmit ring"),
	COUNTER(COUNTER_SUM, port_vif_stats, n_to_guest_slots, "to_guest_slots", "slots",
		"filled in the guest's receive ring"),
	COUNTER(COUNTER_LEVEL, port_vif_stats, guest.n_backlog_bytes, "backlog_bytes", "bytes",
		"waiting for the guest to post receive slots"),
	COUNTER(COUNTER_SUM, port_vif_stats, guest.n_starved, "starved", "frames",
		"waited in the guest's ring because no packet buffer was free"),
	COUNTER(COUNTER_SUM, port_vif_stats, guest.n_rate_from_guest, "rate_from_guest", "frames",
		"from the guest, waited for the vif's rate"),
	COUNTER(COUNTER_SUM, port_vif_stats, guest.n_rate_to_guest, "rate_to_guest", "frames",
		"to the guest, waited for the vif's rate"),
	COUNTER(COUNTER_SUM, port_vif_stats, n_copy_errors, "copy_errors", "slots",
		"refused by Xen in a copy, both ways"),
	COUNTER(COUNTER_SUM, port_vif_stats, n_gso_csum_fixups, "gso_csum_fixups", "frames",
		"to be segmented, but not marked as having a blank checksum"),
	COUNTER(COUNTER_LEVEL, port_vif_stats, n_static_grants, "static_grants", "pages",
		"of the guest, mapped by its own grants"),
	COUNTER(COUNTER_LEVEL, port_vif_stats, n_foreign_pages, "foreign_pages", "pages",
		"of the guest, mapped by foreign_memory"),
	COUNTER(COUNTER_SETTING, port_vif_stats, headroom, "headroom", "bytes",
		"left free before the data in each receive slot"),
};

_Static_assert(sizeof(struct port_vif_stats) <= PORT_STATS_SIZE, "what readers have room for");

const struct counter_set port_vif_counters = { "vif", list, ARRAY_SIZE(list) };
