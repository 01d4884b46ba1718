/* SPDX-License-Identifier: BSD-3-Clause */
/* Control ring requests that choose hash algorithm, key and mapping. */
#include "ctl/vif/ctrl_ring_hash.h"

#include <string.h>

#include "dp/frame/steering.h"

#define OKAY XEN_NETIF_CTRL_STATUS_SUCCESS
#define INVALID XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
#define TYPES \
	(XEN_NETIF_CTRL_HASH_TYPE_IPV4 | XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP | \
	 XEN_NETIF_CTRL_HASH_TYPE_IPV6 | XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

static bool
has_algorithm(const struct steering *s)
{
	return s->algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE;
}

static uint32_t
set_algorithm(const struct xen_netif_ctrl_request *req, struct steering *s)
{
	if (req->data[0] != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE &&
	    req->data[0] != XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ)
		return INVALID;
	s->algorithm = req->data[0];
	return OKAY;
}

static uint32_t
set_flags(const struct xen_netif_ctrl_request *req, struct steering *s)
{
	if ((req->data[0] & ~(uint32_t)TYPES) != 0 || !has_algorithm(s))
		return INVALID;
	s->types = req->data[0];
	return OKAY;
}

static uint32_t
set_key(const struct ctrl_ring *ctrl, const struct xen_netif_ctrl_request *req, struct steering *s)
{
	uint8_t key[STEERING_KEY_SIZE] = { 0 };
	uint32_t size = req->data[1];

	if (size > sizeof(key) || (size > 0 && !ctrl_ring_copy_page(ctrl, req->data[0], key, size)))
		return INVALID;
	memcpy(s->key, key, sizeof(key));
	return OKAY;
}

static uint32_t
set_map_size(const struct xen_netif_ctrl_request *req, struct steering *s)
{
	if (req->data[0] > STEERING_MAP_SIZE)
		return INVALID;
	s->n_map = req->data[0];
	memset(s->map, 0, sizeof(s->map));
	return OKAY;
}

/* XSA-270: the sum of offset and size may overflow; the values checked must be the values used. */
static uint32_t
set_map(const struct ctrl_ring *ctrl, const struct xen_netif_ctrl_request *req, struct steering *s)
{
	uint32_t queue[STEERING_MAP_SIZE];
	uint32_t n = req->data[1], at = req->data[2];

	if (at > s->n_map || n > s->n_map - at)
		return INVALID;
	if (n > 0 && !ctrl_ring_copy_page(ctrl, req->data[0], queue, n * sizeof(queue[0])))
		return INVALID;
	for (uint32_t i = 0; i < n; i++) {
		if (queue[i] >= ctrl->rings->n_queues)
			return INVALID;
		s->map[at + i] = (uint8_t)queue[i];
	}
	return OKAY;
}

uint32_t
ctrl_ring_hash_request(const struct ctrl_ring *ctrl, const struct xen_netif_ctrl_request *req,
		       const struct steering *now, struct steering *next, bool *changed,
		       uint32_t *data)
{
	uint32_t status;

	*next = *now;
	*changed = false;
	switch (req->type) {
	case XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS:
		*data = has_algorithm(now) ? TYPES : 0;
		return has_algorithm(now) ? OKAY : XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
	case XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE:
		*data = STEERING_MAP_SIZE;
		return OKAY;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM:
		status = set_algorithm(req, next);
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS:
		status = set_flags(req, next);
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_KEY:
		status = set_key(ctrl, req, next);
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE:
		status = set_map_size(req, next);
		break;
	default:
		status = set_map(ctrl, req, next);
		break;
	}
	*changed = status == OKAY;
	return status;
}
