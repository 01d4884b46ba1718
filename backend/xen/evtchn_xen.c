/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Event channels through libxenevtchn. Control opens and binds each handle; the thread that serves
 * its ports uses it from then on.
 */
#include <errno.h>
#include <poll.h>

#include <xenevtchn.h>

#include "xen/quiet.h"
#include "xen/real.h"

static xenevtchn_handle *
handle_of(struct events *events)
{
	return (xenevtchn_handle *)events;
}

static int
result_of(int ret)
{
	return ret >= 0 ? ret : -errno;
}

static struct events *
evtchn_open(void)
{
	return (struct events *)xenevtchn_open(&xen_quiet_logger, 0);
}

static void
evtchn_close(struct events *events)
{
	xenevtchn_close(handle_of(events));
}

static int
evtchn_bind(struct events *events, uint32_t domid, uint32_t remote_port)
{
	return result_of(xenevtchn_bind_interdomain(handle_of(events), domid, remote_port));
}

static int
evtchn_alloc(struct events *events, uint32_t domid)
{
	return result_of(xenevtchn_bind_unbound_port(handle_of(events), domid));
}

static int
evtchn_unbind(struct events *events, uint32_t local_port)
{
	return result_of(xenevtchn_unbind(handle_of(events), local_port));
}

static int
evtchn_notify(struct events *events, uint32_t local_port)
{
	return result_of(xenevtchn_notify(handle_of(events), local_port));
}

static int
evtchn_fd(struct events *events)
{
	return xenevtchn_fd(handle_of(events));
}

/*
 * xenevtchn.h: xenevtchn_pending() blocks if no channel has fired, even on a non-blocking
 * descriptor.
 */
static int
evtchn_pending(struct events *events)
{
	struct pollfd pfd = { .fd = evtchn_fd(events), .events = POLLIN };

	if (poll(&pfd, 1, 0) != 1 || !(pfd.revents & POLLIN))
		return -EAGAIN;
	return result_of(xenevtchn_pending(handle_of(events)));
}

static int
evtchn_unmask(struct events *events, uint32_t local_port)
{
	return result_of(xenevtchn_unmask(handle_of(events), local_port));
}

const struct events_ops evtchn_xen_ops = {
	.open = evtchn_open,
	.close = evtchn_close,
	.bind = evtchn_bind,
	.alloc = evtchn_alloc,
	.unbind = evtchn_unbind,
	.notify = evtchn_notify,
	.fd = evtchn_fd,
	.pending = evtchn_pending,
	.unmask = evtchn_unmask,
};
