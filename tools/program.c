/* SPDX-License-Identifier: BSD-3-Clause */
#include "program.h"

#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t stopped;

static void
on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

uint64_t
program_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

struct vpe_fe *
program_open(const struct vpe_fe_params *params)
{
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	struct vpe_fe *fe = vpe_fe_open(params);
	if (fe == NULL)
		errx(EXIT_FAILURE, "%s", vpe_fe_error());
	return fe;
}

int
program_close(struct vpe_fe *fe)
{
	int ret = vpe_fe_close(fe);

	if (ret == 0)
		return EXIT_SUCCESS;
	warnx("the vif was not given back: %s", strerror(-ret));
	return EXIT_FAILURE;
}

bool
program_is_stopped(void)
{
	return stopped;
}

void
program_stop(void)
{
	stopped = 1;
}
