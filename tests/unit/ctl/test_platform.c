/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of xen/platform_check.c below a directory that stands for the root. */
#include "xen/platform_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static char root[] = "/tmp/vpe-platform-XXXXXX";
static char why[512];

static void
shell(const char *fmt, const char *arg)
{
	char command[1024];

	snprintf(command, sizeof(command), fmt, root, arg);
	CU_ASSERT_EQUAL(system(command), 0);
}

static void
make_file(const char *path)
{
	shell("f=%s%s; mkdir -p ${f%%/*} && echo xen > $f", path);
}

static void
remove_file(const char *path)
{
	shell("rm -r %s%s", path);
}

static void
root_make(void)
{
	strcpy(root, "/tmp/vpe-platform-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	why[0] = '\0';
}

static void
root_remove(void)
{
	remove_file("");
}

/* A machine on which everything is as it must be. */
static void
make_good(void)
{
	root_make();
	make_file("/sys/hypervisor/type");
	make_file("/dev/xen/gntdev");
	make_file("/dev/xen/evtchn");
	make_file("/dev/xen/xenbus");
}

static void
platform_check_good(void)
{
	make_good();
	CU_ASSERT_EQUAL(platform_check_at(root, why, sizeof(why)), 0);
	CU_ASSERT_STRING_EQUAL(why, "");
	root_remove();
}

static void
platform_check_no_xen(void)
{
	root_make();
	CU_ASSERT_EQUAL(platform_check_at(root, why, sizeof(why)), -ENODEV);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "does not run on Xen"));
	make_file("/sys/hypervisor/type");
	shell("echo kvm > %s%s", "/sys/hypervisor/type");
	CU_ASSERT_EQUAL(platform_check_at(root, why, sizeof(why)), -ENODEV);
	root_remove();
}

static void
platform_check_old_kernel(void)
{
	make_good();
	remove_file("/sys/hypervisor");
	make_file("/proc/xen/capabilities");
	CU_ASSERT_EQUAL(platform_check_at(root, why, sizeof(why)), 0);
	root_remove();
}

static void
platform_check_missing(void)
{
	static const struct {
		const char *path;
		const char *says;
	} devices[] = {
		{ "/dev/xen/gntdev", "modprobe xen-gntdev" },
		{ "/dev/xen/evtchn", "modprobe xen-evtchn" },
		{ "/dev/xen/xenbus", "xenstored" },
	};

	for (unsigned i = 0; i < 3; i++) {
		make_good();
		remove_file(devices[i].path);
		CU_ASSERT_EQUAL(platform_check_at(root, why, sizeof(why)), -ENOENT);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, devices[i].says));
		root_remove();
	}
}

static void
platform_check_socket(void)
{
	make_good();
	remove_file("/dev/xen/xenbus");
	make_file("/run/xenstored/socket");
	CU_ASSERT_EQUAL(platform_check_at(root, why, sizeof(why)), 0);
	root_remove();
}

static void
platform_check_permission(void)
{
	if (geteuid() == 0)
		return; /* root may open everything */
	make_good();
	shell("chmod 0 %s%s", "/dev/xen/gntdev");
	CU_ASSERT_EQUAL(platform_check_at(root, why, sizeof(why)), -EACCES);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "udev rule"));
	root_remove();
}

static void
platform_netback_refusal_both(void)
{
	root_make();
	CU_ASSERT(!platform_netback_loaded_at(root));
	CU_ASSERT_EQUAL(platform_netback_refusal_at(root, why, sizeof(why)), 0);
	make_file("/sys/bus/xen-backend/drivers/vif/bind");
	CU_ASSERT(platform_netback_loaded_at(root));
	CU_ASSERT_EQUAL(platform_netback_refusal_at(root, why, sizeof(why)), -EBUSY);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "rmmod xen_netback"));
	root_remove();
}

static void
platform_vif_held_both(void)
{
	root_make();
	make_file("/sys/bus/xen-backend/devices/vif-3-0/nodename");
	CU_ASSERT(!platform_vif_held_at(root, 3, 0));
	make_file("/sys/bus/xen-backend/devices/vif-3-0/driver");
	CU_ASSERT(platform_vif_held_at(root, 3, 0));
	CU_ASSERT(!platform_vif_held_at(root, 3, 1));
	CU_ASSERT(!platform_vif_held_at(root, 30, 0));
	root_remove();
}

void test_platform(CU_pSuite suite);

void
test_platform(CU_pSuite suite)
{
	UNIT_ADD(suite, platform_check_good);
	UNIT_ADD(suite, platform_check_no_xen);
	UNIT_ADD(suite, platform_check_old_kernel);
	UNIT_ADD(suite, platform_check_missing);
	UNIT_ADD(suite, platform_check_socket);
	UNIT_ADD(suite, platform_check_permission);
	UNIT_ADD(suite, platform_netback_refusal_both);
	UNIT_ADD(suite, platform_vif_held_both);
}
