/* SPDX-License-Identifier: BSD-3-Clause */
/* The settings that the operator may change while the guest runs. */
#include "ctl/vif/vif_live.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "ctl/store/number.h"
#include "ctl/vif/policy_text.h"
#include "proto/keys.h"
#include "proto/limits.h"

#define DEFAULT_MTU 1500u
#define MTU_MIN 68u                      /* RFC 791 */
#define MTU_MAX (LIMIT_FRAME_SIZE - 18u) /* longest frame less Ethernet header and one tag */
#define SHOWN_SIZE 48                    /* of a value in a message */

/* ---- one key each: `text` is its value or NULL; on -EINVAL, `live` may be half changed ------- */

static int
parse_mac_text(struct vif_live *live, const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	if (len >= sizeof(live->mac_text))
		return -EINVAL;
	memset(live->mac_text, 0, sizeof(live->mac_text));
	if (len > 0)
		memcpy(live->mac_text, text, len);
	return 0;
}

static int
parse_flag(bool *out, bool none, const char *text)
{
	uint32_t value = none;

	if (text != NULL && number_parse(text, strlen(text), 1, &value) < 0)
		return -EINVAL;
	*out = value == 1;
	return 0;
}

static int
parse_guards_mac(struct vif_live *live, const char *text)
{
	return parse_flag(&live->guards_mac, live->switched, text);
}

static int
parse_guards_ip(struct vif_live *live, const char *text)
{
	return parse_flag(&live->guards_ip, live->switched, text);
}

/*
 * An address that is not checked may be in any form, since scripts of drop-in vifs may know more
 * forms. Both checks use the MAC.
 */
static int
parse_mac(struct vif_live *live, const char *text)
{
	int ret = parse_mac_text(live, text);

	live->has_mac = text != NULL && (live->guards_mac || live->guards_ip);
	memset(live->policy.mac, 0, sizeof(live->policy.mac));
	return ret == 0 && live->has_mac ? policy_text_mac(text, live->policy.mac) : ret;
}

static int
parse_ip(struct vif_live *live, const char *text)
{
	struct policy *policy = &live->policy;

	live->has_ip = live->guards_ip && text != NULL;
	policy->n_ipv4 = policy->n_ipv6 = 0;
	memset(policy->ipv4, 0, sizeof(policy->ipv4));
	memset(policy->ipv6, 0, sizeof(policy->ipv6));
	return live->has_ip ? policy_text_ips(text, policy) : 0;
}

/* For a drop-in vif, the script applies the VLANs to the TAP in the kernel's bridge. */
static int
parse_vlan(struct vif_live *live, const char *text)
{
	live->policy.part = VLAN_PLAIN;
	memset(&live->policy.vlans, 0, sizeof(live->policy.vlans));
	return text == NULL || !live->switched ? 0 : policy_text_vlan(text, &live->policy);
}

static int
parse_mtu(struct vif_live *live, const char *text)
{
	uint32_t mtu = DEFAULT_MTU;

	if (text != NULL && (number_parse(text, strlen(text), MTU_MAX, &mtu) < 0 || mtu < MTU_MIN))
		return -EINVAL;
	live->max_frame = live->switched ? mtu + LIMIT_FRAME_OVERHEAD : 0;
	return 0;
}

/*
 * xl writes both numbers, and no key where there is no limit. xen-netback takes an interval of 0 as
 * no limit and 0 bytes as silence; here both are errors, because they are probably mistakes.
 */
static int
parse_rate(struct vif_rate *rate, const char *text)
{
	uint64_t usecs;

	rate->bytes = rate->usecs = 0;
	if (text == NULL || strcmp(text, "0") == 0)
		return 0;
	size_t len = strcspn(text, ",");
	if (text[len] == '\0' || number_parse_long(text, len, UINT64_MAX, &rate->bytes) < 0 ||
	    rate->bytes == 0)
		return -EINVAL;
	text += len + 1;
	if (number_parse_long(text, strlen(text), UINT32_MAX, &usecs) < 0 || usecs == 0)
		return -EINVAL;
	rate->usecs = (uint32_t)usecs;
	return 0;
}

static int
parse_rate_from_guest(struct vif_live *live, const char *text)
{
	return parse_rate(&live->from_guest, text);
}

static int
parse_rate_to_guest(struct vif_live *live, const char *text)
{
	return parse_rate(&live->to_guest, text);
}

