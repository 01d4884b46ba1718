/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Xen interfaces that vpe uses, as small tables: the store, grants, foreign memory, shares,
 * events. xen_real() and xen_foreign() return those of the system's libraries; tests/fakes has an
 * in-process hypervisor. Nothing outside backend/xen includes a Xen library header.
 *
 * Errors: functions return 0 or a negative errno; pointers are NULL with errno set.
 */
#ifndef VPE_XEN_OPS_H
#define VPE_XEN_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the store: one connection, used by the control thread only ------------------------------ */

struct store; /* opaque to all but the implementation */

struct store_event {
	char path[3072 + 1]; /* xs_wire.h XENSTORE_ABS_PATH_MAX */
	char token[64];
};

struct store_ops {
	struct store *(*open)(void);
	void (*close)(struct store *store);
	/*
	 * Value of `path`, NUL-terminated, to be freed by the caller; NULL with errno ENOENT,
	 * EACCES, ... on error. `path` may be relative to our own domain's directory. `len` (may be
	 * NULL) receives the length without the terminator; a guest's value can contain NUL bytes.
	 */
	char *(*read)(struct store *store, uint32_t tx, const char *path, unsigned *len);
	int (*write)(struct store *store, uint32_t tx, const char *path, const char *value);
	/* with all its children */
	int (*remove)(struct store *store, uint32_t tx, const char *path);
	/*
	 * Names of the children in one allocation, to be freed by the caller with free(). NULL with
	 * errno on error.
	 */
	char **(*list)(struct store *store, uint32_t tx, const char *path, unsigned *n);
	/*
	 * Transactions: begin returns 0 with errno on error. `tx` 0 in other calls means "no
	 * transaction".
	 */
	uint32_t (*begin)(struct store *store);
	/* -EAGAIN: conflict with another transaction, try again */
	int (*commit)(struct store *store, uint32_t tx);
	void (*abort)(struct store *store, uint32_t tx);
	/* token: less than 64 bytes */
	int (*watch)(struct store *store, const char *path, const char *token);
	int (*unwatch)(struct store *store, const char *path, const char *token);
	int (*fd)(struct store *store); /* readable when next_event() may have something */
	/*
	 * Takes the next watch event. Returns 1 if *event was filled, 0 if there is none, or a
	 * negative value if the connection is lost.
	 */
	int (*next_event)(struct store *store, struct store_event *event);
	/*
	 * Whether a domain that had a guest still has one: 1 if so, 0 if the guest is dying or
	 * gone, else -errno. xenstored learns this just before @releaseDomain fires. A domain that
	 * only shut down or is suspended counts as 1.
	 */
	int (*domain_lives)(struct store *store, uint32_t domid);
};

/* ---- grants ---------------------------------------------------------------------------------- */

struct grants; /* a handle; one per copying thread, one per mapping vif */

/* not a GNTST_* value: preset before a copy, remains if Xen did not get there */
#define GRANT_STATUS_UNTOUCHED 1
#define GRANT_STATUS_OKAY 0 /* GNTST_okay */

/* One copy between our memory and a granted page. Same layout as xengnttab_grant_copy_segment_t. */
struct grant_copy {
	union grant_ptr {
		void *virt;
		struct {
			uint32_t ref;
			uint16_t offset;
			uint16_t domid;
		} foreign;
	} source, dest;
	uint16_t len;   /* bytes; the granted side must not cross a page */
	uint16_t flags; /* GRANT_COPY_* */
	int16_t status; /* GNTST_*: 0 is okay, negative values are errors */
};

#define GRANT_COPY_SOURCE_REF (1u << 0) /* the source is foreign */
#define GRANT_COPY_DEST_REF (1u << 1)   /* the destination is foreign */

struct grants_ops {
	struct grants *(*open)(void);
	void (*close)(struct grants *grants); /* unmaps all pages that are still mapped */
	/*
	 * Maps one granted page of `domid` into our memory, read-only or, with `writable`,
	 * read-write.
	 */
	void *(*map)(struct grants *grants, uint32_t domid, uint32_t ref, bool writable);
	int (*unmap)(struct grants *grants, void *page);
	/*
	 * Does `n` copies in order and sets each status. All foreign sides must belong to one
	 * domain. After a negative return some statuses may still have the caller's preset.
	 */
	int (*copy)(struct grants *grants, struct grant_copy *copies, unsigned n);
};

