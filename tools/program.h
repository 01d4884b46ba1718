/* SPDX-License-Identifier: BSD-3-Clause */
/* What every program that drives a vif does the same way: time, its end by a signal, opening and closing. One thread. */
#ifndef VPE_TOOLS_PROGRAM_H
#define VPE_TOOLS_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "vpe/frontend.h"

/* CLOCK_MONOTONIC, in nanoseconds. */
uint64_t program_now_ns(void);

/* From now on SIGINT and SIGTERM only make program_is_stopped() true. Opens the vif, or ends the program and says why. */
struct vpe_fe *program_open(const struct vpe_fe_params *params);

/* Closes it. EXIT_SUCCESS, or EXIT_FAILURE with a line on stderr if the kernel did not get the vif back. */
int program_close(struct vpe_fe *fe);

bool program_is_stopped(void);
void program_stop(void);

#endif
