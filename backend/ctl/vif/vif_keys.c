/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys by which backend and frontend negotiate. Source: netif.h. */
#include "ctl/vif/vif_keys.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "dp/vif/port_vif.h"
#include "proto/keys.h"
#include "proto/limits.h"

#define KEYS_TX_TRIES 10       /* a frontend that changes its keys more often is not ready */
#define EVTCHN_MAX 0x7FFFFFFFu /* xenevtchn.h: a port fits in 31 bits */
#define KEY_QUEUE_SIZE 64      /* longest KEY_QUEUE, with its NUL */
#define SHOWN_SIZE 48          /* of a guest's value in a message */

/* Features that are not listed count as 0. */
static const struct node_value features[] = {
	{ KEY_FEATURE_SG, "1" },           { KEY_FEATURE_GSO_TCPV4, "1" },
	{ KEY_FEATURE_GSO_TCPV6, "1" },    { KEY_FEATURE_IPV6_CSUM, "1" },
	{ KEY_FEATURE_RX_COPY, "1" },      { KEY_FEATURE_RX_FLIP, "0" },
	{ KEY_FEATURE_SPLIT_EVENTS, "1" }, { KEY_FEATURE_CTRL_RING, "1" },
	{ KEY_FEATURE_MCAST, "1" },        { KEY_FEATURE_MCAST_DYNAMIC, "1" },
	{ KEY_FEATURE_XDP, "1" },
};

const struct node_value *
vif_keys_features(unsigned *n)
{
	*n = ARRAY_SIZE(features);
	return features;
}

/* One pass over the directory. */
struct keys_reader {
	const struct xstore *xs;
	uint32_t tx;
	const char *dir;
	unsigned max_queues;
	char *why;
	size_t why_size;
};

/* Reads a number from `min` to `max`. */
static int
read_number(const struct keys_reader *r, const char *key, uint32_t min, uint32_t max, uint32_t *out)
{
	char shown[SHOWN_SIZE] = "";
	uint32_t value;
	int ret = node_read_number(r->xs, r->tx, r->dir, key, max, &value, shown, sizeof(shown));

	if (ret == 0 && value < min) {
		snprintf(shown, sizeof(shown), "%u", value);
		ret = -EINVAL;
	}
	if (ret == -EINVAL)
		snprintf(r->why, r->why_size,
			 "the frontend's key %s is \"%s\", not a number from %u to %u", key, shown,
			 min, max);
	else if (ret < 0)
		snprintf(r->why, r->why_size, "the frontend's key %s cannot be read: %s", key,
			 strerror(-ret));
	if (ret == 0)
		*out = value;
	return ret;
}

/* Reads 0 or 1; a missing key is 0. */
static int
read_flag(const struct keys_reader *r, const char *key, bool *out)
{
	uint32_t value = 0;
	int ret = read_number(r, key, 0, 1, &value);

	if (ret < 0 && ret != -ENOENT)
		return ret;
	*out = value == 1;
	return 0;
}

/* Reads a number of one queue; with several queues, it is below queue-N. */
static int
read_queue_number(const struct keys_reader *r, int queue, const char *key, uint32_t min,
		  uint32_t max, uint32_t *out)
{
	char path[KEY_QUEUE_SIZE];

	if (queue < 0)
		return read_number(r, key, min, max, out);
	snprintf(path, sizeof(path), KEY_QUEUE, (unsigned)queue, key);
	return read_number(r, path, min, max, out);
}

