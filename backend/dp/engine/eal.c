/* SPDX-License-Identifier: BSD-3-Clause */
/* Start of DPDK's environment abstraction layer (EAL). */
#include "dp/engine/eal.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "base/util.h"

/*
 * The argument vector of rte_eal_init(), which keeps pointers into it for the life of the process.
 * If memory runs out while arguments are added, `failed` is set, so that none is silently left out.
 */
struct eal_args {
	int n;
	bool failed;
	char **arg; /* NULL-terminated */
};

/* Appends `text` and takes ownership of it. NULL stands for a failed allocation. */
static void
args_take(struct eal_args *args, char *text)
{
	char **arg = text == NULL ? NULL : realloc(args->arg, ((size_t)args->n + 2) * sizeof(*arg));

	if (arg == NULL) {
		free(text);
		args->failed = true;
		return;
	}
	args->arg = arg;
	arg[args->n++] = text;
	arg[args->n] = NULL;
}

static void __attribute__((format(printf, 2, 3)))
args_add(struct eal_args *args, const char *fmt, ...)
{
	char *text;
	va_list list;

	va_start(list, fmt);
	int len = vasprintf(&text, fmt, list);
	va_end(list);
	args_take(args, len < 0 ? NULL : text);
}

static void
args_free(struct eal_args *args)
{
	for (int i = 0; i < args->n; i++)
		free(args->arg[i]);
	free(args->arg);
	*args = (struct eal_args){ .n = 0 };
}

/*
 * Writes the CPUs of the control thread as "0,2,3": those in `allowed` that have no poller or, if
 * there is none, all of them.
 */
static void
control_cpus(const struct dp_params *params, const cpu_set_t *allowed, FILE *to)
{
	cpu_set_t rest = *allowed;
	const char *comma = "";

	for (unsigned i = 0; i < params->n_pollers; i++)
		CPU_CLR((size_t)params->cpus[i], &rest);
	if (CPU_COUNT(&rest) == 0)
		rest = *allowed;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET((size_t)cpu, &rest))
			continue;
		fprintf(to, "%s%d", comma, cpu);
		comma = ",";
	}
}

static int
check_cpus(const struct dp_params *params, const cpu_set_t *allowed, char *why, size_t why_size)
{
	for (unsigned i = 0; i < params->n_pollers; i++) {
		int cpu = params->cpus[i];
		if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET((size_t)cpu, allowed)) {
			snprintf(why, why_size,
				 "no CPU to poll on: CPU %d does not exist or may not be used here",
				 cpu);
			return -EINVAL;
		}
	}
	return 0;
}

/*
 * The devargs of a virtual device ("net_tap0,iface=x") contain an underscore; a PCI address does
 * not.
 */
bool
dp_is_virtual(const char *devargs)
{
	return strchr(devargs, '_') != NULL && strncmp(devargs, "pci:", 4) != 0;
}

static void
add_devices(struct eal_args *args, const struct dp_params *params)
{
	bool pci = false;

	for (unsigned i = 0; i < params->n_devargs; i++) {
		if (dp_is_virtual(params->devargs[i])) {
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
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	if (to == NULL) {
		args->failed = true;
		return;
	}
	fputs("--lcores=0@(", to);
	control_cpus(params, allowed, to);
	fputc(')', to);
	for (unsigned i = 0; i < params->n_pollers; i++)
		fprintf(to, ",%u@%d", i + 1, params->cpus[i]);
	if (fclose(to) != 0) {
		free(text);
		text = NULL;
	}
	args_take(args, text);
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

static void
add_all(struct eal_args *args, const struct dp_params *params, const cpu_set_t *allowed)
{
	args_add(args, "vpe-backend");
	add_threads(args, params, allowed);
	add_memory(args, params);
	add_devices(args, params);
	args_add(args, "--file-prefix=%s", params->file_prefix);
	args_add(args, "--log-level=*:warning");
}

/* Returns 0, or -errno with a message in `why`. */
static int
make_args(struct eal_args *args, const struct dp_params *params, char *why, size_t why_size)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0) {
		int error = errno;
		snprintf(why, why_size, "the CPUs that this process may use cannot be read: %s",
			 strerror(error));
		return -error;
	}
	int ret = check_cpus(params, &allowed, why, why_size);
	if (ret < 0)
		return ret;
	add_all(args, params, &allowed);
	if (!args->failed)
		return 0;
	args_free(args);
	snprintf(why, why_size, "DPDK does not start: out of memory");
	return -ENOMEM;
}

int
eal_start(const struct dp_params *params, char *why, size_t why_size)
{
	static struct eal_args args; /* never freed: EAL keeps pointers into it */
	static int result;

	if (args.n == 0) {
		int ret = make_args(&args, params, why, why_size);
		if (ret < 0)
			return ret;
		result = rte_eal_init(args.n, args.arg) >= 0 ? 0
			 : rte_errno != 0                    ? -rte_errno
							     : -EIO;
	}
	if (result < 0)
		snprintf(why, why_size, "DPDK does not start: %s (see its messages above)",
			 rte_strerror(-result));
	return result;
}
