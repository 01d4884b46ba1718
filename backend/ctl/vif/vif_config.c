/* SPDX-License-Identifier: BSD-3-Clause */
/* The toolstack's settings that are read once. */
#include "ctl/vif/vif_config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/store/number.h"
#include "ctl/store/source.h"
#include "proto/keys.h"

#define DEFAULT_BRIDGE "xenbr0" /* xl.conf vif.default.bridge */

/*
 * Reads an optional key, `fallback` if it is missing. Returns 0, -EINVAL with `why`, or another
 * negative errno.
 */
static int
read_optional(const struct key_source *source, const char *key, const char *fallback, char *out,
	      size_t out_size, char *why, size_t why_size)
{
	int ret = source->get(source, key, out, out_size);

	if (ret == -ENOENT) {
		snprintf(out, out_size, "%s", fallback);
		return 0;
	}
	if (ret == -EINVAL)
		snprintf(why, why_size, "%s %s is longer than %zu characters", source->key_is, key,
			 out_size - 1);
	return ret;
}

static int
read_frontend(const struct key_source *source, uint32_t domid, struct vif_config *config, char *why,
	      size_t why_size)
{
	uint32_t frontend_id;
	int ret = source->get(source, KEY_FRONTEND, config->frontend, sizeof(config->frontend));

	if (ret == 0 && config->frontend[0] != '/')
		ret = -EINVAL;
	if (ret == -EINVAL)
		snprintf(why, why_size, "%s %s is not an absolute path", source->key_is,
			 KEY_FRONTEND);
	if (ret < 0)
		return ret;
	ret = source_get_number(source, KEY_FRONTEND_ID, NUMBER_DOMID_MAX, &frontend_id);
	if (ret == 0 && frontend_id != domid)
		ret = -EINVAL;
	if (ret == -EINVAL)
		snprintf(why, why_size, "%s %s is not %u, the domain whose directory it is in",
			 source->key_is, KEY_FRONTEND_ID, domid);
	return ret;
}

/* Removes the last character of UTF-8 if it was cut in the middle. */
static void
cut_character(char *text)
{
	size_t len = strlen(text);
	size_t n_tail = 0;

	while (n_tail < len && ((unsigned char)text[len - 1 - n_tail] & 0xc0) == 0x80)
		n_tail++;
	if (n_tail < len && (unsigned char)text[len - 1 - n_tail] >= 0xc0)
		text[len - 1 - n_tail] = '\0';
}

void
vif_config_read_domain(const struct xstore *xs, uint32_t domid, struct vif_config *config)
{
	char dir[32];

	snprintf(dir, sizeof(dir), "/local/domain/%u", domid);
	int ret = node_read_text(xs, 0, dir, KEY_NAME, config->domain, sizeof(config->domain));
	if (ret == -EINVAL) /* it does not fit */
		cut_character(config->domain);
	else if (ret < 0)
		config->domain[0] = '\0';
}

int
vif_config_read(const struct key_source *source, uint32_t domid, enum hotplug_mode hotplug,
		struct vif_config *config, char *why, size_t why_size)
{
	char script[NODE_PATH_SIZE];
	int ret = read_frontend(source, domid, config, why, why_size);

	if (ret == 0)
		ret = read_optional(source, KEY_BRIDGE, DEFAULT_BRIDGE, config->bridge,
				    sizeof(config->bridge), why, why_size);
	if (ret == 0)
		ret = read_optional(source, KEY_SCRIPT, "", script, sizeof(script), why, why_size);
	if (ret < 0)
		return ret;
	config->switched =
		hotplug == HOTPLUG_SELF || hotplug_script_is(script, HOTPLUG_SWITCHED_SCRIPT);
	config->bridged = !config->switched && hotplug_script_is(script, HOTPLUG_BRIDGE_SCRIPT);
	return 0;
}
