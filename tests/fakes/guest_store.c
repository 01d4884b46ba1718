/* SPDX-License-Identifier: BSD-3-Clause */
/* The store side of a vif. Called by tests; calls the fake store as dom0 and as the guest. */
#include "fakes/guest_store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- paths ----------------------------------------------------------------------------------- */

static struct guest_path __attribute__((format(printf, 1, 2))) path_of(const char *fmt, ...)
{
	struct guest_path path;
	va_list args;

	va_start(args, fmt);
	int len = vsnprintf(path.text, sizeof(path.text), fmt, args);
	va_end(args);
	if (len > 0 && path.text[len - 1] == '/')
		path.text[len - 1] = '\0';
	return path;
}

struct guest_path
guest_back(const struct guest *g, const char *key)
{
	return path_of("/local/domain/%u/backend/vif/%u/%u/%s", g->params.backend, g->params.domid,
		       g->params.devid, key);
}

struct guest_path
guest_front(const struct guest *g, const char *key)
{
	return path_of("/local/domain/%u/device/vif/%u/%s", g->params.domid, g->params.devid, key);
}

struct guest_path
guest_error(const struct guest *g)
{
	return path_of("/local/domain/%u/error/backend/vif/%u/%u/error", g->params.backend,
		       g->params.domid, g->params.devid);
}

/* ---- one transaction of one domain ----------------------------------------------------------- */

struct batch {
	const struct store_ops *ops;
	struct store *store;
	uint32_t tx;
};

static void
batch_begin(struct batch *batch, uint32_t domid)
{
	batch->ops = fake_xen()->store;
	batch->store = fake_store_connect(domid);
	batch->tx = batch->ops->begin(batch->store);
}

