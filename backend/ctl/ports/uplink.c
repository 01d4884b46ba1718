/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The uplinks.
 *
 * Theory of operation: the device of a kernel uplink may go at any time (its driver is reloaded, a
 * tool recreates it). The port then cannot recover. It is detached and destroyed, and a new one is
 * created once a device of that name exists. The counters continue. The uplinks are checked when
 * the kernel reports a change, and once a second while a device is missing.
 */
#include "ctl/ports/uplink.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/ports/uplink_kind.h"
#include "ctl/store/clock.h"

#define NAME_SIZE 32 /* as in struct port */
#define LINK_POLL_MS 1000u
#define TAP_PATIENCE_MS 3000u /* the kernel may still be closing the TAPs of a killed daemon */
#define TAP_RETRY_US 20000u

struct uplink {
	struct uplinks *all;
	char name[NAME_SIZE];
	char *device; /* that of `params` */
	const struct uplink_kind *kind;
	struct uplink_params params;
	unsigned ifindex; /* of a kernel device; else 0 */
	int bridge;
	bool counted; /* the bridge counts it */
	bool linked;
	bool refusal_told;
	bool lost;               /* its device has gone; without a port it waits for a new one */
	uint64_t made_ms;        /* when the port was created, or that was last tried */
	struct port_stats stats; /* of its previous ports */
	struct log_limit log, open_log;
	struct attachment attachment;
};

struct uplinks {
	struct uplink_env env;
	struct bridges *bridges;
	struct attachments *attachments;
	bool leaving; /* all are being detached for good */
	bool polls;   /* some have link or error states that no event reports */
	uint64_t looked_ms;
	unsigned n;
	struct uplink list[];
};

/* ---- links ----------------------------------------------------------------------------------- */

static bool
has_link(const struct uplink *uplink)
{
	if (uplink->attachment.phase == ATTACHMENT_OUT || uplink->attachment.leaves ||
	    uplink->attachment.phase == ATTACHMENT_LEAVING)
		return false;
	return uplink->kind->has_link == NULL ||
	       uplink->kind->has_link(uplink->attachment.port, uplink->ifindex);
}

static void
uplink_look_at(struct uplink *uplink)
{
	bool linked = has_link(uplink);

	if (linked == uplink->linked)
		return;
	uplink->linked = linked;
	bridge_count_uplink(uplink->all->bridges, uplink->bridge, 0, linked ? 1 : -1);
	if (log_allowed(&uplink->log))
		log_info("uplink %s: link %s", uplink->name, linked ? "up" : "down");
}

/* Logs once per uplink that the kernel refused a frame. The counters have the rest. */
static void
tell_refusal(struct uplink *uplink)
{
	const struct port *port =
		uplink->attachment.phase == ATTACHMENT_IN ? uplink->attachment.port : NULL;
	int error = port == NULL ? 0 : __atomic_load_n(&port->refused, __ATOMIC_RELAXED);

	if (error == 0 || uplink->refusal_told)
		return;
	uplink->refusal_told = true;
	log_warning("uplink %s: the kernel refuses frames (%s); its counters say how many",
		    uplink->name, strerror(error));
}

/* ---- devices --------------------------------------------------------------------------------- */

/* Detaches the port; uplink_moved() continues. */
static void
uplink_lose(struct uplink *uplink, const char *why)
{
	uplink->lost = uplink->kind->has_device != NULL;
	log_error("uplink %s is switched off: %s%s", uplink->name, why,
		  uplink->lost ? "; it will be used again when it is back" : "");
	attachment_leave(uplink->all->attachments, &uplink->attachment);
	uplink_look_at(uplink);
}

static void
uplink_moved(void *owner, enum attachment_news news)
{
	struct uplink *uplink = owner;

	/* Acquire: pairs with port_set_fault(). */
	if (news == ATTACHMENT_FAULTED && !uplink->lost && !uplink->all->leaving)
		uplink_lose(uplink,
			    __atomic_load_n(&uplink->attachment.port->fault, __ATOMIC_ACQUIRE));
	if (news != ATTACHMENT_LEFT || !uplink->lost)
		return;
	uplink->stats = uplink->attachment.port->stats;
	uplink->stats.n_reopened++; /* counted before anyone can see the new port */
	attachment_destroy_port(uplink->all->attachments, &uplink->attachment);
	uplink->all->looked_ms = 0; /* look for a new device at once */
}

