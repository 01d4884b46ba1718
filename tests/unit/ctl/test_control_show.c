/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/control_show.c, control_vif.c, control_json.c: what is shown, and in pages. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "proto/limits.h"
#include "view.h"

#define DOM0 0u
#define DRIVER_DOMAIN 1u

static struct view v;

static json_t *
show(const char *what)
{
	return view_ask(&v, "{\"cmd\":\"show\",\"what\":\"%s\"}", what);
}

static json_t *
show_one(const char *what, const char *name)
{
	return view_ask(&v, "{\"cmd\":\"show\",\"what\":\"%s\",\"name\":\"%s\"}", what, name);
}

/* Returns the value at `path` (names separated by slashes) as text. */
static const char *
at(json_t *value, const char *path)
{
	static char text[1024];
	char word[64];

	while (*path != '\0') {
		size_t len = strcspn(path, "/");
		snprintf(word, sizeof(word), "%.*s", (int)len, path);
		path += len + (path[len] == '/');
		value = json_is_array(value) ? json_array_get(value, (size_t)atoi(word))
					     : json_object_get(value, word);
	}
	if (json_is_integer(value))
		snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		snprintf(text, sizeof(text), "%s", json_is_true(value) ? "true" : "false");
	else
		snprintf(text, sizeof(text), "%s",
			 value == NULL ? "nothing" : json_string_value(value));
	return text;
}

/* ---- words ------------------------------------------------------------------------------ */

static void
control_show_vif(void)
{
	view_start(&v, DRIVER_DOMAIN);
	CHECK(rig_connect(&v.rig));
	fake_dp_port("vif5.0")->stats.rx_frames = 7;
	fake_dp_port("vif5.0")->stats.n_dropped[DROP_MAC_SPOOF] = 3;
	json_t *answer = show_one("vif", "vif5.0");
	CHECK_STR(at(answer, "vif/name"), "vif5.0");
	CHECK_STR(at(answer, "vif/state"), "connected");
	CHECK_STR(at(answer, "vif/mode"), "switched");
	CHECK_STR(at(answer, "vif/bridge"), "xenbr0");
	CHECK_STR(at(answer, "vif/mac"), "00:16:3e:00:05:00");
	CHECK_STR(at(answer, "vif/problem"), "");
	CHECK_STR(at(answer, "vif/settings/priority"), "1");
	CHECK_STR(at(answer, "vif/port/rx_frames"), "7");
	CHECK_STR(at(answer, "vif/port/dropped"), "3");
	CHECK_STR(at(answer, "vif/port/drops/mac_spoof"), "3");
	CHECK_STR(at(answer, "vif/port/drops/vlan"), "0");
	CHECK_STR(at(answer, "vif/port/queues/0/drops/mac_spoof"), "3");
	CHECK_STR(at(answer, "vif/port/queues/0/drops/vlan"), "nothing");
	json_decref(answer);
	answer = show("vifs");
	CHECK_STR(at(answer, "vifs/0/name"), "vif5.0");
	CHECK_STR(at(answer, "vifs/0/rx_frames"), "7");
	CHECK_STR(at(answer, "vifs/0/dropped"), "3");
	CHECK_NULL(json_object_get(answer, "next"));
	json_decref(answer);
	view_end(&v);
}

/* A vif that is switched off, and one that waits for its guest. */
static void
control_show_problem(void)
{
	view_start(&v, DOM0);
	CHECK(rig_connect(&v.rig));
	fake_dp_fault(fake_dp_port("vif5.0"), "tx ring: impossible number of requests");
	rig_turn_for(&v.rig, 5);
	json_t *answer = show_one("vif", "vif5.0");
	CHECK_STR(at(answer, "vif/state"), "faulted");
	CHECK_STR(at(answer, "vif/carrier"), "false");
	CHECK_STR(at(answer, "vif/problem"), "tx ring: impossible number of requests");
	CHECK_NULL(json_object_get(json_object_get(answer, "vif"), "port"));
	json_decref(answer);
	view_add_vif(DOM0, 9, 1, NULL);
	rig_turn_for(&v.rig, 5);
	answer = show_one("vif", "vif9.1");
	CHECK_STR(at(answer, "vif/state"), "waiting");
	CHECK_STR(at(answer, "vif/domid"), "9");
	CHECK_STR(at(answer, "vif/devid"), "1");
	json_decref(answer);
	view_end(&v);
}

