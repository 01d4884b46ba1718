/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scriptable netif frontend in a fake domain, that behaves as Linux netfront unless a test asks
 * it not to.
 *
 * Theory of operation: guest_create() makes the domain's ring pages, buffers, grants and event
 * channels; no store and no daemon is needed, so a test of the data path maps g->tx_ref and
 * g->rx_ref itself. fakes/guest_store.h adds the store side. guest_send() and guest_receive() check
 * everything that netfront checks and more, and the first rule that the backend broke is in
 * g->broken. For hostile use, guest_tx_slot() and friends write anything anywhere.
 *
 * Threads: a guest belongs to one thread; what its event hook counts may be read with
 * guest_events(). Source: netif.h; Linux drivers/net/xen-netfront.c.
 */
#ifndef VPE_FAKES_GUEST_H
#define VPE_FAKES_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "fakes/fake_xen.h"
#include "proto/netif.h"

#define GUEST_SLOTS NETIF_RING_SIZE
#define GUEST_FRAME_SIZE 65536u
#define GUEST_LOG_SIZE 512u

enum guest_flag {
	GUEST_ONE_CHANNEL = 1u << 0, /* one event channel for both rings */
	/* grants each buffer for one use only, as stock netfront does */
	GUEST_STRICT_GRANTS = 1u << 1,
	GUEST_MUTE = 1u << 2,           /* never notifies the backend */
	GUEST_GUARD_HEADROOM = 1u << 3, /* checks that nothing is written before a frame's data */
};

struct guest_params {
	uint32_t domid;
	uint32_t backend; /* domid of the code under test */
	unsigned devid;
	uint32_t first_idx;  /* where the indices of both rings start */
	unsigned n_rx_slots; /* rx requests to keep posted; GUEST_SLOTS for all, iPXE has 4 */
	unsigned flags;      /* GUEST_* */
};

struct guest_buffer {
	uint8_t *page;
	uint32_t ref; /* FAKE_GRANT_REF_NONE: not granted now */
	bool busy;    /* in a request that is not answered */
};

struct guest_stats {
	uint64_t n_tx_frames; /* given to guest_send() and put on the ring */
	uint64_t n_tx_okay, n_tx_error, n_tx_dropped, n_tx_null; /* responses */
	uint64_t n_rx_frames;                                    /* received whole */
	uint64_t n_rx_slots, n_rx_failed_slots; /* responses; those with a negative status */
	/* events sent to the backend: its req_event asked for them */
	uint64_t n_sent_tx, n_sent_rx;
};

struct guest {
	struct guest_params params;
	netif_tx_front_ring_t tx;
	netif_rx_front_ring_t rx;
	void *tx_page, *rx_page;
	uint32_t tx_ref, rx_ref;
	uint32_t port_tx, port_rx;
	struct guest_buffer tx_buffers[GUEST_SLOTS]; /* by request id */
	struct guest_buffer rx_buffers[GUEST_SLOTS];
	uint16_t tx_free[GUEST_SLOTS];
	unsigned n_tx_free;
	uint16_t rx_free[GUEST_SLOTS];
	unsigned n_rx_free;
	uint16_t rx_posted[GUEST_SLOTS]; /* id of the request at each ring slot */
	bool raw; /* guest_tx_slot() was used: ids of responses are not checked */
	netif_tx_response_t tx_log[GUEST_LOG_SIZE]; /* every tx response since guest_log_clear() */
	unsigned n_tx_log;
	struct guest_stats stats;
	struct guest_events *events;
	char broken[160]; /* the first rule that the backend broke; "" = none */
};

/* ---- life ------------------------------------------------------------------------------------ */

/* Makes the rings and posts the rx requests. NULL if a domain's memory is exhausted. */
struct guest *guest_create(const struct guest_params *params);

/*
 * Takes all back. Grants that the backend still has mapped are left to the fake. NULL is allowed.
 */
void guest_destroy(struct guest *g);

/*
 * Starts again with fresh ring pages, grants and channels, as a frontend does when it reconnects.
 */
void guest_renew(struct guest *g);

/* ---- sending --------------------------------------------------------------------------------- */

