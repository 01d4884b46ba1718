/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells the service manager that started the daemon when it is ready and when it stops. Does
 * nothing if there is no such manager. The Makefile compiles service_systemd.c, or service_none.c
 * after `configure --without-systemd`.
 */
#ifndef VPE_SERVICE_H
#define VPE_SERVICE_H

#include <stddef.h>
#include <sys/types.h>

void service_ready(void);    /* guests are served */
void service_stopping(void); /* guests are not served any more */

/*
 * How often the manager wants to hear service_alive(), at least, in milliseconds. 0: never. It
 * restarts a daemon that it does not hear of.
 */
unsigned service_watchdog_ms(void);
void service_alive(void);

/*
 * For a daemon that takes another one's place: what it needs to report to the manager, as a text
 * that is not empty; and the use of that text.
 */
void service_describe(char *text, size_t size);
void service_adopt(char *text);

/* Process `pid` is the service from now on. */
void service_hand_over(pid_t pid);

#endif
