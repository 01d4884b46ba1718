/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A logger that discards everything. The Xen libraries would write a line to standard error for
 * each bad grant reference or port that a guest offers. The callers report these errors instead,
 * with a rate limit.
 */
#ifndef VPE_XEN_QUIET_H
#define VPE_XEN_QUIET_H

#include <xentoollog.h>

extern xentoollog_logger xen_quiet_logger;

#endif
