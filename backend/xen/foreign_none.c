/* SPDX-License-Identifier: BSD-3-Clause */
/* Replaces foreign_xen.c if `configure --disable-foreign` leaves out its libraries. */
#include <stddef.h>

#include "xen/ops.h"

const struct foreign_ops *
xen_foreign(void)
{
	return NULL;
}
