/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests on the control socket: parsing, verbs and rights, and the answer as bytes. */
#include "ctl/control_request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "ctl/control_json.h"
#include "ctl/control_show.h"

struct verb {
	const char *name;
	unsigned right; /* CONTROL_MAY_* that it needs */
	json_t *(*answer)(const struct control_view *view, const struct control_request *request);
};

static const struct verb verbs[] = {
	{ "show", CONTROL_MAY_SHOW, control_show },
};

static const struct verb *
find_verb(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	return NULL;
}

/* Answers a request that is JSON. */
static json_t *
answer_object(const struct control_view *view, unsigned rights, json_t *root)
{
	struct control_request request = { .what = "", .name = "", .from = "" };
	const char *cmd;
	json_error_t error;

	if (json_unpack_ex(root, &error, JSON_STRICT, "{s:s, s?s, s?s, s?s}", "cmd", &cmd, "what",
			   &request.what, "name", &request.name, "from", &request.from) < 0)
		return control_error(EINVAL, "this is no request: %s", error.text);
	const struct verb *verb = find_verb(cmd);
	if (verb == NULL)
		return control_error(ENOSYS, "there is no command \"%s\"", cmd);
	if ((rights & verb->right) == 0)
		return control_error(EACCES, "only root may do that%s",
				     verb->right != CONTROL_MAY_SHOW
					     ? ""
					     : ", and members of the group that the setting"
					       " control_group names");
	return verb->answer(view, &request);
}

static json_t *
answer_bytes(const struct control_view *view, unsigned rights, const char *request, size_t len)
{
	json_error_t error;

	if (len > CONTROL_REQUEST_SIZE)
		return control_error(EMSGSIZE, "the request has %zu bytes, more than %u", len,
				     CONTROL_REQUEST_SIZE);
	json_t *root = json_loadb(request, len, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL)
		return control_error(EINVAL, "the request is not a JSON object: %s", error.text);
	json_t *answer = answer_object(view, rights, root);
	json_decref(root);
	return answer;
}

size_t
control_answer(const struct control_view *view, unsigned rights, const char *request, size_t len,
	       char answer[CONTROL_ANSWER_SIZE])
{
	static const char no_memory[] = "{\"error\":\"out of memory\",\"code\":\"ENOMEM\"}";
	json_t *root = answer_bytes(view, rights, request, len);
	size_t size = json_dumpb(root, answer, CONTROL_ANSWER_SIZE, JSON_COMPACT);

	if (size > CONTROL_ANSWER_SIZE) {
		json_decref(root);
		root = control_error(EMSGSIZE, "the answer has %zu bytes, more than %u", size,
				     CONTROL_ANSWER_SIZE);
		size = json_dumpb(root, answer, CONTROL_ANSWER_SIZE, JSON_COMPACT);
	}
	json_decref(root);
	if (size > 0)
		return size;
	memcpy(answer, no_memory, sizeof(no_memory) - 1);
	return sizeof(no_memory) - 1;
}