/* Creates the port and attaches it. Returns 0, or -errno with a sentence in `why`. */
static int
plug(struct uplink *uplink, char *why, size_t why_size)
{
	const struct uplink_kind *kind = uplink->kind;
	struct port *port = kind->open(&uplink->params, &uplink->all->env, uplink->name,
				       (uint16_t)uplink->bridge);

	uplink->made_ms = clock_ms();
	if (port == NULL) {
		int error = errno;
		snprintf(why, why_size, "uplink %s cannot be opened: %s%s", uplink->device,
			 strerror(error), uplink_advice(uplink->params.kind, error, ""));
		return -error;
	}
	attachment_pin(&uplink->attachment, 0, uplink->params.poller);
	port->stats = uplink->stats;
	int ret = attachment_join(uplink->all->attachments, &uplink->attachment, port, uplink_moved,
				  uplink);
	if (ret < 0) {
		snprintf(why, why_size,
			 "uplink %s: another port cannot be added: there are too many",
			 uplink->device);
		port->ops->destroy(port);
		return ret;
	}
	uplink->ifindex = kind->ifindex == NULL ? 0 : kind->ifindex(uplink->device);
	return 0;
}

/* As plug(), at start: waits for a TAP of that name that is about to go. */
static int
plug_first(struct uplink *uplink, char *why, size_t why_size)
{
	uint64_t end_ms = clock_ms() + TAP_PATIENCE_MS;
	int ret = plug(uplink, why, why_size);

	while (ret == -EBUSY && uplink->kind->makes_device && clock_ms() < end_ms) {
		usleep(TAP_RETRY_US);
		ret = plug(uplink, why, why_size);
	}
	return ret;
}

static int
uplink_open(struct uplink *uplink, const struct uplink_params *params, char *why, size_t why_size)
{
	uplink->bridge = bridge_get(uplink->all->bridges, params->bridge);
	if (uplink->bridge < 0) {
		snprintf(why, why_size, "uplink %s: bridge \"%s\": %s", params->device,
			 params->bridge, strerror(-uplink->bridge));
		return uplink->bridge;
	}
	uplink->kind = uplink_kind_of(params->kind);
	uplink->params = *params;
	uplink->params.device = uplink->device = strdup(params->device);
	if (uplink->device == NULL) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	/* Devargs start with the device's name. */
	snprintf(uplink->name, sizeof(uplink->name), "%.*s", (int)strcspn(params->device, ","),
		 params->device);
	int ret = plug_first(uplink, why, why_size);
	if (ret < 0)
		return ret;
	uplink->all->polls = uplink->all->polls || !uplink->kind->is_static;
	uplink->counted = true;
	bridge_count_uplink(uplink->all->bridges, uplink->bridge, 1, 0);
	log_info("uplink %s: member of %s", uplink->name, params->bridge);
	uplink_look_at(uplink);
	return 0;
}

/* Looks for the uplink's lost device. */
static void
look_for(struct uplink *uplink, uint64_t now_ms)
{
	char why[256];

	if (uplink->kind->makes_device && now_ms < uplink->made_ms + LINK_POLL_MS)
		return; /* bounds the work if someone keeps deleting the TAP */
	int ret = plug(uplink, why, sizeof(why));
	if (ret == 0) {
		uplink->lost = false;
		log_info("uplink %s: %s", uplink->name,
			 uplink->kind->makes_device
				 ? "its device was created again, and needs its addresses again"
				 : "its device is back");
	} else if (ret != -ENODEV && log_allowed(&uplink->open_log)) {
		log_warning("%s", why);
	}
}

static bool
has_device(const struct uplink *uplink)
{
	return uplink->kind->has_device == NULL ||
	       uplink->kind->has_device(uplink->attachment.port);
}

/* ---- checks ---------------------------------------------------------------------------------- */

