/* SPDX-License-Identifier: BSD-3-Clause */
/* The far end of an uplink. Called by the uplink cases. */
#include "sim/outside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_ethdev.h>
#include <rte_eth_ring.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dp/frame/pool.h"
#include "sim/test_sim.h"

#define RING_SIZE_OUTSIDE 1024u

static bool isolated;

void
outside_isolate(void)
{
	isolated = unshare(CLONE_NEWNET) == 0;
}

const char *
outside_no_kernel(void)
{
	if (!isolated)
		return "no network namespace: it takes root";
	return access("/dev/net/tun", R_OK | W_OK) == 0 ? NULL : "no /dev/net/tun";
}

/* ---- an ethdev of rings ---------------------------------------------------------------------- */

static struct rte_ring *inward, *outward;

static void
ring_empty(struct rte_ring *ring)
{
	void *m;

	while (ring != NULL && rte_ring_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
}

bool
outside_ring_open(void)
{
	inward = rte_ring_create("inward", RING_SIZE_OUTSIDE, SOCKET_ID_ANY, 0);
	outward = rte_ring_create("outward", RING_SIZE_OUTSIDE, SOCKET_ID_ANY, 0);
	if (inward == NULL || outward == NULL)
		return false;
	return rte_eth_from_rings("outside", &inward, 1, &outward, 1, SOCKET_ID_ANY) >= 0;
}

void
outside_ring_close(void)
{
	rte_vdev_uninit(OUTSIDE_RING_DEVICE);
	ring_empty(inward);
	ring_empty(outward);
	rte_ring_free(inward);
	rte_ring_free(outward);
	inward = outward = NULL;
}

bool
outside_ring_set_link(bool up)
{
	uint16_t id;

	if (rte_eth_dev_get_port_by_name(OUTSIDE_RING_DEVICE, &id) != 0)
		return false;
	return (up ? rte_eth_dev_set_link_up(id) : rte_eth_dev_set_link_down(id)) == 0;
}

/* DPDK has these for drivers; Debian ships no header that declares them. */
struct rte_eth_dev *rte_eth_dev_allocated(const char *name);
int rte_eth_dev_callback_process(struct rte_eth_dev *dev, enum rte_eth_event_type event, void *ret);

void
outside_ring_remove(void)
{
	struct rte_eth_dev *dev = rte_eth_dev_allocated(OUTSIDE_RING_DEVICE);

	REQUIRE_NOT_NULL(dev);
	rte_eth_dev_callback_process(dev, RTE_ETH_EVENT_INTR_RMV, NULL);
}

bool
outside_ring_send(const struct frame *f)
{
	struct rte_mbuf *m = pool_alloc(dp_pools(sim_dp()), f->len);

	if (m == NULL)
		return false;
	frame_build(f, rte_pktmbuf_mtod(m, uint8_t *));
	if (rte_ring_enqueue(inward, m) == 0)
		return true;
	rte_pktmbuf_free(m);
	return false;
}

/* Waits for a frame with `f`'s addresses; NULL if none comes. */
static struct rte_mbuf *
ring_receive(const struct frame *f)
{
	uint64_t deadline = sim_deadline();
	void *got;

	while (fake_now_ms() < deadline) {
		if (rte_ring_dequeue(outward, &got) != 0) {
			usleep(100); /* nothing tells when a ring fills */
			continue;
		}
		struct rte_mbuf *m = got;
		if (memcmp(rte_pktmbuf_mtod(m, uint8_t *), f->dst, 12) == 0)
			return m;
		rte_pktmbuf_free(m);
	}
	sim_fail("frame of %u bytes does not go out", f->len);
	return NULL;
}

/* Whether nothing is left to be done to the frame by a device that can do nothing. */
static bool
is_finished(const struct rte_mbuf *m)
{
	return m->nb_segs == 1 && (m->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK) == 0;
}

bool
outside_ring_expect(const struct frame *f)
{
	struct rte_mbuf *m = ring_receive(f);

	if (m == NULL)
		return false;
	bool equal = is_finished(m) &&
		     frame_equal(f, FRAME_COMPLETE, rte_pktmbuf_mtod(m, uint8_t *), m->pkt_len);
	rte_pktmbuf_free(m);
	return sim_check(equal, "frame of %u bytes differs", f->len);
}

bool
outside_ring_expect_segments(const struct frame *f)
{
	uint32_t payload = f->len - frame_header_len(f);
	uint32_t at = 0, n = 0;

	while (at < payload) {
		struct rte_mbuf *m = ring_receive(f);

		if (m == NULL)
			return false;
		const uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
		bool right = is_finished(m) && m->pkt_len <= 1514 &&
			     frame_segment_of(f, at, data, m->pkt_len, &n) && n > 0 &&
			     frame_checksums_right(data, m->pkt_len);
		rte_pktmbuf_free(m);
		if (!sim_check(right, "segment at %u of %u differs", at, payload))
			return false;
		at += n;
	}
	return true;
}

/* ---- a kernel device ------------------------------------------------------------------------- */

static int
set_up(int fd, const char *device)
{
	struct ifreq ifr = { .ifr_flags = IFF_UP | IFF_PROMISC };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", device);
	return ioctl(fd, SIOCSIFFLAGS, &ifr);
}

int
outside_kernel_open(const char *device)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(device),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	if (fd < 0)
		return -errno;
	if (addr.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    set_up(fd, device) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

void
outside_kernel_send(int fd, const struct frame *f)
{
	static uint8_t data[65536];

	frame_build(f, data);
	if (send(fd, data, f->len, 0) < 0)
		sim_fail("send of %u bytes: %s", f->len, strerror(errno));
}

bool
outside_kernel_expect(int fd, const struct frame *f, enum frame_csum csum)
{
	static uint8_t data[65536];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint64_t deadline = sim_deadline();

	while (fake_now_ms() < deadline) {
		if (poll(&pfd, 1, 100) <= 0)
			continue;
		ssize_t len = recv(fd, data, sizeof(data), 0);
		if (len < 12 || memcmp(data, f->dst, 12) != 0)
			continue; /* the kernel's own */
		return sim_check(frame_equal(f, csum, data, (uint32_t)len),
				 "frame of %u bytes differs (%zd bytes)", f->len, len);
	}
	return sim_check(false, "frame of %u bytes does not come out", f->len);
}

bool
outside_kernel_expect_segments(int fd, const struct frame *f, uint32_t max)
{
	static uint8_t data[65536];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint32_t payload = f->len - frame_header_len(f);
	uint64_t deadline = sim_deadline();
	uint32_t at = 0, n = 0;

	while (at < payload && fake_now_ms() < deadline) {
		if (poll(&pfd, 1, 100) <= 0)
			continue;
		ssize_t len = recv(fd, data, sizeof(data), 0);
		if (len < 12 || memcmp(data, f->dst, 12) != 0)
			continue; /* the kernel's own */
		bool right =
			len <= max && frame_segment_of(f, at, data, (uint32_t)len, &n) && n > 0;
		if (!sim_check(right, "segment at %u of %u differs (%zd bytes)", at, payload, len))
			return false;
		at += n;
	}
	return sim_check(at == payload, "%u of %u bytes do not come out", payload - at, payload);
}

bool
outside_kernel_limit_tso(const char *device, bool tso, unsigned max)
{
	struct ethtool_value value = { .cmd = ETHTOOL_STSO, .data = tso };
	struct ifreq ifr = { .ifr_data = (void *)&value };
	char command[128];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", device);
	snprintf(command, sizeof(command), "ip link set %s gso_max_size %u", device, max);
	bool done = fd >= 0 && ioctl(fd, SIOCETHTOOL, &ifr) == 0 && system(command) == 0;
	if (fd >= 0)
		close(fd);
	return done;
}

bool
outside_kernel_set_link(const char *device, bool up)
{
	struct ifreq ifr = { .ifr_flags = up ? IFF_UP : 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", device);
	bool done = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &ifr) == 0;
	if (fd >= 0)
		close(fd);
	return done;
}

bool
outside_kernel_make_pair(const char *a, const char *b)
{
	char command[256];

	snprintf(
		command, sizeof(command),
		"ip link add %s type veth peer name %s 2>/dev/null && ip link set %s up && ip link set %s up",
		a, b, a, b);
	return system(command) == 0;
}

/* ---- for cases ------------------------------------------------------------------------------- */

bool
outside_skips_kernel(void)
{
	const char *why = outside_no_kernel();

	if (why != NULL)
		sim_skip(why);
	return why != NULL;
}

bool
outside_ring_opened(void)
{
#ifdef __SANITIZE_THREAD__
	sim_skip("ThreadSanitizer does not see what net_ring's driver does");
	return false;
#else
	return sim_check(outside_ring_open(), "no net_ring device");
#endif
}

void
outside_ring_stop(struct sim *s)
{
	sim_end(s);
	outside_ring_close();
	sim_stop(s);
}
