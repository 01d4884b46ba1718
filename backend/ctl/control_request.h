/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The language of the control socket. A request is a packet with one JSON object:
 *
 *   {"cmd": "show", "what": "vifs"}
 *   {"cmd": "show", "what": "vif", "name": "vif3.0"}
 *   {"cmd": "show", "what": "ports", "from": "vif12.0"}
 *
 * Its answer is a packet with one JSON object:
 *
 *   {"vifs": [...], "next": "vif12.0"}
 *   {"vif": {...}}
 *   {"error": "there is no vif \"vif3.0\"", "code": "ENOENT"}
 *
 * A long list comes in pages. All pages but the last have the member "next"; its value is the
 * "from" of the request for the next page.
 *
 * A request with an unknown member is refused, because ignoring it could give another answer than
 * the one that was asked for. Texts of guests or the toolstack are valid UTF-8, and a program that
 * prints them must escape control characters itself.
 *
 * Threads: control thread.
 */
#ifndef VPE_CTL_CONTROL_REQUEST_H
#define VPE_CTL_CONTROL_REQUEST_H

#include <stddef.h>

struct control_view;

#define CONTROL_REQUEST_SIZE 4096u /* names and cursors are short */
#define CONTROL_ANSWER_SIZE (64u * 1024)

/* Rights of a client. */
#define CONTROL_MAY_SHOW (1u << 0)
#define CONTROL_MAY_CHANGE (1u << 1) /* no verb needs it yet */

/* A request. Members that it does not have are "". */
struct control_request {
	const char *what; /* "vifs" */
	const char *name; /* which one, if `what` is a singular */
	const char *from; /* the cursor, if `what` is a list */
};

/*
 * Answers the request of `len` bytes for a client with the rights `rights` (CONTROL_MAY_*). If
 * `len` is above CONTROL_REQUEST_SIZE the bytes are not read. The answer is always JSON. Returns
 * its length, at most CONTROL_ANSWER_SIZE.
 */
size_t control_answer(const struct control_view *view, unsigned rights, const char *request,
		      size_t len, char answer[CONTROL_ANSWER_SIZE]);

#endif
