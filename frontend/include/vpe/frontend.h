/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libvpefront: a program in a Xen guest drives its virtual network interface itself.
 *
 * The kernel's netfront is not involved: the library takes a vif over from it and gives it back at the end. Frames lie in
 * pages that are granted to the backend once, when the vif is opened, and are never copied by the library. With a
 * backend that polls (vpe-backend) neither side makes a hypercall or a system call to move a frame; a backend that
 * sleeps (the kernel's xen-netback) is notified when it asks for that.
 *
 *	struct vpe_fe *fe = vpe_fe_open(&(struct vpe_fe_params){ .vif = 1, .take_over = true });
 *	if (fe == NULL)
 *		errx(1, "%s", vpe_fe_error());
 *	for (;;) {
 *		struct vpe_fe_buf *frame[32];
 *		unsigned n = vpe_fe_rx_burst(fe, 0, frame, 32);
 *		...
 *		n = vpe_fe_tx_burst(fe, 0, frame, n);
 *	}
 *
 * Threads: each queue belongs to one thread at a time, which calls the functions that name a queue. The functions that
 * do not name one belong to one control thread; while open, process or close run, no queue may be in use.
 *
 * Errors: functions that return int return 0 or a negative errno, unless they say otherwise. A backend that breaks the
 * rules of netif.h can never make the library touch memory that is not its own: the queue stops, and
 * vpe_fe_process() returns -EPROTO.
 *
 * If the program dies without closing the vif, a small process beside it (vpe-guard) does that, so that the backend lets go
 * of the program's memory and the kernel's netfront gets the vif back.
 *
 * It needs /dev/xen/gntalloc, /dev/xen/evtchn and a connection to xenstore, thus root in most guests.
 * Source of the protocol: xen/io/netif.h.
 */
#ifndef VPE_FRONTEND_H
#define VPE_FRONTEND_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vpe_fe; /* an open vif */

/* ---- buffers --------------------------------------------------------------------------------------------- */

#define VPE_FE_BUF_SIZE 4096u  /* bytes of a buffer: one page */
#define VPE_FE_BUFS_MAX 18u    /* buffers of one frame (netif.h: XEN_NETIF_NR_SLOTS_MIN) */
#define VPE_FE_FRAME_MAX 65535u

/* Flags of a frame, in its first buffer. */
#define VPE_FE_CSUM_BLANK (1u << 0) /* the TCP or UDP checksum holds the pseudo header's only; who uses the frame completes it */
#define VPE_FE_CSUM_GOOD (1u << 1)  /* received: the checksum was verified, or the frame never left this host */
#define VPE_FE_GSO_TCPV4 (1u << 2)  /* a large TCP segment that is to be cut to gso_size bytes of payload each */
#define VPE_FE_GSO_TCPV6 (1u << 3)

/*
 * A part of a frame. A frame is a list of one or more, of which the first describes the whole. Owner: the caller from
 * vpe_fe_alloc() or vpe_fe_rx_burst() until vpe_fe_free() or until vpe_fe_tx_burst() takes it. A received frame may be
 * sent back as it is. `data` may point anywhere into the buffer's page as long as `len` bytes follow in it.
 *
 * The page stays granted to the backend, whoever owns the buffer: it may read and write all of it at any time. So copy the part of
 * a received frame that you check, and use the copy. A page also keeps what was in it before: write all `len` bytes of what
 * you send.
 */
struct vpe_fe_buf {
	struct vpe_fe_buf *next; /* the frame's next part; NULL = this is the last one */
	uint8_t *data;           /* the Ethernet header starts here, in the first one */
	uint16_t len;            /* bytes at `data` */
	uint16_t flags;          /* first one: VPE_FE_* */
	uint16_t gso_size;       /* first one, with VPE_FE_GSO_*: bytes of payload in each segment */
	uint16_t queue;          /* the library's: the queue whose pool it is from */
	uint32_t ref;            /* the library's: grant reference of the page */
	uint8_t *page;           /* the buffer itself, VPE_FE_BUF_SIZE bytes, aligned to as many */
};

/* ---- life ------------------------------------------------------------------------------------------------ */

struct vpe_fe_params {
	unsigned vif;        /* number of the interface: N of device/vif/N */
	unsigned n_queues;   /* 0 = 1. No more are opened than the backend offers */
	unsigned n_buffers;  /* of each queue's pool; 0 = 768. At least 2 for each receive slot in use; the kernel's limit
			      * is /sys/module/xen_gntalloc/parameters/limit, for all of the guest */
	unsigned timeout_ms; /* to wait for the backend at each step; 0 = 10000 */
	bool take_over;      /* take it from the kernel's netfront if that has it, and give it back on close */
	bool no_static;      /* do not ask the backend to map the buffers once: each frame is copied by the hypervisor */
	bool no_guard;       /* do not start vpe-guard, which closes the vif if this program dies without doing so */
	bool no_gso;         /* do not offer to receive GSO frames: each frame fits the MTU */
};

/*
 * Opens a vif and waits until the backend is connected. NULL with errno: ENOENT no such vif, EBUSY the kernel's
 * netfront or another program has it, ETIMEDOUT the backend did not answer, EPROTO it asks for what the library has not, or what a device
 * or xenstore said. vpe_fe_error() tells it in words.
 */
struct vpe_fe *vpe_fe_open(const struct vpe_fe_params *params);

/* What went wrong in this thread's last vpe_fe_open(): one line, valid until the next one. */
const char *vpe_fe_error(void);

/*
 * Disconnects, revokes all grants and frees everything. Buffers of it must not be used any more. Returns what went
 * wrong when the vif was given back; it is freed in any case. NULL is allowed.
 */
int vpe_fe_close(struct vpe_fe *fe);

struct vpe_fe_info {
	uint8_t mac[6];
	uint16_t mtu;        /* bytes of a frame without its 14 bytes of Ethernet header */
	unsigned n_queues;
	uint32_t backend;    /* domid */
	bool gso_tcpv4, gso_tcpv6; /* the backend takes such frames */
	bool csum_ipv6;      /* ... and frames with a blank checksum over IPv6; over IPv4 it always does */
	bool sg;             /* ... and frames of more than one buffer */
	unsigned n_static;   /* buffers that the backend has mapped for good, of all queues: no hypercall copies them */
};
void vpe_fe_get_info(const struct vpe_fe *fe, struct vpe_fe_info *info);

/*
 * Control: call it a few times a second. 0 = all is well; 1 = the backend had gone and is connected again: what was on
 * the rings is lost, the buffers are the caller's or in the pool as before. -ENOTCONN: the backend has gone, call
 * again; -ENODEV: the vif was removed, or the guest was restored or migrated and has another one now: close it, and open it again; -EPROTO: the backend broke a rule, close it.
 */
int vpe_fe_process(struct vpe_fe *fe);

#define VPE_FE_RSS_IPV4 (1u << 0)     /* a hash over both IP addresses */
#define VPE_FE_RSS_IPV4_TCP (1u << 1) /* ... and both ports, of TCP packets */
#define VPE_FE_RSS_IPV6 (1u << 2)
#define VPE_FE_RSS_IPV6_TCP (1u << 3)

/* How what the vif receives is spread over its queues. Source: netif.h, "Hash types", "Toeplitz hash". */
struct vpe_fe_rss {
	uint32_t types;   /* VPE_FE_RSS_*; 0 = as the backend likes */
	uint8_t key[40];  /* of the Toeplitz hash */
	unsigned n_map;   /* entries of the table, at most 128; 0 = the hash modulo the number of queues is the queue */
	uint8_t map[128]; /* the hash modulo n_map is the place of the queue's number */
};

/*
 * Control: chooses that; frames without a hash of these types count as hash 0. It is lost when vpe_fe_process() returns 1.
 * -EOPNOTSUPP: the backend does no hashing, or the vif was opened with no_static; -EINVAL: a queue that there is not, or too many
 * entries; -ETIMEDOUT, -EPROTO: the backend's answer.
 */
int vpe_fe_set_rss(struct vpe_fe *fe, const struct vpe_fe_rss *rss);

/* ---- frames: one queue, one thread ----------------------------------------------------------------------- */

/* An empty buffer: data = page, len = 0, all else 0. NULL: the pool has none. */
struct vpe_fe_buf *vpe_fe_alloc(struct vpe_fe *fe, unsigned queue);

/* Puts a frame's buffers back into the pool they are from. The thread must own that queue. NULL is allowed. */
void vpe_fe_free(struct vpe_fe *fe, struct vpe_fe_buf *frame);

/* Takes up to `n` received frames, and posts empty buffers in their place. Returns how many. Never blocks. */
unsigned vpe_fe_rx_burst(struct vpe_fe *fe, unsigned queue, struct vpe_fe_buf **frames, unsigned n);

/*
 * Sends frames. Returns how many it took: the first ones; fewer than `n` if the ring is full (try again). A frame that
 * cannot be sent (empty, too long, too many buffers, what the backend does not take) is taken, freed and counted in
 * n_tx_refused. Buffers must be from this queue's pool. Never blocks.
 */
unsigned vpe_fe_tx_burst(struct vpe_fe *fe, unsigned queue, struct vpe_fe_buf **frames, unsigned n);

/*
 * Waits up to `timeout_us` until frames arrive or sent ones are done, for who does not want to poll all the time. Returns 1 if
 * there may be something, 0 after the time, or a negative errno.
 */
int vpe_fe_wait(struct vpe_fe *fe, unsigned queue, unsigned timeout_us);

/*
 * The parts of vpe_fe_wait(), for who waits for other things too. arm: asks the backend for an event; true if nothing
 * is there yet, so that sleeping until `fd` is readable is safe. disarm: takes events that came and asks for no more; to be
 * called after each arm. The descriptor is the library's and lives as long as the connection: ask again after
 * vpe_fe_process() returned 1.
 */
int vpe_fe_fd(const struct vpe_fe *fe, unsigned queue);
bool vpe_fe_arm(struct vpe_fe *fe, unsigned queue);
void vpe_fe_disarm(struct vpe_fe *fe, unsigned queue);

struct vpe_fe_stats {
	uint64_t n_rx_frames, n_rx_bytes;
	uint64_t n_rx_dropped;  /* frames that arrived broken */
	uint64_t n_rx_starved;  /* times that no buffer was left to post */
	uint64_t n_tx_frames, n_tx_bytes;
	uint64_t n_tx_refused;  /* see vpe_fe_tx_burst() */
	uint64_t n_tx_failed;   /* the backend answered with an error */
	uint64_t n_notified;    /* notifications sent, each a hypercall */
	unsigned n_free;        /* buffers in the pool now */
};
void vpe_fe_get_stats(const struct vpe_fe *fe, unsigned queue, struct vpe_fe_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
