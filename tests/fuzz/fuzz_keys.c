/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is read of a guest's and the toolstack's directories: ctl/vif_keys.c, vif_config.c, vif_live.c, policy_text.c, hotplug.c,
 * node.c, number.c.
 * The input: outcomes of the commits (1 byte), then keys: number (1), length (1), value. A length of 255 stands for 2100,
 * one of 254 for a key that cannot be read.
 */
#include "ctl/vif_keys.h"

#include <errno.h>

#include "ctl/vif_config.h"
#include "ctl/vif_live.h"
#include "fuzz/fuzz.h"
#include "proto/keys.h"

#define DIR "vif"
#define MAX_QUEUES 2u
#define N_POLLERS 3u
#define LONG 2100u /* beyond LIMIT_STORE_VALUE */

static const char *const names[] = {
	KEY_TX_RING_REF, KEY_RX_RING_REF, KEY_CTRL_RING_REF, KEY_EVTCHN, KEY_EVTCHN_TX, KEY_EVTCHN_RX, KEY_EVTCHN_CTRL,
	KEY_NUM_QUEUES, KEY_REQUEST_RX_COPY, KEY_FEATURE_SG, KEY_FEATURE_GSO_TCPV4, KEY_FEATURE_GSO_TCPV6,
	KEY_FEATURE_NO_CSUM, KEY_FEATURE_IPV6_CSUM, KEY_FRONTEND, KEY_FRONTEND_ID, KEY_MAC, KEY_BRIDGE, KEY_SCRIPT, KEY_MTU,
	KEY_HOTPLUG_STATUS, "queue-0/tx-ring-ref", "queue-0/rx-ring-ref", "queue-0/event-channel-tx", "queue-0/event-channel-rx",
	"queue-1/tx-ring-ref", "queue-1/rx-ring-ref", "queue-1/event-channel",
	KEY_FEATURE_RX_NOTIFY, KEY_XDP_HEADROOM, KEY_IP, KEY_VLAN, KEY_RATE, KEY_RATE_TO_GUEST, KEY_MAC_ANTISPOOF, KEY_IP_ANTISPOOF,
	KEY_PRIORITY, KEY_POLLERS,
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

static struct {
	const uint8_t *value; /* NULL: there is none */
	unsigned len;
	bool hidden;
} keys[N_NAMES];
static uint8_t filler[LONG];
static unsigned commits, n_open;

/* The store: an allocation of just the value's size, so that who reads beyond is caught. */
static char *
store_read(struct store *store, uint32_t tx, const char *path, unsigned *len)
{
	const char *name = path + strlen(DIR "/");
	unsigned i = 0;

	(void)store, (void)tx;
	while (i < N_NAMES && strcmp(names[i], name) != 0)
		i++;
	if (i == N_NAMES || keys[i].hidden || keys[i].value == NULL) {
		errno = i < N_NAMES && keys[i].hidden ? EACCES : ENOENT;
		return NULL;
	}
	char *value = malloc(keys[i].len + 1);
	memcpy(value, keys[i].value, keys[i].len);
	value[keys[i].len] = '\0';
	if (len != NULL)
		*len = keys[i].len;
	return value;
}

static uint32_t
store_begin(struct store *store)
{
	(void)store;
	errno = commits == 0xff ? ENOMEM : 0;
	n_open += commits < 0xfe;
	return commits < 0xfe ? 1 : 0;
}

/* The lowest bits say how often somebody else was faster. */
static int
store_commit(struct store *store, uint32_t tx)
{
	(void)store, (void)tx;
	n_open--;
	if (commits % 16 == 0)
		return commits & 0x80 ? -EIO : 0;
	commits--;
	return -EAGAIN;
}

static const struct store_ops ops = { .read = store_read, .begin = store_begin, .commit = store_commit };
static const struct xstore xs = { .ops = &ops };

static void
take_keys(struct input *in)
{
	memset(keys, 0, sizeof(keys));
	while (in->left > 1) {
		unsigned i = take(in, 1) % N_NAMES, len = take(in, 1);

		keys[i].hidden = len == 254;
		keys[i].len = len == 255 ? LONG : len < in->left ? len : (unsigned)in->left;
		keys[i].value = len == 255 ? filler : in->at;
		if (len < 254)
			in->at += keys[i].len, in->left -= keys[i].len;
	}
}

/* A sentence has an end and nothing in it that a terminal would obey. */
static void
check_sentence(const char *why, size_t size)
{
	size_t len = strnlen(why, size);

	MUST(len > 0 && len < size);
	for (size_t i = 0; i < len; i++)
		MUST(why[i] >= ' ' && why[i] <= '~');
}

static void
read_keys(void)
{
	struct vif_keys k;
	char why[256] = "";
	int ret = vif_keys_read(&xs, DIR, MAX_QUEUES, &k, why, sizeof(why));

	MUST(n_open == 0);
	if (ret < 0) {
		check_sentence(why, sizeof(why));
		return;
	}
	MUST(k.headroom <= LIMIT_XDP_HEADROOM);
	MUST(k.n_queues >= 1 && k.n_queues <= MAX_QUEUES);
	for (unsigned i = 0; i < k.n_queues; i++) {
		const struct vif_queue_keys *q = &k.queue[i];

		MUST(q->tx_ref != q->rx_ref && q->evtchn_tx >= 1 && q->evtchn_tx < 0x80000000u && q->evtchn_rx >= 1 &&
		     q->evtchn_rx < 0x80000000u);
		MUST(i == 0 || (q->tx_ref != k.queue[0].tx_ref && q->rx_ref != k.queue[0].tx_ref &&
				q->evtchn_tx != k.queue[0].evtchn_rx && q->evtchn_rx != k.queue[0].evtchn_rx));
		MUST(!k.has_ctrl || (k.ctrl_ref != q->tx_ref && k.ctrl_ref != q->rx_ref && k.evtchn_ctrl >= 1));
	}
}

static void
read_config(enum hotplug_mode mode)
{
	struct vif_config c;
	char why[256] = "";
	int ret = vif_config_read(&xs, DIR, 5, mode, &c, why, sizeof(why));

	hotplug_read(&xs, DIR);
	if (ret == -EINVAL)
		check_sentence(why, sizeof(why));
	if (ret < 0)
		return;
	MUST(c.frontend[0] == '/' && memchr(c.frontend, '\0', sizeof(c.frontend)) != NULL);
	MUST(memchr(c.bridge, '\0', sizeof(c.bridge)) != NULL);
}

/* What the operator may change; as it is at first, and again: the second reading finds nothing new. */
static void
read_live(bool switched)
{
	struct vif_live live, again;
	char why[256] = "";

	vif_live_init(&live, switched, N_POLLERS);
	int ret = vif_live_read(&xs, DIR, &live, why, sizeof(why));
	if (ret == -EINVAL)
		check_sentence(why, sizeof(why));
	again = live;
	MUST(vif_live_read(&xs, DIR, &again, why, sizeof(why)) == ret && memcmp(&again, &live, sizeof(live)) == 0);
	MUST(memchr(live.mac_text, '\0', sizeof(live.mac_text)) != NULL && live.max_frame <= 65535);
	MUST((switched || live.max_frame == 0) && live.weight >= 1 && live.weight <= LIMIT_WEIGHT);
	MUST(live.policy.n_ipv4 <= POLICY_IPS_MAX && live.policy.n_ipv6 <= POLICY_IPS_MAX && live.policy.vlans.pvid <= 4094);
	MUST(!live.policy.check_mac || live.has_mac);
	MUST(live.n_pins <= LIMIT_QUEUES);
	for (unsigned i = 0; i < live.n_pins; i++)
		MUST(live.pin[i] < N_POLLERS);
}

/* What the reader above is woken for: the whole names of its keys alone. */
static void
check_watched_names(void)
{
	MUST(vif_live_has_key(KEY_RATE, strlen(KEY_RATE)) && !vif_live_has_key(KEY_BRIDGE, strlen(KEY_BRIDGE)));
	for (unsigned i = 0; i < N_NAMES; i++)
		MUST(!vif_live_has_key(names[i], strlen(names[i]) - 1));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned n;

	MUST(vif_keys_features(&n) != NULL && n > 0);
	check_watched_names();
	memset(filler, '9', sizeof(filler));
	commits = take(&in, 1);
	take_keys(&in);
	read_config(commits & 1 ? HOTPLUG_SELF : HOTPLUG_SCRIPT);
	read_live(commits & 1);
	read_keys();
	return 0;
}
