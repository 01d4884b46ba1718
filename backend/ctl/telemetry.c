/* SPDX-License-Identifier: BSD-3-Clause */
/* Telemetry commands. rte_telemetry runs the callbacks. */
#include "ctl/telemetry.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <rte_telemetry.h>

#include "base/util.h"
#include "dp/port_vif.h"

/* Guards `shown`. Callbacks hold it while they read; it is taken before the lock of member.c. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* rte_telemetry has one set of commands per process and cannot unregister them. */
static struct {
	struct dp *dp; /* NULL: nothing is visible */
	struct members *members;
	const struct bridges *bridges;
} shown;

static void
add_number(struct rte_tel_data *d, const char *name, uint64_t value)
{
#ifdef HAVE_RTE_TEL_DATA_ADD_DICT_UINT
	rte_tel_data_add_dict_uint(d, name, value);
#else
	rte_tel_data_add_dict_u64(d, name, value);
#endif
}

/* Adds `part` to `d`, unless `part` is NULL. Consumes `part`. */
static void
add_part(struct rte_tel_data *d, const char *name, struct rte_tel_data *part)
{
	if (part != NULL && rte_tel_data_add_dict_container(d, name, part, 0) < 0)
		rte_tel_data_free(part);
}

static struct rte_tel_data *
new_dict(void)
{
	struct rte_tel_data *d = rte_tel_data_alloc();

	if (d != NULL)
		rte_tel_data_start_dict(d);
	return d;
}

/* ---- ports ----------------------------------------------------------------------------------- */

static void
add_name(void *arg, const struct port *port)
{
	rte_tel_data_add_array_string(arg, port->name);
}

static int
show_ports(const char *cmd, const char *params, struct rte_tel_data *d)
{
	(void)cmd;
	(void)params;
	rte_tel_data_start_array(d, RTE_TEL_STRING_VAL);
	pthread_mutex_lock(&lock);
	if (shown.dp != NULL)
		members_each(shown.members, add_name, d);
	pthread_mutex_unlock(&lock);
	return 0;
}

/* A counter of struct port_stats or struct port_vif_stats. */
struct counter {
	const char *name;
	size_t offset;
};

static const struct counter port_counters[] = {
	{ "rx_frames", offsetof(struct port_stats, rx_frames) },
	{ "rx_bytes", offsetof(struct port_stats, rx_bytes) },
	{ "tx_frames", offsetof(struct port_stats, tx_frames) },
	{ "tx_bytes", offsetof(struct port_stats, tx_bytes) },
	{ "soft_csum", offsetof(struct port_stats, n_soft_csum) },
	{ "soft_gso", offsetof(struct port_stats, n_soft_gso) },
	{ "notified", offsetof(struct port_stats, n_notified) },
	{ "woken", offsetof(struct port_stats, n_woken) },
	{ "reopened", offsetof(struct port_stats, n_reopened) },
};

static const struct counter vif_counters[] = {
	{ "from_guest_slots", offsetof(struct port_vif_stats, n_from_guest_slots) },
	{ "to_guest_slots", offsetof(struct port_vif_stats, n_to_guest_slots) },
	{ "backlog_bytes", offsetof(struct port_vif_stats, n_backlog_bytes) },
	{ "starved", offsetof(struct port_vif_stats, n_starved) },
	{ "rate_from_guest", offsetof(struct port_vif_stats, n_rate_from_guest) },
	{ "rate_to_guest", offsetof(struct port_vif_stats, n_rate_to_guest) },
	{ "copy_errors", offsetof(struct port_vif_stats, n_copy_errors) },
	{ "gso_csum_fixups", offsetof(struct port_vif_stats, n_gso_csum_fixups) },
	{ "static_grants", offsetof(struct port_vif_stats, n_static_grants) },
	{ "foreign_pages", offsetof(struct port_vif_stats, n_foreign_pages) },
};

static uint64_t
counter_of(const struct counter *counter, const void *stats)
{
	return *(const uint64_t *)((const char *)stats + counter->offset);
}

