/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The policy check of messages to a DHCP server. Pure functions. Source: RFC 951, RFC 2131, RFC
 * 2132.
 *
 * A server trusts what the message says about the client, not where the frame comes from. Without
 * this check a guest could lease all addresses under other names, or release a neighbour's lease.
 */
#include <stddef.h>

#include "sw/policy_private.h"

#define OPTION_PAD 0u
#define OPTION_ADDRESS 50u
#define OPTION_OVERLOAD 52u
#define OPTION_MESSAGE 53u
#define OPTION_CLIENT_ID 61u
#define OPTION_END 255u
#define MESSAGE_DECLINE 4u
#define MESSAGE_RELEASE 7u
#define HARDWARE_ETHERNET 1u
#define REQUEST 1u

struct bootp {
	uint8_t op, htype, hlen, hops;
	uint8_t xid[4], secs[2], flags[2];
	uint8_t ciaddr[4], yiaddr[4], siaddr[4], giaddr[4];
	uint8_t chaddr[16], sname[64], file[128];
};

static const uint8_t none[4];
static const uint8_t magic[4] = { 0x63, 0x82, 0x53, 0x63 };

struct options {
	uint8_t message;
	const uint8_t *address; /* 4 bytes; NULL: none */
	const uint8_t *client;  /* NULL: none */
	uint8_t client_size;
};

/* Records the option at `at`. Returns false if it is invalid. */
static bool
take_option(struct options *options, uint8_t code, const uint8_t *at, uint8_t size)
{
	switch (code) {
	case OPTION_OVERLOAD: /* more options elsewhere; clients do not use it */
		return false;
	case OPTION_MESSAGE:
		if (size != 1 || options->message != 0)
			return false;
		options->message = at[0];
		return true;
	case OPTION_ADDRESS:
		if (size != sizeof(none) || options->address != NULL)
			return false;
		options->address = at;
		return true;
	case OPTION_CLIENT_ID: /* RFC 3396 would join two of them */
		if (size == 0 || options->client != NULL)
			return false;
		options->client = at;
		options->client_size = size;
		return true;
	default:
		return true;
	}
}

static bool
read_options(struct options *options, const uint8_t *at, uint32_t len)
{
	*options = (struct options){ .message = 0 };
	if (len < sizeof(magic) || memcmp(at, magic, sizeof(magic)) != 0)
		return true; /* BOOTP */
	at += sizeof(magic);
	len -= sizeof(magic);
	while (len > 0 && at[0] != OPTION_END) {
		uint32_t size = at[0] == OPTION_PAD ? 1 : len < 2 ? len + 1 : 2u + at[1];

		if (size > len || (size > 1 && !take_option(options, at[0], at + 2, at[1])))
			return false;
		at += size;
		len -= size;
	}
	return true;
}

/*
 * An identifier that is a MAC must be the guest's. Others (RFC 4361's DUID, text) cannot be
 * compared with anything.
 */
static bool
client_is_own(const struct policy *policy, const struct options *options)
{
	if (options->client == NULL || options->client[0] != HARDWARE_ETHERNET)
		return true;
	return options->client_size == 1 + sizeof(policy->mac) &&
	       policy_is_own_mac(policy, options->client + 1);
}

static enum drop_reason
check_addresses(const struct policy *policy, const struct bootp *bootp,
		const struct options *options)
{
	bool gives_up = options->message == MESSAGE_DECLINE || options->message == MESSAGE_RELEASE;

	if (memcmp(bootp->ciaddr, none, sizeof(none)) != 0 &&
	    !policy_is_own_ipv4(policy, bootp->ciaddr))
		return DROP_IP_SPOOF;
	if (gives_up && options->address != NULL && !policy_is_own_ipv4(policy, options->address))
		return DROP_IP_SPOOF;
	return DROP_N;
}

enum drop_reason
policy_check_dhcp(const struct policy *policy, const uint8_t *message, uint32_t len)
{
	const struct bootp *bootp = (const struct bootp *)message;
	struct options options;

	if (len < sizeof(*bootp))
		return policy_cannot_tell(policy);
	if (memcmp(bootp->giaddr, none, sizeof(none)) != 0) /* from a relay */
		return policy->check_ip ? DROP_IP_SPOOF : DROP_N;
	if (bootp->op != REQUEST || bootp->htype != HARDWARE_ETHERNET ||
	    bootp->hlen != sizeof(policy->mac) ||
	    !read_options(&options, message + sizeof(*bootp), len - (uint32_t)sizeof(*bootp)))
		return policy_cannot_tell(policy);
	if (policy->check_mac &&
	    (!policy_is_own_mac(policy, bootp->chaddr) || !client_is_own(policy, &options)))
		return DROP_MAC_SPOOF;
	return policy->check_ip ? check_addresses(policy, bootp, &options) : DROP_N;
}
