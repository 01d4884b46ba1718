/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks whether this machine can run a backend, and whether xen-netback serves vifs on it. */
#include "xen/platform_check.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

/* Checks that the file exists (F_OK) or is accessible (R_OK | W_OK). Returns 0 or -errno. */
static int
check_access(const char *root, const char *path, int mode)
{
	char full[PATH_MAX];

	if (snprintf(full, sizeof(full), "%s%s", root, path) >= (int)sizeof(full))
		return -ENAMETOOLONG;
	return access(full, mode) == 0 ? 0 : -errno;
}

static bool
exists(const char *root, const char *path)
{
	return check_access(root, path, F_OK) == 0;
}

/* Whether the first line of a file in /sys/hypervisor is `text`. Returns -1 if there is no file. */
static int
hypervisor_says(const char *root, const char *name, const char *text)
{
	char path[PATH_MAX];
	char line[8] = "";

	if (snprintf(path, sizeof(path), "%s/sys/hypervisor/%s", root, name) >= (int)sizeof(path))
		return -1;
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return -1;
	if (fgets(line, sizeof(line), file) == NULL)
		line[0] = '\0';
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return strcmp(line, text) == 0;
}

/*
 * /sys/hypervisor/type names the hypervisor; kernels without CONFIG_SYS_HYPERVISOR still have
 * /proc/xen.
 */
static bool
on_xen(const char *root)
{
	int says = hypervisor_says(root, "type", "xen");

	return says < 0 ? exists(root, "/proc/xen") : says == 1;
}

bool
platform_is_pv_at(const char *root)
{
	return on_xen(root) && hypervisor_says(root, "guest_type", "PV") == 1;
}

/* Checks for xenstored's socket (dom0) or the kernel's connection to it (any domain). */
static int
check_store(const char *root, char *why, size_t why_size)
{
	static const char *const paths[] = { "/run/xenstored/socket", "/var/run/xenstored/socket",
					     "/dev/xen/xenbus", "/proc/xen/xenbus" };

	const char *closed = NULL;

	for (unsigned i = 0; i < ARRAY_SIZE(paths); i++) {
		int ret = check_access(root, paths[i], R_OK | W_OK);
		if (ret == 0)
			return 0;
		if (ret == -EACCES && closed == NULL)
			closed = paths[i];
	}
	if (closed != NULL) {
		snprintf(why, why_size,
			 "%s cannot be opened: run as root, or let a udev rule give this user"
			 " read and write access",
			 closed);
		return -EACCES;
	}
	snprintf(why, why_size,
		 "xenstore cannot be reached: neither xenstored's socket /run/xenstored/socket nor"
		 " /dev/xen/xenbus exists; start xenstored (dom0) or load the kernel module xenfs");
	return -ENOENT;
}

static int
check_device(const char *root, const char *path, const char *module, char *why, size_t why_size)
{
	int ret = check_access(root, path, R_OK | W_OK);

	if (ret == -EACCES || ret == -EPERM)
		snprintf(
			why, why_size,
			"%s cannot be opened: run as root, or let a udev rule give this user read and"
			" write access",
			path);
	else if (ret < 0)
		snprintf(why, why_size,
			 "%s is missing: load its kernel module with \"modprobe %s\"", path,
			 module);
	return ret;
}

int
platform_check_at(const char *root, char *why, size_t why_size)
{
	if (!on_xen(root)) {
		snprintf(
			why, why_size,
			"this machine does not run on Xen: vpe-backend must run in dom0 or in a driver"
			" domain");
		return -ENODEV;
	}
	int ret = check_device(root, "/dev/xen/gntdev", "xen-gntdev", why, why_size);
	if (ret == 0)
		ret = check_device(root, "/dev/xen/evtchn", "xen-evtchn", why, why_size);
	if (ret == 0)
		ret = check_store(root, why, why_size);
	return ret;
}

bool
platform_netback_loaded_at(const char *root)
{
	return exists(root, "/sys/bus/xen-backend/drivers/vif");
}

int
platform_netback_refusal_at(const char *root, char *why, size_t why_size)
{
	if (!platform_netback_loaded_at(root))
		return 0;
	snprintf(
		why, why_size,
		"the kernel's xen-netback is loaded and would take every vif: unload it with \"rmmod"
		" xen_netback\" and keep it away with the file modprobe-vpe.conf that comes with vpe, or set"
		" netback = \"share\" to leave it the vifs that it holds");
	return -EBUSY;
}

bool
platform_vif_held_at(const char *root, unsigned domid, unsigned devid)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/xen-backend/devices/vif-%u-%u/driver", domid, devid);
	return exists(root, path);
}

bool
platform_is_pv(void)
{
	return platform_is_pv_at("");
}

int
platform_check(char *why, size_t why_size)
{
	return platform_check_at("", why, why_size);
}

int
platform_netback_refusal(char *why, size_t why_size)
{
	return platform_netback_refusal_at("", why, why_size);
}

bool
platform_netback_loaded(void)
{
	return platform_netback_loaded_at("");
}

bool
platform_vif_held(unsigned domid, unsigned devid)
{
	return platform_vif_held_at("", domid, devid);
}
