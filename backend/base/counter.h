/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The description of counters: name, unit and meaning of members of a structure. Tools rely on the
 * names, so a name does not change.
 */
#ifndef VPE_BASE_COUNTER_H
#define VPE_BASE_COUNTER_H

#include <stddef.h>
#include <stdint.h>

enum counter_kind {
	COUNTER_SUM,     /* never falls during the life of its object */
	COUNTER_LEVEL,   /* the current value */
	COUNTER_SETTING, /* the current value, the same for all queues of a port */
};

struct counter {
	const char *name;
	const char *unit;
	enum counter_kind kind;
	const char *help;
	uint16_t offset; /* of the member in the set's struct */
	uint16_t size;   /* of the member: 4 or 8 bytes */
};

/* The counters of a structure. */
struct counter_set {
	const char *of; /* their owner in one word: "port", "poller" */
	const struct counter *list;
	unsigned n;
};

/* One element of the list, for member `field` of struct `type`. */
#define COUNTER(counter_kind, type, field, counter_name, counter_unit, text) \
	{ \
		.name = counter_name, .unit = counter_unit, .kind = counter_kind, .help = text, \
		.offset = offsetof(struct type, field), \
		.size = sizeof(((struct type *)NULL)->field), \
	}

#endif
