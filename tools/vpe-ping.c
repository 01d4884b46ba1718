/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vpe-ping: measures round trips, one frame at a time, over a vif that it drives itself.
 *
 * To an IP address it sends ICMP echo requests, and it answers ARP requests for its own address. To
 * a MAC it sends frames of its own EtherType, which `vpe-pktgen echo` returns.
 */
#include <arpa/inet.h>
#include <err.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "packet.h"
#include "program.h"
#include "vpe/frontend.h"

#define COUNT_MAX 10000000u
#define BURST 32u
#define ARP_EVERY_NS 200000000u

struct ping {
	struct vpe_fe *fe;
	struct packet_ends ends;
	bool by_mac;
	bool json;
	uint32_t mark;
	unsigned n_count;
	unsigned interval_us;
	unsigned timeout_ms;
	unsigned size;
	unsigned n_sent, n_received;
	uint64_t *sample_ns; /* one for each answer */
};

static void __attribute__((noreturn)) usage(int status)
{
	fprintf(status == 0 ? stdout : stderr,
		"usage: vpe-ping [-v VIF] [-c COUNT] [-i US] [-s BYTES] [-t MS] [-okj] OWN_ADDRESS ADDRESS\n"
		"       vpe-ping [-v VIF] [-c COUNT] [-i US] [-s BYTES] [-t MS] [-okj] -m MAC\n"
		"  -v VIF    number of the interface (0)\n"
		"  -c COUNT  round trips (1000)\n"
		"  -i US     microseconds between them (0)\n"
		"  -s BYTES  of each frame (60)\n"
		"  -t MS     to wait for each answer (1000)\n"
		"  -m MAC    the peer runs `vpe-pktgen echo`\n"
		"  -o        ordinary grants: the backend maps no buffers for good\n"
		"  -k        take the vif from the kernel, and give it back at the end\n"
		"  -j, --json  print JSON\n");
	exit(status);
}

/* ---- frames ---------------------------------------------------------------------------------- */

static void
send_frame(struct ping *p, struct vpe_fe_buf *buf)
{
	while (vpe_fe_tx_burst(p->fe, 0, &buf, 1) == 0)
		;
}

static struct vpe_fe_buf *
new_frame(struct ping *p, unsigned len)
{
	struct vpe_fe_buf *buf = vpe_fe_alloc(p->fe, 0);

	if (buf == NULL)
		errx(EXIT_FAILURE, "no buffer is free");
	buf->len = (uint16_t)len;
	memset(buf->data, 0, len); /* the peer must not see what the buffer held before */
	return buf;
}

static void
answer_arp(struct ping *p, const struct vpe_fe_buf *request)
{
	struct packet_ends from, ends = p->ends;

	if (p->by_mac || !packet_is_arp_request(request->data, request->len, p->ends.src, &from))
		return;
	memcpy(ends.dst_mac, from.src_mac, 6);
	ends.dst = from.src;
	struct vpe_fe_buf *buf = new_frame(p, PACKET_MIN);
	packet_put_arp(buf->data, &ends, true);
	send_frame(p, buf);
}

static void
send_request(struct ping *p, unsigned seq)
{
	struct vpe_fe_buf *buf = new_frame(p, p->size);

	memset(buf->data, 0, p->size);
	if (p->by_mac)
		packet_put_echo(buf->data, &p->ends, p->mark, seq);
	else
		packet_put_icmp_echo(buf->data, p->size, &p->ends, (uint16_t)p->mark,
				     (uint16_t)seq);
	send_frame(p, buf);
}

static bool
is_answer(const struct ping *p, const struct vpe_fe_buf *buf, unsigned seq)
{
	return p->by_mac ? packet_is_echo(buf->data, buf->len, p->mark, seq)
			 : packet_is_icmp_reply(buf->data, buf->len, (uint16_t)p->mark,
						(uint16_t)seq);
}

