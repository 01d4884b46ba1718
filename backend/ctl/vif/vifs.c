/* SPDX-License-Identifier: BSD-3-Clause */
/* All vifs: discovery, store events, control ring events. */
#include "ctl/vif/vifs.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "ctl/ports/carrier.h"
#include "ctl/ports/tap.h"
#include "ctl/store/number.h"
#include "proto/keys.h"
#include "proto/limits.h"

#define VIFS_MAX LIMIT_PORTS
#define DEVID_MAX 0xFFFFu
#define SWEEP_MS 1000u

struct vifs {
	const struct vif_env *env;
	LIST_HEAD(, vif) list;
	unsigned n;
	struct watch *backend;
	struct watch *release;
	bool stopped;
	bool found;        /* all directories have been listed once */
	uint64_t sweep_ms; /* when vifs_sweep() is due; CLOCK_NEVER: not */
	bool missed;       /* there was no room for a vif: scan again when there is */
	struct log_limit limit;
};

/* ---- discovery ------------------------------------------------------------------------------- */

static struct vif *
vifs_find(const struct vifs *vifs, uint32_t domid, uint32_t devid)
{
	struct vif *vif;

	LIST_FOREACH(vif, &vifs->list, entry) {
		if (vif->domid == domid && vif->devid == devid)
			return vif;
	}
	return NULL;
}

#define STALE_ALL (VIF_STALE_BACKEND | VIF_STALE_LIVE)

/*
 * Handles a change in backend directory `domid`/`devid`: sets `stale` (VIF_STALE_*), or creates a
 * record.
 */
static void
touch(struct vifs *vifs, uint32_t domid, uint32_t devid, unsigned stale)
{
	struct vif *vif = vifs_find(vifs, domid, devid);

	if (vif != NULL) {
		vif->stale |= stale;
		return;
	}
	if (vifs->stopped)
		return;
	vif = vifs->n < VIFS_MAX ? vif_create(vifs->env, domid, devid) : NULL;
	if (vif == NULL) {
		vifs->missed = true;
		if (log_allowed(&vifs->limit))
			log_warning("vif%u.%u: it cannot be served: there are %u vifs already",
				    domid, devid, vifs->n);
		return;
	}
	LIST_INSERT_HEAD(&vifs->list, vif, entry);
	vifs->n++;
}

/* Marks all vifs of a domain, or of all domains, as stale. */
static void
touch_all(struct vifs *vifs, uint32_t domid, unsigned stale)
{
	struct vif *vif;

	LIST_FOREACH(vif, &vifs->list, entry) {
		if (domid > NUMBER_DOMID_MAX || vif->domid == domid)
			vif->stale |= stale;
	}
}

#define ALL_DOMAINS UINT32_MAX

/* Returns whether the store could list the directory. */
static bool
scan_domain(struct vifs *vifs, uint32_t domid)
{
	const struct xstore *xs = &vifs->env->xs;
	char path[64];
	unsigned n = 0;

	snprintf(path, sizeof(path), "%s/%u", KEY_BACKEND_VIFS, domid);
	char **names = xs->ops->list(xs->conn, 0, path, &n);
	bool listed = names != NULL || errno == ENOENT;
	for (unsigned i = 0; names != NULL && i < n; i++) {
		uint32_t devid;
		if (number_parse(names[i], strlen(names[i]), DEVID_MAX, &devid) == 0)
			touch(vifs, domid, devid, STALE_ALL);
	}
	free(names);
	return listed;
}

static void
scan(struct vifs *vifs)
{
	const struct xstore *xs = &vifs->env->xs;
	unsigned n = 0;
	char **names = xs->ops->list(xs->conn, 0, KEY_BACKEND_VIFS, &n);

	vifs->missed = false;
	bool listed = names != NULL || errno == ENOENT;
	for (unsigned i = 0; names != NULL && i < n; i++) {
		uint32_t domid;
		if (number_parse(names[i], strlen(names[i]), NUMBER_DOMID_MAX, &domid) == 0)
			listed = scan_domain(vifs, domid) && listed;
	}
	vifs->found = vifs->found || listed;
	free(names);
}

/* ---- events ---------------------------------------------------------------------------------- */

