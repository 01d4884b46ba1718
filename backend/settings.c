/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration file. */
#include "settings.h"

#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "ctl/instance.h"
#include "settings_value.h"

#define UPLINKS_MAX 64
#define BRIDGES_MAX 64

struct settings {
	config_t config; /* owns all strings */
	struct dp_params dp;
	struct ctl_params ctl;
	struct uplink_params uplink[UPLINKS_MAX];
	const char *devargs[UPLINKS_MAX];
	struct bridge_params bridge[BRIDGES_MAX];
};

/* pollers = { ... } */

static int
read_cpus(const struct reader *rd, const config_setting_t *s, void *into)
{
	struct dp_params *dp = into;

	if (!config_setting_is_array(s))
		return refuse(rd, s, "cpus: a list of CPU numbers [ 1, 2 ] is wanted");
	if (config_setting_length(s) == 0)
		return refuse(rd, s, "cpus: no core to poll on: the list is empty");
	if (config_setting_length(s) > LIMIT_POLLERS)
		return refuse(rd, s, "cpus: more than %d pollers", LIMIT_POLLERS);
	dp->n_pollers = (unsigned)config_setting_length(s);
	for (unsigned i = 0; i < dp->n_pollers; i++) {
		if (config_setting_type(config_setting_get_elem(s, i)) != CONFIG_TYPE_INT)
			return refuse(rd, s, "cpus: a list of CPU numbers [ 1, 2 ] is wanted");
		dp->cpus[i] = config_setting_get_int_elem(s, (int)i);
		if (dp->cpus[i] < 0 || dp->cpus[i] >= CPU_SETSIZE)
			return refuse(rd, s, "cpus: %d is no CPU number", dp->cpus[i]);
		for (unsigned j = 0; j < i; j++) {
			if (dp->cpus[j] == dp->cpus[i])
				return refuse(rd, s, "cpus: CPU %d is named twice", dp->cpus[i]);
		}
	}
	return 0;
}

static int
read_mode(const struct reader *rd, const config_setting_t *s, void *into)
{
	static const char *const modes[] = {
		[DP_POLL_ALWAYS] = "always", [DP_POLL_ADAPTIVE] = "adaptive", [DP_POLL_NAP] = "nap", NULL,
	};
	int mode = 0;
	int ret = get_choice(rd, s, modes, &mode);

	((struct dp_params *)into)->mode = (enum dp_poll_mode)mode;
	return ret;
}

#define UNSIGNED_READER(function, type, member, min, max)                              \
	static int function(const struct reader *rd, const config_setting_t *s, void *into) \
	{                                                                              \
		return get_unsigned(rd, s, min, max, &((struct type *)into)->member);  \
	}

UNSIGNED_READER(read_idle_us, dp_params, idle_us, 1, 1000000)
UNSIGNED_READER(read_nap_us, dp_params, nap_us, 1, 10000)
UNSIGNED_READER(read_size_mb, dp_params, memory_mb, 32, 65536)
UNSIGNED_READER(read_small, dp_params, n_small_buffers, 1023, 1 << 22)
UNSIGNED_READER(read_large, dp_params, n_large_buffers, 127, 1 << 18)
UNSIGNED_READER(read_entries, dp_params, n_fdb_entries, 64, 1 << 20)
UNSIGNED_READER(read_age, dp_params, fdb_age_s, 1, 1000000)
UNSIGNED_READER(read_broadcast_rate, dp_params, broadcast_rate, 0, 1000000)
UNSIGNED_READER(read_mtu, uplink_params, mtu, 68, 9200)
UNSIGNED_READER(read_max_queues, ctl_params, max_queues, 1, LIMIT_QUEUES)
UNSIGNED_READER(read_interval, balance_params, interval_s, 0, 86400)
UNSIGNED_READER(read_load, balance_params, load_percent, 1, 100)
UNSIGNED_READER(read_improvement, balance_params, improvement_percent, 0, 100)

#define STRING_READER(function, type, member)                                          \
	static int function(const struct reader *rd, const config_setting_t *s, void *into) \
	{                                                                              \
		return get_string(rd, s, &((struct type *)into)->member);              \
	}

STRING_READER(read_bridge_name, bridge_params, name)
STRING_READER(read_device, uplink_params, device)
STRING_READER(read_bridge, uplink_params, bridge)
STRING_READER(read_control_group, settings, ctl.control_group)

