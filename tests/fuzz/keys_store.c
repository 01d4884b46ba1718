/* SPDX-License-Identifier: BSD-3-Clause */
/* A store of one directory, whose keys are an input's. */
#include "fuzz/keys_store.h"

#include <errno.h>

#include "fuzz/fuzz.h"
#include "proto/keys.h"

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
static unsigned commits;

unsigned keys_store_open;

/* The store: an allocation of just the value's size, so that who reads beyond is caught. */
static char *
store_read(struct store *store, uint32_t tx, const char *path, unsigned *len)
{
	const char *name = path + strlen(KEYS_STORE_DIR "/");
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
	keys_store_open += commits < 0xfe;
	return commits < 0xfe ? 1 : 0;
}

/* The lowest bits say how often somebody else was faster. */
static int
store_commit(struct store *store, uint32_t tx)
{
	(void)store, (void)tx;
	keys_store_open--;
	if (commits % 16 == 0)
		return commits & 0x80 ? -EIO : 0;
	commits--;
	return -EAGAIN;
}

static const struct store_ops ops = { .read = store_read, .begin = store_begin, .commit = store_commit };
const struct xstore keys_store = { .ops = &ops };

void
keys_store_fill(struct input *in, unsigned outcomes)
{
	commits = outcomes;
	memset(filler, '9', sizeof(filler));
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

const char *
keys_store_name(unsigned i)
{
	return i < N_NAMES ? names[i] : NULL;
}
