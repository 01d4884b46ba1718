/* SPDX-License-Identifier: BSD-3-Clause */
/* Every fixed bound of the project, with its reason. */
#ifndef VPE_PROTO_LIMITS_H
#define VPE_PROTO_LIMITS_H

/* netif.h: a backend must take packets of 18 slots; xen-netback takes 19 and drops (does not punish) 20 and 21. */
#define LIMIT_SLOTS_ACCEPTED 19
#define LIMIT_SLOTS_FATAL 21 /* a chain that goes on past this many slots disables the vif */

/* Frames handled by one call of a port's burst functions: as DPDK's usual 32, doubled for the cost of a grant copy call. */
#define LIMIT_BURST 64

/*
 * A burst from a guest is copied and answered in parts of so many bytes, so that the guest can make
 * new frames while its next large frame is copied: one GSO frame, or 44 frames of 1514 bytes.
 */
#define LIMIT_PART_BYTES 65000

/*
 * Greatest weight of a vif: its fraction of LIMIT_BURST is what the lightest vif still gets beside it, so it must be well below
 * that.
 */
#define LIMIT_WEIGHT 16

/*
 * Work that a vif may cause in one round of a poller, with all its queues together: 64 frames of 1514 bytes, or three GSO frames of
 * 64 KiB, from one guest to another. The unit is the time of copying one byte (dp/share.h), so this is about 100 microseconds.
 * An uplink's frames are those of many senders.
 */
#define LIMIT_WORK (512 * 1024)
#define LIMIT_WORK_UPLINK (4 * LIMIT_WORK)

/* Of this, what it may have waiting at other pollers: what a round leaves it to send. */
#define LIMIT_WORK_CROSSING (LIMIT_WORK / 2)

/*
 * How long a vif's frame waits for another poller that does not take its frames: longer than a poller is without its CPU where it
 * shares it. Then it is dropped, and so is what follows.
 */
#define LIMIT_CROSSING_WAIT_MS 100

/* Longest frame inside vpe: an mbuf's data length has 16 bits, and so has netif.h's tx size field. */
#define LIMIT_FRAME_SIZE 65535

/*
 * Bytes of a frame that do not count against the MTU: the Ethernet header and the two tags of IEEE 802.1ad. xen-netback lets
 * two tags pass beyond the MTU.
 */
#define LIMIT_FRAME_OVERHEAD (14 + 2 * 4)

/*
 * GSO frames with shorter segments are cut in software: NICs stop on them (i40e and iavf want 256).
 */
#define LIMIT_MSS_MIN 256

/*
 * GSO frames of a guest's with shorter segments are dropped: Linux's TCP makes none (TCP_MIN_SND_MSS is 48, of which options
 * take 40 at most), however small an MSS its peer asks for.
 */
#define LIMIT_GSO_SIZE_MIN 8

/* Ports (vifs and uplinks) of one daemon. Each costs every poller two pointers. */
#define LIMIT_PORTS 512
#define LIMIT_BRIDGES 256
#define LIMIT_POLLERS 16
#define LIMIT_QUEUES 16 /* of one vif: more than pollers would help nobody */

/* Frames and bytes that wait for a guest which has no free slots: xen-netback's cap per queue (256 / 2 * 4096). */
#define LIMIT_BACKLOG_FRAMES 512
#define LIMIT_BACKLOG_BYTES (512 * 1024)

/* A guest that took nothing for so long loses what waits for it, and then one frame waits at most (xen-netback: 10 s). */
#define LIMIT_STALL_MS 10000

/* MAC addresses that one guest's port may own in the forwarding table: more than any honest guest. */
#define LIMIT_MACS_PER_PORT 1024

/* How often a MAC address may move from port to port within a second: far more than any failover, far less than a loop. */
#define LIMIT_MAC_MOVES 16

/* xl and libxl: a backend's state 2 that lasts less than this can be missed by a watcher that reads state afterwards. */
#define LIMIT_INITWAIT_DWELL_MS 100

/* A vif's `carrier` follows its uplinks once in so many milliseconds at most, however fast they go up and down. */
#define LIMIT_CARRIER_MS 1000

/*
 * How long the notification of transmit responses is put off. A guest's own transmit path collects them, so an
 * immediate event would mostly find nothing to do, and Linux punishes such events: after a few of them it delays its
 * interrupt by up to a second (XSA-391), which stalls TCP. Long enough for that path, short beside TCP's own timers.
 */
#define LIMIT_NOTIFY_DELAY_US 50

/*
 * A burst of so many bytes is notified at once: forwarding it takes longer than that delay, and a
 * guest's TCP sends no more before it sees the responses (Linux: TCP small queues keep two GSO
 * frames in the ring).
 */
#define LIMIT_NOTIFY_DELAY_BYTES 16384

/*
 * Static grants: pages of a guest that stay mapped. A list in a control request is one page. A vif's suffice for two queues'
 * rings four times over; all together take half of the mappings that Linux allows a process (vm.max_map_count).
 */
#define LIMIT_STATIC_LIST 512
#define LIMIT_STATIC_GRANTS 2048
#define LIMIT_STATIC_GRANTS_ALL 32768

/* Multicast addresses that a vif's filter holds: as xen-netback's. */
#define LIMIT_MCAST_ADDRS 64

/*
 * Bytes that a guest may want free before the data in each of its pages. Linux wants 256. With this many, a page still takes
 * an ordinary frame.
 */
#define LIMIT_XDP_HEADROOM 2048

/*
 * How long a frontend's state 7 is left to stand before the key xdp-headroom is read: netfront writes that only after the
 * 7, and puts its XDP program to work as soon as it sees our 8.
 */
#define LIMIT_RECONFIGURE_DWELL_MS 20

/* Longest value of a store key that we look at: xenstored's own quota for a node. */
#define LIMIT_STORE_VALUE 2048

#endif
