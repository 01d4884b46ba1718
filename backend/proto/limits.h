/* SPDX-License-Identifier: BSD-3-Clause */
/* Every fixed limit of the project, with its reason. */
#ifndef VPE_PROTO_LIMITS_H
#define VPE_PROTO_LIMITS_H

/*
 * netif.h: a backend must take packets of 18 slots. xen-netback takes 19, and drops packets of 20
 * and 21 without disabling the vif.
 */
#define LIMIT_SLOTS_ACCEPTED 19
#define LIMIT_SLOTS_FATAL 21 /* a longer chain disables the vif */

/*
 * Frames per call of a port's burst functions: DPDK's usual 32, doubled because of the cost of a
 * grant copy call.
 */
#define LIMIT_BURST 64

/*
 * Maximum weight of a vif. The lightest vif gets LIMIT_BURST / LIMIT_WEIGHT frames beside the
 * heaviest, so this must be well below LIMIT_BURST.
 */
#define LIMIT_WEIGHT 16

/*
 * Work that a vif, with all its queues, may cause in one round of a poller: about 64 frames of 1514
 * bytes, or three GSO frames of 64 KiB, from one guest to another. The unit is the time to copy one
 * byte (dp/engine/share.h), so this is about 100 microseconds. A vif gets more for larger batches
 * while no other one sends anything, and an uplink because its frames are from many senders.
 */
#define LIMIT_WORK (512 * 1024)
#define LIMIT_WORK_ALONE (6 * LIMIT_WORK) /* a tx ring full of GSO frames is one batch */
#define LIMIT_WORK_UPLINK (4 * LIMIT_WORK)

/* Part of this that a vif may have waiting at other pollers: what reception leaves of a round. */
#define LIMIT_WORK_CROSSING (LIMIT_WORK / 2)

/*
 * How long a vif's frame waits for another poller with a full ring: longer than a poller that
 * shares its CPU is usually preempted. After that it is dropped, and so are the frames behind it.
 */
#define LIMIT_CROSSING_WAIT_MS 100

/*
 * Longest frame inside vpe: an mbuf's data length has 16 bits, and so has the size of a tx slot in
 * netif.h.
 */
#define LIMIT_FRAME_SIZE 65535

/*
 * Bytes of a frame beyond the MTU: the Ethernet header and two IEEE 802.1ad tags. xen-netback also
 * allows two tags beyond the MTU.
 */
#define LIMIT_FRAME_OVERHEAD (14 + 2 * 4)

/*
 * GSO frames with shorter segments are segmented in software, because some NICs hang on them (i40e
 * and iavf want 256).
 */
#define LIMIT_MSS_MIN 256

/*
 * A guest's GSO frames with shorter segments are dropped. Linux's TCP never makes any, however
 * small an MSS its peer asks for: TCP_MIN_SND_MSS is 48, of which options take at most 40.
 */
#define LIMIT_GSO_SIZE_MIN 8

/* Ports (vifs and uplinks) of one daemon. Each poller has tables of this size. */
#define LIMIT_PORTS 512
#define LIMIT_BRIDGES 256
#define LIMIT_POLLERS 16
#define LIMIT_QUEUES 16 /* of one vif; more than the number of pollers would not help */

/*
 * Frames and bytes that may wait for a guest without free slots: xen-netback's limit per queue (256
 * / 2 * 4096).
 */
#define LIMIT_BACKLOG_FRAMES 512
#define LIMIT_BACKLOG_BYTES (512 * 1024)

/*
 * A guest that took nothing for this long loses its backlog, and then at most one frame waits for
 * it (xen-netback: 10 s).
 */
#define LIMIT_STALL_MS 10000

/* MAC addresses of one guest's port in the forwarding table: more than any honest guest has. */
#define LIMIT_MACS_PER_PORT 1024

/*
 * Moves of a MAC address between ports within a second: far more than in any failover, far fewer
 * than in a loop.
 */
#define LIMIT_MAC_MOVES 16

/*
 * xl and libxl: a watcher that reads the state after the event can miss a backend's state 2 if it
 * lasts for less than this.
 */
#define LIMIT_INITWAIT_DWELL_MS 100

/*
 * Minimum interval between changes of a vif's `carrier`, however fast its uplinks go up and down.
 */
#define LIMIT_CARRIER_MS 1000

/*
 * Delay of the notification of tx responses. A guest's transmit path collects them by itself, so an
 * immediate event would mostly be spurious. Linux punishes spurious events: after a few it delays
 * the interrupt by up to a second (XSA-391), which stalls TCP. The delay is long enough for the
 * transmit path and short compared to TCP's own timers.
 */
#define LIMIT_NOTIFY_DELAY_US 50

/*
 * Static grants: pages of a guest that stay mapped. One control request lists at most a page of
 * them. A vif may have enough for the rings of two queues four times over. All vifs together may
 * use half of the mappings that Linux allows a process (vm.max_map_count).
 */
#define LIMIT_STATIC_LIST 512
#define LIMIT_STATIC_GRANTS 2048
#define LIMIT_STATIC_GRANTS_ALL 32768

/* Multicast addresses in a vif's filter, as in xen-netback. */
#define LIMIT_MCAST_ADDRS 64

/*
 * Bytes that a guest may want free before the data in each of its pages. Linux wants 256. With this
 * many, a page still holds an ordinary frame.
 */
#define LIMIT_XDP_HEADROOM 2048

/*
 * Delay between a frontend's state 7 and reading its key xdp-headroom: netfront writes the key only
 * after state 7, and starts its XDP program as soon as it sees our state 8.
 */
#define LIMIT_RECONFIGURE_DWELL_MS 20

/* Longest store value that we accept: xenstored's own quota for a node. */
#define LIMIT_STORE_VALUE 2048

#endif
