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
#include "ctl/ports/uplink_kind.h"
#include "settings_value.h"
#include "xen/platform_check.h"

#define UPLINKS_MAX 64
#define BRIDGES_MAX 64

struct settings {
	config_t config; /* owns all strings */
	struct dp_params dp;
	struct ctl_params ctl;
	enum log_level log_level;
	enum sandbox_mode sandbox;
	const struct foreign_ops *foreign; /* for foreign_memory; NULL: it is not built in */
	struct uplink_params uplink[UPLINKS_MAX];
	const char *devargs[UPLINKS_MAX];
	struct bridge_params bridge[BRIDGES_MAX];
};

/* ---- rows of the tables ---------------------------------------------------------------------- */

#define UNSIGNED(key, struct_, member, least, most) \
	{ \
		.name = key, .type = SETTING_UNSIGNED, .offset = offsetof(struct struct_, member), \
		.min = least, .max = most \
	}
#define BOOL(key, struct_, member) \
	{ \
		.name = key, .type = SETTING_BOOL, .offset = offsetof(struct struct_, member) \
	}
#define STRING(key, struct_, member) \
	{ \
		.name = key, .type = SETTING_STRING, .offset = offsetof(struct struct_, member) \
	}
#define CHOICE(key, struct_, member, names) \
	{ \
		.name = key, .type = SETTING_CHOICE, .offset = offsetof(struct struct_, member), \
		.choices = names \
	}
#define GROUP(key, member, table) \
	{ \
		.name = key, .type = SETTING_GROUP, .offset = offsetof(struct settings, member), \
		.group = table, .n = ARRAY_SIZE(table) \
	}
#define OWN(key, struct_, member, function) \
	{ \
		.name = key, .type = SETTING_OWN, .offset = offsetof(struct struct_, member), \
		.read = function \
	}

/* ---- groups ---------------------------------------------------------------------------------- */

/* `into` is all of dp_params: there are two values, the list and its length. */
static int
read_cpus(const struct reader *rd, const config_setting_t *s, void *into)
{
	struct dp_params *dp = into;

	if (!config_setting_is_array(s))
		return refuse(rd, s, "cpus: expected a list of CPU numbers [ 1, 2 ]");
	if (config_setting_length(s) == 0)
		return refuse(rd, s, "cpus: the list is empty: expected one CPU at least");
	if (config_setting_length(s) > LIMIT_POLLERS)
		return refuse(rd, s, "cpus: expected %d CPUs at most", LIMIT_POLLERS);
	dp->n_pollers = (unsigned)config_setting_length(s);
	for (unsigned i = 0; i < dp->n_pollers; i++) {
		if (config_setting_type(config_setting_get_elem(s, i)) != CONFIG_TYPE_INT)
			return refuse(rd, s, "cpus: expected a list of CPU numbers [ 1, 2 ]");
		dp->cpus[i] = config_setting_get_int_elem(s, (int)i);
		if (dp->cpus[i] < 0 || dp->cpus[i] >= CPU_SETSIZE)
			return refuse(rd, s, "cpus: %d is not a CPU number", dp->cpus[i]);
		for (unsigned j = 0; j < i; j++) {
			if (dp->cpus[j] == dp->cpus[i])
				return refuse(rd, s, "cpus: CPU %d is listed twice", dp->cpus[i]);
		}
	}
	return 0;
}

static const char *const poll_modes[] = {
	[DP_POLL_ALWAYS] = "always",
	[DP_POLL_ADAPTIVE] = "adaptive",
	[DP_POLL_NAP] = "nap",
	NULL,
};

static const struct setting pollers[] = {
	{ .name = "cpus", .type = SETTING_OWN, .read = read_cpus },
	CHOICE("mode", dp_params, mode, poll_modes),
	UNSIGNED("idle_us", dp_params, idle_us, 1, 1000000),
	UNSIGNED("nap_us", dp_params, nap_us, 1, 10000),
};

