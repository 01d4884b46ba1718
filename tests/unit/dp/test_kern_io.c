/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A kernel device's descriptor, with a socket in the device's place and faults that the kernel is
 * made to have: it takes no entry of a ring or only some, it finishes late, the device goes. The
 * linker puts the functions below between the code and the libraries.
 */
#include "dp/port/kern_io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_mempool.h>

#include "base/util.h"
#include "dp/engine/dp_private.h"
#include "dp/frame/worker.h"
#include "unit.h"

#define N_SMALL 255u
#define N_LARGE 63u
#define FRAME_SIZE 60u
#define HDR_SIZE sizeof(struct virtio_net_hdr)

/* What goes wrong. */
static unsigned n_submit_fails; /* the next submissions are refused */
static unsigned n_taken;        /* of which so many entries are taken */
static int recv_error;          /* of the next read, once */

int __real_io_uring_submit(struct io_uring *ring);
int __wrap_io_uring_submit(struct io_uring *ring);
int __real_io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
					    unsigned n, struct __kernel_timespec *limit,
					    sigset_t *mask);
int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
					    unsigned n, struct __kernel_timespec *limit,
					    sigset_t *mask);
ssize_t __real_readv(int fd, const struct iovec *iov, int n);
ssize_t __wrap_readv(int fd, const struct iovec *iov, int n);
int __real_recvmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags, struct timespec *limit);
int __wrap_recvmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags, struct timespec *limit);

/*
 * What liburing does when the kernel refuses: the entries are published, and none is taken but the
 * first n_taken. The kernel is shown these alone for the time of the call.
 */
static int
refuse(struct io_uring *ring)
{
	unsigned n = io_uring_sq_ready(ring);
	unsigned tail = *ring->sq.ktail;

	n_submit_fails--;
	for (; ring->sq.sqe_head != ring->sq.sqe_tail; ring->sq.sqe_head++, tail++) {
		/* else they are taken in the ring's order: IORING_SETUP_NO_SQARRAY */
		if (ring->sq.array != NULL)
			ring->sq.array[tail & *ring->sq.kring_mask] =
				ring->sq.sqe_head & *ring->sq.kring_mask;
	}
	__atomic_store_n(ring->sq.ktail, tail - n + RTE_MIN(n, n_taken), __ATOMIC_RELEASE);
	int ret = n_taken == 0 ? -EAGAIN
			       : io_uring_enter((unsigned)ring->ring_fd, n_taken, 0,
						IORING_ENTER_GETEVENTS, NULL);
	__atomic_store_n(ring->sq.ktail, tail, __ATOMIC_RELEASE);
	return ret;
}

int
__wrap_io_uring_submit(struct io_uring *ring)
{
	return n_submit_fails > 0 ? refuse(ring) : __real_io_uring_submit(ring);
}

int
__wrap_io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
					unsigned n, struct __kernel_timespec *limit, sigset_t *mask)
{
	return n_submit_fails > 0
		       ? refuse(ring)
		       : __real_io_uring_submit_and_wait_timeout(ring, cqe, n, limit, mask);
}

static bool
fails(void)
{
	errno = recv_error;
	recv_error = 0;
	return errno != 0;
}

ssize_t
__wrap_readv(int fd, const struct iovec *iov, int n)
{
	return fails() ? -1 : __real_readv(fd, iov, n);
}

int
__wrap_recvmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags, struct timespec *limit)
{
	return fails() ? -1 : __real_recvmmsg(fd, msg, n, flags, limit);
}

/* ---- a device -------------------------------------------------------------------------------- */

struct bench {
	struct pools pools;
	struct worker worker;
	struct port port;
	struct kern_io io;
	int peer;
};

static struct bench bench; /* too large for a stack */

