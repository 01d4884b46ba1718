/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verb "show" of the control socket.
 *
 * Theory of operation: a table has, for each word, a function that collects all items of the kind,
 * and one that turns an item into JSON. A list sorts the items and takes those behind the cursor
 * until the page is full. A singular takes the item that has the requested name.
 */
#include "ctl/control_show.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "ctl/control_json.h"
#include "ctl/control_request.h"
#include "proto/limits.h"

#define PAGE_ROWS 64u
#define PAGE_SIZE (CONTROL_ANSWER_SIZE - 4096u) /* of all rows; the cursor needs room as well */

#define ITEMS_MAX (2u * LIMIT_PORTS) /* attached ports, and those that are on their way out */

/* Something that may be shown. */
struct item {
	const char *name;
	const void *object; /* vif or port; NULL if it has only a number */
	unsigned number;    /* of a poller, bridge or uplink; forwarding entries of a port */
};

struct items {
	const struct control_view *view;
	unsigned n;
	struct item item[ITEMS_MAX];
};

static void
add_item(struct items *items, const char *name, const void *object, unsigned number)
{
	struct item item = { .name = name, .object = object, .number = number };

	if (items->n < ITEMS_MAX)
		items->item[items->n++] = item;
}

/* ---- vifs and ports -------------------------------------------------------------------------- */

static void
collect_vif(void *items, const struct vif *vif)
{
	add_item(items, vif->name, vif, 0);
}

static void
collect_vifs(struct items *items)
{
	vifs_visit(items->view->vifs, collect_vif, items);
}

static json_t *
show_vif_row(const struct control_view *view, const struct item *item)
{
	return control_vif_row(view, item->object);
}

static json_t *
show_vif(const struct control_view *view, const struct item *item)
{
	return control_vif(view, item->object);
}

static void
collect_port(void *items, const struct port *port)
{
	add_item(items, port->name, port, 0);
}

static void
collect_ports(struct items *items)
{
	attachments_each(items->view->attachments, collect_port, items);
}

static json_t *
show_port_row(const struct control_view *view, const struct item *item)
{
	return control_port_row(view, item->object);
}

static json_t *
show_port(const struct control_view *view, const struct item *item)
{
	return control_port(view, item->object);
}

static void
collect_port_with_entries(void *arg, const struct port *port)
{
	struct items *items = arg;
	unsigned n = dp_port_entries(items->view->dp, port->id);

	if (n > 0)
		add_item(items, port->name, port, n);
}

static void
collect_entries(struct items *items)
{
	attachments_each(items->view->attachments, collect_port_with_entries, items);
}

static json_t *
show_entries(const struct control_view *view, const struct item *item)
{
	const struct port *port = item->object;
	json_t *object = json_object();

	control_set(object, "port", control_text(port->name));
	control_set_number(object, "entries", item->number);
	control_set(object, "bridge", control_text(bridge_name(view->bridges, port->bridge)));
	return object;
}

/* ---- pollers, bridges, uplinks --------------------------------------------------------------- */

static void
collect_pollers(struct items *items)
{
	static const char *const names[] = { "0", "1", "2",  "3",  "4",  "5",  "6",  "7",
					     "8", "9", "10", "11", "12", "13", "14", "15" };
	static_assert(ARRAY_SIZE(names) == LIMIT_POLLERS, "one name per poller");

	for (unsigned i = 0; i < dp_n_pollers(items->view->dp); i++)
		add_item(items, names[i], NULL, i);
}

static json_t *
show_poller(const struct control_view *view, const struct item *item)
{
	json_t *object = json_object();
	json_t *sw = json_object();
	struct dp_poller_stats stats;

	dp_get_poller_stats(view->dp, item->number, &stats);
	control_set(object, "name", control_text(item->name));
	control_set_table(object, COUNTERS_POLLER, &stats);
	control_set_table(sw, COUNTERS_SWITCH, &stats.sw);
	control_set(object, "switch", sw);
	return object;
}

static void
collect_bridges(struct items *items)
{
	struct bridge_info info;

	for (unsigned id = 0; id < LIMIT_BRIDGES; id++) {
		if (bridge_get_info(items->view->bridges, (int)id, &info))
			add_item(items, info.name, NULL, id);
	}
}

