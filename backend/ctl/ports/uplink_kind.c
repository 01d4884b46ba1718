/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of all kinds of uplinks. */
#include "ctl/ports/uplink_kind.h"

static const struct uplink_kind *const kinds[] = {
#define X(id, name) [UPLINK_##id] = &uplink_##name,
	UPLINK_KINDS(X)
#undef X
};

const struct uplink_kind *
uplink_kind_of(enum uplink_type type)
{
	return kinds[type];
}

const char *
uplink_advice(enum uplink_type type, int error, const char *root)
{
	return kinds[type]->advice == NULL ? "" : kinds[type]->advice(error, root);
}