/* Reads one channel for both directions, or one for each. */
static int
read_evtchns(const struct keys_reader *r, int queue, struct vif_queue_keys *keys)
{
	int ret = read_queue_number(r, queue, KEY_EVTCHN_TX, 1, EVTCHN_MAX, &keys->evtchn_tx);

	if (ret == -ENOENT) {
		ret = read_queue_number(r, queue, KEY_EVTCHN, 1, EVTCHN_MAX, &keys->evtchn_tx);
		keys->evtchn_rx = keys->evtchn_tx;
		return ret;
	}
	if (ret == 0)
		ret = read_queue_number(r, queue, KEY_EVTCHN_RX, 1, EVTCHN_MAX, &keys->evtchn_rx);
	if (ret == 0 && keys->evtchn_tx == keys->evtchn_rx) {
		snprintf(r->why, r->why_size,
			 "the frontend offers one event channel as if it were two");
		ret = -EINVAL;
	}
	return ret;
}

static int
read_queue(const struct keys_reader *r, int queue, struct vif_queue_keys *keys)
{
	int ret = read_queue_number(r, queue, KEY_TX_RING_REF, 0, UINT32_MAX, &keys->tx_ref);

	if (ret == 0)
		ret = read_queue_number(r, queue, KEY_RX_RING_REF, 0, UINT32_MAX, &keys->rx_ref);
	if (ret == 0 && keys->tx_ref == keys->rx_ref) {
		snprintf(r->why, r->why_size, "the frontend offers the same page for both rings");
		ret = -EINVAL;
	}
	return ret == 0 ? read_evtchns(r, queue, keys) : ret;
}

/* Returns whether queue `i` shares a page or a channel with an earlier queue. */
static bool
shares_with_another(const struct vif_keys *keys, unsigned i)
{
	const struct vif_queue_keys *x = &keys->queue[i];

	for (unsigned j = 0; j < i; j++) {
		const struct vif_queue_keys *y = &keys->queue[j];
		if (x->tx_ref == y->tx_ref || x->tx_ref == y->rx_ref || x->rx_ref == y->tx_ref ||
		    x->rx_ref == y->rx_ref || x->evtchn_tx == y->evtchn_tx ||
		    x->evtchn_tx == y->evtchn_rx || x->evtchn_rx == y->evtchn_tx ||
		    x->evtchn_rx == y->evtchn_rx)
			return true;
	}
	return false;
}

static int
read_queues(const struct keys_reader *r, struct vif_keys *keys)
{
	uint32_t n_queues = 1;
	int ret = read_number(r, KEY_NUM_QUEUES, 1, r->max_queues, &n_queues);

	if (ret < 0 && ret != -ENOENT)
		return ret;
	keys->n_queues = n_queues;
	for (unsigned i = 0; i < n_queues; i++) {
		ret = read_queue(r, n_queues == 1 ? -1 : (int)i, &keys->queue[i]);
		if (ret < 0)
			return ret;
		if (!shares_with_another(keys, i))
			continue;
		snprintf(r->why, r->why_size,
			 "the frontend offers the same page or event channel for two queues");
		return -EINVAL;
	}
	return 0;
}

/* Returns whether a queue has that page or that channel. */
static bool
is_of_a_queue(const struct vif_keys *keys, uint32_t ref, uint32_t evtchn)
{
	for (unsigned i = 0; i < keys->n_queues; i++) {
		const struct vif_queue_keys *q = &keys->queue[i];
		if (q->tx_ref == ref || q->rx_ref == ref || q->evtchn_tx == evtchn ||
		    q->evtchn_rx == evtchn)
			return true;
	}
	return false;
}

static int
read_ctrl(const struct keys_reader *r, struct vif_keys *keys)
{
	int ret = read_number(r, KEY_CTRL_RING_REF, 0, UINT32_MAX, &keys->ctrl_ref);

	keys->has_ctrl = ret == 0;
	if (ret == -ENOENT)
		return 0;
	if (ret == 0)
		ret = read_number(r, KEY_EVTCHN_CTRL, 1, EVTCHN_MAX, &keys->evtchn_ctrl);
	if (ret == 0 && is_of_a_queue(keys, keys->ctrl_ref, keys->evtchn_ctrl)) {
		snprintf(
			r->why, r->why_size,
			"the frontend offers the same page or event channel for its control ring and another one");
		ret = -EINVAL;
	}
	return ret;
}

