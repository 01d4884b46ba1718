/* SPDX-License-Identifier: BSD-3-Clause */
/* TAPs that outlive the daemon. */
#include "ctl/ports/tap.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "dp/port/port_kern.h"

struct port *
tap_open(struct keep *keep, const char *owner, const char *device, uint16_t bridge)
{
	unsigned last = keep_find_tap(keep, owner);
	struct port *port = last == 0 ? NULL : port_kern_open_tap(last, bridge);

	if (port == NULL && (last == 0 || errno == ENODEV))
		port = port_kern_create_tap(device, bridge);
	if (port == NULL)
		return NULL;
	unsigned ifindex = port_kern_ifindex(port);
	int ret = ifindex == 0 ? -ENODEV : -ENOSPC;
	if (ifindex != 0 && keep_set_tap(keep, owner, ifindex))
		ret = port_kern_persist(port, true);
	if (ret < 0)
		log_warning("TAP device %s will not outlive the daemon: %s", device,
			    strerror(-ret));
	return port;
}

void
tap_release(struct keep *keep, const char *owner, struct port *port, bool keeps)
{
	if (keeps)
		return;
	port_kern_persist(port, false); /* fails only if the device is gone */
	keep_set_tap(keep, owner, 0);
}

/* Returns whether the TAP of that index is gone. */
static bool
remove_device(const char *owner, unsigned ifindex)
{
	struct port *port = port_kern_open_tap(ifindex, 0);

	if (port == NULL && errno == ENODEV)
		return true;
	if (port == NULL) {
		log_debug("the TAP device that %s has left cannot be removed yet: %s", owner,
			  strerror(errno));
		return false; /* its last process may still be ending */
	}
	port_kern_persist(port, false);
	port->ops->destroy(port);
	log_info("the TAP device that %s has left is removed", owner);
	return true;
}

void
tap_remove(struct keep *keep, const char *owner)
{
	unsigned last = keep_find_tap(keep, owner);

	if (last != 0 && remove_device(owner, last))
		keep_set_tap(keep, owner, 0);
}

struct sweep {
	bool (*is_owned)(void *arg, const char *owner);
	void *arg;
	bool is_whole;
};

static bool
sweep_one(void *arg, const char *owner, unsigned ifindex)
{
	struct sweep *sweep = arg;

	if (sweep->is_owned(sweep->arg, owner))
		return true;
	bool is_gone = remove_device(owner, ifindex);
	sweep->is_whole = sweep->is_whole && is_gone;
	return !is_gone;
}

bool
tap_sweep(struct keep *keep, bool (*is_owned)(void *arg, const char *owner), void *arg)
{
	struct sweep sweep = { .is_owned = is_owned, .arg = arg, .is_whole = true };

	keep_sweep_taps(keep, sweep_one, &sweep);
	return sweep.is_whole;
}