static const struct setting memory[] = {
	BOOL("hugepages", dp_params, hugepages),
	UNSIGNED("size_mb", dp_params, memory_mb, 32, 65536),
	UNSIGNED("small_buffers", dp_params, n_small_buffers, 1023, 1 << 22),
	UNSIGNED("large_buffers", dp_params, n_large_buffers, 127, 1 << 18),
};

static const struct setting switch_[] = {
	UNSIGNED("fdb_entries", dp_params, n_fdb_entries, 64, 1 << 20),
	UNSIGNED("fdb_age_s", dp_params, fdb_age_s, 1, 1000000),
	UNSIGNED("broadcast_rate", dp_params, broadcast_rate, 0, 1000000),
	BOOL("flood_to_guarded", dp_params, floods_guarded),
};

static const struct setting vifs[] = {
	UNSIGNED("max_queues", ctl_params, max_queues, 1, LIMIT_QUEUES),
};

static const struct setting balance[] = {
	UNSIGNED("interval_s", balance_params, interval_s, 0, 86400),
	UNSIGNED("load_percent", balance_params, load_percent, 1, 100),
	UNSIGNED("improvement_percent", balance_params, improvement_percent, 0, 100),
};

/* ---- lists ----------------------------------------------------------------------------------- */

/* Calls `read` for each element of a list of at most `max`. */
static int
read_list(const struct reader *rd, const config_setting_t *s, int max, setting_fn *read, void *into)
{
	const char *name = config_setting_name(s);

	if (config_setting_type(s) != CONFIG_TYPE_LIST)
		return refuse(rd, s, "%s: expected a list ( { ... }, { ... } )", name);
	if (config_setting_length(s) > max)
		return refuse(rd, s, "%s: expected %d at most", name, max);
	for (int i = 0; i < config_setting_length(s); i++) {
		int ret = read(rd, config_setting_get_elem(s, (unsigned)i), into);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static const struct setting bridge_settings[] = {
	STRING("name", bridge_params, name),
	BOOL("vlan_filtering", bridge_params, vlan_filtering),
};

static int
read_bridge(const struct reader *rd, const config_setting_t *s, void *into)
{
	struct settings *settings = into;
	struct bridge_params *bridge = &settings->bridge[settings->ctl.n_bridges];
	int ret = read_group(rd, s, bridge_settings, ARRAY_SIZE(bridge_settings), bridge);

	if (ret < 0)
		return ret;
	if (bridge->name == NULL)
		return refuse(rd, s, "bridges: a bridge needs a name");
	for (unsigned i = 0; i < settings->ctl.n_bridges; i++) {
		if (strcmp(settings->bridge[i].name, bridge->name) == 0)
			return refuse(rd, s, "bridges: %s is listed twice", bridge->name);
	}
	settings->ctl.n_bridges++;
	return 0;
}

static int
read_bridges(const struct reader *rd, const config_setting_t *s, void *into)
{
	return read_list(rd, s, BRIDGES_MAX, read_bridge, into);
}

static int
read_type(const struct reader *rd, const config_setting_t *s, void *into)
{
	const char *types[UPLINK_N_KINDS + 1] = { NULL };

	for (unsigned i = 0; i < UPLINK_N_KINDS; i++)
		types[i] = uplink_kind_of(i)->name;
	return get_choice(rd, s, types, into);
}

static const struct setting uplink_settings[] = {
	OWN("type", uplink_params, kind, read_type),
	STRING("device", uplink_params, device),
	STRING("bridge", uplink_params, bridge),
	UNSIGNED("mtu", uplink_params, mtu, 68, 9200),
	{ .name = "poller",
	  .type = SETTING_INT,
	  .offset = offsetof(struct uplink_params, poller),
	  .max = LIMIT_POLLERS - 1 },
};

static int
read_uplink(const struct reader *rd, const config_setting_t *s, void *into)
{
	struct settings *settings = into;
	struct uplink_params *uplink = &settings->uplink[settings->ctl.n_uplinks];
	char why[160];

	*uplink = (struct uplink_params){ .poller = -1, .tx_ring = platform_is_pv() };
	int ret = read_group(rd, s, uplink_settings, ARRAY_SIZE(uplink_settings), uplink);
	if (ret < 0)
		return ret;
	if (config_setting_get_member(s, "type") == NULL || uplink->device == NULL ||
	    uplink->bridge == NULL)
		return refuse(rd, s, "uplinks: an uplink needs type, device and bridge");
	const struct uplink_kind *kind = uplink_kind_of(uplink->kind);
	if (kind->check != NULL && kind->check(uplink, why, sizeof(why)) < 0)
		return refuse(rd, s, "uplinks: %s", why);
	if (kind->has_devargs)
		settings->devargs[settings->dp.n_devargs++] = uplink->device;
	settings->ctl.n_uplinks++;
	return 0;
}

static int
read_uplinks(const struct reader *rd, const config_setting_t *s, void *into)
{
	return read_list(rd, s, UPLINKS_MAX, read_uplink, into);
}

/* ---- the top level --------------------------------------------------------------------------- */

static const char *const hotplug_modes[] = {
	[HOTPLUG_AUTO] = "auto",
	[HOTPLUG_SCRIPT] = "script",
	[HOTPLUG_SELF] = "self",
	NULL,
};

static const char *const log_levels[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
	NULL,
};

/* Reads one of two words. The second one is true. */
static int
read_either(const struct reader *rd, const config_setting_t *s, const char *const *choices,
	    bool *into)
{
	int choice = 0;
	int ret = get_choice(rd, s, choices, &choice);

	*into = choice == 1;
	return ret;
}

static int
read_netback(const struct reader *rd, const config_setting_t *s, void *into)
{
	static const char *const choices[] = { "refuse", "share", NULL };

	return read_either(rd, s, choices, into);
}

static int
read_on_stop(const struct reader *rd, const config_setting_t *s, void *into)
{
	static const char *const choices[] = { "park", "close", NULL };

	return read_either(rd, s, choices, into);
}

static const char *const sandbox_modes[] = {
	[SANDBOX_ENFORCE] = "enforce",
	[SANDBOX_LOG] = "log",
	[SANDBOX_OFF] = "off",
	NULL,
};

/* A file that asks for a sandbox that is not there is refused. */
static int
read_sandbox(const struct reader *rd, const config_setting_t *s, void *into)
{
	int choice = SANDBOX_OFF, ret = get_choice(rd, s, sandbox_modes, &choice);

	if (ret == 0 && choice != SANDBOX_OFF && !sandbox_is_built())
		return refuse(rd, s, "sandbox: this vpe-backend is built without it");
	*(enum sandbox_mode *)into = (enum sandbox_mode)choice;
	return ret;
}

static int
read_foreign_memory(const struct reader *rd, const config_setting_t *s, void *into)
{
	static const struct setting self = { .name = "foreign_memory", .type = SETTING_BOOL };
	bool wanted = false;
	int ret = read_value(rd, s, &self, &wanted);

	if (ret < 0 || !wanted)
		return ret;
	if (rd->settings->foreign == NULL)
		return refuse(
			rd, s,
			"foreign_memory: this vpe-backend is built without it (configure --disable-foreign)");
	*(const struct foreign_ops **)into = rd->settings->foreign;
	return 0;
}

static const struct setting top[] = {
	GROUP("pollers", dp, pollers),
	GROUP("memory", dp, memory),
	GROUP("switch", dp, switch_),
	{ .name = "uplinks", .type = SETTING_OWN, .read = read_uplinks },
	CHOICE("hotplug", settings, ctl.hotplug, hotplug_modes),
	OWN("netback", settings, ctl.share_with_netback, read_netback),
	CHOICE("log_level", settings, log_level, log_levels),
	OWN("on_stop", settings, ctl.closes_on_stop, read_on_stop),
	OWN("sandbox", settings, sandbox, read_sandbox),
	OWN("foreign_memory", settings, ctl.foreign, read_foreign_memory),
	GROUP("vifs", ctl, vifs),
	GROUP("balance", ctl.balance, balance),
	{ .name = "bridges", .type = SETTING_OWN, .read = read_bridges },
	BOOL("strict_bridges", settings, ctl.strict_bridges),
	STRING("control_group", settings, ctl.control_group),
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
	settings->log_level = LOG_LEVEL_INFO;
	settings->sandbox = sandbox_is_built() ? SANDBOX_ENFORCE : SANDBOX_OFF;
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
	size_t need_mb =
		((size_t)dp->n_small_buffers * 2048 + (size_t)dp->n_large_buffers * 73 * 1024) >>
		20;

	need_mb += 24;
	if (dp->memory_mb >= need_mb)
		return 0;
	snprintf(rd->why, rd->why_size,
		 "%s: memory.size_mb: %u is too small: these buffers need %zu", rd->path,
		 dp->memory_mb, need_mb);
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
			snprintf(rd->why, rd->why_size, "%s: uplinks: %s: there is no poller %d",
				 rd->path, up->device, up->poller);
			return -EINVAL;
		}
	}
	return 0;
}

