/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kills a function at each of its instructions.
 *
 * Theory of operation: the processor's trap flag gives a SIGTRAP after each instruction. Only the
 * memory that outlives a killed process can tell two instructions apart, so a death
 * (fakes/mortal.h) is tried wherever that memory has changed. Threads: one; x86-64.
 */
#ifndef VPE_TESTS_STEPPER_H
#define VPE_TESTS_STEPPER_H

#include <stddef.h>

#include "fakes/mortal.h"

#define STEPPER_MEMORY_MAX 8

/* Memory that outlives the process. */
struct stepper_memory {
	const void *at;
	size_t size;
};

struct stepper {
	struct mortal mortal;
	struct stepper_memory memory[STEPPER_MEMORY_MAX]; /* ends with a NULL */
	unsigned long n_steps;                            /* what came out */
};

/* Runs fn(arg). */
void stepper_run(struct stepper *stepper, void (*fn)(void *arg), void *arg);

/*
 * Between these the process cannot be killed: it is in the hypervisor. That a call was made counts
 * as a change of memory.
 */
void stepper_enter(void);
void stepper_leave(void);

#endif