/* Handles received frames. Returns whether the answer to `seq` was among them. */
static bool
receive(struct ping *p, unsigned seq)
{
	struct vpe_fe_buf *frame[BURST];
	unsigned n = vpe_fe_rx_burst(p->fe, 0, frame, BURST);
	bool found = false;

	for (unsigned i = 0; i < n; i++) {
		found = found || is_answer(p, frame[i], seq);
		answer_arp(p, frame[i]);
		vpe_fe_free(p->fe, frame[i]);
	}
	return found;
}

/* ---- main loop ------------------------------------------------------------------------------- */

static void
resolve(struct ping *p)
{
	uint64_t end = program_now_ns() + (uint64_t)p->timeout_ms * 1000000, next = 0;
	struct packet_ends ask = p->ends;
	struct vpe_fe_buf *frame[BURST];
	bool found = false;

	memcpy(ask.dst_mac, packet_broadcast, 6);
	while (!found) {
		uint64_t now = program_now_ns();
		if (now >= end)
			errx(EXIT_FAILURE, "nobody answers for %s", inet_ntoa(p->ends.dst));
		if (now >= next) {
			struct vpe_fe_buf *buf = new_frame(p, PACKET_MIN);
			packet_put_arp(buf->data, &ask, false);
			send_frame(p, buf);
			next = now + ARP_EVERY_NS;
		}
		unsigned n = vpe_fe_rx_burst(p->fe, 0, frame, BURST);
		for (unsigned i = 0; i < n; i++) {
			found = packet_is_arp_reply(frame[i]->data, frame[i]->len, p->ends.dst,
						    p->ends.dst_mac) ||
				found;
			answer_arp(p, frame[i]);
			vpe_fe_free(p->fe, frame[i]);
		}
	}
}

static void
round_trip(struct ping *p, unsigned seq)
{
	uint64_t start = program_now_ns(), now;
	uint64_t end = start + (uint64_t)p->timeout_ms * 1000000;
	bool found;

	send_request(p, seq);
	p->n_sent++;
	do {
		found = receive(p, seq);
		now = program_now_ns();
	} while (!found && now < end && !program_is_stopped());
	if (found)
		p->sample_ns[p->n_received++] = now - start;
	end = start + (uint64_t)p->interval_us * 1000;
	while (now < end && !program_is_stopped()) {
		receive(p, seq);
		now = program_now_ns();
	}
}

/* ---- results --------------------------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double
rank_us(const struct ping *p, double q)
{
	unsigned i = (unsigned)(q * p->n_received);

	return (double)p->sample_ns[i < p->n_received ? i : p->n_received - 1] / 1000;
}

/* Counts the round trips that took up to 1, 2, 4, ... us: {"up_to_us": n, ...}. */
static json_t *
histogram(const struct ping *p)
{
	json_t *bins = json_object();
	char name[24];

	for (unsigned i = 0, limit_us = 1; i < p->n_received; limit_us *= 2) {
		unsigned n = 0;
		for (; i < p->n_received && p->sample_ns[i] <= (uint64_t)limit_us * 1000; i++)
			n++;
		snprintf(name, sizeof(name), "%u", limit_us);
		if (n > 0)
			json_object_set_new(bins, name, json_integer(n));
	}
	return bins;
}

static json_t *
result(const struct ping *p)
{
	static const struct {
		const char *name;
		double q;
	} rank[] = { { "min_us", 0 },    { "p50_us", 0.5 },    { "p90_us", 0.9 },
		     { "p99_us", 0.99 }, { "p999_us", 0.999 }, { "max_us", 1 } };
	struct vpe_fe_stats stats;

	vpe_fe_get_stats(p->fe, 0, &stats);
	json_t *all = json_object();
	json_object_set_new(all, "sent", json_integer(p->n_sent));
	json_object_set_new(all, "received", json_integer(p->n_received));
	json_object_set_new(all, "frame_bytes", json_integer(p->size));
	json_object_set_new(all, "notified", json_integer((json_int_t)stats.n_notified));
	for (unsigned i = 0; p->n_received > 0 && i < sizeof(rank) / sizeof(rank[0]); i++)
		json_object_set_new(all, rank[i].name, json_real(rank_us(p, rank[i].q)));
	json_object_set_new(all, "histogram_us", histogram(p));
	return all;
}