/* ---- foreign memory: a guest's pages without a grant, for a privileged domain ---- */

struct foreign; /* a handle for one guest */

#define FOREIGN_GRANT_PERMIT 1u          /* GTF_permit_access: flags of an ordinary grant */
#define FOREIGN_GRANT_READONLY (1u << 2) /* GTF_readonly */
/* GTF_reading: the page is being read and cannot be revoked */
#define FOREIGN_GRANT_READING (1u << 3)

/*
 * An entry of a guest's grant table, which the guest may write to at any time. Same layout as
 * grant_entry_v1_t.
 */
struct foreign_grant {
	union foreign_grant_use {
		struct {
			uint16_t flags;
			uint16_t domid; /* domain that may use it */
		};
		uint32_t both; /* flags and domid, to change them atomically */
	} use;
	uint32_t frame;
};

struct foreign_ops {
	/*
	 * Opens a handle. Returns NULL with errno on error: EOPNOTSUPP for a guest that is not PV
	 * or whose grant table is version 2; EACCES, ENOENT, ...
	 */
	struct foreign *(*open)(uint32_t domid);
	void (*close)(struct foreign *memory); /* everything must be unmapped */
	/* Maps frame `frame` of the guest's grant table read-write. NULL with errno on error. */
	struct foreign_grant *(*map_table)(struct foreign *memory, unsigned frame);
	void (*unmap_table)(struct foreign *memory, struct foreign_grant *table);
	/*
	 * Maps a page of the guest read-only. NULL with errno on error, also if the guest does not
	 * own it.
	 */
	const void *(*map_page)(struct foreign *memory, uint64_t frame);
	void (*unmap_page)(struct foreign *memory, const void *page);
};

/* ---- shares: pages that other domains may use, for the frontend ---- */

struct shares; /* a handle */

struct shares_ops {
	struct shares *(*open)(void);
	void (*close)(struct shares *shares); /* every page must be unshared */
	/*
	 * Allocates a zeroed page and grants it read-write to `domid`. *ref gets its reference.
	 * NULL with errno on error.
	 */
	void *(*share)(struct shares *shares, uint32_t domid, uint32_t *ref);
	/*
	 * Revokes the grant and unmaps the page. If the peer still has it mapped, it is freed when
	 * the peer unmaps it.
	 */
	void (*unshare)(struct shares *shares, void *page);
};

/* ---- events ---------------------------------------------------------------------------------- */

struct events; /* a handle; one per vif */

struct events_ops {
	struct events *(*open)(void);
	void (*close)(struct events *events); /* unbinds all ports */
	/* returns the local port, or -errno */
	int (*bind)(struct events *events, uint32_t domid, uint32_t remote_port);
	/*
	 * Allocates a port that `domid` may bind to; used by frontends. Returns the local port, or
	 * -errno.
	 */
	int (*alloc)(struct events *events, uint32_t domid);
	int (*unbind)(struct events *events, uint32_t local_port);
	int (*notify)(struct events *events, uint32_t local_port);
	int (*fd)(struct events *events); /* readable when an unmasked port has fired */
	/*
	 * Takes one fired port, which stays masked. Returns -EAGAIN if there is none. Never blocks.
	 */
	int (*pending)(struct events *events);
	int (*unmask)(struct events *events, uint32_t local_port);
};

/* The tables of one Xen implementation. A backend uses no shares, a frontend no grants. */
struct xen_ops {
	const struct store_ops *store;
	const struct grants_ops *grants;
	const struct shares_ops *shares;
	const struct events_ops *events;
};

/* The tables of the system's Xen libraries. */
const struct xen_ops *xen_real(void);
/* The same for foreign memory; NULL if this build has none (configure --disable-foreign). */
const struct foreign_ops *xen_foreign(void);

#endif
