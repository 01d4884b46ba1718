/* SPDX-License-Identifier: BSD-3-Clause */
/* vpe-ctl: asks the running daemon over its control socket. */
#include <err.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl_client.h"
#include "show_text.h"

#define EXIT_USAGE 2
#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

struct options {
	const char *socket;
	const char *rollback_after; /* seconds; NULL: a takeover need not be confirmed */
	bool json;
};

static void
usage(FILE *to)
{
	fprintf(to,
		"usage: vpe-ctl [-s SOCKET] show [-j] [WHAT [NAME]]\n"
		"       vpe-ctl takeover [--rollback-after SECONDS] | confirm | handback\n"
		"  WHAT                 vifs (the default), ports, pollers, bridges, uplinks, fdb,\n"
		"                       buffers or counters; with a NAME: vif or port\n"
		"  -j, --json           JSON instead of tables\n"
		"  -r, --rollback-after SECONDS  go back then, unless \"confirm\" comes before\n"
		"  -s, --socket SOCKET  the daemon's control socket (default " CTL_CLIENT_PATH ")\n"
		"  -h, --help           this text\n"
		"  -V, --version        version\n");
}

/* ---- show ------------------------------------------------------------------------------------ */

static const struct show_column of_vifs[] = {
	{ "VIF", "name" },
	{ "DOMAIN", "domain" },
	{ "STATE", "state" },
	{ "MODE", "mode" },
	{ "BRIDGE", "bridge" },
	{ "MAC", "mac" },
	{ "FRAMES FROM", "rx_frames" },
	{ "BYTES FROM", "rx_bytes" },
	{ "FRAMES TO", "tx_frames" },
	{ "BYTES TO", "tx_bytes" },
	{ "DROPPED", "dropped" },
	{ "PROBLEM", "problem" },
	{ NULL, NULL },
};

static const struct show_column of_ports[] = {
	{ "PORT", "name" },           { "KIND", "kind" },
	{ "BRIDGE", "bridge" },       { "FRAMES FROM", "rx_frames" },
	{ "BYTES FROM", "rx_bytes" }, { "FRAMES TO", "tx_frames" },
	{ "BYTES TO", "tx_bytes" },   { "DROPPED", "dropped" },
	{ "FAULT", "fault" },         { NULL, NULL },
};

static const struct show_column of_pollers[] = {
	{ "POLLER", "name" },
	{ "CPU", "cpu" },
	{ "QUEUES", "ports" },
	{ "ROUNDS", "loops" },
	{ "BUSY", "busy_loops" },
	{ "BUSY US", "busy_us" },
	{ "SLEEPS", "sleeps" },
	{ "SLEPT US", "slept_us" },
	{ "COPIES", "copies" },
	{ "CALLS", "copy_calls" },
	{ "ADDRESSES", "switch/entries" },
	{ "FLOODED", "switch/flooded" },
	{ NULL, NULL },
};

static const struct show_column of_bridges[] = {
	{ "BRIDGE", "name" },
	{ "MEMBERS", "members" },
	{ "UPLINKS", "uplinks" },
	{ "WITH LINK", "uplinks_with_link" },
	{ "FILTERS VLANS", "filters_vlans" },
	{ NULL, NULL },
};

static const struct show_column of_uplinks[] = {
	{ "UPLINK", "name" },
	{ "TYPE", "type" },
	{ "BRIDGE", "bridge" },
	{ "LINK", "link" },
	{ "LOST", "lost" },
	{ "FRAMES IN", "rx_frames" },
	{ "BYTES IN", "rx_bytes" },
	{ "FRAMES OUT", "tx_frames" },
	{ "BYTES OUT", "tx_bytes" },
	{ "DROPPED", "dropped" },
	{ NULL, NULL },
};

static const struct show_column of_fdb[] = {
	{ "PORT", "port" },
	{ "BRIDGE", "bridge" },
	{ "ADDRESSES", "entries" },
	{ NULL, NULL },
};

static const struct show_column of_counters[] = {
	{ "OF", "of" },       { "NAME", "name" },    { "UNIT", "unit" },
	{ "RISES", "rises" }, { "MEANING", "help" }, { NULL, NULL },
};

