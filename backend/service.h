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

#endif
