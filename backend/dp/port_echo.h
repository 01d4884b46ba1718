/* SPDX-License-Identifier: BSD-3-Clause */
/* A port that sends back what it gets, with the addresses swapped: the far end of a round trip that leaves the host out. */
#ifndef VPE_DP_PORT_ECHO_H
#define VPE_DP_PORT_ECHO_H

#include <stdint.h>

#include "dp/port.h"

/* NULL with errno. Frames that find ECHO_FRAMES before them are dropped. */
struct port *port_echo_create(const char *name, uint16_t bridge);

#endif