static void
control_show_domain(void)
{
	view_start(&v, DOM0);
	view_add_vif(DOM0, 7, 0, "web1");
	view_add_vif(DOM0, 8, 0, "db");
	view_add_vif(DOM0, 8, 1, "db");
	rig_turn_for(&v.rig, 5);
	json_t *answer = show_one("vif", "web1");
	CHECK_STR(at(answer, "vif/name"), "vif7.0");
	CHECK_STR(at(answer, "vif/domain"), "web1");
	json_decref(answer);
	answer = show_one("vif", "db/1");
	CHECK_STR(at(answer, "vif/name"), "vif8.1");
	json_decref(answer);
	view_expect_error(show_one("vif", "db"), "EEXIST",
			  "\"db\" has 2 vifs: name one, as in \"db/0\"");
	view_expect_error(show_one("vif", "db/2"), "ENOENT", "there is no vif \"db/2\"");
	view_expect_error(show_one("vif", "we"), "ENOENT", "there is no vif \"we\"");
	view_expect_error(show_one("vif", "web1/"), "ENOENT", "there is no vif");
	view_end(&v);
}

/* A guest that migrates has another name until it runs. */
static void
control_show_renamed(void)
{
	view_start(&v, DOM0);
	fake_store_write("/local/domain/5/name", "web1--incoming");
	toolstack_add(v.rig.g, NULL);
	CHECK(rig_until(&v.rig, XenbusStateInitWait));
	json_t *answer = show_one("vif", "web1--incoming");
	CHECK_STR(at(answer, "vif/state"), "waiting");
	json_decref(answer);
	fake_store_write("/local/domain/5/name", "web1");
	toolstack_hotplug(v.rig.g, "connected");
	front_publish(v.rig.g, FRONT_LINUX);
	front_set_state(v.rig.g, XenbusStateConnected);
	CHECK(rig_until(&v.rig, XenbusStateConnected));
	answer = show_one("vif", "web1");
	CHECK_STR(at(answer, "vif/name"), "vif5.0");
	json_decref(answer);
	view_end(&v);
}

/* Names that a toolstack may accept. The answer is valid JSON all the same. */
static void
control_show_hostile_names(void)
{
	static const char *const names[] = { "a\"b\\c{}", "$(reboot)", "x\033[2J\n\x7f",
					     "\xff\xfe\x80", "\xed\xa0\x80" };
	char longest[4 * 200 + 1] = "";

	view_start(&v, DOM0);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		view_add_vif(DOM0, 100 + i, 0, names[i]);
	for (unsigned i = 0; i < 200; i++)
		strcat(longest, "\xf0\x9f\x98\x80"); /* U+1F600 */
	view_add_vif(DOM0, 200, 0, longest);
	rig_turn_for(&v.rig, 5);
	json_t *answer = show("vifs");
	CHECK_EQ(json_array_size(json_object_get(answer, "vifs")), ARRAY_SIZE(names) + 1);
	CHECK_STR(at(answer, "vifs/0/domain"), names[0]);
	CHECK_STR(at(answer, "vifs/1/domain"), names[1]);
	CHECK_STR(at(answer, "vifs/3/domain"), "\\xff\\xfe\\x80");
	/* As many whole characters as fit. */
	CHECK_EQ(strlen(at(answer, "vifs/5/domain")), 124);
	CHECK_EQ(strncmp(at(answer, "vifs/5/domain"), longest, 124), 0);
	json_decref(answer);
	answer = show_one("vif", "a\\\"b\\\\c{}");
	CHECK_STR(at(answer, "vif/name"), "vif100.0");
	json_decref(answer);
	view_end(&v);
}