static void
open_bench(enum kern_io_kind kind, int flags)
{
	int fd[2];

	memset(&bench, 0, sizeof(bench));
	n_submit_fails = n_taken = 0;
	REQUIRE_EQ(pools_create(&bench.pools, N_SMALL, N_LARGE), 0);
	REQUIRE_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | flags, 0, fd), 0);
	bench.worker.pools = &bench.pools;
	bench.worker.signal_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	REQUIRE_GE(bench.worker.signal_fd, 0);
	bench.port.owner = &bench.worker;
	bench.port.leader = &bench.port;
	bench.peer = fd[1];
	REQUIRE_EQ(kern_io_init(&bench.io, kind, fd[0]), 0);
}

static void
close_bench(void)
{
	kern_io_fini(&bench.io);
	close(bench.worker.signal_fd);
	close(bench.peer);
	CHECK_EQ(rte_mempool_avail_count(bench.pools.small), N_SMALL);
	CHECK_EQ(rte_mempool_avail_count(bench.pools.large), N_LARGE);
	pools_destroy(&bench.pools);
}

static void
send_burst(unsigned n, uint8_t seed)
{
	struct rte_mbuf *m[LIMIT_BURST];

	for (unsigned i = 0; i < n; i++) {
		m[i] = pool_alloc(&bench.pools, FRAME_SIZE);
		REQUIRE_NOT_NULL(m[i]);
		memset(rte_pktmbuf_mtod(m[i], void *), seed + (int)i, FRAME_SIZE);
	}
	kern_io_send(&bench.io, &bench.port, m, n);
}

/* How many frames the other end gets; each of them must be one that was sent, whole. */
static unsigned
count_arrived(void)
{
	uint8_t data[HDR_SIZE + FRAME_SIZE + 1];
	unsigned n = 0;

	for (; recv(bench.peer, data, sizeof(data), MSG_DONTWAIT) == HDR_SIZE + FRAME_SIZE; n++)
		CHECK_EQ(data[HDR_SIZE], data[HDR_SIZE + FRAME_SIZE - 1]);
	return n;
}

static void
come_in(uint32_t size)
{
	static uint8_t data[70000];

	CHECK_EQ(send(bench.peer, data, HDR_SIZE + size, MSG_DONTWAIT), (ssize_t)(HDR_SIZE + size));
}

static unsigned
receive(void)
{
	struct rte_mbuf *m[LIMIT_BURST];
	unsigned n = kern_io_recv(&bench.io, &bench.port, m, LIMIT_BURST);

	rte_pktmbuf_free_bulk(m, n);
	return n;
}

/* Looks so often that whatever was to come has come. */
static unsigned
receive_all(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 10; i++)
		n += receive();
	return n;
}

static const enum kern_io_kind kinds[] = { KERN_IO_TAP, KERN_IO_PACKET };

/* ---- writing --------------------------------------------------------------------------------- */

static void
kern_io_send_each(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		open_bench(kinds[i], SOCK_NONBLOCK);
		for (unsigned n = 1; n <= LIMIT_BURST; n *= 4) {
			send_burst(n, 1);
			CHECK_EQ(count_arrived(), n);
		}
		CHECK_EQ(bench.port.stats.tx_frames, 1 + 4 + 16 + 64);
		close_bench();
	}
}

/*
 * The kernel takes none or some of the entries: the frames go all the same, each once, and the ring
 * works afterwards.
 */
static void
kern_io_send_submit_refused(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (unsigned taken = 0; taken <= 3; taken++) {
			open_bench(kinds[i], SOCK_NONBLOCK);
			n_submit_fails = 1;
			n_taken = taken;
			send_burst(4, 1);
			CHECK_EQ(count_arrived(), 4);
			CHECK_EQ(bench.port.stats.tx_frames, 4);
			CHECK_EQ(bench.io.n_flying, 0);
			send_burst(LIMIT_BURST, 1);
			CHECK_EQ(count_arrived(), LIMIT_BURST);
			close_bench();
		}
	}
}

