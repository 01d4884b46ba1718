/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors of TAP devices. Private to port_kern.c. Threads: control thread. */
#ifndef VPE_DP_KERN_TAP_H
#define VPE_DP_KERN_TAP_H

#include <stdbool.h>

/*
 * Creates TAP `device`. It goes when the descriptor is closed. Returns the descriptor, or -errno:
 * -EBUSY if the name is taken, -EPERM, -ENOENT (no /dev/net/tun).
 */
int kern_tap_create(const char *device);

/*
 * Opens the TAP of that index, whatever it is called now. Returns the descriptor, or -errno:
 * -ENODEV if it is gone or is no TAP of ours, -EBUSY if another process has it open.
 */
int kern_tap_open(unsigned ifindex);

/* Returns the device's index, or 0 if it is gone. */
unsigned kern_tap_ifindex(int fd);

/*
 * Whether the device stays when the descriptor is closed. It then belongs to our user: the kernel
 * lets anybody open a persistent TAP without an owner. Returns 0 or -errno.
 */
int kern_tap_persist(int fd, bool persists);

#endif
