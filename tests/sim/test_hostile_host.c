/* SPDX-License-Identifier: BSD-3-Clause */
/* Hostile cases: what is around the daemon is slow or sick, its log and its socket are misused. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_eal.h>

#include "base/log.h"
#include "base/util.h"
#include "sim/hostile.h"
#include "sim/test_sim.h"

#define STALL_MS 1500u

/* ---- the store ------------------------------------------------------------------------------- */

struct stall {
	bool began, ended;
};

static void
stall(void *arg)
{
	struct stall *st = arg;

	__atomic_store_n(&st->began, true, __ATOMIC_SEQ_CST);
	usleep(STALL_MS * 1000);
	__atomic_store_n(&st->ended, true, __ATOMIC_SEQ_CST);
}

/*
 * xenstored does not answer: who is connected does not notice, and who is not is served when it
 * does.
 */
static void
store_stalls(void)
{
	struct stall st = { false, false };
	struct hostile h;
	unsigned n = 0;

	hostile_start_unconnected(&h, NULL);
	CHECK(front_await(h.bad, XenbusStateInitWait));
	fake_store_on_begin(0, stall, &st);
	front_publish(h.bad, FRONT_LINUX);
	front_set_state(h.bad, XenbusStateConnected);
	for (uint64_t end = sim_deadline();
	     !__atomic_load_n(&st.began, __ATOMIC_SEQ_CST) && fake_now_ms() < end;)
		usleep(1000);
	while (!__atomic_load_n(&st.ended, __ATOMIC_SEQ_CST) && flow_exchange(h.n1, h.n2, 20))
		n++;
	sim_check(n > 20, "only %u exchanges while the store stood still", n);
	CHECK(front_await(h.bad, XenbusStateConnected));
	CHECK(flow_exchange(h.bad, h.n1, 50));
	hostile_stop(&h);
}

/*
 * The quota is used up: every write of ours fails. The vif is refused or waits, frames flow, and
 * nothing spins.
 */
static void
store_full(void)
{
	struct hostile h;

	hostile_start_unconnected(&h, NULL);
	CHECK(front_await(h.bad, XenbusStateInitWait));
	fake_store_fail(FAKE_STORE_WRITE, 0, 1000000, ENOSPC);
	uint64_t before = fake_store_calls(FAKE_STORE_WRITE);
	front_publish(h.bad, FRONT_LINUX);
	front_set_state(h.bad, XenbusStateConnected);
	for (uint64_t end = fake_now_ms() + STALL_MS; fake_now_ms() < end;)
		CHECK(flow_exchange(h.n1, h.n2, 20));
	uint64_t n = fake_store_calls(FAKE_STORE_WRITE) - before;
	sim_check(n < STALL_MS, "%u writes in %u ms", (unsigned)n, STALL_MS);
	fake_store_fail(FAKE_STORE_WRITE, 0, 0, 0);
	toolstack_detach(h.bad);
	CHECK(fake_store_await(guest_back(h.bad, "").text, NULL, sim_deadline()));
	hostile_stop(&h);
}

/* ---- the hypervisor -------------------------------------------------------------------------- */

/* Each copy takes 100 ms, as of pages that are paged out: all is late, nothing is lost. */
static void
copies_take_100_ms(void)
{
	struct hostile h;

	hostile_start(&h);
	fake_copy_set_delay_us(100000);
	CHECK(flow_exchange(h.bad, h.n1, 4));
	CHECK(flow_exchange(h.n1, h.n2, 4));
	fake_copy_set_delay_us(0);
	CHECK(flow_exchange(h.bad, h.n1, 50));
	hostile_stop(&h);
}

/* ---- the log --------------------------------------------------------------------------------- */

/* Lines about `vif` in file `fd`, which is read from its start. */
static unsigned
count_lines(int fd, const char *vif)
{
	FILE *file = fdopen(dup(fd), "r");
	char line[2048];
	unsigned n = 0;

	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		n += strstr(line, vif) != NULL;
		for (const char *at = line; *at != '\0'; at++)
			CHECK(*at == '\n' || (*at >= ' ' && *at <= '~'));
	}
	fclose(file);
	return n;
}

/* A frontend that is refused as often as it can be, with values that a terminal would obey. */
static void
refused_again_and_again(struct hostile *h, unsigned ms)
{
	for (uint64_t end = fake_now_ms() + ms; fake_now_ms() < end;) {
		front_printf(h->bad, "tx-ring-ref", "%s", "\x1b[2J\n<0>vpe-backend: error: \xff");
		front_set_state(h->bad, XenbusStateConnected);
		front_set_state(h->bad, 99);
		front_await(h->bad, XenbusStateClosing);
		front_set_state(h->bad, XenbusStateClosed);
		front_await(h->bad, XenbusStateClosed);
		front_set_state(h->bad, XenbusStateInitialising);
		front_await(h->bad, XenbusStateInitWait);
	}
}