struct guest_packet {
	const uint8_t *data;
	uint32_t len;
	uint16_t flags;   /* NETTXF_csum_blank, NETTXF_data_validated */
	uint8_t gso_type; /* XEN_NETIF_GSO_TYPE_* */
	uint16_t gso_size;
	uint16_t offset;       /* of the data in each page */
	const uint16_t *sizes; /* bytes in each slot; NULL: as much as a page takes */
	unsigned n_sizes;
};

/* Puts one packet on the ring and publishes it. 0, or -EAGAIN if there are too few free slots. */
int guest_send(struct guest *g, const struct guest_packet *packet);
/* The same without publishing. */
int guest_queue(struct guest *g, const struct guest_packet *packet);
/* A complete frame in as few slots as possible. */
int guest_send_frame(struct guest *g, const void *data, uint32_t len);

/*
 * Asks for frames to a multicast address, or no more for them (XEN_NETIF_EXTRA_TYPE_MCAST_ADD or
 * _DEL), as Windows does: with reference 0. 0 or -EAGAIN. It is answered with OKAY or ERROR, and
 * NULL.
 */
int guest_mcast(struct guest *g, uint8_t type, const uint8_t addr[6]);

/* Takes the tx responses that are there. Returns how many. */
unsigned guest_reap(struct guest *g);

/* ---- receiving ------------------------------------------------------------------------------- */

struct guest_frame {
	uint32_t len;
	uint16_t flags; /* NETRXF_* of the first slot */
	uint8_t gso_type;
	uint16_t gso_size;
	/* what the XDP extra info says, and the offset in each slot; 0 without one */
	uint16_t headroom;
	unsigned n_slots;  /* with the extras */
	unsigned n_failed; /* slots with a negative status: the frame is not whole */
	uint8_t data[GUEST_FRAME_SIZE];
};

/*
 * Takes one frame. False if there is none; g->broken says if there was a malformed one. Reposts the
 * slots.
 */
bool guest_receive(struct guest *g, struct guest_frame *frame);

/* Sets how many rx requests are kept posted, and posts what is missing. */
void guest_post(struct guest *g, unsigned n_rx_slots);

/* ---- events ---------------------------------------------------------------------------------- */

struct guest_events {
	uint64_t n_received;
	/* came without a new response on the ring (one channel: either ring) */
	uint64_t n_spurious;
	uint32_t tx_seen, rx_seen; /* rsp_prod as the last one found it */
};
/* What the backend sent so far. Any thread. */
struct guest_events guest_events(const struct guest *g);

/*
 * Asks for an event with the next response on either ring. Whether there is none yet, so that
 * waiting is safe. A fresh ring asks for its first response.
 */
bool guest_arm(struct guest *g);

/* ---- breaking rules -------------------------------------------------------------------------- */

/*
 * Writes a tx slot at the private producer index and moves that on. A raw slot may point at any
 * buffer.
 */
void guest_tx_slot(struct guest *g, const netif_tx_request_t *slot);
void guest_tx_extra(struct guest *g, const netif_extra_info_t *extra);
/* Shows the backend all slots up to the private producer index. */
void guest_tx_publish(struct guest *g);
/* Shows any index. */
void guest_tx_set_req_prod(struct guest *g, uint32_t req_prod);
void guest_rx_set_req_prod(struct guest *g, uint32_t req_prod);
/* Writes an rx slot with any reference. */
void guest_rx_slot(struct guest *g, uint16_t id, uint32_t ref);
void guest_rx_publish(struct guest *g);
void guest_log_clear(struct guest *g);
/* How many logged tx responses have `status`. */
unsigned guest_log_count(const struct guest *g, int16_t status);

/* Notes that the backend broke a rule. */
void guest_break(struct guest *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Sends the events that req_event asks for. For the parts of guest.c. */
enum guest_ring {
	GUEST_TX,
	GUEST_RX,
};
void guest_kick(struct guest *g, enum guest_ring ring);

/* The page of a tx or rx buffer, granted. */
uint32_t guest_buffer_ref(struct guest *g, struct guest_buffer *buffer,
			  enum fake_grant_access access);
/* Ends the use of a buffer. */
void guest_buffer_done(struct guest *g, struct guest_buffer *buffer);

#endif
