/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What vpe needs of Xen, as small tables: the store, grants, shares, events. xen_real() has the system's
 * libraries behind it; tests/fakes has an in-process hypervisor. Nothing outside backend/xen includes a Xen
 * library header.
 *
 * Errors: functions return 0 or a negative errno, pointers are NULL with errno set.
 */
#ifndef VPE_XEN_OPS_H
#define VPE_XEN_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the store: one connection, used by the control thread only -------------------------------------- */

struct store; /* opaque to all but the implementation */

struct store_event {
	char path[3072 + 1]; /* xs_wire.h XENSTORE_ABS_PATH_MAX */
	char token[64];
};

struct store_ops {
	struct store *(*open)(void);
	void (*close)(struct store *store);
	/*
	 * Value of `path`, NUL-terminated, to be freed by the caller; NULL with errno ENOENT, EACCES, ... .
	 * `path` may be relative to the own domain's directory. `len` (may be NULL) receives the length without
	 * the terminator; a guest's value can hold NUL bytes.
	 */
	char *(*read)(struct store *store, uint32_t tx, const char *path, unsigned *len);
	int (*write)(struct store *store, uint32_t tx, const char *path, const char *value);
	int (*remove)(struct store *store, uint32_t tx, const char *path); /* with all below it */
	/* Names of the children; one allocation, freed by the caller with free(). NULL with errno. */
	char **(*list)(struct store *store, uint32_t tx, const char *path, unsigned *n);
	/* Transactions: begin returns 0 on error (errno set); 0 as `tx` above means "none". */
	uint32_t (*begin)(struct store *store);
	int (*commit)(struct store *store, uint32_t tx); /* -EAGAIN: somebody else was faster, do it again */
	void (*abort)(struct store *store, uint32_t tx);
	int (*watch)(struct store *store, const char *path, const char *token); /* token: less than 64 bytes */
	int (*unwatch)(struct store *store, const char *path, const char *token);
	int (*fd)(struct store *store); /* readable when next_event() may have something */
	/* Takes the next fired watch. 1 = *event is filled, 0 = none now, negative = the connection is lost. */
	int (*next_event)(struct store *store, struct store_event *event);
	/*
	 * Whether a domain that had a guest in it still has: 1, or 0 when it is dying or gone, as xenstored finds just before
	 * @releaseDomain fires; else -errno. One that only shut down or is suspended counts as 1.
	 */
	int (*domain_lives)(struct store *store, uint32_t domid);
};

/* ---- grants ------------------------------------------------------------------------------------------- */

struct grants; /* a handle; one per thread that copies, one per vif that maps */

#define GRANT_STATUS_UNTOUCHED 1 /* no GNTST_* value: set before a copy, still there if Xen never reached it */
#define GRANT_STATUS_OKAY 0      /* GNTST_okay */

/* One copy between our memory and a granted page. The layout is xengnttab_grant_copy_segment_t's. */
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
	int16_t status; /* GNTST_*: 0 is okay, negative an error */
};

#define GRANT_COPY_SOURCE_REF (1u << 0) /* the source is foreign */
#define GRANT_COPY_DEST_REF (1u << 1)   /* the destination is foreign */

struct grants_ops {
	struct grants *(*open)(void);
	void (*close)(struct grants *grants); /* unmaps what is still mapped */
	/* Maps one granted page of `domid` at a page of our memory: to read and, if `writable`, to write. */
	void *(*map)(struct grants *grants, uint32_t domid, uint32_t ref, bool writable);
	int (*unmap)(struct grants *grants, void *page);
	/*
	 * Does `n` copies in order and sets each status. All foreign sides must belong to one domain. A
	 * negative return means that some statuses may still be what the caller preset.
	 */
	int (*copy)(struct grants *grants, struct grant_copy *copies, unsigned n);
};

/* ---- memory of a guest, grant or no grant: for a privileged domain ------------------------------------------ */

struct foreign; /* a handle, for one guest */

#define FOREIGN_GRANT_PERMIT 1u          /* GTF_permit_access: the flags of an ordinary grant */
#define FOREIGN_GRANT_READONLY (1u << 2) /* GTF_readonly */
#define FOREIGN_GRANT_READING (1u << 3)  /* GTF_reading: the page is being read, the grant stays */

/* An entry of a guest's grant table, which the guest writes to. The layout is grant_entry_v1_t's. */
struct foreign_grant {
	union foreign_grant_use {
		struct {
			uint16_t flags;
			uint16_t domid; /* who may use it */
		};
		uint32_t both; /* what is changed as one */
	} use;
	uint32_t frame;
};

struct foreign_ops {
	/* NULL with errno: EOPNOTSUPP for a guest that is not PV or whose grant table is of version 2; EACCES, ENOENT, ... */
	struct foreign *(*open)(uint32_t domid);
	void (*close)(struct foreign *memory); /* all must be unmapped */
	/* Frame `frame` of the guest's grant table, to read and to write. NULL with errno. */
	struct foreign_grant *(*map_table)(struct foreign *memory, unsigned frame);
	void (*unmap_table)(struct foreign *memory, struct foreign_grant *table);
	/* A page of the guest, to read. NULL with errno, also if the page is not the guest's. */
	const void *(*map_page)(struct foreign *memory, uint64_t frame);
	void (*unmap_page)(struct foreign *memory, const void *page);
};

/* ---- pages that others may use: the frontend's side ------------------------------------------------------- */

struct shares; /* a handle */

struct shares_ops {
	struct shares *(*open)(void);
	void (*close)(struct shares *shares); /* every page must be unshared */
	/* A new zeroed page of ours, granted read-write to `domid`; its reference in *ref. NULL with errno. */
	void *(*share)(struct shares *shares, uint32_t domid, uint32_t *ref);
	/* Takes the grant back and unmaps the page. A page that the peer still has mapped is freed when it lets go of it. */
	void (*unshare)(struct shares *shares, void *page);
};

/* ---- events ------------------------------------------------------------------------------------------- */

struct events; /* a handle; one per vif */

struct events_ops {
	struct events *(*open)(void);
	void (*close)(struct events *events); /* unbinds all */
	int (*bind)(struct events *events, uint32_t domid, uint32_t remote_port); /* local port, or -errno */
	/* A new port that `domid` may bind to; local port, or -errno. What a frontend does. */
	int (*alloc)(struct events *events, uint32_t domid);
	int (*unbind)(struct events *events, uint32_t local_port);
	int (*notify)(struct events *events, uint32_t local_port);
	int (*fd)(struct events *events); /* readable when an unmasked port fired */
	/* Takes one fired port (it stays masked); -EAGAIN if there is none. Never blocks. */
	int (*pending)(struct events *events);
	int (*unmask)(struct events *events, uint32_t local_port);
};

/* All together. A backend uses no shares, a frontend no grants. */
struct xen_ops {
	const struct store_ops *store;
	const struct grants_ops *grants;
	const struct shares_ops *shares;
	const struct events_ops *events;
};

/* The real ones. */
const struct xen_ops *xen_real(void);
/* NULL if this build has none (configure --disable-foreign). */
const struct foreign_ops *xen_foreign(void);

#endif