static void
control_show_missing(void)
{
	view_start(&v, DRIVER_DOMAIN);
	view_expect_error(show_one("vif", "vif99.0"), "ENOENT", "there is no vif \"vif99.0\"");
	view_expect_error(show_one("port", "vif99.0"), "ENOENT", "there is no port \"vif99.0\"");
	view_expect_error(show("port"), "EINVAL", "\"port\" needs a name");
	view_expect_error(show_one("ports", "echo"), "EINVAL", "\"ports\" takes no name");
	view_expect_error(show_one("buffers", "small"), "EINVAL", "\"buffers\" takes no name");
	view_expect_error(view_ask(&v, "{\"cmd\":\"show\",\"what\":\"buffers\",\"from\":\"x\"}"),
			  "EINVAL", "\"buffers\" has no pages");
	view_expect_error(
		view_ask(&v,
			 "{\"cmd\":\"show\",\"what\":\"port\",\"name\":\"echo\",\"from\":\"x\"}"),
		"EINVAL", "no pages");
	view_end(&v);
}

static void
control_show_uplinks(void)
{
	view_start(&v, DRIVER_DOMAIN);
	fake_dp_learn(fake_dp_port("echo"), 12);
	json_t *answer = show("uplinks");
	CHECK_STR(at(answer, "uplinks/0/name"), "echo");
	CHECK_STR(at(answer, "uplinks/0/type"), "echo");
	CHECK_STR(at(answer, "uplinks/0/bridge"), "xenbr0");
	CHECK_STR(at(answer, "uplinks/0/link"), "true");
	CHECK_STR(at(answer, "uplinks/0/tx_frames"), "0");
	json_decref(answer);
	answer = show("bridges");
	CHECK_EQ(json_array_size(json_object_get(answer, "bridges")), 1);
	CHECK_STR(at(answer, "bridges/0/name"), "xenbr0");
	CHECK_STR(at(answer, "bridges/0/members"), "1");
	CHECK_STR(at(answer, "bridges/0/uplinks_with_link"), "1");
	CHECK_STR(at(answer, "bridges/0/filters_vlans"), "false");
	json_decref(answer);
	answer = show("fdb");
	CHECK_STR(at(answer, "fdb/0/port"), "echo");
	CHECK_STR(at(answer, "fdb/0/entries"), "12");
	CHECK_STR(at(answer, "fdb/0/bridge"), "xenbr0");
	json_decref(answer);
	view_end(&v);
}

static void
control_show_rest(void)
{
	view_start(&v, DRIVER_DOMAIN);
	json_t *answer = show("pollers");
	CHECK_EQ(json_array_size(json_object_get(answer, "pollers")), 2);
	CHECK_STR(at(answer, "pollers/1/name"), "1");
	CHECK_STR(at(answer, "pollers/1/busy_us"), "0");
	CHECK_STR(at(answer, "pollers/1/switch/entries"), "0");
	json_decref(answer);
	answer = show("buffers");
	CHECK_STR(at(answer, "buffers/small_free"), "8000");
	json_decref(answer);
	answer = show("counters");
	CHECK_STR(at(answer, "counters/0/name"), "rx_frames");
	CHECK_STR(at(answer, "counters/0/unit"), "frames");
	CHECK_STR(at(answer, "counters/0/rises"), "true");
	json_decref(answer);
	answer = show_one("port", "echo");
	CHECK_STR(at(answer, "port/kind"), "echo");
	CHECK_STR(at(answer, "port/headroom"), "nothing");
	json_decref(answer);
	view_end(&v);
}

/* The most queues and reasons for drops, and the longest numbers. */
static void
control_show_largest_port(void)
{
	view_start(&v, DRIVER_DOMAIN);
	CHECK(rig_connect(&v.rig));
	struct port *port = fake_dp_port("vif5.0");
	memset(&port->stats, 0x7f, sizeof(port->stats));
	for (unsigned q = 0; q < LIMIT_QUEUES; q++)
		port->queue[q] = port;
	port->n_queues = LIMIT_QUEUES;
	json_t *answer = show_one("port", "vif5.0");
	CHECK_EQ(json_object_size(json_object_get(json_object_get(answer, "port"), "queues")),
		 LIMIT_QUEUES);
	json_decref(answer);
	answer = show_one("vif", "vif5.0");
	CHECK_NOT_NULL(json_object_get(answer, "vif"));
	json_decref(answer);
	port->n_queues = 1;
	view_end(&v);
}

