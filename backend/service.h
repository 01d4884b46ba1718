/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells the service manager that started the daemon when it is ready and when it stops. Does
 * nothing if there is no such manager. The Makefile compiles service_systemd.c, or service_none.c
 * after `configure --without-systemd`.
 */
#ifndef VPE_SERVICE_H
#define VPE_SERVICE_H

void service_ready(void);    /* guests are served */
void service_stopping(void); /* guests are not served any more */

/*
 * How often the manager wants to hear service_alive(), at least, in milliseconds. 0: never. It
 * restarts a daemon that it does not hear of.
 */
unsigned service_watchdog_ms(void);
void service_alive(void);

#endif