static int
read_pollers(const struct reader *rd, const config_setting_t *s, void *into)
{
	static const struct name names[] = {
		{ "cpus", read_cpus },
		{ "mode", read_mode },
		{ "idle_us", read_idle_us },
		{ "nap_us", read_nap_us },
	};

	return read_group(rd, s, names, ARRAY_SIZE(names), &((struct settings *)into)->dp);
}

/* memory = { ... } */

static int
read_hugepages(const struct reader *rd, const config_setting_t *s, void *into)
{
	return get_bool(rd, s, &((struct dp_params *)into)->hugepages);
}

static int
read_memory(const struct reader *rd, const config_setting_t *s, void *into)
{
	static const struct name names[] = {
		{ "hugepages", read_hugepages },
		{ "size_mb", read_size_mb },
		{ "small_buffers", read_small },
		{ "large_buffers", read_large },
	};

	return read_group(rd, s, names, ARRAY_SIZE(names), &((struct settings *)into)->dp);
}

/* switch = { ... } */

static int
read_flood_to_guarded(const struct reader *rd, const config_setting_t *s, void *into)
{
	return get_bool(rd, s, &((struct dp_params *)into)->floods_guarded);
}

static int
read_switch(const struct reader *rd, const config_setting_t *s, void *into)
{
	static const struct name names[] = {
		{ "fdb_entries", read_entries },
		{ "fdb_age_s", read_age },
		{ "broadcast_rate", read_broadcast_rate },
		{ "flood_to_guarded", read_flood_to_guarded },
	};

	return read_group(rd, s, names, ARRAY_SIZE(names), &((struct settings *)into)->dp);
}

/* vifs = { ... } */

static int
read_vifs(const struct reader *rd, const config_setting_t *s, void *into)
{
	static const struct name names[] = {
		{ "max_queues", read_max_queues },
	};

	return read_group(rd, s, names, ARRAY_SIZE(names), &((struct settings *)into)->ctl);
}

/* balance = { ... } */

static int
read_balance(const struct reader *rd, const config_setting_t *s, void *into)
{
	static const struct name names[] = {
		{ "interval_s", read_interval },
		{ "load_percent", read_load },
		{ "improvement_percent", read_improvement },
	};

	return read_group(rd, s, names, ARRAY_SIZE(names), &((struct settings *)into)->ctl.balance);
}

/* bridges = ( { ... }, ... ) */

static int
read_vlan_filtering(const struct reader *rd, const config_setting_t *s, void *into)
{
	return get_bool(rd, s, &((struct bridge_params *)into)->vlan_filtering);
}

static int
read_bridges(const struct reader *rd, const config_setting_t *s, void *into)
{
	static const struct name names[] = {
		{ "name", read_bridge_name },
		{ "vlan_filtering", read_vlan_filtering },
	};
	struct settings *settings = into;

	if (config_setting_type(s) != CONFIG_TYPE_LIST)
		return refuse(rd, s, "bridges: a list ( { ... }, { ... } ) is wanted");
	if (config_setting_length(s) > BRIDGES_MAX)
		return refuse(rd, s, "bridges: more than %d bridges", BRIDGES_MAX);
	for (unsigned i = 0; i < (unsigned)config_setting_length(s); i++) {
		struct bridge_params *bridge = &settings->bridge[i];
		const config_setting_t *one = config_setting_get_elem(s, i);
		int ret = read_group(rd, one, names, ARRAY_SIZE(names), bridge);

		if (ret < 0)
			return ret;
		if (bridge->name == NULL)
			return refuse(rd, one, "bridges: a bridge needs a name");
		for (unsigned j = 0; j < i; j++) {
			if (strcmp(settings->bridge[j].name, bridge->name) == 0)
				return refuse(rd, one, "bridges: %s is named twice", bridge->name);
		}
		settings->ctl.n_bridges++;
	}
	return 0;
}

/* uplinks = ( { ... }, ... ) */

static int
read_type(const struct reader *rd, const config_setting_t *s, void *into)
{
	static const char *const types[] = {
		[UPLINK_PACKET] = "packet", [UPLINK_TAP] = "tap", [UPLINK_ETHDEV] = "ethdev", [UPLINK_ECHO] = "echo", NULL
	};
	int type = 0;
	int ret = get_choice(rd, s, types, &type);

	((struct uplink_params *)into)->kind = (enum uplink_kind)type;
	return ret;
}