/* Adds the sums over queues `first` to `end` - 1 of the port. */
static void
add_counters(struct rte_tel_data *d, const struct port *port, unsigned first, unsigned end)
{
	for (unsigned c = 0; c < ARRAY_SIZE(port_counters); c++) {
		uint64_t sum = 0;
		for (unsigned q = first; q < end; q++)
			sum += counter_of(&port_counters[c], &port->queue[q]->stats);
		add_number(d, port_counters[c].name, sum);
	}
	for (unsigned c = 0; strcmp(port->ops->kind, "vif") == 0 && c < ARRAY_SIZE(vif_counters); c++) {
		uint64_t sum = 0;
		for (unsigned q = first; q < end; q++) {
			struct port_vif_stats vif;
			port_vif_get_stats(port->queue[q], &vif);
			sum += counter_of(&vif_counters[c], &vif);
		}
		add_number(d, vif_counters[c].name, sum);
	}
}

/*
 * As add_counters(), for drops: their sum and the count of each reason. For a single queue, zeros
 * are left out, because the answer's size is limited.
 */
static void
add_drops(struct rte_tel_data *d, const struct port *port, unsigned first, unsigned end)
{
	struct rte_tel_data *drops = new_dict();
	uint64_t all = 0;

	for (unsigned i = 0; i < DROP_N; i++) {
		uint64_t sum = 0;
		for (unsigned q = first; q < end; q++)
			sum += port->queue[q]->stats.n_dropped[i];
		if (drops != NULL && (sum > 0 || end - first == port->n_queues))
			add_number(drops, drop_name(i), sum);
		all += sum;
	}
	add_number(d, "dropped", all);
	add_part(d, "drops", drops);
}

static struct rte_tel_data *
queues_of(const struct port *port)
{
	struct rte_tel_data *d = new_dict();
	char name[12];

	for (unsigned q = 0; d != NULL && q < port->n_queues; q++) {
		struct rte_tel_data *one = new_dict();
		if (one == NULL)
			break;
		add_number(one, "poller", dp_poller_of(shown.dp, port->queue[q]));
		add_counters(one, port, q, q + 1);
		add_drops(one, port, q, q + 1);
		snprintf(name, sizeof(name), "%u", q);
		add_part(d, name, one);
	}
	return d;
}

static void
add_port(struct rte_tel_data *d, const struct port *port)
{
	/* Acquire: pairs with port_set_fault(). */
	const char *fault = __atomic_load_n(&port->fault, __ATOMIC_ACQUIRE);

	rte_tel_data_add_dict_string(d, "name", port->name);
	rte_tel_data_add_dict_string(d, "kind", port->ops->kind);
	rte_tel_data_add_dict_string(d, "fault", fault == NULL ? "" : fault);
	add_number(d, "id", port->id);
	add_number(d, "bridge", port->bridge);
	/* A bridge keeps its name while a member is in the list, and the list is locked here. */
	rte_tel_data_add_dict_string(d, "bridge_name", bridge_name(shown.bridges, port->bridge));
	add_number(d, "max_frame", port_max_frame(port));
	if (strcmp(port->ops->kind, "vif") == 0) {
		struct port_vif_stats vif;
		port_vif_get_stats(port, &vif);
		add_number(d, "headroom", vif.headroom);
	}
	add_counters(d, port, 0, port->n_queues);
	add_drops(d, port, 0, port->n_queues);
	add_part(d, "queues", queues_of(port));
}

struct search {
	const char *name;
	struct rte_tel_data *d;
	bool found;
};

static void
add_if_found(void *arg, const struct port *port)
{
	struct search *search = arg;

	if (search->found || strcmp(port->name, search->name) != 0)
		return;
	search->found = true;
	add_port(search->d, port);
}

static int
show_port(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct search search = { .name = params, .d = d };

	(void)cmd;
	if (params == NULL || params[0] == '\0')
		return -EINVAL;
	rte_tel_data_start_dict(d);
	pthread_mutex_lock(&lock);
	if (shown.dp != NULL)
		members_each(shown.members, add_if_found, &search);
	pthread_mutex_unlock(&lock);
	return search.found ? 0 : -ENOENT;
}

/* Keyed by port id: rte_telemetry allows no '.' in keys of a dictionary, and at most 256 keys. */
static void
add_entries(void *arg, const struct port *port)
{
	unsigned n_entries = dp_port_entries(shown.dp, port->id);
	struct rte_tel_data *d = n_entries > 0 ? new_dict() : NULL;
	char id[8];

	if (d == NULL)
		return;
	snprintf(id, sizeof(id), "%u", port->id);
	rte_tel_data_add_dict_string(d, "port", port->name);
	add_number(d, "entries", n_entries);
	add_part(arg, id, d);
}

