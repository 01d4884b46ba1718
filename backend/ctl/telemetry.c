/* SPDX-License-Identifier: BSD-3-Clause */
/* Telemetry commands. rte_telemetry runs the callbacks. */
#include "ctl/telemetry.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <rte_telemetry.h>

#include "base/util.h"
#include "ctl/counters.h"

/* Guards `shown`. Callbacks hold it while they read. Taken before the lock of attachment.c. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* rte_telemetry has one set of commands per process and cannot unregister them. */
static struct {
	struct dp *dp; /* NULL: nothing is visible */
	struct attachments *attachments;
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
		attachments_each(shown.attachments, add_name, d);
	pthread_mutex_unlock(&lock);
	return 0;
}

static void
add_counter(void *arg, const struct counter *counter, uint64_t value)
{
	add_number(arg, counter->name, value);
}

/*
 * Adds the drops of queues `first` to `end` - 1: their sum and the count of each reason. For a
 * single queue, zeros are left out, because the answer's size is limited.
 */
static void
add_drops(struct rte_tel_data *d, const struct port *port, unsigned first, unsigned end)
{
	struct rte_tel_data *drops = new_dict();
	uint64_t by_reason[DROP_N];

	add_number(d, "dropped", counters_dropped(port, first, end, by_reason));
	for (unsigned i = 0; drops != NULL && i < DROP_N; i++) {
		if (by_reason[i] > 0 || end - first == port->n_queues)
			add_number(drops, drop_name(i), by_reason[i]);
	}
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
		counters_each_of_port(port, q, q + 1, add_counter, one);
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
	/* A bridge keeps its name while a port is in the list, and the list is locked here. */
	rte_tel_data_add_dict_string(d, "bridge_name", bridge_name(shown.bridges, port->bridge));
	add_number(d, "max_frame", port_max_frame(port));
	counters_each_of_port(port, 0, port->n_queues, add_counter, d);
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
		attachments_each(shown.attachments, add_if_found, &search);
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
		attachments_each(shown.attachments, add_entries, d);
	pthread_mutex_unlock(&lock);
	return 0;
}

/* ---- pollers and pools ----------------------------------------------------------------------- */

static struct rte_tel_data *
poller_of(const struct dp *dp, unsigned poller)
{
	struct rte_tel_data *d = new_dict();
	struct rte_tel_data *sw = new_dict();
	struct dp_poller_stats stats;

	dp_get_poller_stats(dp, poller, &stats);
	if (d != NULL)
		counters_each(COUNTERS_POLLER, &stats, add_counter, d);
	if (sw != NULL)
		counters_each(COUNTERS_SWITCH, &stats.sw, add_counter, sw);
	if (d == NULL)
		rte_tel_data_free(sw);
	else
		add_part(d, "switch", sw);
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
	counters_each(COUNTERS_BUFFERS, &stats, add_counter, d);
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
		int ret = rte_telemetry_register_cmd(commands[i].name, commands[i].show,
						     commands[i].help);
		if (ret < 0)
			return ret;
	}
	registered = true;
	return 0;
}

int
telemetry_start(struct dp *dp, struct attachments *attachments, const struct bridges *bridges)
{
	pthread_mutex_lock(&lock);
	shown.dp = dp;
	shown.attachments = attachments;
	shown.bridges = bridges;
	pthread_mutex_unlock(&lock);
	return register_commands();
}

void
telemetry_stop(void)
{
	pthread_mutex_lock(&lock);
	shown.dp = NULL;
	shown.attachments = NULL;
	shown.bridges = NULL;
	pthread_mutex_unlock(&lock);
}