static void
report(struct ping *p)
{
	const char *name;
	json_t *value;

	qsort(p->sample_ns, p->n_received, sizeof(*p->sample_ns), compare);
	json_t *all = result(p);
	if (p->json) {
		json_dumpf(all, stdout, JSON_REAL_PRECISION(6));
		putchar('\n');
	} else {
		json_object_foreach(all, name, value) {
			if (json_is_number(value))
				printf("%-12s %.6g\n", name, json_number_value(value));
		}
		json_object_foreach(json_object_get(all, "histogram_us"), name, value)
			printf("up to %8s us %10lld\n", name, (long long)json_integer_value(value));
	}
	json_decref(all);
}

/* ---- start ----------------------------------------------------------------------------------- */

static unsigned
number(const char *text, unsigned least, unsigned most, char option)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || value < least || value > most)
		errx(EXIT_FAILURE, "-%c %s: a number from %u to %u", option, text, least, most);
	return (unsigned)value;
}

static void
parse(struct ping *p, struct vpe_fe_params *params, int argc, char **argv)
{
	static const struct option words[] = { { "json", 0, NULL, 'j' },
					       { "help", 0, NULL, 'h' },
					       { 0 } };
	int opt;

	while ((opt = getopt_long(argc, argv, "v:c:i:s:t:m:okjh", words, NULL)) != -1) {
		switch (opt) {
		case 'v':
			params->vif = number(optarg, 0, 65535, 'v');
			break;
		case 'c':
			p->n_count = number(optarg, 1, COUNT_MAX, 'c');
			break;
		case 'i':
			p->interval_us = number(optarg, 0, 60000000, 'i');
			break;
		case 's':
			p->size = number(optarg, PACKET_MIN, VPE_FE_BUF_SIZE, 's');
			break;
		case 't':
			p->timeout_ms = number(optarg, 1, 60000, 't');
			break;
		case 'o':
			params->no_static = true;
			break;
		case 'k':
			params->take_over = true;
			break;
		case 'j':
			p->json = true;
			break;
		case 'm':
			p->by_mac = true;
			if (!packet_parse_mac(optarg, p->ends.dst_mac))
				errx(EXIT_FAILURE, "-m %s: no MAC", optarg);
			break;
		default:
			usage(opt == 'h' ? 0 : EXIT_FAILURE);
		}
	}
	if (argc - optind != (p->by_mac ? 0 : 2))
		usage(EXIT_FAILURE);
	if (!p->by_mac && (inet_aton(argv[optind], &p->ends.src) == 0 ||
			   inet_aton(argv[optind + 1], &p->ends.dst) == 0))
		errx(EXIT_FAILURE, "%s %s: no IPv4 addresses", argv[optind], argv[optind + 1]);
}

int
main(int argc, char **argv)
{
	struct ping p = {
		.n_count = 1000, .timeout_ms = 1000, .size = PACKET_MIN, .mark = (uint32_t)getpid()
	};
	struct vpe_fe_params params = { .vif = 0 };
	struct vpe_fe_info info;

	parse(&p, &params, argc, argv);
	p.sample_ns = calloc(p.n_count, sizeof(*p.sample_ns));
	if (p.sample_ns == NULL)
		err(EXIT_FAILURE, "memory for %u figures", p.n_count);
	p.fe = program_open(&params);
	vpe_fe_get_info(p.fe, &info);
	memcpy(p.ends.src_mac, info.mac, 6);
	if (!p.by_mac)
		resolve(&p);
	for (unsigned seq = 0; seq < p.n_count && !program_is_stopped(); seq++)
		round_trip(&p, seq);
	report(&p);
	int status = program_close(p.fe);
	free(p.sample_ns);
	return p.n_received == p.n_sent ? status : EXIT_FAILURE;
}
