/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The far end of an uplink: an ethdev made of two rings that the test holds the other ends of, or a
 * device of the kernel. The process has a network namespace of its own (outside_isolate()), so
 * nothing of the host is touched.
 */
#ifndef VPE_SIM_OUTSIDE_H
#define VPE_SIM_OUTSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "frames/frame.h"
#include "sim/sim.h"

/*
 * Gives the process its own network namespace. Call it before there are threads. Without root: no
 * effect.
 */
void outside_isolate(void);

/* Why there can be no kernel devices here, NULL if there can. */
const char *outside_no_kernel(void);

/* ---- an ethdev of rings ---------------------------------------------------------------------- */

#define OUTSIDE_RING_DEVICE "net_ring_outside" /* its devargs */

bool outside_ring_open(void);
void outside_ring_close(void);
/* A complete frame comes in from outside. False if there is no room now. */
bool outside_ring_send(const struct frame *f);
/*
 * Waits for a frame with `f`'s addresses to go out, and compares it. It must be complete and one
 * segment.
 */
bool outside_ring_expect(const struct frame *f);
/* The same for the segments of a GSO frame. */
bool outside_ring_expect_segments(const struct frame *f);

/* Its link, as the daemon sees it. */
bool outside_ring_set_link(bool up);

/* Its driver says that it was taken out. */
void outside_ring_remove(void);

/* ---- a kernel device ------------------------------------------------------------------------- */

/* Sets the device up and opens a socket on it; negative on error. */
int outside_kernel_open(const char *device);
void outside_kernel_send(int fd, const struct frame *f);
/* Waits for a frame with `f`'s addresses to come out of the device, and compares it. */
bool outside_kernel_expect(int fd, const struct frame *f, enum frame_csum csum);
/*
 * The same for a GSO frame, in segments of at most `max` bytes. Checksums may be blank, as they may
 * on any device of the kernel's.
 */
bool outside_kernel_expect_segments(int fd, const struct frame *f, uint32_t max);
/* Takes segmentation of TCP away from the device, or limits it to `max` bytes. */
bool outside_kernel_limit_tso(const char *device, bool tso, unsigned max);
/* Sets the device up or down. */
bool outside_kernel_set_link(const char *device, bool up);
/* Makes two devices that are connected to each other; both are set up. */
bool outside_kernel_make_pair(const char *a, const char *b);

/* ---- for cases ------------------------------------------------------------------------------- */

/* Whether the case is skipped, because there can be no kernel devices. */
bool outside_skips_kernel(void);
/* outside_ring_open(). False: the case is skipped, or has failed. */
bool outside_ring_opened(void);
/* sim_stop() with outside_ring_close(): the frames in the rings are buffers of the daemon's too. */
void outside_ring_stop(struct sim *s);

#endif
