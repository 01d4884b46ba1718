/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fake hypervisor as a frontend in another domain sees it: for libvpefront in a test, beside a
 * daemon in the same process. Threads: front_xen() by one thread at a time; handles then as
 * xen/ops.h says.
 */
#ifndef VPE_FAKES_FRONT_H
#define VPE_FAKES_FRONT_H

#include "fakes/fake_xen.h"

/* The tables for domain `domid`, in force for what is opened from now on. */
const struct xen_ops *front_xen(uint32_t domid);

/* Pages and ports that such domains have open. */
unsigned front_n_open(void);

/* After `skip` more calls of share() the next one fails with `error`. */
void front_share_fail(unsigned skip, int error);

#endif
