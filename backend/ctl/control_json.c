/* SPDX-License-Identifier: BSD-3-Clause */
/* Building blocks of answers on the control socket. */
#include "ctl/control_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"

json_t *
control_error(int error, const char *fmt, ...)
{
	char sentence[CONTROL_TEXT_SIZE], shown[CONTROL_TEXT_SIZE];
	const char *code = strerrorname_np(error);
	json_t *answer = json_object();
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	control_set(answer, "error", json_string(log_escape(sentence, shown, sizeof(shown))));
	control_set(answer, "code", json_string(code == NULL ? "EIO" : code));
	return answer;
}

json_t *
control_text(const char *text)
{
	char shown[CONTROL_TEXT_SIZE];
	/* DEL is the one control character that JSON does not escape. */
	json_t *value = strchr(text, '\x7f') == NULL ? json_string(text) : NULL;

	return value != NULL ? value : json_string(log_escape(text, shown, sizeof(shown)));
}

void
control_set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value); /* releases the value if it fails */
}

void
control_set_number(json_t *object, const char *name, uint64_t value)
{
	control_set(object, name, json_integer((json_int_t)value));
}

static void
set_counter(void *object, const struct counter *counter, uint64_t value)
{
	control_set_number(object, counter->name, value);
}

void
control_set_table(json_t *object, enum counter_table table, const void *stats)
{
	counters_each(table, stats, set_counter, object);
}

static void
set_traffic_counter(void *object, const struct counter *counter, uint64_t value)
{
	static const char *const names[] = { "rx_frames", "rx_bytes", "tx_frames", "tx_bytes" };

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], counter->name) == 0)
			set_counter(object, counter, value);
	}
}

void
control_set_traffic(json_t *object, const struct port *port)
{
	counters_each_of_port(port, 0, port->n_queues, set_traffic_counter, object);
	control_set_number(object, "dropped", counters_dropped(port, 0, port->n_queues, NULL));
}

/* Adds the drops of queues `first` to `end` - 1: the sum, and one member for each reason. */
static void
set_drops(json_t *object, const struct port *port, unsigned first, unsigned end, bool with_zeros)
{
	uint64_t by_reason[DROP_N];
	json_t *drops = json_object();

	control_set_number(object, "dropped", counters_dropped(port, first, end, by_reason));
	for (unsigned i = 0; i < DROP_N; i++) {
		if (by_reason[i] > 0 || with_zeros)
			control_set_number(drops, drop_name(i), by_reason[i]);
	}
	control_set(object, "drops", drops);
}

static json_t *
queue_of(const struct dp *dp, const struct port *port, unsigned queue)
{
	json_t *object = json_object();

	control_set_number(object, "poller", dp_poller_of(dp, port->queue[queue]));
	counters_each_of_port(port, queue, queue + 1, set_counter, object);
	set_drops(object, port, queue, queue + 1, false);
	return object;
}

/* "queues" is last, so a script without a JSON parser can cut the text there. */
void
control_set_counters(json_t *object, const struct dp *dp, const struct port *port)
{
	json_t *queues = json_object();
	char name[12];

	counters_each_of_port(port, 0, port->n_queues, set_counter, object);
	set_drops(object, port, 0, port->n_queues, true);
	for (unsigned q = 0; q < port->n_queues; q++) {
		snprintf(name, sizeof(name), "%u", q);
		control_set(queues, name, queue_of(dp, port, q));
	}
	control_set(object, "queues", queues);
}
