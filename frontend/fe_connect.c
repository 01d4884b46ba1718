/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps of the xenbus handshake. */
#include "fe_connect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "proto/keys.h"
#include "proto/limits.h"

#define STATE(name) (1u << XenbusState##name)
#define COMMIT_TRIES 20

/* Ends any connection. The backend is then in Closed, unless it is gone. */
static int
close_backend(struct vpe_fe *fe)
{
	const struct fe_store *st = &fe->store;

	int ret = fe_store_set_state(st, XenbusStateClosing);
	if (ret == 0)
		ret = fe_store_await(st, STATE(Closing) | STATE(Closed) | STATE(Unknown),
				     fe->timeout_ms);
	if (ret >= 0)
		ret = fe_store_set_state(st, XenbusStateClosed);
	if (ret == 0)
		ret = fe_store_await(st, STATE(Closed) | STATE(InitWait) | STATE(Unknown),
				     fe->timeout_ms);
	return ret < 0 ? ret : 0;
}

int
fe_connect_prepare(struct vpe_fe *fe)
{
	const struct fe_store *st = &fe->store;
	int state = fe_store_back_state(st), ret = 0;

	if (state != XenbusStateInitWait && state != XenbusStateClosed)
		ret = close_backend(fe);
	if (ret == 0)
		ret = fe_store_set_state(st, XenbusStateInitialising);
	if (ret == 0)
		ret = fe_store_await(st, STATE(InitWait), fe->timeout_ms);
	return ret < 0 ? ret : 0;
}

static int
parse_mac(const char *text, uint8_t mac[6])
{
	int end = 0;

	if (text == NULL)
		return -EPROTO;
	int n = sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2],
		       &mac[3], &mac[4], &mac[5], &end);
	return n == 6 && text[end] == '\0' ? 0 : -EPROTO;
}

int
fe_connect_look(struct vpe_fe *fe, unsigned *n_queues_max)
{
	const struct fe_store *st = &fe->store;
	struct vpe_fe_info *info = &fe->info;
	char *mac = fe_store_front_text(st, KEY_MAC);
	int ret = parse_mac(mac, info->mac);

	free(mac);
	if (ret < 0 || fe_store_back_number(st, KEY_FEATURE_RX_COPY, 0) != 1)
		return -EPROTO;
	long mtu = fe_store_front_number(st, KEY_MTU, 1500);
	info->mtu = (uint16_t)(mtu >= 68 && mtu <= 65521 ? mtu : 1500);
	info->sg = fe_store_back_number(st, KEY_FEATURE_SG, 0) == 1;
	info->gso_tcpv4 = fe_store_back_number(st, KEY_FEATURE_GSO_TCPV4, 0) == 1;
	info->gso_tcpv6 = fe_store_back_number(st, KEY_FEATURE_GSO_TCPV6, 0) == 1;
	info->csum_ipv6 = fe_store_back_number(st, KEY_FEATURE_IPV6_CSUM, 0) == 1;
	info->backend = st->backend;
	fe->use_ctrl = !fe->no_static && fe_store_back_number(st, KEY_FEATURE_CTRL_RING, 0) == 1;
	long n = fe_store_back_number(st, KEY_MAX_QUEUES, 1);
	*n_queues_max = (unsigned)(n >= 1 && n <= (long)FE_QUEUES_MAX ? n : 1);
	return 0;
}

static uint32_t
peer_of(const struct vpe_fe_info *info)
{
	return (info->sg ? FE_PEER_SG : 0) | (info->gso_tcpv4 ? FE_PEER_GSO4 : 0) |
	       (info->gso_tcpv6 ? FE_PEER_GSO6 : 0) | (info->csum_ipv6 ? FE_PEER_CSUM6 : 0);
}

/*
 * netif.h: a single queue has its keys in the frontend's own directory, several have a directory
 * each.
 */
static int
publish_queue(const struct vpe_fe *fe, uint32_t tx, const struct fe_queue *q)
{
	static const char *const key[] = { KEY_TX_RING_REF, KEY_RX_RING_REF, KEY_EVTCHN };
	const unsigned long value[] = { q->tx_ref, q->rx_ref, (unsigned long)q->port };
	char path[64];
	int ret = 0;

	for (unsigned i = 0; i < 3 && ret == 0; i++) {
		if (fe->info.n_queues == 1)
			snprintf(path, sizeof(path), "%s", key[i]);
		else
			snprintf(path, sizeof(path), "queue-%u/%s", q->idx, key[i]);
		ret = fe_store_write(&fe->store, tx, path, value[i]);
	}
	return ret;
}

