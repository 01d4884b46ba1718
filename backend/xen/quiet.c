/* SPDX-License-Identifier: BSD-3-Clause */
/* A logger that discards everything. */
#include <stddef.h>

#include "xen/quiet.h"

static void
quiet_message(xentoollog_logger *logger, xentoollog_level level, int errno_value,
	      const char *context, const char *format, va_list args)
{
	(void)logger;
	(void)level;
	(void)errno_value;
	(void)context;
	(void)format;
	(void)args;
}

/* The libraries accept loggers of any lifetime and never destroy one that was passed in. */
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