/* For as long as the kernel takes nothing, the ring is full of what it has not taken. */
static void
kern_io_send_submit_refused_long(void)
{
	open_bench(KERN_IO_TAP, SOCK_NONBLOCK);
	n_submit_fails = 100;
	for (unsigned i = 0; i < 100; i++) {
		send_burst(10, (uint8_t)i);
		CHECK_EQ(count_arrived(), 10);
	}
	n_submit_fails = 0;
	for (unsigned i = 0; i < 3; i++) {
		send_burst(LIMIT_BURST, 7);
		CHECK_EQ(count_arrived(), LIMIT_BURST);
	}
	CHECK_EQ(bench.port.stats.tx_frames, 1000 + 3 * LIMIT_BURST);
	close_bench();
}

/*
 * A write that is not done in time: the burst comes to its end, and the frame is freed when the
 * kernel has done with it.
 */
static void
kern_io_send_late(void)
{
	unsigned n_sent = 0, n_arrived;

	open_bench(KERN_IO_TAP, 0); /* the socket may block, so the kernel waits for room */
	while (bench.io.n_flying == 0 && n_sent < 10000) {
		send_burst(8, 1);
		n_sent += 8;
	}
	REQUIRE_GT(bench.io.n_flying, 0);
	CHECK(kern_io_pending(&bench.io)); /* its owner does not sleep */
	for (unsigned i = 0; i < 20; i++, n_sent += 8)
		send_burst(8, 1); /* more than there is room for */
	CHECK_LE(bench.io.n_flying, LIMIT_BURST);
	CHECK_GT(bench.port.stats.n_dropped[DROP_QUEUE_FULL], 0);
	n_arrived = count_arrived();
	for (unsigned i = 0; i < 100 && bench.io.n_flying > 0; i++) {
		usleep(1000);
		kern_io_reap(&bench.io, &bench.port);
		n_arrived += count_arrived();
	}
	CHECK_EQ(bench.io.n_flying, 0);
	CHECK_EQ(n_arrived + bench.port.stats.n_dropped[DROP_QUEUE_FULL], n_sent);
	CHECK_EQ(bench.port.stats.tx_frames, n_arrived);
	close_bench();
}

/* What was sent last may still be on its way when the port is closed. */
static void
kern_io_fini_late(void)
{
	open_bench(KERN_IO_TAP, 0);
	for (unsigned i = 0; bench.io.n_flying == 0 && i < 10000; i++)
		send_burst(8, 1);
	close(bench.peer);
	bench.peer = -1;
	close_bench();
}

/* ---- reading --------------------------------------------------------------------------------- */

static void
kern_io_recv_each(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		open_bench(kinds[i], SOCK_NONBLOCK);
		for (unsigned n = 1; n <= 64; n *= 4) {
			for (unsigned k = 0; k < n; k++)
				come_in(k % 16 == 1 ? 5000 : FRAME_SIZE);
			CHECK_EQ(receive_all(), n);
		}
		CHECK_EQ(port_stats_dropped(&bench.port.stats), 0);
		CHECK(!kern_io_pending(&bench.io));
		close_bench();
	}
}

/*
 * The poll request is refused again and again: frames are read without it, and the owner does not
 * sleep.
 */
static void
kern_io_recv_arm_refused(void)
{
	open_bench(KERN_IO_TAP, SOCK_NONBLOCK);
	n_submit_fails = 5;
	for (unsigned i = 0; i < 4; i++) {
		come_in(FRAME_SIZE);
		CHECK_EQ(receive(), 1);
		CHECK_EQ(receive(), 0); /* and looks again */
		CHECK_EQ(kern_io_pending(&bench.io), !bench.io.armed);
	}
	CHECK_EQ(receive_all(), 0);
	CHECK(bench.io.armed);
	CHECK(!kern_io_pending(&bench.io));
	close_bench();
}

