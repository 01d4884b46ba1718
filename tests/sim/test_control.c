/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket of the whole daemon, beside guests that it serves. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/flow.h"
#include "sim/test_sim.h"

#define ASK_VIFS "{\"cmd\":\"show\",\"what\":\"vifs\"}"
#define ASK_FROM "{\"cmd\":\"show\",\"what\":\"vifs\",\"from\":\"%s\"}"
#define ANSWER_SIZE (64 * 1024)

struct place {
	struct sim s;
	struct guest *a, *b;
	char dir[32], path[48];
};

static void
start(struct place *p)
{
	struct sim_options options = { .self = SIM_SELF,
				       .hotplug = HOTPLUG_SELF,
				       .control_path = p->path };

	strcpy(p->dir, "/tmp/vpe-sim-XXXXXX");
	REQUIRE_NOT_NULL(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/control", p->dir);
	sim_start_with(&p->s, &options);
	p->a = sim_join(&p->s);
	p->b = sim_join(&p->s);
}

/* The guests still work, and the daemon removes its socket. */
static void
stop(struct place *p)
{
	CHECK(flow_exchange(p->a, p->b, 50));
	sim_stop(&p->s);
	sim_check(rmdir(p->dir) == 0, "%s: %s", p->dir, strerror(errno));
}

static int
dial(const struct place *p)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 5 };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	memcpy(to.sun_path, p->path, sizeof(p->path));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	sim_check(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0, "%s: %s", p->path,
		  strerror(errno));
	return fd;
}

/* Returns the answer to a request, or NULL. */
static json_t *
ask(int fd, const char *request)
{
	static char answer[ANSWER_SIZE];

	send(fd, request, strlen(request), MSG_NOSIGNAL);
	ssize_t n = recv(fd, answer, sizeof(answer), 0);
	json_t *root = n > 0 ? json_loadb(answer, (size_t)n, 0, NULL) : NULL;
	sim_check(json_is_object(root), "no answer but %zd bytes", n);
	return root;
}

/* Asks on a new connection. Returns the number of vifs on the page, 0 without an answer. */
static size_t
ask_anew(const struct place *p)
{
	int fd = dial(p);
	json_t *answer = ask(fd, ASK_VIFS);
	size_t n = json_array_size(json_object_get(answer, "vifs"));

	json_decref(answer);
	close(fd);
	return n;
}

/* 200 connections are held; a new client is answered within a second. */
static void
control_held(void)
{
	struct place p;
	int fd[200];

	start(&p);
	for (unsigned i = 0; i < 200; i++)
		fd[i] = dial(&p);
	uint64_t begin_ms = fake_now_ms();
	CHECK_EQ(ask_anew(&p), 2);
	sim_check(fake_now_ms() - begin_ms < 1000, "the answer took %llu ms",
		  (unsigned long long)(fake_now_ms() - begin_ms));
	for (unsigned i = 0; i < 200; i++)
		close(fd[i]);
	CHECK_EQ(ask_anew(&p), 2);
	stop(&p);
}

/* Clients ask without reading, or send garbage, as fast as they can. Guests connect as usual. */
static void
control_flood(void)
{
	static char garbage[8192];
	struct place p;
	int fd[12];

	start(&p);
	memset(garbage, '[', sizeof(garbage));
	for (unsigned i = 0; i < 12; i++)
		fd[i] = dial(&p);
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 12; i++) {
			size_t len = i % 3 == 0 ? sizeof(ASK_VIFS) - 1
						: (round * 163 + i) % sizeof(garbage) + 1;
			send(fd[i], i % 3 == 0 ? ASK_VIFS : garbage, len,
			     MSG_NOSIGNAL | MSG_DONTWAIT);
		}
		if (round == 25)
			CHECK(flow_exchange(sim_join(&p.s), p.a, 20));
	}
	CHECK_EQ(ask_anew(&p), 3);
	for (unsigned i = 0; i < 12; i++)
		close(fd[i]);
	stop(&p);
}

/* A vif of a guest that does not connect. */
static void
add_vif(unsigned domid)
{
	char dir[64], path[96];

	snprintf(dir, sizeof(dir), "/local/domain/%u/backend/vif/%u/0", fake_self(), domid);
	snprintf(path, sizeof(path), "%s/frontend", dir);
	fake_store_printf(path, "/local/domain/%u/device/vif/0", domid);
	snprintf(path, sizeof(path), "%s/frontend-id", dir);
	fake_store_printf(path, "%u", domid);
	snprintf(path, sizeof(path), "%s/state", dir);
	fake_store_write(path, "1");
}

/* Returns the number of different vifs on all pages. */
static unsigned
count_vifs(const struct place *p)
{
	static unsigned char seen[1000];
	char request[128] = ASK_VIFS;
	unsigned n = 0;
	int fd = dial(p);

	memset(seen, 0, sizeof(seen));
	while (request[0] != '\0') {
		json_t *answer = ask(fd, request), *vif;
		const char *next = json_string_value(json_object_get(answer, "next"));
		size_t i;
		json_array_foreach(json_object_get(answer, "vifs"), i, vif)
			n += seen[json_integer_value(json_object_get(vif, "domid"))]++ == 0;
		if (next == NULL)
			request[0] = '\0';
		else
			snprintf(request, sizeof(request), ASK_FROM, next);
		json_decref(answer);
	}
	close(fd);
	return n;
}

static bool
are_402(void *p)
{
	return count_vifs(p) == 402;
}

static void
control_400_vifs(void)
{
	struct place p;

	start(&p);
	for (unsigned i = 0; i < 400; i++)
		add_vif(100 + i);
	CHECK(flow_until(are_402, &p));
	stop(&p);
}

CU_TestInfo control_cases[] = {
	{ "control_held", control_held },
	{ "control_flood", control_flood },
	{ "control_400_vifs", control_400_vifs },
	CU_TEST_INFO_NULL,
};