static int
publish_features(const struct vpe_fe *fe, uint32_t tx)
{
	const struct {
		const char *key;
		unsigned long value;
	} feature[] = {
		{ KEY_REQUEST_RX_COPY, 1 },
		{ "feature-rx-notify", 1 },
		{ KEY_FEATURE_SG, 1 },
		{ KEY_FEATURE_GSO_TCPV4, !fe->no_gso },
		{ KEY_FEATURE_GSO_TCPV6, !fe->no_gso },
		{ KEY_FEATURE_IPV6_CSUM, 1 },
		{ KEY_NUM_QUEUES, fe->info.n_queues },
	};
	int ret = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(feature) && ret == 0; i++)
		ret = fe_store_write(&fe->store, tx, feature[i].key, feature[i].value);
	return ret;
}

/*
 * Removes keys that the next frontend might not overwrite: a backend looks for split event channels
 * first, and for a control ring, which netfront does not use.
 */
static void
forget_frontend(const struct fe_store *st)
{
	char path[16];

	fe_store_remove(st, KEY_EVTCHN_TX);
	fe_store_remove(st, KEY_EVTCHN_RX);
	fe_store_remove(st, KEY_CTRL_RING_REF);
	fe_store_remove(st, KEY_EVTCHN_CTRL);
	for (unsigned i = 0; i < FE_QUEUES_MAX; i++) {
		snprintf(path, sizeof(path), "queue-%u", i);
		fe_store_remove(st, path);
	}
}

static int
publish_ctrl(const struct vpe_fe *fe, uint32_t tx)
{
	if (!fe->use_ctrl)
		return 0;
	int ret = fe_store_write(&fe->store, tx, KEY_CTRL_RING_REF, fe->ctrl.ring_ref);
	return ret == 0 ? fe_store_write(&fe->store, tx, KEY_EVTCHN_CTRL,
					 (unsigned long)fe->ctrl.port)
			: ret;
}

static int
publish(struct vpe_fe *fe)
{
	const struct fe_store *st = &fe->store;
	int ret = -EAGAIN;

	forget_frontend(st);
	for (int tries = 0; tries < COMMIT_TRIES && ret == -EAGAIN; tries++) {
		uint32_t tx = st->ops->begin(st->store);
		if (tx == 0)
			return -errno;
		ret = publish_features(fe, tx);
		if (ret == 0)
			ret = publish_ctrl(fe, tx);
		for (unsigned i = 0; i < fe->info.n_queues && ret == 0; i++)
			ret = publish_queue(fe, tx, &fe->queue[i]);
		if (ret == 0)
			ret = st->ops->commit(st->store, tx);
		else
			st->ops->abort(st->store, tx);
	}
	fe->store.published |= ret == 0;
	return ret;
}

int
fe_connect_finish(struct vpe_fe *fe)
{
	for (unsigned i = 0; i < fe->info.n_queues; i++) {
		fe->queue[i].peer = peer_of(&fe->info);
		fe_queue_post(&fe->queue[i]);
	}
	int ret = publish(fe);
	if (ret == 0)
		ret = fe_store_set_state(&fe->store, XenbusStateConnected);
	if (ret == 0)
		ret = fe_store_await(&fe->store, STATE(Connected) | STATE(Closing) | STATE(Closed),
				     fe->timeout_ms);
	if (ret >= 0 && ret != XenbusStateConnected)
		return -EPROTO;
	/* xen-netback connects in steps and may have missed a notification. */
	for (unsigned i = 0; i < fe->info.n_queues && ret >= 0; i++)
		fe_queue_notify(&fe->queue[i]);
	return ret < 0 ? ret : 0;
}

/* Shares all buffers of a queue, one list at a time. */
static int
share_queue(struct vpe_fe *fe, const struct fe_queue *q, unsigned n_max)
{
	uint32_t ref[LIMIT_STATIC_LIST];
	unsigned n_shared = 0, n = 0;
	int ret = 0;

	for (unsigned i = 0; i < q->n_buf && ret == 0; i++) {
		ref[n++] = q->buf[i].ref;
		if (n < LIMIT_STATIC_LIST && i + 1 < q->n_buf)
			continue;
		if (n_shared + n > n_max)
			break;
		ret = fe_ctrl_add(&fe->ctrl, q->idx, ref, n, fe->timeout_ms);
		n_shared += ret == 0 ? n : 0;
		n = 0;
	}
	fe->info.n_static += n_shared;
	return ret == -EINVAL ? 0 : ret; /* refused: the hypervisor copies the rest */
}

int
fe_connect_share_buffers(struct vpe_fe *fe)
{
	int ret = 0;

	fe->info.n_static = 0;
	for (unsigned i = 0; fe->use_ctrl && i < fe->info.n_queues && ret == 0; i++) {
		ret = fe_ctrl_size(&fe->ctrl, i, fe->timeout_ms);
		if (ret > 0)
			ret = share_queue(fe, &fe->queue[i], (unsigned)ret);
	}
	return ret;
}

int
fe_connect_end(struct vpe_fe *fe)
{
	int ret = close_backend(fe);

	forget_frontend(&fe->store);
	if (ret == 0)
		ret = fe_store_set_state(&fe->store, XenbusStateInitialising);
	return ret;
}