static void __attribute__((format(printf, 3, 4)))
batch_put(struct batch *batch, struct guest_path path, const char *fmt, ...)
{
	char value[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	batch->ops->write(batch->store, batch->tx, path.text, value);
}

/* 0, or -EAGAIN: do it all again. */
static int
batch_end(struct batch *batch)
{
	int ret = batch->ops->commit(batch->store, batch->tx);

	batch->ops->close(batch->store);
	return ret;
}

/* ---- the toolstack --------------------------------------------------------------------------- */

static void
make_dir(struct batch *batch, struct guest_path path, uint32_t owner, uint32_t reader)
{
	struct fake_perms perms = { .owner = owner, .n_others = 1, .others = { { reader, 'r' } } };

	if (fake_store_exists(path.text))
		return;
	batch_put(batch, path, "%s", "");
	fake_store_set_perms_in(batch->store, batch->tx, path.text, &perms);
}

/*
 * libxl__device_generic_add(): the backend may write its directory, the guest its own; each reads
 * the other's.
 */
static void
make_dirs(struct batch *batch, const struct guest *g)
{
	uint32_t domid = g->params.domid, backend = g->params.backend;

	make_dir(batch, path_of("/local/domain/%u", domid), 0, domid);
	make_dir(batch, guest_front(g, ""), domid, backend);
	make_dir(batch, guest_back(g, ""), backend, domid);
}

static void
put_back(struct batch *batch, const struct guest *g, const struct toolstack_vif *vif,
	 const char *mac)
{
	batch_put(batch, guest_back(g, "frontend"), "%s", guest_front(g, "").text);
	batch_put(batch, guest_back(g, "frontend-id"), "%u", g->params.domid);
	batch_put(batch, guest_back(g, "online"), "1");
	batch_put(batch, guest_back(g, "state"), "1");
	batch_put(batch, guest_back(g, "script"), "%s",
		  vif->script ? vif->script : "/etc/xen/scripts/vif-vpe");
	batch_put(batch, guest_back(g, "mac"), "%s", mac);
	batch_put(batch, guest_back(g, "bridge"), "%s", vif->bridge ? vif->bridge : "xenbr0");
	batch_put(batch, guest_back(g, "handle"), "%u", g->params.devid);
	batch_put(batch, guest_back(g, "type"), "vif");
	batch_put(batch, guest_back(g, "hotplug-status"), "%s", "");
	if (vif->mtu != 0)
		batch_put(batch, guest_back(g, "mtu"), "%u", vif->mtu);
	if (vif->rate != NULL)
		batch_put(batch, guest_back(g, "rate"), "%s", vif->rate);
	if (vif->ip != NULL)
		batch_put(batch, guest_back(g, "ip"), "%s", vif->ip);
	if (vif->vlan != NULL)
		batch_put(batch, guest_back(g, "vlan"), "%s", vif->vlan);
	if (vif->mac_antispoof != NULL)
		batch_put(batch, guest_back(g, "mac-antispoof"), "%s", vif->mac_antispoof);
}

static void
put_front(struct batch *batch, const struct guest *g, const struct toolstack_vif *vif,
	  const char *mac)
{
	batch_put(batch, guest_front(g, "backend"), "%s", guest_back(g, "").text);
	batch_put(batch, guest_front(g, "backend-id"), "%u", g->params.backend);
	batch_put(batch, guest_front(g, "state"), "1");
	batch_put(batch, guest_front(g, "handle"), "%u", g->params.devid);
	batch_put(batch, guest_front(g, "mac"), "%s", mac);
	batch_put(batch, guest_front(g, "trusted"), "1");
	batch_put(batch, guest_front(g, "mtu"), "%u", vif->mtu != 0 ? vif->mtu : 1500);
}

void
toolstack_add(const struct guest *g, const struct toolstack_vif *vif)
{
	static const struct toolstack_vif usual;
	char mac[18];
	struct batch batch;

	if (vif == NULL)
		vif = &usual;
	snprintf(mac, sizeof(mac), "00:16:3e:00:%02x:%02x", g->params.domid & 0xff,
		 g->params.devid & 0xff);
	do {
		batch_begin(&batch, 0);
		make_dirs(&batch, g);
		put_back(&batch, g, vif, vif->mac ? vif->mac : mac);
		put_front(&batch, g, vif, vif->mac ? vif->mac : mac);
	} while (batch_end(&batch) == -EAGAIN);
}

void
toolstack_hotplug(const struct guest *g, const char *status)
{
	fake_store_write(guest_back(g, "hotplug-status").text, status);
}

void
toolstack_detach(const struct guest *g)
{
	struct batch batch;

	do {
		batch_begin(&batch, 0);
		batch_put(&batch, guest_back(g, "online"), "0");
		batch_put(&batch, guest_back(g, "state"), "5");
	} while (batch_end(&batch) == -EAGAIN);
}

void
toolstack_remove(const struct guest *g)
{
	fake_store_remove(guest_front(g, "").text);
	fake_store_remove(guest_back(g, "").text);
}

/* ---- the frontend ---------------------------------------------------------------------------- */

int
front_printf(const struct guest *g, const char *key, const char *fmt, ...)
{
	char value[4096];
	va_list args;
	struct store *store = fake_store_connect(g->params.domid);

	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	int ret = fake_xen()->store->write(store, 0, guest_front(g, key).text, value);
	fake_xen()->store->close(store);
	return ret;
}

static void
put_features(struct batch *batch, const struct guest *g, unsigned features)
{
	static const struct {
		unsigned flag;
		const char *key;
	} table[] = {
		{ FRONT_SG, "feature-sg" },
		{ FRONT_GSO4, "feature-gso-tcpv4" },
		{ FRONT_GSO6, "feature-gso-tcpv6" },
		{ FRONT_NO_CSUM, "feature-no-csum-offload" },
		{ FRONT_CSUM6, "feature-ipv6-csum-offload" },
	};

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (features & table[i].flag)
			batch_put(batch, guest_front(g, table[i].key), "1");
		else
			batch->ops->remove(batch->store, batch->tx,
					   guest_front(g, table[i].key).text);
	if (!(features & FRONT_NO_RX_NOTIFY))
		batch_put(batch, guest_front(g, "feature-rx-notify"), "1");
	batch_put(batch, guest_front(g, "request-rx-copy"), "1");
}

void
front_publish(const struct guest *g, unsigned features)
{
	struct batch batch;

	do {
		batch_begin(&batch, g->params.domid);
		batch_put(&batch, guest_front(g, "tx-ring-ref"), "%u", g->tx_ref);
		batch_put(&batch, guest_front(g, "rx-ring-ref"), "%u", g->rx_ref);
		if (g->port_tx == g->port_rx) {
			batch_put(&batch, guest_front(g, "event-channel"), "%u", g->port_tx);
		} else {
			batch_put(&batch, guest_front(g, "event-channel-tx"), "%u", g->port_tx);
			batch_put(&batch, guest_front(g, "event-channel-rx"), "%u", g->port_rx);
		}
		put_features(&batch, g, features);
	} while (batch_end(&batch) == -EAGAIN);
}

void
front_set_state(const struct guest *g, int state)
{
	front_printf(g, "state", "%d", state);
}

int
front_backend_state(const struct guest *g)
{
	return (int)fake_store_number(guest_back(g, "state").text, -1);
}

bool
front_await(const struct guest *g, int state)
{
	char value[12];

	snprintf(value, sizeof(value), "%d", state);
	return fake_store_await(guest_back(g, "state").text, value,
				fake_now_ms() + GUEST_PATIENCE_MS);
}

bool
front_connect(const struct guest *g, unsigned features)
{
	if (!front_await(g, XenbusStateInitWait))
		return false;
	front_publish(g, features);
	front_set_state(g, XenbusStateConnected);
	return front_await(g, XenbusStateConnected);
}

bool
front_reconfigure(const struct guest *g, unsigned headroom)
{
	front_set_state(g, XenbusStateReconfiguring);
	front_printf(g, "xdp-headroom", "%u", headroom);
	if (!front_await(g, XenbusStateReconfigured))
		return false;
	front_set_state(g, XenbusStateConnected);
	return front_await(g, XenbusStateConnected);
}

bool
front_close(const struct guest *g)
{
	front_set_state(g, XenbusStateClosing);
	if (!front_await(g, XenbusStateClosing))
		return false;
	front_set_state(g, XenbusStateClosed);
	return front_await(g, XenbusStateClosed);
}
