/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Common to all programs that drive a vif: time, termination by a signal, open and close. One
 * thread.
 */
#ifndef VPE_TOOLS_PROGRAM_H
#define VPE_TOOLS_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "vpe/frontend.h"

/* CLOCK_MONOTONIC, in nanoseconds. */
uint64_t program_now_ns(void);

/*
 * Opens the vif, or ends the program with an error message. From then on SIGINT and SIGTERM only
 * make program_is_stopped() true.
 */
struct vpe_fe *program_open(const struct vpe_fe_params *params);

/*
 * Closes the vif. Returns EXIT_SUCCESS, or EXIT_FAILURE with a line on stderr if closing failed or
 * the kernel did not get the vif back.
 */
int program_close(struct vpe_fe *fe);

bool program_is_stopped(void);
void program_stop(void);

#endif
