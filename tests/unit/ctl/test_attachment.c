/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/ports/attachment.c. */
#include "ctl/ports/attachment.h"

#include <stdlib.h>
#include <string.h>

#include "dp/port/port_echo.h"
#include "fake_dp.h"
#include "unit.h"

static struct attachments *attachments;
static struct attachment attachment;
static char seen[32]; /* a letter for each news and completion */

static void
see(char letter)
{
	size_t len = strlen(seen);

	if (len + 1 < sizeof(seen))
		seen[len] = letter;
}

static void
take_news(void *owner, enum attachment_news news)
{
	static const char letters[] = {
		[ATTACHMENT_JOINED] = 'J',
		[ATTACHMENT_LEFT] = 'L',
		[ATTACHMENT_CALLED] = 'C',
		[ATTACHMENT_FAULTED] = 'F',
	};

	CHECK_SAME(owner, &attachment);
	see(letters[news]);
}

static void
take_done(void *arg)
{
	see(*(const char *)arg);
}

static bool
call(const char *letter)
{
	return attachment_call(attachments, &attachment, NULL, NULL, take_done, (void *)letter);
}

/* The pollers do what was requested, and control hears of it. */
static void
turn(void)
{
	fake_dp_run();
	attachments_dispatch(attachments);
}

static void
start(void)
{
	fake_dp_reset();
	memset(&attachment, 0, sizeof(attachment));
	memset(seen, 0, sizeof(seen));
	attachments = attachments_create(fake_dp());
	CHECK_EQ(attachment_join(attachments, &attachment, port_echo_create("echo", 0), take_news,
				 &attachment),
		 0);
	turn();
	CHECK_STR(seen, "J");
}

static void
end(void)
{
	attachment_leave(attachments, &attachment);
	turn();
	turn();
	CHECK_EQ(attachment.phase, ATTACHMENT_OUT);
	attachment_destroy_port(attachments, &attachment);
	attachments_destroy(attachments);
	CHECK_EQ(fake_dp_n_ports(), 0);
}

/* Each call has its own completion, which comes before the news that another may begin. */
static void
attachment_call_done(void)
{
	start();
	CHECK(call("a"));
	CHECK(!attachment_can_call(&attachment) && !call("x"));
	attachments_dispatch(attachments); /* the pollers have not done it yet */
	CHECK_STR(seen, "J");
	turn();
	CHECK_STR(seen, "JaC");
	CHECK(call("b"));
	turn();
	CHECK_STR(seen, "JaCbC");
	end();
	CHECK_STR(seen, "JaCbCL");
}

/* The owner hears only that the port has left. */
static void
attachment_call_leaving(void)
{
	start();
	CHECK(call("a"));
	attachment_leave(attachments, &attachment);
	turn();
	CHECK_STR(seen, "J");
	end();
	CHECK_STR(seen, "JL");
}

/* A grace period for a retired object is nobody's call. */
static void
attachment_retire_silent(void)
{
	start();
	attachment_retire(attachments, &attachment, malloc(1), free);
	CHECK(call("a")); /* waits until that is over */
	turn();
	CHECK_STR(seen, "J");
	turn();
	CHECK_STR(seen, "JaC");
	end();
}

void test_attachment(CU_pSuite suite);

void
test_attachment(CU_pSuite suite)
{
	UNIT_ADD(suite, attachment_call_done);
	UNIT_ADD(suite, attachment_call_leaving);
	UNIT_ADD(suite, attachment_retire_silent);
}
