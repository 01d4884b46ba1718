/* SPDX-License-Identifier: BSD-3-Clause */
/* In the place of service_systemd.c where `configure --without-systemd` leaves out libsystemd. */
#include "service.h"

void
service_ready(void)
{
}

void
service_stopping(void)
{
}