static const struct {
	const char *what;
	const struct show_column *columns; /* NULL: it is a single object */
} words[] = {
	{ "vifs", of_vifs },       { "vif", NULL },
	{ "ports", of_ports },     { "port", NULL },
	{ "pollers", of_pollers }, { "bridges", of_bridges },
	{ "uplinks", of_uplinks }, { "fdb", of_fdb },
	{ "buffers", NULL },       { "counters", of_counters },
};

/* jansson escapes everything but printable ASCII, except for DEL. */
static void
print_json(const json_t *answer)
{
	char *text = json_dumps(answer, JSON_COMPACT | JSON_ENSURE_ASCII);

	if (text == NULL)
		errx(EXIT_FAILURE, "out of memory");
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '\x7f')
			fputs("\\u007f", stdout);
		else
			putchar(*c);
	}
	putchar('\n');
	free(text);
}

static int
show(const struct options *options, int argc, char **argv)
{
	const char *what = argc > 0 ? argv[0] : "vifs";
	const char *name = argc > 1 ? argv[1] : NULL;
	unsigned i = 0;

	if (argc > 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	while (i < N_ELEMENTS(words) && strcmp(words[i].what, what) != 0)
		i++;
	if (i == N_ELEMENTS(words)) {
		warnx("there is nothing called \"%s\" to show; see \"vpe-ctl --help\"", what);
		return EXIT_USAGE;
	}
	int fd = ctl_client_connect(options->socket);
	json_t *answer = ctl_client_show(fd, what, name);
	close(fd);
	if (options->json)
		print_json(answer);
	else if (words[i].columns != NULL)
		show_table(words[i].columns, json_object_get(answer, what));
	else
		show_record(json_object_get(answer, what));
	json_decref(answer);
	return EXIT_SUCCESS;
}

/* ---- from xen-netback to vpe-backend, and back ----------------------------------------------- */

static int
hand_over(const char *command, const char *seconds)
{
	execl(VPE_HANDOVER, VPE_HANDOVER, command, seconds, (char *)NULL);
	err(EXIT_FAILURE, "%s", VPE_HANDOVER);
}

static bool
is_seconds(const char *text)
{
	return text[0] >= '1' && text[0] <= '9' && text[strspn(text, "0123456789")] == '\0' &&
	       strlen(text) < 6;
}

static int
takeover(const struct options *options, int argc, char **argv)
{
	(void)argv;
	if (argc > 0 || (options->rollback_after != NULL && !is_seconds(options->rollback_after))) {
		usage(stderr);
		return EXIT_USAGE;
	}
	return hand_over("takeover", options->rollback_after);
}

/* A command without arguments. */
static int
plain(const struct options *options, const char *command, int argc)
{
	if (argc > 0 || options->rollback_after != NULL) {
		usage(stderr);
		return EXIT_USAGE;
	}
	return hand_over(command, NULL);
}

static int
confirm(const struct options *options, int argc, char **argv)
{
	(void)argv;
	return plain(options, "confirm", argc);
}

static int
handback(const struct options *options, int argc, char **argv)
{
	(void)argv;
	return plain(options, "handback", argc);
}

/* ---- sub-commands ---------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(const struct options *options, int argc, char **argv);
} commands[] = {
	{ "show", show },
	{ "takeover", takeover },
	{ "confirm", confirm },
	{ "handback", handback },
};

static int
run_command(const struct options *options, int argc, char **argv)
{
	for (unsigned i = 0; argc > 0 && i < N_ELEMENTS(commands); i++) {
		if (strcmp(commands[i].name, argv[0]) == 0)
			return commands[i].run(options, argc - 1, argv + 1);
	}
	if (argc > 0)
		warnx("there is no command \"%s\"", argv[0]);
	usage(stderr);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "rollback-after", required_argument, NULL, 'r' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { .socket = CTL_CLIENT_PATH };
	int opt;

	while ((opt = getopt_long(argc, argv, "jr:s:hV", long_options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			options.json = true;
			break;
		case 'r':
			options.rollback_after = optarg;
			break;
		case 's':
			options.socket = optarg;
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		case 'V':
			puts("vpe-ctl " PACKAGE_VERSION);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	int ret = run_command(&options, argc - optind, argv + optind);
	if (fflush(stdout) != 0)
		err(EXIT_FAILURE, "standard output");
	return ret;
}
