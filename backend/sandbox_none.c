/* SPDX-License-Identifier: BSD-3-Clause */
/* Replaces sandbox_seccomp.c after `configure --without-seccomp`. */
#include "sandbox.h"

bool
sandbox_is_built(void)
{
	return false;
}

int
sandbox_confine(enum sandbox_mode mode, char *why, size_t why_size)
{
	(void)mode, (void)why, (void)why_size;
	return 0;
}

void
sandbox_confine_poller(void)
{
}