void
uplinks_look(struct uplinks *uplinks, uint64_t now_ms)
{
	for (unsigned i = 0; i < uplinks->n; i++) {
		struct uplink *uplink = &uplinks->list[i];
		if (uplink->lost && uplink->attachment.port == NULL && !uplinks->leaving)
			look_for(uplink, now_ms);
		else if (uplink->attachment.phase == ATTACHMENT_IN && !uplink->lost &&
			 !has_device(uplink))
			uplink_lose(uplink, "its device was deleted");
		uplink_look_at(uplink);
		tell_refusal(uplink);
	}
	uplinks->looked_ms = now_ms;
}

uint64_t
uplinks_due(const struct uplinks *uplinks)
{
	bool polls = uplinks->polls;

	for (unsigned i = 0; i < uplinks->n; i++)
		polls = polls || uplinks->list[i].lost;
	return polls ? uplinks->looked_ms + LINK_POLL_MS : CLOCK_NEVER;
}

/* ---- all of them ----------------------------------------------------------------------------- */

struct uplinks *
uplinks_create(unsigned n, struct dp *dp, struct keep *keep, struct bridges *bridges,
	       struct attachments *attachments, bool told)
{
	struct uplinks *uplinks = calloc(1, sizeof(*uplinks) + n * sizeof(uplinks->list[0]));

	if (uplinks == NULL)
		return NULL;
	uplinks->env = (struct uplink_env){ .pools = dp_pools(dp), .keep = keep };
	uplinks->bridges = bridges;
	uplinks->attachments = attachments;
	uplinks->polls = n > 0 && !told;
	return uplinks;
}

int
uplinks_open(struct uplinks *uplinks, const struct uplink_params *params, unsigned n, char *why,
	     size_t why_size)
{
	for (unsigned i = 0; i < n; i++) {
		struct uplink *uplink = &uplinks->list[uplinks->n++];
		uplink->all = uplinks;
		uplink->bridge = -1;
		int ret = uplink_open(uplink, &params[i], why, why_size);
		if (ret < 0)
			return ret;
	}
	return 0;
}

bool
uplink_get_info(const struct uplinks *uplinks, unsigned i, struct uplink_info *info)
{
	if (i >= uplinks->n)
		return false;
	const struct uplink *uplink = &uplinks->list[i];
	*info = (struct uplink_info){
		.name = uplink->name,
		.type = uplink->kind->name,
		.device = uplink->device,
		.bridge = uplink->bridge,
		.linked = uplink->linked,
		.lost = uplink->lost,
		.port = uplink->attachment.port,
	};
	return true;
}

bool
uplinks_own_tap(const struct uplinks *uplinks, const char *owner)
{
	size_t len = strlen(UPLINK_TAP_OWNER);

	if (strncmp(owner, UPLINK_TAP_OWNER, len) != 0)
		return false;
	for (unsigned i = 0; i < uplinks->n; i++) {
		const struct uplink *uplink = &uplinks->list[i];
		if (uplink->kind->makes_device && strcmp(uplink->device, owner + len) == 0)
			return true;
	}
	return false;
}

void
uplinks_leave(struct uplinks *uplinks, bool keeps)
{
	uplinks->leaving = true;
	for (unsigned i = 0; i < uplinks->n; i++) {
		struct uplink *uplink = &uplinks->list[i];
		struct port *port = uplink->attachment.port;
		if (port != NULL && uplink->kind->release != NULL)
			uplink->kind->release(&uplink->params, &uplinks->env, port, keeps);
		attachment_leave(uplinks->attachments, &uplink->attachment);
	}
}

bool
uplinks_are_out(const struct uplinks *uplinks)
{
	for (unsigned i = 0; uplinks != NULL && i < uplinks->n; i++) {
		if (uplinks->list[i].attachment.phase != ATTACHMENT_OUT)
			return false;
	}
	return true;
}

void
uplinks_destroy(struct uplinks *uplinks)
{
	if (uplinks == NULL)
		return;
	assert(uplinks_are_out(uplinks));
	for (unsigned i = 0; i < uplinks->n; i++) {
		struct uplink *uplink = &uplinks->list[i];
		attachment_destroy_port(uplinks->attachments, &uplink->attachment);
		if (uplink->counted)
			bridge_count_uplink(uplinks->bridges, uplink->bridge, -1,
					    uplink->linked ? -1 : 0);
		bridge_put(uplinks->bridges, uplink->bridge);
		free(uplink->device);
	}
	free(uplinks);
}
