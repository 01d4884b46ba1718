/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Building blocks of answers on the control socket. Functions that return a json_t return a new
 * reference, or NULL if memory is short. A member whose value is NULL is left out of its object.
 * Threads: control thread.
 */
#ifndef VPE_CTL_CONTROL_JSON_H
#define VPE_CTL_CONTROL_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "ctl/counters.h"

#define CONTROL_TEXT_SIZE 512u /* sentences and escaped texts are cut to this size */

/*
 * Returns {"error": sentence, "code": name of the error number}. In the sentence, everything but
 * printable ASCII is escaped.
 */
json_t *control_error(int error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Returns a string. A text that is not valid UTF-8 is escaped by log_escape(). */
json_t *control_text(const char *text);

/* Adds a member to `object`. Consumes `value`. No effect if either is NULL. */
void control_set(json_t *object, const char *name, json_t *value);
void control_set_number(json_t *object, const char *name, uint64_t value);

/* Adds only the counters of a port that a list has room for: frames, bytes and drops. */
void control_set_traffic(json_t *object, const struct port *port);

/* Adds all counters of a port, its drops by reason, and the same for each queue in "queues". */
void control_set_counters(json_t *object, const struct dp *dp, const struct port *port);

/* Adds a whole table of counters. `stats` is as for counters_each(). */
void control_set_table(json_t *object, enum counter_table table, const void *stats);

#endif
