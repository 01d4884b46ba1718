/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages that we grant to other domains, through libxengnttab's gntshr (/dev/xen/gntalloc). The
 * kernel revokes the grants when the descriptor is closed, however the process ends.
 */
#include <errno.h>

#include <xengnttab.h>

#include "xen/quiet.h"
#include "xen/real.h"

static xengntshr_handle *
handle_of(struct shares *shares)
{
	return (xengntshr_handle *)shares;
}

static struct shares *
gntshr_open(void)
{
	return (struct shares *)xengntshr_open(&xen_quiet_logger, 0);
}

static void
gntshr_close(struct shares *shares)
{
	xengntshr_close(handle_of(shares));
}

static void *
gntshr_share(struct shares *shares, uint32_t domid, uint32_t *ref)
{
	return xengntshr_share_pages(handle_of(shares), domid, 1, ref, 1);
}

static void
gntshr_unshare(struct shares *shares, void *page)
{
	xengntshr_unshare(handle_of(shares), page, 1);
}

const struct shares_ops gntshr_xen_ops = {
	.open = gntshr_open,
	.close = gntshr_close,
	.share = gntshr_share,
	.unshare = gntshr_unshare,
};
