/* SPDX-License-Identifier: BSD-3-Clause */
/* Replaces sandbox_seccomp.c after `configure --without-seccomp`. */
#include "sandbox.h"

bool
sandbox_is_built(void)
{
	return false;
}

void
sandbox_set_mode(enum sandbox_mode mode)
{
	(void)mode;
}

int
sandbox_confine(char *why, size_t why_size)
{
	(void)why, (void)why_size;
	return 0;
}

void
sandbox_confine_poller(void)
{
}
