/* SPDX-License-Identifier: BSD-3-Clause */
/* The system's Xen libraries as one table. */
#include "xen/real.h"

const struct xen_ops *
xen_real(void)
{
	static const struct xen_ops ops = {
		.store = &store_xs_ops,
		.grants = &gnttab_xen_ops,
		.shares = &gntshr_xen_ops,
		.events = &evtchn_xen_ops,
	};

	return &ops;
}
