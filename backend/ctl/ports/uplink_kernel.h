/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of struct uplink_kind that the kinds with a device of the kernel share. */
#ifndef VPE_CTL_UPLINK_KERNEL_H
#define VPE_CTL_UPLINK_KERNEL_H

#include "ctl/ports/uplink_kind.h"

/* Advice on errors of sockets, TAPs and io_uring. */
const char *uplink_kernel_advice(int error, const char *root);

/* Refuses a name that no device of the kernel can have. */
int uplink_kernel_check(const struct uplink_params *params, char *why, size_t why_size);

/*
 * Sets the MTU of the new port's device, unless that is 0. Returns the port, or destroys it and
 * returns NULL with errno. Passes a port that is NULL on.
 */
struct port *uplink_kernel_set_mtu(struct port *port, const struct uplink_params *params);

unsigned uplink_kernel_ifindex(const char *device);
bool uplink_kernel_has_link(struct port *port, unsigned ifindex);

#endif
