/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Xen's public netif.h for user space. Its ring.h needs barrier macros from the includer. The build
 * sets __XEN_INTERFACE_VERSION__ to 0x00040e00 so that ring.h uses these names.
 */
#ifndef VPE_PROTO_NETIF_H
#define VPE_PROTO_NETIF_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define xen_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)

#include <xen/io/netif.h>
#include <xen/io/xenbus.h>

/*
 * An extra info that Linux's netif.h has and Xen's lacks: the number of bytes left free before the
 * data in each page, as a 16-bit number at u.pad[0].
 */
#define NETIF_EXTRA_TYPE_XDP 5
#define NETIF_EXTRA_TYPE_MAX 6

#define NETIF_PAGE_SIZE 4096u
#define NETIF_RING_SIZE 256u /* slots in one ring page, both directions */

static_assert(__CONST_RING_SIZE(netif_tx, NETIF_PAGE_SIZE) == NETIF_RING_SIZE, "netif.h: tx ring");
static_assert(__CONST_RING_SIZE(netif_rx, NETIF_PAGE_SIZE) == NETIF_RING_SIZE, "netif.h: rx ring");
static_assert(sizeof(netif_tx_request_t) == 12, "netif.h: tx slot");
static_assert(sizeof(netif_extra_info_t) <= 12, "netif.h: extra info overlays a tx slot");
static_assert(offsetof(netif_tx_sring_t, ring) == 64, "ring.h: header size");

#endif
