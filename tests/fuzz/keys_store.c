/* SPDX-License-Identifier: BSD-3-Clause */
/* A directory of the fake store, whose keys are an input's. */
#include "fuzz/keys_store.h"

#include <errno.h>
#include <limits.h>

#include "fakes/fake_xen.h"
#include "proto/keys.h"

#define SELF 1u
#define LONG 2100u /* beyond LIMIT_STORE_VALUE */

static const char *const names[] = {
	KEY_TX_RING_REF,
	KEY_RX_RING_REF,
	KEY_CTRL_RING_REF,
	KEY_EVTCHN,
	KEY_EVTCHN_TX,
	KEY_EVTCHN_RX,
	KEY_EVTCHN_CTRL,
	KEY_NUM_QUEUES,
	KEY_REQUEST_RX_COPY,
	KEY_FEATURE_SG,
	KEY_FEATURE_GSO_TCPV4,
	KEY_FEATURE_GSO_TCPV6,
	KEY_FEATURE_NO_CSUM,
	KEY_FEATURE_IPV6_CSUM,
	KEY_FRONTEND,
	KEY_FRONTEND_ID,
	KEY_MAC,
	KEY_BRIDGE,
	KEY_SCRIPT,
	KEY_MTU,
	KEY_HOTPLUG_STATUS,
	"queue-0/tx-ring-ref",
	"queue-0/rx-ring-ref",
	"queue-0/event-channel-tx",
	"queue-0/event-channel-rx",
	"queue-1/tx-ring-ref",
	"queue-1/rx-ring-ref",
	"queue-1/event-channel",
	KEY_FEATURE_RX_NOTIFY,
	KEY_XDP_HEADROOM,
	KEY_IP,
	KEY_VLAN,
	KEY_RATE,
	KEY_RATE_TO_GUEST,
	KEY_MAC_ANTISPOOF,
	KEY_IP_ANTISPOOF,
	KEY_PRIORITY,
	KEY_POLLERS,
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

struct xstore keys_store;
static bool hidden[N_NAMES];

static void
fail_commits(void *arg)
{
	(void)arg;
	fake_store_fail(FAKE_STORE_COMMIT, 0, UINT_MAX, EIO);
}

/* The lowest bits say how often somebody else is faster, the highest one what comes then. */
static void
set_outcomes(unsigned outcomes)
{
	fake_store_fail(FAKE_STORE_COMMIT, 0, outcomes % 16, EAGAIN);
	if (outcomes & 0x80)
		fake_store_on_begin(outcomes % 16, fail_commits, NULL);
	if (outcomes >= 0xfe)
		fake_store_fail(FAKE_STORE_BEGIN, 0, UINT_MAX,
				outcomes == 0xff ? ENOMEM : FAKE_STORE_NO_ERRNO);
}

static void
put(unsigned i, const void *value, unsigned len, bool hide)
{
	static const struct fake_perms shown = { .n_others = 1, .others = { { SELF, 'r' } } };
	static const struct fake_perms nobody = { .owner = 0 };
	char path[128];

	snprintf(path, sizeof(path), "/local/domain/%u/" KEYS_STORE_DIR "/%s", SELF, names[i]);
	MUST(fake_store_write_bytes(path, value, len) == 0);
	if (hidden[i] != hide)
		MUST(fake_store_set_perms(path, hide ? &nobody : &shown) == 0);
	hidden[i] = hide;
}

void
keys_store_open(struct input *in, unsigned outcomes)
{
	static char filler[LONG];

	fake_reset(SELF);
	fake_abort_on_violation();
	keys_store = (struct xstore){ .ops = fake_xen()->store, .conn = fake_xen()->store->open() };
	set_outcomes(outcomes);
	memset(filler, '9', sizeof(filler));
	memset(hidden, 0, sizeof(hidden));
	while (in->left > 1) {
		unsigned i = take(in, 1) % N_NAMES, len = take(in, 1);

		if (len == 255) {
			put(i, filler, LONG, false);
		} else if (len == 254) {
			put(i, "", 0, true);
		} else {
			len = len < in->left ? len : (unsigned)in->left;
			put(i, in->at, len, false);
			in->at += len, in->left -= len;
		}
	}
}

void
keys_store_check(void)
{
	struct fake_leaks leaks;

	fake_leaks(&leaks);
	MUST(leaks.n_transactions == 0);
}

void
keys_store_close(void)
{
	char why[256];

	keys_store.ops->close(keys_store.conn);
	MUST(fake_leak_free(why, sizeof(why)));
}

const char *
keys_store_name(unsigned i)
{
	return i < N_NAMES ? names[i] : NULL;
}