static json_t *
show_bridge(const struct control_view *view, const struct item *item)
{
	json_t *object = json_object();
	struct bridge_info info;

	bridge_get_info(view->bridges, (int)item->number, &info);
	control_set(object, "name", control_text(info.name));
	control_set_number(object, "members", info.n_members);
	control_set_number(object, "uplinks", info.n_uplinks);
	control_set_number(object, "uplinks_with_link", info.n_linked);
	control_set(object, "filters_vlans", json_boolean(info.filters_vlans));
	return object;
}

static void
collect_uplinks(struct items *items)
{
	struct uplink_info info;

	for (unsigned i = 0; uplink_get_info(items->view->uplinks, i, &info); i++)
		add_item(items, info.name, NULL, i);
}

static json_t *
show_uplink(const struct control_view *view, const struct item *item)
{
	json_t *object = json_object();
	struct uplink_info info;

	uplink_get_info(view->uplinks, item->number, &info);
	control_set(object, "name", control_text(info.name));
	control_set(object, "type", control_text(info.type));
	control_set(object, "device", control_text(info.device));
	control_set(object, "bridge", control_text(bridge_name(view->bridges, info.bridge)));
	control_set(object, "link", json_boolean(info.linked));
	control_set(object, "lost", json_boolean(info.lost));
	if (info.port != NULL)
		control_set_traffic(object, info.port);
	return object;
}

/* ---- single objects ---------------------------------------------------------------------- */

static json_t *
show_buffers(const struct control_view *view)
{
	json_t *object = json_object();
	struct dp_pool_stats stats;

	dp_get_pool_stats(view->dp, &stats);
	control_set_table(object, COUNTERS_BUFFERS, &stats);
	return object;
}

/* The description of every counter. */
static json_t *
show_counters(const struct control_view *view)
{
	json_t *list = json_array();
	const struct counter_set *set;

	(void)view;
	for (unsigned k = 0; (set = counters_get(k)) != NULL; k++) {
		for (unsigned i = 0; i < set->n; i++) {
			const struct counter *counter = &set->list[i];
			json_t *object = json_object();
			control_set(object, "of", control_text(set->of));
			control_set(object, "name", control_text(counter->name));
			control_set(object, "unit", control_text(counter->unit));
			control_set(object, "rises", json_boolean(counter->kind == COUNTER_SUM));
			control_set(object, "help", control_text(counter->help));
			json_array_append_new(list, object);
		}
	}
	return list;
}

/* ---- requests -------------------------------------------------------------------------------- */

struct word {
	const char *what;
	const char *noun; /* not NULL: the word is a singular, and the request has a name */
	void (*collect)(struct items *items); /* NULL: there is only one, which `whole` shows */
	json_t *(*show)(const struct control_view *view, const struct item *item);
	json_t *(*whole)(const struct control_view *view);
};

static const struct word words[] = {
	{ .what = "vifs", .collect = collect_vifs, .show = show_vif_row },
	{ .what = "vif", .noun = "vif", .collect = collect_vifs, .show = show_vif },
	{ .what = "ports", .collect = collect_ports, .show = show_port_row },
	{ .what = "port", .noun = "port", .collect = collect_ports, .show = show_port },
	{ .what = "pollers", .collect = collect_pollers, .show = show_poller },
	{ .what = "bridges", .collect = collect_bridges, .show = show_bridge },
	{ .what = "uplinks", .collect = collect_uplinks, .show = show_uplink },
	{ .what = "fdb", .collect = collect_entries, .show = show_entries },
	{ .what = "buffers", .whole = show_buffers },
	{ .what = "counters", .whole = show_counters },
};

/* "vif2.0" comes before "vif10.0". */
static int
compare_items(const void *a, const void *b)
{
	return strverscmp(((const struct item *)a)->name, ((const struct item *)b)->name);
}

/* Returns whether answers call the item `text`. */
static bool
is_called(const struct item *item, const char *text)
{
	char shown[CONTROL_TEXT_SIZE];

	return strcmp(item->name, text) == 0 ||
	       strcmp(log_escape(item->name, shown, sizeof(shown)), text) == 0;
}