/*
 * Consumes the next component of a path. Returns its length, 0 at the end; `path` then points
 * behind it.
 */
static size_t
next_part(const char **path, const char **part)
{
	*path += strspn(*path, "/");
	*part = *path;
	size_t len = strcspn(*path, "/");
	*path += len;
	return len;
}

/*
 * Returns what a change of this key in a backend directory makes stale; our own writes of other
 * keys do not matter.
 */
static unsigned
stale_by(const char *key, size_t len)
{
	static const char *const keys[] = { KEY_STATE,    KEY_ONLINE,      KEY_HOTPLUG_STATUS,
					    KEY_FRONTEND, KEY_FRONTEND_ID, KEY_BRIDGE };

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strlen(keys[i]) == len && memcmp(keys[i], key, len) == 0)
			return VIF_STALE_BACKEND;
	}
	return vif_live_has_key(key, len) ? VIF_STALE_LIVE : 0;
}

/*
 * The event's path is backend/vif, optionally followed by the guest's domid, the device id and a
 * key.
 */
static void
backend_fired(void *owner, const char *path)
{
	struct vifs *vifs = owner;
	const char *tail = strstr(path, KEY_BACKEND_VIFS);
	const char *part;
	uint32_t domid, devid;

	tail = tail == NULL ? "" : tail + strlen(KEY_BACKEND_VIFS);
	size_t len = next_part(&tail, &part);
	if (len == 0) { /* the watch is new, or all directories were removed */
		touch_all(vifs, ALL_DOMAINS, STALE_ALL);
		scan(vifs);
		return;
	}
	if (number_parse(part, len, NUMBER_DOMID_MAX, &domid) < 0)
		return;
	len = next_part(&tail, &part);
	if (len == 0) {
		touch_all(vifs, domid, STALE_ALL);
		scan_domain(vifs, domid);
		return;
	}
	if (number_parse(part, len, DEVID_MAX, &devid) < 0)
		return;
	len = next_part(&tail, &part);
	unsigned stale = len == 0 ? STALE_ALL : *tail == '\0' ? stale_by(part, len) : 0;
	if (stale != 0)
		touch(vifs, domid, devid, stale);
}

/*
 * A domain died or shut down. Most xenstoreds remove a dead domain's directories, so its frontend's
 * state is gone. Only dom0 gets this event; elsewhere the watch on that state reports the same.
 */
static void
release_fired(void *owner, const char *path)
{
	(void)path;
	touch_all(owner, ALL_DOMAINS, VIF_STALE_FRONTEND | VIF_STALE_DOMAIN);
}

/* ---- interface ------------------------------------------------------------------------------- */

struct vifs *
vifs_create(const struct vif_env *env)
{
	struct vifs *vifs = calloc(1, sizeof(*vifs));

	if (vifs == NULL)
		return NULL;
	vifs->env = env;
	LIST_INIT(&vifs->list);
	vifs->backend = watch_keep(env->watches, KEY_BACKEND_VIFS, backend_fired, vifs);
	vifs->release = watch_keep(env->watches, KEY_RELEASE_DOMAIN, release_fired, vifs);
	assert(vifs->backend != NULL && vifs->release != NULL); /* the first two in the table */
	return vifs;
}

void
vifs_destroy(struct vifs *vifs)
{
	if (vifs == NULL)
		return;
	assert(vifs_are_gone(vifs));
	watch_remove(vifs->env->watches, vifs->release);
	watch_remove(vifs->env->watches, vifs->backend);
	free(vifs);
}

/*
 * Frees a vif that is over. If the toolstack has recreated its directory, a new record takes its
 * place.
 */
static void
forget(struct vifs *vifs, struct vif *vif)
{
	uint32_t domid = vif->domid;
	uint32_t devid = vif->devid;
	bool look_again = vif->seen->configured && vif->seen->removed;

	LIST_REMOVE(vif, entry);
	vifs->n--;
	vifs->sweep_ms = 0; /* its TAP may still be there */
	vif_destroy(vif);
	if (look_again)
		touch(vifs, domid, devid, STALE_ALL);
}

