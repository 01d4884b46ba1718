/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libvpefront: a program in a Xen guest drives its virtual network interface itself.
 *
 * The kernel's netfront is not involved: the library takes a vif over from it and gives it back at
 * the end. Frames are in pages that are granted to the backend once, when the vif is opened; the
 * library never copies them. With a backend that polls (vpe-backend), neither side makes a
 * hypercall or a system call to move a frame. A backend that sleeps (the kernel's xen-netback) is
 * notified when it asks for that.
 *
 * 	struct vpe_fe *fe = vpe_fe_open(&(struct vpe_fe_params){ .vif = 1, .take_over = true });
 * 	if (fe == NULL)
 * 		errx(1, "%s", vpe_fe_error());
 * 	for (;;) {
 * 		struct vpe_fe_buf *frame[32];
 * 		unsigned n = vpe_fe_rx_burst(fe, 0, frame, 32);
 * 		...
 * 		n = vpe_fe_tx_burst(fe, 0, frame, n);
 * 	}
 *
 * Threads: each queue belongs to one thread at a time, which calls the functions that name a queue.
 * The other functions belong to one control thread. While it opens, closes or processes a vif, no
 * queue of it may be in use.
 *
 * Errors: functions that return int return 0 or a negative errno, unless they say otherwise. A
 * backend that breaks the rules of netif.h can never make the library access memory other than its
 * own: the queue stops, and vpe_fe_process() returns -EPROTO.
 *
 * If the program dies without closing the vif, a small process beside it (vpe-guard) does so: the
 * backend releases the program's memory and the kernel's netfront gets the vif back.
 *
 * The library needs /dev/xen/gntalloc, /dev/xen/evtchn and a connection to xenstore, thus root in
 * most guests. Source of the protocol: xen/io/netif.h.
 */
#ifndef VPE_FRONTEND_H
#define VPE_FRONTEND_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vpe_fe; /* an open vif */

/* ---- buffers --------------------------------------------------------------------------------- */

#define VPE_FE_BUF_SIZE 4096u /* bytes of a buffer: one page */
#define VPE_FE_BUFS_MAX 18u   /* buffers of one frame (netif.h: XEN_NETIF_NR_SLOTS_MIN) */
#define VPE_FE_FRAME_MAX 65535u

/* Flags of a frame, in its first buffer. */
#define VPE_FE_CSUM_BLANK (1u << 0) /* TCP/UDP checksum: pseudo header only, to be completed */
#define VPE_FE_CSUM_GOOD (1u << 1)  /* received: verified, or never left this host */
#define VPE_FE_GSO_TCPV4 (1u << 2)  /* a TCP segment to be cut to gso_size bytes of payload */
#define VPE_FE_GSO_TCPV6 (1u << 3)

/*
 * A part of a frame. A frame is a list of one or more parts; the first one describes the whole. The
 * caller owns a part from vpe_fe_alloc() or vpe_fe_rx_burst() until vpe_fe_free(), or until
 * vpe_fe_tx_burst() takes it. A received frame may be sent as it is. `data` may point anywhere into
 * the buffer's page as long as `len` bytes follow in it.
 *
 * The page stays granted to the backend, whoever owns the buffer: the backend may read and write
 * all of it at any time. So copy the part of a received frame that you check, and use the copy. A
 * page also keeps its old contents: write all `len` bytes that you send.
 */
struct vpe_fe_buf {
	struct vpe_fe_buf *next; /* the frame's next part; NULL = this is the last one */
	uint8_t *data;           /* in the first part, the Ethernet header starts here */
	uint16_t len;            /* bytes at `data` */
	uint16_t flags;          /* first part: VPE_FE_* */
	uint16_t gso_size;       /* first part, with VPE_FE_GSO_*: payload bytes per segment */
	uint16_t queue;          /* private: the queue that owns the buffer */
	uint32_t ref;            /* private: grant reference of the page */
	uint8_t *page;           /* the buffer: VPE_FE_BUF_SIZE bytes, page-aligned */
};

/* ---- life ------------------------------------------------------------------------------------ */

struct vpe_fe_params {
	unsigned vif;        /* number of the interface: N of device/vif/N */
	unsigned n_queues;   /* 0 = 1. Never more than the backend offers */
	unsigned n_buffers;  /* in each queue's pool; 0 = 768. At least 2 for each receive slot.
			      * The kernel limits the guest's total:
			      * /sys/module/xen_gntalloc/parameters/limit */
	unsigned timeout_ms; /* wait for the backend at each step; 0 = 10000 */
	bool take_over;      /* take it from the kernel's netfront if needed; give back on close */
	bool no_static;      /* do not share buffers: the hypervisor copies each frame */
	bool no_guard;       /* no vpe-guard, which closes the vif if this program dies */
	bool no_gso;         /* do not accept GSO frames: each frame fits the MTU */
};

/*
 * Opens a vif and waits until the backend is connected. Returns NULL with errno: ENOENT if there is
 * no such vif, EBUSY if the kernel's netfront or another program has it, ETIMEDOUT if the backend
 * did not answer, EPROTO if the backend and the library do not match, or the error of a device or
 * of xenstore. vpe_fe_error() has the details.
 */
struct vpe_fe *vpe_fe_open(const struct vpe_fe_params *params);

/*
 * Describes the error of this thread's last vpe_fe_open() in one line, valid until the next call.
 */
const char *vpe_fe_error(void);

/*
 * Disconnects, revokes all grants and frees everything, including all buffers. Returns the error
 * met while closing or giving the vif back; it is freed in any case. NULL is allowed.
 */
int vpe_fe_close(struct vpe_fe *fe);

struct vpe_fe_info {
	uint8_t mac[6];
	uint16_t mtu; /* of a frame without its 14-byte Ethernet header */
	unsigned n_queues;
	uint32_t backend;          /* domid */
	bool gso_tcpv4, gso_tcpv6; /* the backend accepts such frames */
	bool csum_ipv6;            /* ... and blank checksums over IPv6, as always over IPv4 */
	bool sg;                   /* ... and frames of more than one buffer */
	unsigned n_static; /* buffers in static grants, all queues: copied without hypercalls */
};
void vpe_fe_get_info(const struct vpe_fe *fe, struct vpe_fe_info *info);

/*
 * Control: call it a few times a second. Returns 0 if all is well. Returns 1 if the backend had
 * gone and is connected again: frames on the rings are lost, the buffers are in the pool or the
 * caller's as before. -ENOTCONN: the backend has gone; call again. -ENODEV: the vif was removed, or
 * the guest was restored or migrated and has a new vif; close it and open it again. -EPROTO: the
 * backend broke a rule; close it.
 */
int vpe_fe_process(struct vpe_fe *fe);

#define VPE_FE_RSS_IPV4 (1u << 0)     /* hash over both IP addresses */
#define VPE_FE_RSS_IPV4_TCP (1u << 1) /* ... and both ports, for TCP */
#define VPE_FE_RSS_IPV6 (1u << 2)
#define VPE_FE_RSS_IPV6_TCP (1u << 3)

/*
 * The spreading of received frames over the queues. Source: netif.h, "Hash types", "Toeplitz hash".
 */
struct vpe_fe_rss {
	uint32_t types;   /* VPE_FE_RSS_*; 0 = the backend's choice */
	uint8_t key[40];  /* of the Toeplitz hash */
	unsigned n_map;   /* entries in `map`, at most 128; 0 = queue is hash modulo n_queues */
	uint8_t map[128]; /* the queue for each value of the hash modulo n_map */
};

/*
 * Control: applies `rss`. Frames without a hash of these types have hash 0. The setting is lost
 * when vpe_fe_process() returns 1. -EOPNOTSUPP: the backend does no hashing, or the vif was opened
 * with no_static. -EINVAL: a queue does not exist, or there are too many entries. -ETIMEDOUT,
 * -EPROTO: the backend's answer is missing or wrong.
 */
int vpe_fe_set_rss(struct vpe_fe *fe, const struct vpe_fe_rss *rss);

/* ---- frames: one queue, one thread ----------------------------------------------------------- */

/* Returns an empty buffer: data = page, len = 0, everything else 0. NULL if the pool is empty. */
struct vpe_fe_buf *vpe_fe_alloc(struct vpe_fe *fe, unsigned queue);

/* Returns a frame's buffers to their pool. The thread must own that queue. NULL is allowed. */
void vpe_fe_free(struct vpe_fe *fe, struct vpe_fe_buf *frame);

/*
 * Takes up to `n` received frames and posts empty buffers in their place. Returns their number.
 * Never blocks.
 */
unsigned vpe_fe_rx_burst(struct vpe_fe *fe, unsigned queue, struct vpe_fe_buf **frames, unsigned n);

/*
 * Sends frames. Returns how many it took, from the first on: fewer than `n` if the ring is full;
 * try again. A frame that cannot be sent (empty, too long, too many buffers, not supported by the
 * backend) is taken, freed and counted in n_tx_refused. Buffers must be from this queue's pool.
 * Never blocks.
 */
unsigned vpe_fe_tx_burst(struct vpe_fe *fe, unsigned queue, struct vpe_fe_buf **frames, unsigned n);

/*
 * Waits up to `timeout_us` until frames arrive or sent ones are done, instead of polling all the
 * time. Returns 1 if there may be something, 0 on timeout, or a negative errno.
 */
int vpe_fe_wait(struct vpe_fe *fe, unsigned queue, unsigned timeout_us);

/*
 * The parts of vpe_fe_wait(), for programs that also wait for other things. arm: asks the backend
 * for an event; returns true if nothing is pending, so that sleeping until `fd` is readable is
 * safe. disarm: consumes pending events and asks for no more; call it after each arm. The
 * descriptor belongs to the library and lives as long as the connection: ask for it again after
 * vpe_fe_process() returned 1.
 */
int vpe_fe_fd(const struct vpe_fe *fe, unsigned queue);
bool vpe_fe_arm(struct vpe_fe *fe, unsigned queue);
void vpe_fe_disarm(struct vpe_fe *fe, unsigned queue);

struct vpe_fe_stats {
	uint64_t n_rx_frames, n_rx_bytes;
	uint64_t n_rx_dropped; /* malformed frames */
	uint64_t n_rx_starved; /* times that the pool was empty when posting */
	uint64_t n_tx_frames, n_tx_bytes;
	uint64_t n_tx_refused; /* see vpe_fe_tx_burst() */
	uint64_t n_tx_failed;  /* answered with an error by the backend */
	uint64_t n_notified;   /* notifications sent, each a hypercall */
	unsigned n_free;       /* buffers in the pool now */
};
void vpe_fe_get_stats(const struct vpe_fe *fe, unsigned queue, struct vpe_fe_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