static int
show_fdb(const char *cmd, const char *params, struct rte_tel_data *d)
{
	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(d);
	pthread_mutex_lock(&lock);
	if (shown.dp != NULL)
		members_each(shown.members, add_entries, d);
	pthread_mutex_unlock(&lock);
	return 0;
}

/* ---- pollers and pools ----------------------------------------------------------------------- */

static struct rte_tel_data *
switch_of(const struct sw_stats *sw)
{
	struct rte_tel_data *d = new_dict();

	if (d == NULL)
		return NULL;
	add_number(d, "entries", sw->n_entries);
	add_number(d, "learned", sw->n_learned);
	add_number(d, "moved", sw->n_moved);
	add_number(d, "aged", sw->n_aged);
	add_number(d, "refused_port", sw->n_refused_port);
	add_number(d, "refused_full", sw->n_refused_full);
	add_number(d, "flooded", sw->n_flooded);
	return d;
}

static struct rte_tel_data *
poller_of(const struct dp *dp, unsigned poller)
{
	struct rte_tel_data *d = new_dict();
	struct dp_poller_stats stats;

	if (d == NULL)
		return NULL;
	dp_get_poller_stats(dp, poller, &stats);
	rte_tel_data_add_dict_int(d, "cpu", stats.cpu);
	add_number(d, "ports", stats.n_ports);
	add_number(d, "loops", stats.n_loops);
	add_number(d, "busy_loops", stats.n_busy_loops);
	add_number(d, "busy_us", stats.busy_us);
	add_number(d, "sleeps", stats.n_sleeps);
	add_number(d, "slept_us", stats.slept_us);
	add_number(d, "copies", stats.n_copies);
	add_number(d, "copy_calls", stats.n_copy_calls);
	add_number(d, "static_copies", stats.n_static_copies);
	add_number(d, "foreign_copies", stats.n_foreign_copies);
	add_part(d, "switch", switch_of(&stats.sw));
	return d;
}

static int
show_pollers(const char *cmd, const char *params, struct rte_tel_data *d)
{
	char name[16];

	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(d);
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; shown.dp != NULL && i < dp_n_pollers(shown.dp); i++) {
		snprintf(name, sizeof(name), "%u", i);
		add_part(d, name, poller_of(shown.dp, i));
	}
	pthread_mutex_unlock(&lock);
	return 0;
}

static int
show_pool(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct dp_pool_stats stats = { 0 };

	(void)cmd;
	(void)params;
	pthread_mutex_lock(&lock);
	if (shown.dp != NULL)
		dp_get_pool_stats(shown.dp, &stats);
	pthread_mutex_unlock(&lock);
	rte_tel_data_start_dict(d);
	add_number(d, "small", stats.n_small);
	add_number(d, "small_free", stats.n_small_free);
	add_number(d, "large", stats.n_large);
	add_number(d, "large_free", stats.n_large_free);
	return 0;
}

/* ---- start and stop -------------------------------------------------------------------------- */

static const struct {
	const char *name;
	telemetry_cb show;
	const char *help;
} commands[] = {
	{ "/vpe/ports", show_ports, "Names of all ports. Takes no parameters" },
	{ "/vpe/port", show_port, "Counters of one port. Parameters: name" },
	{ "/vpe/pollers", show_pollers, "Counters of the polling threads. Takes no parameters" },
	{ "/vpe/pool", show_pool, "Packet buffers, total and free. Takes no parameters" },
	{ "/vpe/fdb", show_fdb, "Forwarding table entries behind each port. Takes no parameters" },
};

static int
register_commands(void)
{
	static bool registered;

	for (unsigned i = 0; !registered && i < ARRAY_SIZE(commands); i++) {
		int ret = rte_telemetry_register_cmd(commands[i].name, commands[i].show, commands[i].help);
		if (ret < 0)
			return ret;
	}
	registered = true;
	return 0;
}

int
telemetry_start(struct dp *dp, struct members *members, const struct bridges *bridges)
{
	pthread_mutex_lock(&lock);
	shown.dp = dp;
	shown.members = members;
	shown.bridges = bridges;
	pthread_mutex_unlock(&lock);
	return register_commands();
}

void
telemetry_stop(void)
{
	pthread_mutex_lock(&lock);
	shown.dp = NULL;
	shown.members = NULL;
	shown.bridges = NULL;
	pthread_mutex_unlock(&lock);
}
