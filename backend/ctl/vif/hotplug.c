/* SPDX-License-Identifier: BSD-3-Clause */
/* Hotplug scripts: modes and status. */
#include "ctl/vif/hotplug.h"

#include <stdlib.h>
#include <string.h>

#include "proto/keys.h"

enum hotplug_mode
hotplug_resolve(const struct xstore *xs, enum hotplug_mode mode)
{
	if (mode != HOTPLUG_AUTO)
		return mode;

	char *domid = xs->ops->read(xs->conn, 0, KEY_OWN_DOMID, NULL);
	mode = domid != NULL && strcmp(domid, "0") == 0 ? HOTPLUG_SCRIPT : HOTPLUG_SELF;
	free(domid);
	return mode;
}

bool
hotplug_script_is(const char *script, const char *name)
{
	const char *slash = strrchr(script, '/');

	return strcmp(slash == NULL ? script : slash + 1, name) == 0;
}

enum hotplug_status
hotplug_read(const struct xstore *xs, const char *dir)
{
	char status[16];

	if (node_read_text(xs, 0, dir, KEY_HOTPLUG_STATUS, status, sizeof(status)) < 0)
		return HOTPLUG_PENDING;
	if (strcmp(status, HOTPLUG_STATUS_CONNECTED) == 0)
		return HOTPLUG_DONE;
	return strcmp(status, HOTPLUG_STATUS_ERROR) == 0 ? HOTPLUG_FAILED : HOTPLUG_PENDING;
}
