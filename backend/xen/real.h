/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables behind xen_real(). Each is in the file that includes its library's header. */
#ifndef VPE_XEN_REAL_H
#define VPE_XEN_REAL_H

#include "xen/ops.h"

extern const struct store_ops store_xs_ops;
extern const struct grants_ops gnttab_xen_ops;
extern const struct shares_ops gntshr_xen_ops;
extern const struct events_ops evtchn_xen_ops;

#endif
