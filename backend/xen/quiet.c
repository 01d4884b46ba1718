/* SPDX-License-Identifier: BSD-3-Clause */
/* A logger that says nothing. Handed to the Xen libraries by gnttab_xen.c and evtchn_xen.c. */
#include <stddef.h>

#include "xen/quiet.h"

static void
quiet_message(xentoollog_logger *logger, xentoollog_level level, int errno_value, const char *context,
	      const char *format, va_list args)
{
	(void)logger;
	(void)level;
	(void)errno_value;
	(void)context;
	(void)format;
	(void)args;
}

/* Both libraries use loggers of any life time and never destroy one that was given to them. */
static void
quiet_destroy(xentoollog_logger *logger)
{
	(void)logger;
}

xentoollog_logger xen_quiet_logger = {
	.vmessage = quiet_message,
	.progress = NULL,
	.destroy = quiet_destroy,
};
