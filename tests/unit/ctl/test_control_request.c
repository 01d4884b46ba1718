/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/control_request.c: requests that make no sense, and rights. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "view.h"

#define DRIVER_DOMAIN 1u

static struct view v;

static json_t *
say(const char *request, size_t len)
{
	return view_answer(&v, CONTROL_MAY_SHOW | CONTROL_MAY_CHANGE, request, len);
}

static void
control_answer_malformed(void)
{
	static const char *const requests[] = {
		"",
		" ",
		"x",
		"{",
		"}",
		"[",
		"[]",
		"{}",
		"null",
		"1",
		"\"show\"",
		"{\"cmd\"}",
		"{\"cmd\":}",
		"{cmd:\"show\"}",
		"{\"cmd\":\"show\",}",
		"{\"cmd\":\"show\",\"what\":\"vifs\"",
		"{\"cmd\":\"show\",\"what\":\"vifs\"}}",
		"{\"cmd\":\"show\"}{\"cmd\":\"show\"}",
		"{\"cmd\":\"show\",\"cmd\":\"show\",\"what\":\"vifs\"}",
		"{\"cmd\":1,\"what\":\"vifs\"}",
		"{\"cmd\":\"show\",\"what\":[\"vifs\"]}",
		"{\"cmd\":\"show\",\"what\":\"vifs\",\"from\":7}",
		"{\"cmd\":\"show\",\"what\":null}",
		"{\"what\":\"vifs\"}",
		"{\"cmd\":\"show\",\"what\":\"vi\\u0000fs\"}",
		"{\"cmd\":\"show\",\"what\":\"\xff\"}",
		"\xef\xbb\xbf{}",
		"\xff\xfe\x80",
	};

	view_start(&v, DRIVER_DOMAIN);
	for (unsigned i = 0; i < ARRAY_SIZE(requests); i++)
		view_expect_error(say(requests[i], strlen(requests[i])), "EINVAL", "request");
	view_expect_error(say("{\"cmd\":\"show\",\"what\":\"vifs\"}\0", 30), "EINVAL", "request");
	view_end(&v);
}

static void
control_answer_random(void)
{
	static const char good[] = "{\"cmd\":\"show\",\"what\":\"ports\",\"from\":\"vif1.0\"}";
	uint32_t random = 7;
	char request[CONTROL_REQUEST_SIZE];

	view_start(&v, DRIVER_DOMAIN);
	for (unsigned i = 0; i < 2000; i++) {
		size_t len = sizeof(good) - 1;
		memcpy(request, good, len);
		for (unsigned k = 0; k < 1 + i % 4; k++) {
			random = random * 1664525u + 1013904223u;
			request[(random >> 8) % len] = (char)(random >> 24);
		}
		json_decref(say(request, len - i % 3));
	}
	for (unsigned i = 0; i < 200; i++) {
		for (unsigned k = 0; k < sizeof(request); k++)
			request[k] = (char)((random = random * 1664525u + 1013904223u) >> 24);
		view_expect_error(say(request, random % sizeof(request)), "EINVAL", "request");
	}
	view_end(&v);
}

/* The longest request, and the deepest nesting that fits; a longer request is not read. */
static void
control_answer_huge(void)
{
	char request[CONTROL_REQUEST_SIZE];

	view_start(&v, DRIVER_DOMAIN);
	memset(request, '[', sizeof(request));
	view_expect_error(say(request, sizeof(request)), "EINVAL", "request");
	memset(request, 'x', sizeof(request));
	memcpy(request, "{\"cmd\":\"", 8);
	memcpy(request + sizeof(request) - 2, "\"}", 2);
	view_expect_error(say(request, sizeof(request)), "ENOSYS", "there is no command \"xxx");
	view_expect_error(say(request, sizeof(request) + 1), "EMSGSIZE",
			  "the request has 4097 bytes, more than 4096");
	view_expect_error(say(request, SIZE_MAX), "EMSGSIZE", "bytes");
	view_end(&v);
}

static void
control_answer_unknown(void)
{
	view_start(&v, DRIVER_DOMAIN);
	view_expect_error(view_ask(&v, "{\"cmd\":\"reboot\"}"), "ENOSYS",
			  "there is no command \"reboot\"");
	view_expect_error(view_ask(&v, "{\"cmd\":\"\\u001b[2J\"}"), "ENOSYS",
			  "there is no command \"\\x1b[2J\"");
	view_expect_error(view_ask(&v, "{\"cmd\":\"show\"}"), "EINVAL",
			  "there is nothing called \"\" to show");
	view_expect_error(view_ask(&v, "{\"cmd\":\"show\",\"what\":\"%%n%%s\"}"), "EINVAL",
			  "nothing called \"%n%s\" to show");
	view_expect_error(view_ask(&v, "{\"cmd\":\"show\",\"what\":\"vifs\",\"who\":\"me\"}"),
			  "EINVAL", "this is no request");
	view_end(&v);
}

static void
control_answer_rights(void)
{
	static const char request[] = "{\"cmd\":\"show\",\"what\":\"vifs\"}";

	view_start(&v, DRIVER_DOMAIN);
	view_expect_error(view_answer(&v, 0, request, sizeof(request) - 1), "EACCES",
			  "only root may do that, and members of the group");
	view_expect_error(view_answer(&v, CONTROL_MAY_CHANGE, request, sizeof(request) - 1),
			  "EACCES", "only root");
	json_t *answer = view_answer(&v, CONTROL_MAY_SHOW, request, sizeof(request) - 1);
	CHECK(json_is_array(json_object_get(answer, "vifs")));
	json_decref(answer);
	view_end(&v);
}

void test_control_request(CU_pSuite suite);

void
test_control_request(CU_pSuite suite)
{
	UNIT_ADD(suite, control_answer_malformed);
	UNIT_ADD(suite, control_answer_random);
	UNIT_ADD(suite, control_answer_huge);
	UNIT_ADD(suite, control_answer_unknown);
	UNIT_ADD(suite, control_answer_rights);
}