/* Notes the vif while control works for it: see dp/frame/blame.h. */
static void
step(struct vif *vif, uint64_t now_ms)
{
	const struct keep_vif *kept = vif->conn->kept;

	if (blame_own != NULL && kept != NULL)
		blame_set(&blame_own->turn, keep_blame_number(vif->env->keep, kept));
	vif_step(vif, now_ms);
	if (blame_own != NULL)
		blame_set(&blame_own->turn, 0);
}

void
vifs_settle(struct vifs *vifs, uint64_t now_ms)
{
	struct vif *next;

	for (struct vif *vif = LIST_FIRST(&vifs->list); vif != NULL; vif = next) {
		next = LIST_NEXT(vif, entry);
		if (vif_due(vif) <= now_ms)
			step(vif, now_ms);
		if (vif_is_over(vif))
			forget(vifs, vif);
	}
	if (vifs->missed && vifs->n < VIFS_MAX && !vifs->stopped)
		scan(vifs);
}

/*
 * An event channel stays masked until ctrl_ring_run() has served it, so a guest causes at most one
 * round.
 */
void
vifs_take_ctrl(struct vifs *vifs)
{
	const struct ctrl_ring_env *env = vifs->env->ctrl;
	struct vif *vif;
	int port;

	while ((port = env->xen->events->pending(env->events)) >= 0) {
		LIST_FOREACH(vif, &vifs->list, entry) {
			if (vif->conn->rings.evtchn_ctrl == (uint32_t)port)
				vif->stale |= VIF_STALE_CTRL;
		}
	}
}

void
vifs_carrier_changed(struct vifs *vifs, unsigned ifindex)
{
	struct vif *vif;

	LIST_FOREACH(vif, &vifs->list, entry) {
		const struct vif_tap *tap = &vif->place->tap;
		if (tap->attachment.port != NULL &&
		    (ifindex == CARRIER_ANY || tap->ifindex == ifindex || tap->ifindex == 0))
			vif->stale |= VIF_STALE_TAP;
	}
}

void
vifs_visit(const struct vifs *vifs, void (*fn)(void *arg, const struct vif *vif), void *arg)
{
	const struct vif *vif;

	LIST_FOREACH(vif, &vifs->list, entry)
		fn(arg, vif);
}

/* Vifs that are parked keep their records and TAPs. */
static uint64_t
sweep_due(const struct vifs *vifs)
{
	bool may = vifs->found && !vifs->missed && !vifs->stopped;

	return may ? vifs->sweep_ms : CLOCK_NEVER;
}

uint64_t
vifs_due(const struct vifs *vifs)
{
	uint64_t due = sweep_due(vifs);
	struct vif *vif;

	LIST_FOREACH(vif, &vifs->list, entry)
		due = util_min(due, vif_due(vif));
	return due;
}

/* ---- what the last daemon left --------------------------------------------------------------- */

static bool
has_vif(void *arg, uint32_t domid, uint32_t devid)
{
	return vifs_find(arg, domid, devid) != NULL;
}

struct owners {
	const struct vifs *vifs;
	const struct uplinks *uplinks;
};

static bool
has_owner(void *arg, const char *owner)
{
	const struct owners *owners = arg;
	const struct vif *vif;

	LIST_FOREACH(vif, &owners->vifs->list, entry) {
		if (strcmp(vif->name, owner) == 0)
			return true;
	}
	return owners->uplinks != NULL && uplinks_own_tap(owners->uplinks, owner);
}

void
vifs_sweep(struct vifs *vifs, const struct uplinks *uplinks, uint64_t now_ms)
{
	struct owners owners = { .vifs = vifs, .uplinks = uplinks };

	if (now_ms < sweep_due(vifs))
		return;
	keep_sweep_vifs(vifs->env->keep, has_vif, vifs);
	bool is_whole = tap_sweep(vifs->env->keep, has_owner, &owners);
	vifs->sweep_ms = is_whole ? CLOCK_NEVER : now_ms + SWEEP_MS;
}

/* ---- the end --------------------------------------------------------------------------------- */

void
vifs_stop(struct vifs *vifs, bool park)
{
	struct vif *vif;

	vifs->stopped = true;
	LIST_FOREACH(vif, &vifs->list, entry)
		vif_stop(vif, park);
}

bool
vifs_are_gone(const struct vifs *vifs)
{
	return LIST_EMPTY(&vifs->list);
}
