/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port that returns each frame with the addresses swapped: the far end of a round trip that
 * excludes the host.
 */
#ifndef VPE_DP_PORT_ECHO_H
#define VPE_DP_PORT_ECHO_H

#include <stdint.h>

#include "dp/port/port.h"

/*
 * Creates the port. Returns NULL with errno on error. Frames are dropped while ECHO_FRAMES are
 * waiting.
 */
struct port *port_echo_create(const char *name, uint16_t bridge);

#endif
