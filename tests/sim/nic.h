/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A NIC as an uplink: DPDK's virtio-user, which keeps what it has sent until it needs the
 * descriptor again, and cannot be asked for it. The wire is a vhost port of the same process: what
 * the test does not take stays in the NIC.
 */
#ifndef VPE_SIM_NIC_H
#define VPE_SIM_NIC_H

#include <stdbool.h>

#include "sim/flow.h"

#define NIC_DEVICE "net_virtio_user0" /* its devargs */

/* Makes both. False: the case has failed or is skipped. */
bool nic_opened(void);

/* Waits until they have found each other: the uplink must be open. */
bool nic_is_ready(void);

/* A frame comes in. */
bool nic_send(const struct frame *f);

/* Takes what has gone out. Returns how many frames are of `f`'s length, addresses and payload. */
unsigned nic_take(const struct frame *f);

/* sim_stop() with the end of both. */
void nic_stop(struct sim *s);

#endif
