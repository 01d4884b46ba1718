/* SPDX-License-Identifier: BSD-3-Clause */
/* Parses the operator's policy. */
#include "ctl/vif/policy_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "ctl/store/number.h"

#define MAC_TEXT_SIZE 17u
#define VID_MAX 4094u
#define IP_SEPARATORS " \t\n,"

/* ---- MAC address ----------------------------------------------------------------------------- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
policy_text_mac(const char *text, uint8_t mac[6])
{
	static const uint8_t zero[6];
	uint8_t bytes[6];

	if (strlen(text) != MAC_TEXT_SIZE)
		return -EINVAL;
	for (unsigned i = 0; i < sizeof(bytes); i++) {
		int high = hex_digit(text[3 * i]);
		int low = hex_digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i < sizeof(bytes) - 1 && text[3 * i + 2] != ':'))
			return -EINVAL;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	if ((bytes[0] & 1) != 0 || memcmp(bytes, zero, sizeof(bytes)) == 0)
		return -EINVAL;
	memcpy(mac, bytes, sizeof(bytes));
	return 0;
}

/* ---- IP addresses ---------------------------------------------------------------------------- */

/* Writes a mask of `prefix` ones, `size` bytes long, and clears the other bits of `addr`. */
static void
cut_to_prefix(uint8_t *addr, uint8_t *mask, unsigned size, uint32_t prefix)
{
	for (unsigned i = 0; i < size; i++) {
		unsigned n_ones = prefix < 8 * i ? 0 : prefix - 8 * i;

		mask[i] = n_ones >= 8 ? 0xff : (uint8_t)(0xff00 >> n_ones);
		addr[i] &= mask[i];
	}
}

static bool
is_zero(const uint8_t *bytes, unsigned size)
{
	while (size > 0 && bytes[size - 1] == 0)
		size--;
	return size == 0;
}

static int
add_ipv4(struct policy *policy, const uint8_t *addr, uint32_t prefix)
{
	struct policy_ipv4 *ipv4 = &policy->ipv4[policy->n_ipv4];

	if (policy->n_ipv4 == POLICY_IPS_MAX || addr[0] >= 224 ||
	    (prefix == 32 && is_zero(addr, 4)))
		return -EINVAL;
	memcpy(&ipv4->addr, addr, sizeof(ipv4->addr));
	cut_to_prefix((uint8_t *)&ipv4->addr, (uint8_t *)&ipv4->mask, sizeof(ipv4->addr), prefix);
	policy->n_ipv4++;
	return 0;
}

static int
add_ipv6(struct policy *policy, const uint8_t *addr, uint32_t prefix)
{
	struct policy_ipv6 *ipv6 = &policy->ipv6[policy->n_ipv6];

	if (policy->n_ipv6 == POLICY_IPS_MAX || addr[0] == 0xff ||
	    (prefix == 128 && is_zero(addr, 16)))
		return -EINVAL;
	memcpy(ipv6->addr, addr, sizeof(ipv6->addr));
	cut_to_prefix(ipv6->addr, ipv6->mask, sizeof(ipv6->addr), prefix);
	policy->n_ipv6++;
	return 0;
}

/*
 * Adds the address in the `len` bytes at `text`, with an optional prefix length. Returns 0 or
 * -EINVAL.
 */
static int
add_ip(struct policy *policy, const char *text, size_t len)
{
	char word[INET6_ADDRSTRLEN + sizeof("/128")];
	uint8_t addr[16];

	if (len >= sizeof(word))
		return -EINVAL;
	memcpy(word, text, len);
	word[len] = '\0';

	bool is_ipv6 = strchr(word, ':') != NULL;
	uint32_t prefix = is_ipv6 ? 128 : 32;
	char *slash = strchr(word, '/');
	if (slash != NULL) {
		*slash = '\0';
		if (number_parse(slash + 1, strlen(slash + 1), prefix, &prefix) != 0)
			return -EINVAL;
	}
	if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, word, addr) != 1)
		return -EINVAL;
	return is_ipv6 ? add_ipv6(policy, addr, prefix) : add_ipv4(policy, addr, prefix);
}

