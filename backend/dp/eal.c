/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts DPDK's environment. Called by dp.c. */
#include "dp/eal.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "base/util.h"

#define ARGS_MAX 64u
#define ARG_SIZE 256u

/* The argument vector for rte_eal_init(), which keeps pointers into it for good. */
struct eal_args {
	int n;
	char *arg[ARGS_MAX];
	char text[ARGS_MAX][ARG_SIZE];
};

static void __attribute__((format(printf, 2, 3)))
args_add(struct eal_args *args, const char *fmt, ...)
{
	va_list list;

	if (args->n == ARGS_MAX - 1)
		return;
	va_start(list, fmt);
	vsnprintf(args->text[args->n], ARG_SIZE, fmt, list);
	va_end(list);
	args->arg[args->n] = args->text[args->n];
	args->n++;
}

/* Writes the CPUs for control as "0,2,3": those of `allowed` that no poller has or, if there is none, all of them. */
static void
control_cpus(const struct dp_params *params, const cpu_set_t *allowed, char *out, size_t out_size)
{
	cpu_set_t rest = *allowed;
	size_t len = 0;

	for (unsigned i = 0; i < params->n_pollers; i++)
		CPU_CLR((size_t)params->cpus[i], &rest);
	if (CPU_COUNT(&rest) == 0)
		rest = *allowed;
	out[0] = '\0';
	for (int cpu = 0; cpu < CPU_SETSIZE && len < out_size; cpu++) {
		if (CPU_ISSET((size_t)cpu, &rest))
			len += (size_t)snprintf(out + len, out_size - len, "%s%d", len > 0 ? "," : "", cpu);
	}
}

static int
check_cpus(const struct dp_params *params, const cpu_set_t *allowed, char *why, size_t why_size)
{
	for (unsigned i = 0; i < params->n_pollers; i++) {
		int cpu = params->cpus[i];
		if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET((size_t)cpu, allowed)) {
			snprintf(why, why_size, "no core to poll on: CPU %d does not exist or may not be used here",
				 cpu);
			return -EINVAL;
		}
	}
	return 0;
}

/* A PCI address has no underscore, the devargs of a virtual device ("net_tap0,iface=x") have one. */
static bool
is_vdev(const char *devargs)
{
	return strchr(devargs, '_') != NULL && strncmp(devargs, "pci:", 4) != 0;
}

static void
add_devices(struct eal_args *args, const struct dp_params *params)
{
	bool pci = false;

	for (unsigned i = 0; i < params->n_devargs; i++) {
		if (is_vdev(params->devargs[i])) {
			args_add(args, "--vdev=%s", params->devargs[i]);
		} else {
			args_add(args, "--allow=%s", params->devargs[i]);
			pci = true;
		}
	}
	if (!pci)
		args_add(args, "--no-pci");
}

static void
add_threads(struct eal_args *args, const struct dp_params *params, const cpu_set_t *allowed)
{
	char lcores[ARG_SIZE - 16];
	char cpus[ARG_SIZE / 2];
	size_t len;

	control_cpus(params, allowed, cpus, sizeof(cpus));
	len = (size_t)snprintf(lcores, sizeof(lcores), "0@(%s)", cpus);
	for (unsigned i = 0; i < params->n_pollers && len < sizeof(lcores); i++)
		len += (size_t)snprintf(lcores + len, sizeof(lcores) - len, ",%u@%d", i + 1, params->cpus[i]);
	args_add(args, "--lcores=%s", lcores);
}

static void
add_memory(struct eal_args *args, const struct dp_params *params)
{
	if (params->hugepages) {
		args_add(args, "--in-memory");
	} else {
		args_add(args, "--no-huge");
		args_add(args, "--no-shconf");
	}
	args_add(args, "-m");
	args_add(args, "%u", params->memory_mb);
	args_add(args, "--iova-mode=va");
}

int
eal_start(const struct dp_params *params, char *why, size_t why_size)
{
	static struct eal_args *args; /* for good: EAL keeps pointers into it */
	cpu_set_t allowed;

	if (args != NULL)
		return 0;
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return -errno;
	int ret = check_cpus(params, &allowed, why, why_size);
	if (ret < 0)
		return ret;

	args = calloc(1, sizeof(*args));
	if (args == NULL)
		return -ENOMEM;
	args_add(args, "vpe-backend");
	add_threads(args, params, &allowed);
	add_memory(args, params);
	add_devices(args, params);
	args_add(args, "--file-prefix=%s", params->file_prefix);
	args_add(args, "--log-level=*:warning");
	if (rte_eal_init(args->n, args->arg) < 0) {
		snprintf(why, why_size, "DPDK does not start: %s (its own lines above say more)",
			 rte_strerror(rte_errno));
		return -rte_errno;
	}
	return 0;
}