static int
parse_priority(struct vif_live *live, const char *text)
{
	live->weight = 1;
	if (text != NULL && (number_parse(text, strlen(text), LIMIT_WEIGHT, &live->weight) < 0 ||
			     live->weight == 0))
		return -EINVAL;
	return 0;
}

/* "0,1" puts the first queue on poller 0, the second on 1, the third on 0 again. */
static int
parse_pollers(struct vif_live *live, const char *text)
{
	live->n_pins = 0;
	memset(live->pin, 0, sizeof(live->pin));
	while (text != NULL) {
		size_t len = strcspn(text, ",");
		uint32_t poller;
		if (live->n_pins == LIMIT_QUEUES ||
		    number_parse(text, len, live->n_pollers - 1, &poller) < 0)
			return -EINVAL;
		live->pin[live->n_pins++] = (uint8_t)poller;
		text = text[len] == ',' ? text + len + 1 : NULL;
	}
	return 0;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* The flags come before the keys that depend on them. */
static const struct live_key {
	const char *key;
	int (*parse)(struct vif_live *live, const char *text);
	const char *form; /* "... expected FORM" */
} keys[] = {
	{ KEY_MAC_ANTISPOOF, parse_guards_mac, "0 or 1" },
	{ KEY_IP_ANTISPOOF, parse_guards_ip, "0 or 1" },
	{ KEY_MAC, parse_mac, "a MAC address" },
	{ KEY_IP, parse_ip, "a list of IP addresses" },
	{ KEY_VLAN, parse_vlan, "a list of VLANs" },
	{ KEY_MTU, parse_mtu, "a number from 68 to 65517" },
	{ KEY_RATE, parse_rate_from_guest, "BYTES,MICROSECONDS" },
	{ KEY_RATE_TO_GUEST, parse_rate_to_guest, "BYTES,MICROSECONDS" },
	{ KEY_PRIORITY, parse_priority, "a number from 1 to 16" },
	{ KEY_POLLERS, parse_pollers, "a list of pollers" },
};

_Static_assert(MTU_MIN == 68 && MTU_MAX == 65517 && LIMIT_WEIGHT == 16,
	       "as the sentences above say");

bool
vif_live_has_key(const char *key, size_t len)
{
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strlen(keys[i].key) == len && memcmp(keys[i].key, key, len) == 0)
			return true;
	}
	return false;
}

void
vif_live_init(struct vif_live *live, bool switched, unsigned n_pollers)
{
	memset(live, 0, sizeof(*live));
	live->switched = switched;
	live->n_pollers = n_pollers;
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		keys[i].parse(live, NULL);
}

/*
 * Reads one key. Returns 0, -EINVAL if it is invalid, or another negative errno if the source
 * failed.
 */
static int
read_key(const struct key_source *source, const struct live_key *key, struct vif_live *live,
	 char *shown)
{
	char text[LIMIT_STORE_VALUE + 1];
	struct vif_live next;
	int ret = source->get(source, key->key, text, sizeof(text));

	if (ret < 0 && ret != -EINVAL && ret != -ENOENT)
		return ret;
	memcpy(&next, live, sizeof(next));
	if (ret != -EINVAL)
		ret = key->parse(&next, ret == -ENOENT ? NULL : text) < 0 ? -EINVAL : 0;
	if (ret == 0)
		memcpy(live, &next, sizeof(next));
	else
		log_escape(text, shown, SHOWN_SIZE);
	return ret;
}

int
vif_live_read(const struct key_source *source, struct vif_live *live, char *why, size_t why_size)
{
	struct vif_live all;
	char shown[SHOWN_SIZE];
	int result = 0;

	memcpy(&all, live, sizeof(all));
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		int ret = read_key(source, &keys[i], &all, shown);
		if (ret < 0 && ret != -EINVAL)
			return ret;
		if (ret == -EINVAL) {
			size_t len = result == 0 ? 0 : strlen(why);
			snprintf(why + len, why_size - len, "%s %s is \"%s\": expected %s",
				 len == 0 ? source->key_is : "; its key", keys[i].key, shown,
				 keys[i].form);
			result = -EINVAL;
		}
	}
	all.policy.check_mac = all.has_mac && all.guards_mac;
	all.policy.check_ip = all.has_ip;
	memcpy(live, &all, sizeof(all));
	return result;
}