static void
kern_io_recv_gone(void)
{
	static const int errors[] = { EBADFD, ENODEV, ENXIO };

	for (unsigned i = 0; i < ARRAY_SIZE(errors) * ARRAY_SIZE(kinds); i++) {
		open_bench(kinds[i % ARRAY_SIZE(kinds)], SOCK_NONBLOCK);
		recv_error = errors[i / ARRAY_SIZE(kinds)];
		CHECK_EQ(receive(), 0);
		CHECK_STR(bench.port.fault, KERN_IO_GONE);
		uint64_t n_signals = 0;
		CHECK_EQ(read(bench.worker.signal_fd, &n_signals, sizeof(n_signals)),
			 sizeof(n_signals));
		CHECK_EQ(n_signals, 1);
		close_bench();
	}
}

/* A packet socket's error stands for one frame or for none; those behind it come. */
static void
kern_io_recv_error(void)
{
	static const int errors[] = { EINVAL, ENOBUFS, ENETDOWN, EINTR };

	for (unsigned i = 0; i < ARRAY_SIZE(errors); i++) {
		open_bench(KERN_IO_PACKET, SOCK_NONBLOCK);
		CHECK_EQ(receive_all(), 0);
		come_in(FRAME_SIZE);
		come_in(FRAME_SIZE);
		recv_error = errors[i];
		CHECK_EQ(receive_all(), 2);
		CHECK_NULL(bench.port.fault);
		CHECK_EQ(bench.port.stats.n_dropped[DROP_PORT_ERROR], i < 2);
		/* From then on an error behind the first frame is found at once. */
		come_in(FRAME_SIZE);
		CHECK_EQ(receive(), 1);
		CHECK_EQ(bench.io.readable, i < 2);
		close_bench();
	}
}

/*
 * Others hold all large buffers. Ordinary frames come in all the same; a large one is lost, and
 * counted.
 */
static void
kern_io_recv_no_large(void)
{
	struct rte_mbuf *held[N_LARGE];

	open_bench(KERN_IO_TAP, SOCK_NONBLOCK);
	REQUIRE_EQ(rte_pktmbuf_alloc_bulk(bench.pools.large, held, N_LARGE), 0);
	for (unsigned i = 0; i < 5; i++)
		come_in(i == 2 ? 5000 : FRAME_SIZE);
	CHECK_EQ(receive_all(), 4);
	CHECK_EQ(bench.port.stats.n_dropped[DROP_NO_BUFFER], 1);
	rte_pktmbuf_free_bulk(held, N_LARGE);
	close_bench();
}

static void
kern_io_recv_size(void)
{
	open_bench(KERN_IO_TAP, SOCK_NONBLOCK);
	for (unsigned size = 0; size < 14; size++)
		come_in(size);
	CHECK_EQ(receive_all(), 0);
	CHECK_EQ(bench.port.stats.n_dropped[DROP_BAD_HEADERS], 14);
	come_in(65535 - KERN_IO_VLAN - 1);
	CHECK_EQ(receive_all(), 1);
	come_in(65535 - KERN_IO_VLAN);
	CHECK_EQ(receive_all(), 0);
	CHECK_EQ(bench.port.stats.n_dropped[DROP_TOO_BIG], 1);
	close_bench();
}

void test_kern_io(CU_pSuite suite);

void
test_kern_io(CU_pSuite suite)
{
	UNIT_ADD(suite, kern_io_send_each);
	UNIT_ADD(suite, kern_io_send_submit_refused);
	UNIT_ADD(suite, kern_io_send_submit_refused_long);
	UNIT_ADD(suite, kern_io_send_late);
	UNIT_ADD(suite, kern_io_fini_late);
	UNIT_ADD(suite, kern_io_recv_each);
	UNIT_ADD(suite, kern_io_recv_arm_refused);
	UNIT_ADD(suite, kern_io_recv_gone);
	UNIT_ADD(suite, kern_io_recv_error);
	UNIT_ADD(suite, kern_io_recv_no_large);
	UNIT_ADD(suite, kern_io_recv_size);
}
