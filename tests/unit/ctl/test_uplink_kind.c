/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/ports/uplink_kind.c and the kinds. */
#include "ctl/ports/uplink_kind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static bool
advises(enum uplink_type type, int error, const char *root, const char *text)
{
	const char *advice = uplink_advice(type, error, root);
	bool right = text[0] == '\0' ? advice[0] == '\0' : strstr(advice, text) != NULL;

	if (!right)
		fprintf(stderr, "%s: the advice is \"%s\"\n", strerror(error), advice);
	return right;
}

static void
uplink_advice_kinds(void)
{
	CHECK(advises(UPLINK_PACKET, ENODEV, "", "no such network device"));
	CHECK(advises(UPLINK_ETHDEV, ENODEV, "", "devargs"));
	CHECK(advises(UPLINK_TAP, EBUSY, "", "of that name already"));
	CHECK(advises(UPLINK_TAP, ENOENT, "", "module tun"));
	CHECK(advises(UPLINK_TAP, EMFILE, "", "LimitNOFILE"));
	CHECK(advises(UPLINK_PACKET, ENOSYS, "", "5.19"));
	CHECK(advises(UPLINK_PACKET, EBUSY, "", ""));
	CHECK(advises(UPLINK_ETHDEV, EPERM, "", ""));
	CHECK(advises(UPLINK_ECHO, ENOMEM, "", ""));
}

/* What is not allowed may be io_uring rather than the device. */
static void
uplink_advice_not_allowed(void)
{
	static const struct {
		const char *sysctl;
		const char *advice;
	} cases[] = { { "0", "CAP_NET_ADMIN" },
		      { "1", "io_uring_disabled" },
		      { "2", "io_uring_disabled" },
		      { "x", "CAP_NET_ADMIN" } };
	char root[] = "/tmp/vpe-advice-XXXXXX";
	char command[128];

	REQUIRE_NOT_NULL(mkdtemp(root));
	CHECK(advises(UPLINK_TAP, EPERM, root, "CAP_NET_ADMIN")); /* a kernel without the sysctl */
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(
			command, sizeof(command),
			"mkdir -p %s/proc/sys/kernel && echo %s >%s/proc/sys/kernel/io_uring_disabled",
			root, cases[i].sysctl, root);
		CHECK_EQ(system(command), 0);
		CHECK(advises(UPLINK_TAP, EPERM, root, cases[i].advice));
		CHECK(advises(UPLINK_PACKET, EACCES, root, cases[i].advice));
	}
	snprintf(command, sizeof(command), "rm -r %s", root);
	CHECK_EQ(system(command), 0);
}

/* Every kind has a name of its own, and what all kinds need. */
static void
uplink_kind_of_all(void)
{
	for (unsigned i = 0; i < UPLINK_N_KINDS; i++) {
		const struct uplink_kind *kind = uplink_kind_of(i);

		CHECK_NE(kind->name[0], '\0');
		CHECK_NOT_NULL(kind->open);
		for (unsigned k = 0; k < i; k++)
			CHECK_STR_NE(uplink_kind_of(k)->name, kind->name);
	}
}

static void
uplink_kind_check_name(void)
{
	struct uplink_params params = { .device = "fifteen-letters" };
	char why[160] = "";

	CHECK_EQ(uplink_tap.check(&params, why, sizeof(why)), 0);
	CHECK_EQ(uplink_packet.check(&params, why, sizeof(why)), 0);
	params.device = "sixteen-letters-";
	CHECK_EQ(uplink_tap.check(&params, why, sizeof(why)), -EINVAL);
	CHECK_HAS(why, "\"sixteen-letters-\"");
	CHECK_EQ(uplink_packet.check(&params, why, sizeof(why)), -EINVAL);
}

void test_uplink_kind(CU_pSuite suite);

void
test_uplink_kind(CU_pSuite suite)
{
	UNIT_ADD(suite, uplink_kind_of_all);
	UNIT_ADD(suite, uplink_kind_check_name);
	UNIT_ADD(suite, uplink_advice_kinds);
	UNIT_ADD(suite, uplink_advice_not_allowed);
}
