/* SPDX-License-Identifier: BSD-3-Clause */
/* A rig with an uplink, as the control socket sees it. Threads: one. */
#ifndef VPE_TESTS_VIEW_H
#define VPE_TESTS_VIEW_H

#include <jansson.h>

#include "ctl/control_request.h"
#include "ctl/control_show.h"
#include "rig.h"

struct view {
	struct rig rig;
	struct uplinks *uplinks;
	struct control_view view;
};

/* In domain `self`, with an uplink "echo" on bridge xenbr0. */
void view_start(struct view *v, uint32_t self);
void view_end(struct view *v);

/*
 * Adds a vif of domain `domid`, which is called `domain` (NULL: it has no name). Its guest does not
 * connect. It is listed after the next turns.
 */
void view_add_vif(uint32_t self, uint32_t domid, uint32_t devid, const char *domain);
void view_remove_vif(uint32_t self, uint32_t domid, uint32_t devid);

/*
 * Returns the answer to a request, which the caller has to release. Fails if it is not an object
 * within the limits, or contains a control character.
 */
json_t *view_answer(const struct view *v, unsigned rights, const char *request, size_t len);

/* The same with the format of printf(), for root. */
json_t *view_ask(const struct view *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Consumes an answer. Fails unless it is an error with that code and `text` in its sentence. */
void view_expect_error(json_t *answer, const char *code, const char *text);

#endif
