/* SPDX-License-Identifier: BSD-3-Clause */
/* In the place of foreign_xen.c where `configure --disable-foreign` leaves out the libraries that it needs. */
#include <stddef.h>

#include "xen/ops.h"

const struct foreign_ops *
xen_foreign(void)
{
	return NULL;
}