/* Returns where the page behind the cursor begins. The cursor's own item may have gone. */
static unsigned
start_of(const struct items *items, const char *from)
{
	unsigned i = 0;

	if (from[0] == '\0')
		return 0;
	for (unsigned k = 0; k < items->n; k++) {
		if (is_called(&items->item[k], from))
			return k + 1;
	}
	while (i < items->n && strverscmp(items->item[i].name, from) <= 0)
		i++;
	return i;
}

/* {"vifs": [...], "next": "vif12.0"} */
static json_t *
page_of(const struct word *word, struct items *items, const char *from)
{
	json_t *answer = json_object(), *list = json_array();
	size_t used = 0;

	control_set(answer, word->what, json_incref(list)); /* first, so "next" is last */
	qsort(items->item, items->n, sizeof(items->item[0]), compare_items);
	for (unsigned i = start_of(items, from); i < items->n; i++) {
		json_t *row = word->show(items->view, &items->item[i]);
		used += json_dumpb(row, NULL, 0, JSON_COMPACT) + 1;
		size_t n_rows = json_array_size(list);
		if (n_rows == PAGE_ROWS || (used > PAGE_SIZE && n_rows > 0)) {
			json_decref(row);
			control_set(answer, "next", control_text(items->item[i - 1].name));
			break;
		}
		json_array_append_new(list, row);
	}
	json_decref(list);
	return answer;
}

/* Returns whether `name` means the vif: "web1/0", or "web1" for all vifs of that domain. */
static bool
is_of_domain(const struct vif *vif, const char *name)
{
	size_t len = strlen(vif->seen->config.domain);
	char devid[16];

	if (len == 0 || strncmp(name, vif->seen->config.domain, len) != 0)
		return false;
	snprintf(devid, sizeof(devid), "/%u", vif->devid);
	return name[len] == '\0' || strcmp(name + len, devid) == 0;
}

/* Returns a vif that `name` means by its domain, and in `n` how many there are. */
static const struct item *
find_by_domain(const struct items *items, const char *name, unsigned *n)
{
	const struct item *found = NULL;

	*n = 0;
	for (unsigned i = 0; i < items->n; i++) {
		if (is_of_domain(items->item[i].object, name)) {
			found = &items->item[i];
			(*n)++;
		}
	}
	return found;
}

/* {"vif": {...}} */
static json_t *
one_of(const struct word *word, const struct items *items, const char *name)
{
	const struct item *found = NULL;
	unsigned n = 0;

	if (name[0] == '\0')
		return control_error(EINVAL, "\"%s\" needs a name", word->what);
	for (unsigned i = 0; i < items->n && found == NULL; i++) {
		if (is_called(&items->item[i], name))
			found = &items->item[i];
	}
	if (found == NULL && word->collect == collect_vifs)
		found = find_by_domain(items, name, &n);
	if (found == NULL)
		return control_error(ENOENT, "there is no %s \"%s\"", word->noun, name);
	if (n > 1)
		return control_error(EEXIST, "\"%s\" has %u vifs: name one, as in \"%s/0\"", name,
				     n, name);
	json_t *answer = json_object();
	control_set(answer, word->what, word->show(items->view, found));
	return answer;
}

static json_t *
whole_of(const struct word *word, const struct control_view *view)
{
	json_t *answer = json_object();

	control_set(answer, word->what, word->whole(view));
	return answer;
}

static const struct word *
find_word(const char *what)
{
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].what, what) == 0)
			return &words[i];
	}
	return NULL;
}

json_t *
control_show(const struct control_view *view, const struct control_request *request)
{
	const struct word *word = find_word(request->what);
	struct items items = { .view = view };

	if (word == NULL)
		return control_error(EINVAL, "there is nothing called \"%s\" to show",
				     request->what);
	if (request->name[0] != '\0' && word->noun == NULL)
		return control_error(EINVAL, "\"%s\" takes no name", word->what);
	if (request->from[0] != '\0' && (word->noun != NULL || word->collect == NULL))
		return control_error(EINVAL, "\"%s\" has no pages", word->what);
	if (word->collect == NULL)
		return whole_of(word, view);
	word->collect(&items);
	if (word->noun != NULL)
		return one_of(word, &items, request->name);
	return page_of(word, &items, request->from);
}