static int
settings_read_all(const struct reader *rd)
{
	struct settings *settings = rd->settings;
	int ret = read_group(rd, config_root_setting(&settings->config), top, ARRAY_SIZE(top),
			     settings);

	if (ret == 0)
		ret = check_memory(rd, &settings->dp);
	return ret == 0 ? check_uplinks(rd, settings) : ret;
}

struct settings *
settings_load(const char *path, const struct foreign_ops *foreign, char *why, size_t why_size)
{
	struct settings *settings = calloc(1, sizeof(*settings));
	struct reader rd = { .settings = settings, .path = path, .why = why, .why_size = why_size };

	if (settings == NULL) {
		snprintf(why, why_size, "%s: %s", path, strerror(ENOMEM));
		return NULL;
	}
	config_init(&settings->config);
	set_defaults(settings);
	settings->foreign = foreign;
	if (config_read_file(&settings->config, path) == CONFIG_FALSE) {
		if (config_error_type(&settings->config) == CONFIG_ERR_FILE_IO)
			snprintf(why, why_size, "%s: %s", path, strerror(errno != 0 ? errno : EIO));
		else
			snprintf(why, why_size, "%s:%d: %s", path,
				 config_error_line(&settings->config),
				 config_error_text(&settings->config));
	} else if (settings_read_all(&rd) == 0) {
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
		snprintf(why, why_size, "no CPU to poll on: sched_getaffinity: %s",
			 strerror(errno));
		return -EINVAL;
	}
	for (unsigned i = 0; i < dp->n_pollers; i++) {
		if (!CPU_ISSET((size_t)dp->cpus[i], &allowed)) {
			snprintf(why, why_size,
				 "no CPU to poll on: CPU %d does not exist or may not be used here",
				 dp->cpus[i]);
			return -EINVAL;
		}
	}
	if (dp->n_pollers > 0)
		return 0;
	if (CPU_COUNT(&allowed) < 2) {
		snprintf(why, why_size,
			 "no CPU to poll on: there is only one CPU. Give this domain two vCPUs, or "
			 "set pollers.cpus = [ 0 ] and pollers.mode = \"adaptive\"");
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

enum log_level
settings_log_level(const struct settings *settings)
{
	return settings->log_level;
}

enum sandbox_mode
settings_sandbox(const struct settings *settings)
{
	return settings->sandbox;
}

const struct ctl_params *
settings_ctl(const struct settings *settings)
{
	return &settings->ctl;
}