/* ---- pages ----------------------------------------------------------------------------------- */

#define N_VIFS 400u

/*
 * Counts the vifs of the page behind the cursor in `seen`, by domid. Moves the cursor; "": the end.
 */
static void
turn_page(char cursor[64], unsigned char seen[1000])
{
	json_t *answer =
		view_ask(&v, "{\"cmd\":\"show\",\"what\":\"vifs\",\"from\":\"%s\"}", cursor);
	const char *next = json_string_value(json_object_get(answer, "next"));
	json_t *list = json_object_get(answer, "vifs");
	json_t *vif;
	size_t i;

	CHECK_GT(json_array_size(list), 0);
	CHECK_LE(json_array_size(list), 64);
	json_array_foreach(list, i, vif)
		seen[json_integer_value(json_object_get(vif, "domid"))]++;
	snprintf(cursor, 64, "%s", next == NULL ? "" : next);
	json_decref(answer);
}

static void
add_vifs(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		view_add_vif(DRIVER_DOMAIN, 100 + i, 0, NULL);
	rig_turn_for(&v.rig, 20); /* each takes a limited number of store events */
}

static void
control_show_pages(void)
{
	unsigned char seen[1000] = { 0 };
	char cursor[64] = "";
	unsigned n_pages = 0, n_seen = 0;

	view_start(&v, DRIVER_DOMAIN);
	add_vifs(N_VIFS);
	do {
		turn_page(cursor, seen);
	} while (cursor[0] != '\0' && ++n_pages < N_VIFS);
	for (unsigned i = 0; i < N_VIFS; i++)
		n_seen += seen[100 + i] == 1;
	CHECK_EQ(n_seen, N_VIFS);
	CHECK_GE(n_pages, N_VIFS / 64);
	CHECK_LT(n_pages, N_VIFS / 16);
	json_t *answer =
		view_ask(&v, "{\"cmd\":\"show\",\"what\":\"vifs\",\"from\":\"vif9999.0\"}");
	CHECK_EQ(json_array_size(json_object_get(answer, "vifs")), 0);
	json_decref(answer);
	view_end(&v);
}

/* Vifs that stay are listed once, even if others come and go, and the cursor's own vif goes. */
static void
control_show_pages_changing(void)
{
	unsigned char seen[1000] = { 0 };
	char cursor[64] = "";
	unsigned n_wrong = 0, i = 0;

	view_start(&v, DRIVER_DOMAIN);
	add_vifs(N_VIFS);
	do {
		turn_page(cursor, seen);
		if (cursor[0] != '\0')
			view_remove_vif(DRIVER_DOMAIN, (uint32_t)atoi(cursor + strlen("vif")), 0);
		view_add_vif(DRIVER_DOMAIN, 600 + i, 0, NULL);
		view_add_vif(DRIVER_DOMAIN, 10 + i, 0, NULL);
		rig_turn_for(&v.rig, 3);
	} while (cursor[0] != '\0' && ++i < 40);
	for (unsigned domid = 100; domid < 100 + N_VIFS; domid++)
		n_wrong += seen[domid] != 1;
	CHECK_EQ(n_wrong, 0);
	view_end(&v);
}

void test_control_show(CU_pSuite suite);

void
test_control_show(CU_pSuite suite)
{
	UNIT_ADD(suite, control_show_vif);
	UNIT_ADD(suite, control_show_problem);
	UNIT_ADD(suite, control_show_domain);
	UNIT_ADD(suite, control_show_renamed);
	UNIT_ADD(suite, control_show_hostile_names);
	UNIT_ADD(suite, control_show_missing);
	UNIT_ADD(suite, control_show_uplinks);
	UNIT_ADD(suite, control_show_rest);
	UNIT_ADD(suite, control_show_largest_port);
	UNIT_ADD(suite, control_show_pages);
	UNIT_ADD(suite, control_show_pages_changing);
}