int
policy_text_ips(const char *text, struct policy *policy)
{
	struct policy all = *policy;

	all.n_ipv4 = all.n_ipv6 = 0;
	for (text += strspn(text, IP_SEPARATORS); *text != '\0';
	     text += strspn(text, IP_SEPARATORS)) {
		size_t len = strcspn(text, IP_SEPARATORS);

		if (add_ip(&all, text, len) != 0)
			return -EINVAL;
		text += len;
	}
	if (all.n_ipv4 + all.n_ipv6 == 0)
		return -EINVAL;
	*policy = all;
	return 0;
}

/* ---- VLANs ----------------------------------------------------------------------------------- */

struct vlan_list {
	struct policy_vlans vlans;
	unsigned n;
	uint16_t last; /* the last one added */
};

static int
add_vlan(struct vlan_list *list, uint32_t vid, char flag)
{
	struct policy_vlans *vlans = &list->vlans;
	uint64_t bit = UINT64_C(1) << (vid % 64);

	if (vid < 1 || vid > VID_MAX || (vlans->member[vid / 64] & bit) != 0)
		return -EINVAL;
	vlans->member[vid / 64] |= bit;
	if (flag != '\0')
		vlans->untagged[vid / 64] |= bit;
	if (flag == 'p') {
		if (vlans->pvid != 0)
			return -EINVAL;
		vlans->pvid = (uint16_t)vid;
	}
	list->n++;
	list->last = (uint16_t)vid;
	return 0;
}

/* Adds `n` VLANs starting at `vid`, `step` apart. */
static int
add_vlans(struct vlan_list *list, uint32_t vid, uint32_t step, uint32_t n, char flag)
{
	if (n == 0 || flag == 'p')
		return -EINVAL;
	for (uint32_t i = 0; i < n; i++) { /* an invalid or repeated VID ends the loop */
		if (add_vlan(list, vid + i * step, flag) != 0)
			return -EINVAL;
	}
	return 0;
}

/* Consumes a number of at most VID_MAX. */
static int
take_number(const char **text, const char *end, uint32_t *number)
{
	size_t len = strspn(*text, "0123456789");

	if (*text + len > end || number_parse(*text, len, VID_MAX, number) != 0)
		return -EINVAL;
	*text += len;
	return 0;
}

/* Consumes the character `c`, if it comes next. */
static bool
take_char(const char **text, const char *end, char c)
{
	if (*text == end || **text != c)
		return false;
	(*text)++;
	return true;
}

static int
add_term(struct vlan_list *list, const char *text, const char *end)
{
	uint32_t first, last, step, n;
	char flag = '\0';

	if (end > text && (end[-1] == 'p' || end[-1] == 'u'))
		flag = *--end;
	if (take_number(&text, end, &first) != 0)
		return -EINVAL;
	if (text == end)
		return add_vlan(list, first, flag);
	if (take_char(&text, end, '-')) {
		if (take_number(&text, end, &last) != 0 || text != end || last < first)
			return -EINVAL;
		return add_vlans(list, first, 1, last - first + 1, flag);
	}
	if (!take_char(&text, end, '+') || take_number(&text, end, &step) != 0 ||
	    !take_char(&text, end, 'x') || take_number(&text, end, &n) != 0 || text != end)
		return -EINVAL;
	return add_vlans(list, first, step, n, flag);
}

int
policy_text_vlan(const char *text, struct policy *policy)
{
	struct vlan_list list = { .n = 0 };

	if (strcmp(text, "trunk") == 0) {
		policy->part = VLAN_TRUNK;
		memset(&policy->vlans, 0, sizeof(policy->vlans));
		return 0;
	}
	for (;;) {
		const char *end = text + strcspn(text, "/");

		if (add_term(&list, text, end) != 0)
			return -EINVAL;
		if (*end == '\0')
			break;
		text = end + 1;
	}
	if (list.n == 1) {
		list.vlans.pvid = list.last;
		memcpy(list.vlans.untagged, list.vlans.member, sizeof(list.vlans.untagged));
	}
	policy->part = VLAN_LISTED;
	policy->vlans = list.vlans;
	return 0;
}
