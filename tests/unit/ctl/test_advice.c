/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/ports/advice.c. */
#include "ctl/ports/advice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static bool
advises(enum uplink_kind kind, int error, const char *root, const char *text)
{
	const char *advice = advice_on_device(kind, error, root);
	bool right = text[0] == '\0' ? advice[0] == '\0' : strstr(advice, text) != NULL;

	if (!right)
		fprintf(stderr, "%s: the advice is \"%s\"\n", strerror(error), advice);
	return right;
}

static void
advice_on_device_kinds(void)
{
	CU_ASSERT(advises(UPLINK_PACKET, ENODEV, "", "no such network device"));
	CU_ASSERT(advises(UPLINK_ETHDEV, ENODEV, "", "devargs"));
	CU_ASSERT(advises(UPLINK_TAP, EBUSY, "", "of that name already"));
	CU_ASSERT(advises(UPLINK_TAP, ENOENT, "", "module tun"));
	CU_ASSERT(advises(UPLINK_TAP, EMFILE, "", "LimitNOFILE"));
	CU_ASSERT(advises(UPLINK_PACKET, ENOSYS, "", "5.19"));
	CU_ASSERT(advises(UPLINK_PACKET, EBUSY, "", ""));
	CU_ASSERT(advises(UPLINK_ETHDEV, EPERM, "", ""));
	CU_ASSERT(advises(UPLINK_ECHO, ENOMEM, "", ""));
}

/* What is not allowed may be io_uring rather than the device. */
static void
advice_on_device_not_allowed(void)
{
	static const struct {
		const char *sysctl;
		const char *advice;
	} cases[] = { { "0", "CAP_NET_ADMIN" }, { "1", "io_uring_disabled" }, { "2", "io_uring_disabled" }, { "x", "CAP_NET_ADMIN" } };
	char root[] = "/tmp/vpe-advice-XXXXXX";
	char command[128];

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	CU_ASSERT(advises(UPLINK_TAP, EPERM, root, "CAP_NET_ADMIN")); /* a kernel without the sysctl */
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(command, sizeof(command), "mkdir -p %s/proc/sys/kernel && echo %s >%s/proc/sys/kernel/io_uring_disabled",
			 root, cases[i].sysctl, root);
		CU_ASSERT_EQUAL(system(command), 0);
		CU_ASSERT(advises(UPLINK_TAP, EPERM, root, cases[i].advice));
		CU_ASSERT(advises(UPLINK_PACKET, EACCES, root, cases[i].advice));
	}
	snprintf(command, sizeof(command), "rm -r %s", root);
	CU_ASSERT_EQUAL(system(command), 0);
}

void test_advice(CU_pSuite suite);

void
test_advice(CU_pSuite suite)
{
	UNIT_ADD(suite, advice_on_device_kinds);
	UNIT_ADD(suite, advice_on_device_not_allowed);
}
