/* SPDX-License-Identifier: BSD-3-Clause */
#include "stepper.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define TRAP_FLAG 0x100

static struct stepper *running; /* NULL: let the processor run */
static unsigned n_inside;       /* calls of the hypervisor that are under way */
static unsigned n_entered, n_entered_seen;
static unsigned char *seen[STEPPER_MEMORY_MAX]; /* the memory at the last death */

void
stepper_enter(void)
{
	n_inside++;
	n_entered++;
}

void
stepper_leave(void)
{
	n_inside--;
}

static bool
has_changed(const struct stepper *s)
{
	bool changed = n_entered != n_entered_seen;

	n_entered_seen = n_entered;
	for (unsigned i = 0; s->memory[i].at != NULL; i++) {
		if (memcmp(seen[i], s->memory[i].at, s->memory[i].size) == 0)
			continue;
		memcpy(seen[i], s->memory[i].at, s->memory[i].size);
		changed = true;
	}
	return changed;
}

static void
on_trap(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	struct stepper *s = running;

	(void)signal;
	(void)info;
	if (s == NULL) {
		uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
		return;
	}
	uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
	s->n_steps++;
	if (n_inside > 0 || !has_changed(s))
		return;
	running = NULL; /* in the child */
	mortal_try(&s->mortal);
	running = s;
}

void
stepper_run(struct stepper *s, void (*fn)(void *arg), void *arg)
{
	/* a function that is stepped may die in the middle of stepping another */
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sigaction before;

	for (unsigned i = 0; s->memory[i].at != NULL; i++) {
		seen[i] = calloc(1, s->memory[i].size);
		if (seen[i] == NULL)
			abort();
	}
	if (sigaction(SIGTRAP, &action, &before) < 0)
		abort();
	running = s;
	raise(SIGTRAP); /* from here on after each instruction */
	fn(arg);
	running = NULL;
	sigaction(SIGTRAP, &before, NULL);
	for (unsigned i = 0; s->memory[i].at != NULL; i++)
		free(seen[i]);
}