static int
read_features(const struct keys_reader *r, struct vif_keys *keys)
{
	static const struct {
		const char *key;
		uint32_t bit;
		bool means_not;
	} flags[] = {
		{ KEY_FEATURE_SG, VIF_GUEST_SG, false },
		{ KEY_FEATURE_GSO_TCPV4, VIF_GUEST_GSO4, false },
		{ KEY_FEATURE_GSO_TCPV6, VIF_GUEST_GSO6, false },
		{ KEY_FEATURE_NO_CSUM, VIF_GUEST_CSUM4, true },
		{ KEY_FEATURE_IPV6_CSUM, VIF_GUEST_CSUM6, false },
		{ KEY_FEATURE_RX_NOTIFY, VIF_GUEST_RX_NOTIFY, false },
	};
	bool set;

	keys->guest = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++) {
		int ret = read_flag(r, flags[i].key, &set);
		if (ret < 0)
			return ret;
		if (set != flags[i].means_not)
			keys->guest |= flags[i].bit;
	}
	int ret = read_flag(r, KEY_REQUEST_RX_COPY, &set);
	if (ret == 0 && !set) {
		snprintf(r->why, r->why_size,
			 "the frontend does not set %s: only copying is supported",
			 KEY_REQUEST_RX_COPY);
		ret = -EOPNOTSUPP;
	}
	return ret;
}

/*
 * As in xen-netback, this never fails: an invalid number is 0, and a number that is too big is the
 * maximum. Each frame tells the frontend what it got.
 */
uint16_t
vif_keys_read_headroom(const struct xstore *xs, uint32_t tx, const char *dir)
{
	uint32_t value;

	if (node_read_number(xs, tx, dir, KEY_XDP_HEADROOM, UINT32_MAX, &value, NULL, 0) < 0)
		return 0;
	return (uint16_t)util_min(value, LIMIT_XDP_HEADROOM);
}

/* FNV-1a. */
uint64_t
vif_keys_sum(const struct vif_keys *keys)
{
	uint64_t sum = 0xcbf29ce484222325;
	const uint8_t *at = (const void *)keys->queue;

	for (size_t i = 0; i < keys->n_queues * sizeof(keys->queue[0]); i++)
		sum = (sum ^ at[i]) * 0x100000001b3;
	return (sum ^ keys->n_queues) * 0x100000001b3;
}

static int
keys_read_all(const struct keys_reader *r, struct vif_keys *keys)
{
	int ret = read_queues(r, keys);

	if (ret == 0)
		ret = read_ctrl(r, keys);
	if (ret == 0)
		ret = read_features(r, keys);
	keys->headroom = vif_keys_read_headroom(r->xs, r->tx, r->dir);
	return ret;
}

int
vif_keys_read(const struct xstore *xs, const char *dir, unsigned max_queues, struct vif_keys *keys,
	      char *why, size_t why_size)
{
	struct keys_reader r = {
		.xs = xs, .dir = dir, .max_queues = max_queues, .why = why, .why_size = why_size
	};

	for (unsigned i = 0; i < KEYS_TX_TRIES; i++) {
		r.tx = xs->ops->begin(xs->conn);
		if (r.tx == 0) {
			snprintf(why, why_size, "xenstore cannot start a transaction: %s",
				 strerror(errno));
			return errno == 0 ? -EIO : -errno;
		}
		int ret = keys_read_all(&r, keys);
		/* Even an error may come from half a change: the commit tells. */
		int end = xs->ops->commit(xs->conn, r.tx);
		if (end == 0)
			return ret;
		if (end != -EAGAIN) {
			snprintf(why, why_size, "xenstore cannot end a transaction: %s",
				 strerror(-end));
			return end;
		}
	}
	snprintf(why, why_size, "the frontend's keys keep changing");
	return -EAGAIN;
}
