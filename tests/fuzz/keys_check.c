/* SPDX-License-Identifier: BSD-3-Clause */
/* What may come of a directory's keys, whatever they are. */
#include "fuzz/keys_check.h"

#include <errno.h>

#include "ctl/vif/vif_config.h"
#include "ctl/vif/vif_keys.h"
#include "ctl/vif/vif_live.h"
#include "fuzz/fuzz.h"
#include "fuzz/keys_store.h"
#include "proto/keys.h"

#define MAX_QUEUES 2u
#define N_POLLERS 3u

/* A sentence has an end and nothing in it that a terminal would obey. */
static void
check_sentence(const char *why, size_t size)
{
	size_t len = strnlen(why, size);

	MUST(len > 0 && len < size);
	for (size_t i = 0; i < len; i++)
		MUST(why[i] >= ' ' && why[i] <= '~');
}

void
keys_check_frontend(void)
{
	struct vif_keys k;
	char why[256] = "";
	int ret = vif_keys_read(&keys_store, KEYS_STORE_DIR, MAX_QUEUES, &k, why, sizeof(why));

	keys_store_check();
	if (ret < 0) {
		check_sentence(why, sizeof(why));
		return;
	}
	MUST(k.headroom <= LIMIT_XDP_HEADROOM);
	MUST(k.n_queues >= 1 && k.n_queues <= MAX_QUEUES);
	for (unsigned i = 0; i < k.n_queues; i++) {
		const struct vif_queue_keys *q = &k.queue[i];

		MUST(q->tx_ref != q->rx_ref && q->evtchn_tx >= 1 && q->evtchn_tx < 0x80000000u &&
		     q->evtchn_rx >= 1 && q->evtchn_rx < 0x80000000u);
		MUST(i == 0 || (q->tx_ref != k.queue[0].tx_ref && q->rx_ref != k.queue[0].tx_ref &&
				q->evtchn_tx != k.queue[0].evtchn_rx &&
				q->evtchn_rx != k.queue[0].evtchn_rx));
		MUST(!k.has_ctrl ||
		     (k.ctrl_ref != q->tx_ref && k.ctrl_ref != q->rx_ref && k.evtchn_ctrl >= 1));
	}
}

void
keys_check_config(enum hotplug_mode mode)
{
	struct vif_config c;
	char why[256] = "";
	struct node_source keys = node_source(&keys_store, KEYS_STORE_DIR, "key");
	int ret = vif_config_read(&keys.source, 5, mode, &c, why, sizeof(why));

	vif_config_read_domain(&keys_store, 5, &c);
	hotplug_read(&keys_store, KEYS_STORE_DIR);
	if (ret == -EINVAL)
		check_sentence(why, sizeof(why));
	if (ret < 0)
		return;
	MUST(c.frontend[0] == '/' && memchr(c.frontend, '\0', sizeof(c.frontend)) != NULL);
	MUST(memchr(c.bridge, '\0', sizeof(c.bridge)) != NULL);
}

/*
 * What the operator may change; as it is at first, and again: the second reading finds nothing new.
 */
void
keys_check_live(bool switched)
{
	struct vif_live live, again;
	char why[256] = "";

	vif_live_init(&live, switched, N_POLLERS);
	struct node_source keys = node_source(&keys_store, KEYS_STORE_DIR, "key");
	int ret = vif_live_read(&keys.source, &live, why, sizeof(why));
	if (ret == -EINVAL)
		check_sentence(why, sizeof(why));
	again = live;
	MUST(vif_live_read(&keys.source, &again, why, sizeof(why)) == ret &&
	     memcmp(&again, &live, sizeof(live)) == 0);
	MUST(memchr(live.mac_text, '\0', sizeof(live.mac_text)) != NULL && live.max_frame <= 65535);
	MUST((switched || live.max_frame == 0) && live.weight >= 1 && live.weight <= LIMIT_WEIGHT);
	MUST(live.policy.n_ipv4 <= POLICY_IPS_MAX && live.policy.n_ipv6 <= POLICY_IPS_MAX &&
	     live.policy.vlans.pvid <= 4094);
	MUST(!live.policy.check_mac || live.has_mac);
	MUST(live.n_pins <= LIMIT_QUEUES);
	for (unsigned i = 0; i < live.n_pins; i++)
		MUST(live.pin[i] < N_POLLERS);
}

/* What the reader above is woken for: the whole names of its keys alone. */
void
keys_check_names(void)
{
	const char *name;
	unsigned n;

	MUST(vif_keys_features(&n) != NULL && n > 0);
	MUST(vif_live_has_key(KEY_RATE, strlen(KEY_RATE)) &&
	     !vif_live_has_key(KEY_BRIDGE, strlen(KEY_BRIDGE)));
	for (unsigned i = 0; (name = keys_store_name(i)) != NULL; i++)
		MUST(!vif_live_has_key(name, strlen(name) - 1));
}