/* Two lines a second and vif at most: one of its state, one of its connection. */
static void
log_flood(void)
{
	char path[] = "/tmp/vpe-sim-log-XXXXXX", vif[32];
	struct hostile h;
	int fd = mkstemp(path), saved = dup(STDERR_FILENO);

	unlink(path);
	hostile_start_unconnected(&h, NULL);
	CHECK(front_await(h.bad, XenbusStateInitWait));
	front_publish(h.bad, FRONT_LINUX);
	snprintf(vif, sizeof(vif), "vif%u.", h.bad->params.domid);
	fflush(stderr);
	dup2(fd, STDERR_FILENO);
	log_set_level(LOG_LEVEL_INFO);
	refused_again_and_again(&h, 3000);
	log_set_level(LOG_LEVEL_ERROR);
	dup2(saved, STDERR_FILENO);
	unsigned n = count_lines(fd, vif);
	sim_check(n >= 1 && n <= 2 * (3 + 1), "%u lines in 3 s", n);
	close(fd);
	close(saved);
	hostile_stop(&h);
}

/* ---- the telemetry socket -------------------------------------------------------------------- */

static int
telemetry_connect(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 5 };
	char greeting[1024];
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s/dpdk_telemetry.v2",
		 rte_eal_get_runtime_dir());
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (!sim_check(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
			       recv(fd, greeting, sizeof(greeting), 0) > 0,
		       "%s: %s", to.sun_path, strerror(errno))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The answer to one command, "" if the socket is closed on us. Answers are JSON. */
static const char *
telemetry_ask(const void *command, size_t size)
{
	static char answer[65536];
	int fd = telemetry_connect();

	answer[0] = '\0';
	if (fd < 0)
		return answer;
	send(fd, command, size, MSG_NOSIGNAL);
	ssize_t n = recv(fd, answer, sizeof(answer) - 1, 0);
	answer[n > 0 ? n : 0] = '\0';
	close(fd);
	sim_check(n >= 0 && (n == 0 || answer[0] == '{'), "the answer is \"%.60s\"", answer);
	return answer;
}

static void
telemetry_garbage(void)
{
	static const char *const commands[] = {
		"",
		",",
		"/",
		"/vpe/port",
		"/vpe/port,",
		"/vpe/port,,",
		"/vpe/port,nosuch",
		"/vpe/port,%s%n",
		"/vpe/nosuch",
		"\n",
		"/vpe/port,\"}",
		"/vpe/port,\\\"\x1b[2J",
		"\xff\xfe\x80",
		"/vpe/ports,../../etc/passwd",
		"/vpe/fdb,1",
		"/vpe/pool,-1",
	};
	char longest[4096], vif[32];
	uint32_t random = 42;
	struct hostile h;

	hostile_start(&h);
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
		telemetry_ask(commands[i], strlen(commands[i]));
	for (unsigned i = 0; i < 200; i++) {
		for (unsigned k = 0; k < sizeof(longest); k++)
			longest[k] = (char)((random = random * 1664525u + 1013904223u) >> 24);
		memcpy(longest, "/vpe/port,", i % 2 ? 10 : 0);
		telemetry_ask(longest, 1 + random % (i % 4 ? 900 : sizeof(longest)));
	}
	snprintf(vif, sizeof(vif), "vif%u.0", h.bad->params.domid);
	CHECK_HAS(telemetry_ask("/vpe/ports", 10), vif);
	hostile_stop(&h);
}

/* What tools take for a port's bridge, and for "there is none of that". */
static void
telemetry_port(void)
{
	char ask[64];
	struct hostile h;

	hostile_start(&h);
	snprintf(ask, sizeof(ask), "/vpe/port,vif%u.0", h.bad->params.domid);
	CHECK_HAS(telemetry_ask(ask, strlen(ask)), "\"bridge_name\":\"xenbr0\"");
	CHECK_STR(telemetry_ask("/vpe/port,vif99.0", 17), "{\"/vpe/port\":null}");
	CHECK_STR(telemetry_ask("/vpe/port", 9), "{\"/vpe/port\":null}");
	CHECK_STR(telemetry_ask("/vpe/prt,vif1.0", 15), "{\"/vpe/prt\":null}");
	hostile_stop(&h);
}

CU_TestInfo hostile_host_cases[] = {
	{ "store_stalls", store_stalls },
	{ "store_full", store_full },
	{ "copies_take_100_ms", copies_take_100_ms },
	{ "log_flood", log_flood },
	{ "telemetry_garbage", telemetry_garbage },
	{ "telemetry_port", telemetry_port },
	CU_TEST_INFO_NULL,
};