static int
read_poller(const struct reader *rd, const config_setting_t *s, void *into)
{
	return get_int(rd, s, 0, LIMIT_POLLERS - 1, &((struct uplink_params *)into)->poller);
}

static int
read_uplink(const struct reader *rd, const config_setting_t *s, struct settings *settings)
{
	static const struct name names[] = {
		{ "type", read_type },     { "device", read_device }, { "bridge", read_bridge },
		{ "mtu", read_mtu },       { "poller", read_poller },
	};
	struct uplink_params *uplink = &settings->uplink[settings->ctl.n_uplinks];

	*uplink = (struct uplink_params){ .poller = -1 };
	int ret = read_group(rd, s, names, ARRAY_SIZE(names), uplink);
	if (ret < 0)
		return ret;
	if (config_setting_get_member(s, "type") == NULL || uplink->device == NULL || uplink->bridge == NULL)
		return refuse(rd, s, "uplinks: an uplink needs type, device and bridge");
	if (uplink->kind == UPLINK_ETHDEV)
		settings->devargs[settings->dp.n_devargs++] = uplink->device;
	settings->ctl.n_uplinks++;
	return 0;
}

static int
read_uplinks(const struct reader *rd, const config_setting_t *s, void *into)
{
	if (config_setting_type(s) != CONFIG_TYPE_LIST)
		return refuse(rd, s, "uplinks: a list ( { ... }, { ... } ) is wanted");
	if (config_setting_length(s) > UPLINKS_MAX)
		return refuse(rd, s, "uplinks: more than %d", UPLINKS_MAX);
	for (int i = 0; i < config_setting_length(s); i++) {
		int ret = read_uplink(rd, config_setting_get_elem(s, (unsigned)i), into);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* the top level */

static int
read_hotplug(const struct reader *rd, const config_setting_t *s, void *into)
{
	static const char *const modes[] = {
		[HOTPLUG_AUTO] = "auto", [HOTPLUG_SCRIPT] = "script", [HOTPLUG_SELF] = "self", NULL
	};
	int mode = 0;
	int ret = get_choice(rd, s, modes, &mode);

	((struct settings *)into)->ctl.hotplug = (enum hotplug_mode)mode;
	return ret;
}

static int
read_netback(const struct reader *rd, const config_setting_t *s, void *into)
{
	static const char *const choices[] = { "refuse", "share", NULL };
	int choice = 0;
	int ret = get_choice(rd, s, choices, &choice);

	((struct settings *)into)->ctl.share_with_netback = choice == 1;
	return ret;
}

static int
read_strict_bridges(const struct reader *rd, const config_setting_t *s, void *into)
{
	return get_bool(rd, s, &((struct settings *)into)->ctl.strict_bridges);
}

static int
read_foreign_memory(const struct reader *rd, const config_setting_t *s, void *into)
{
	bool wanted = false;
	int ret = get_bool(rd, s, &wanted);

	if (ret < 0 || !wanted)
		return ret;
	((struct settings *)into)->ctl.foreign = xen_foreign();
	if (xen_foreign() == NULL)
		return refuse(rd, s, "foreign_memory: this vpe-backend is built without it (configure --disable-foreign)");
	return 0;
}

static int
read_log_level(const struct reader *rd, const config_setting_t *s, void *into)
{
	const char *text = NULL;
	int ret = get_string(rd, s, &text);

	(void)into;
	if (ret < 0)
		return ret;
	int level = log_level_of(text);
	if (level < 0)
		return refuse(rd, s, "log_level: \"%s\" is not error, warning, info or debug", text);
	log_set_level((enum log_level)level);
	return 0;
}

static const struct name top[] = {
	{ "pollers", read_pollers }, { "memory", read_memory },   { "switch", read_switch },
	{ "uplinks", read_uplinks }, { "hotplug", read_hotplug }, { "netback", read_netback },
	{ "log_level", read_log_level }, { "foreign_memory", read_foreign_memory },
	{ "vifs", read_vifs }, { "balance", read_balance }, { "bridges", read_bridges },
	{ "strict_bridges", read_strict_bridges }, { "control_group", read_control_group },
};

/* ---- defaults and checks that need more than one setting ------------------------------------- */

static void
set_defaults(struct settings *settings)
{
	settings->dp = (struct dp_params){
		.mode = DP_POLL_ALWAYS,
		.idle_us = 100,
		.nap_us = 50,
		.memory_mb = 96,
		.n_small_buffers = 8191,
		.n_large_buffers = 511,
		.n_fdb_entries = 8192,
		.fdb_age_s = 300,
		.broadcast_rate = 1000,
		.devargs = settings->devargs,
		.file_prefix = "vpe",
	};
	settings->ctl = (struct ctl_params){
		.uplinks = settings->uplink,
		.bridges = settings->bridge,
		.control_path = INSTANCE_DIR "/control",
		.balance = { .interval_s = 60, .load_percent = 95, .improvement_percent = 25 },
	};
}

/* Compares memory.size_mb with the needs of the pools, EAL and the ports. */
static int
check_memory(const struct reader *rd, const struct dp_params *dp)
{
	size_t need_mb = ((size_t)dp->n_small_buffers * 2048 + (size_t)dp->n_large_buffers * 73 * 1024) >> 20;

	need_mb += 24;
	if (dp->memory_mb >= need_mb)
		return 0;
	snprintf(rd->why, rd->why_size, "%s: memory.size_mb: %u is too little for these buffers, which need %zu",
		 rd->path, dp->memory_mb, need_mb);
	return -EINVAL;
}

static int
check_uplinks(const struct reader *rd, const struct settings *settings)
{
	/* Without `cpus` there will be one poller. */
	int n_pollers = settings->dp.n_pollers > 0 ? (int)settings->dp.n_pollers : 1;

	for (unsigned i = 0; i < settings->ctl.n_uplinks; i++) {
		const struct uplink_params *up = &settings->uplink[i];
		if (up->poller >= n_pollers) {
			snprintf(rd->why, rd->why_size, "%s: uplinks: %s: there is no poller %d", rd->path, up->device,
				 up->poller);
			return -EINVAL;
		}
	}
	return 0;
}

static int
read_all(const struct reader *rd)
{
	struct settings *settings = rd->settings;
	int ret = read_group(rd, config_root_setting(&settings->config), top, ARRAY_SIZE(top), settings);

	if (ret == 0)
		ret = check_memory(rd, &settings->dp);
	return ret == 0 ? check_uplinks(rd, settings) : ret;
}

struct settings *
settings_load(const char *path, char *why, size_t why_size)
{
	struct settings *settings = calloc(1, sizeof(*settings));
	struct reader rd = { .settings = settings, .path = path, .why = why, .why_size = why_size };

	if (settings == NULL) {
		snprintf(why, why_size, "%s: %s", path, strerror(ENOMEM));
		return NULL;
	}
	config_init(&settings->config);
	set_defaults(settings);
	if (config_read_file(&settings->config, path) == CONFIG_FALSE) {
		if (config_error_type(&settings->config) == CONFIG_ERR_FILE_IO)
			snprintf(why, why_size, "%s: %s", path, strerror(errno != 0 ? errno : EIO));
		else
			snprintf(why, why_size, "%s:%d: %s", path, config_error_line(&settings->config),
				 config_error_text(&settings->config));
	} else if (read_all(&rd) == 0) {
		return settings;
	}
	settings_free(settings);
	return NULL;
}

int
settings_choose_cpu(struct settings *settings, char *why, size_t why_size)
{
	struct dp_params *dp = &settings->dp;
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0) {
		snprintf(why, why_size, "no core to poll on: sched_getaffinity: %s", strerror(errno));
		return -EINVAL;
	}
	for (unsigned i = 0; i < dp->n_pollers; i++) {
		if (!CPU_ISSET((size_t)dp->cpus[i], &allowed)) {
			snprintf(why, why_size, "no core to poll on: CPU %d does not exist or may not be used here", dp->cpus[i]);
			return -EINVAL;
		}
	}
	if (dp->n_pollers > 0)
		return 0;
	if (CPU_COUNT(&allowed) < 2) {
		snprintf(why, why_size, "no core to poll on: there is only one CPU. Give this domain two vCPUs, or set "
			 "pollers.cpus = [ 0 ] and pollers.mode = \"adaptive\"");
		return -EINVAL;
	}
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET((size_t)cpu, &allowed))
			dp->cpus[0] = cpu;
	}
	dp->n_pollers = 1;
	return 0;
}

void
settings_free(struct settings *settings)
{
	if (settings == NULL)
		return;
	config_destroy(&settings->config);
	free(settings);
}

const struct dp_params *
settings_dp(const struct settings *settings)
{
	return &settings->dp;
}

const struct ctl_params *
settings_ctl(const struct settings *settings)
{
	return &settings->ctl;
}
