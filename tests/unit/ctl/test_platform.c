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
	CHECK_EQ(system(command), 0);
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
	REQUIRE_NOT_NULL(mkdtemp(root));
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
	CHECK_EQ(platform_check_at(root, why, sizeof(why)), 0);
	CHECK_STR(why, "");
	root_remove();
}

static void
platform_check_no_xen(void)
{
	root_make();
	CHECK_EQ(platform_check_at(root, why, sizeof(why)), -ENODEV);
	CHECK_HAS(why, "does not run on Xen");
	make_file("/sys/hypervisor/type");
	shell("echo kvm > %s%s", "/sys/hypervisor/type");
	CHECK_EQ(platform_check_at(root, why, sizeof(why)), -ENODEV);
	root_remove();
}

static void
platform_check_old_kernel(void)
{
	make_good();
	remove_file("/sys/hypervisor");
	make_file("/proc/xen/capabilities");
	CHECK_EQ(platform_check_at(root, why, sizeof(why)), 0);
	root_remove();
}

static void
platform_is_pv_kinds(void)
{
	make_good();
	CHECK(!platform_is_pv_at(root)); /* a kernel that does not tell */
	make_file("/sys/hypervisor/guest_type");
	CHECK(!platform_is_pv_at(root));
	shell("echo PVH > %s%s", "/sys/hypervisor/guest_type");
	CHECK(!platform_is_pv_at(root));
	shell("echo PV > %s%s", "/sys/hypervisor/guest_type");
	CHECK(platform_is_pv_at(root));
	shell("echo kvm > %s%s", "/sys/hypervisor/type");
	CHECK(!platform_is_pv_at(root));
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
		CHECK_EQ(platform_check_at(root, why, sizeof(why)), -ENOENT);
		CHECK_HAS(why, devices[i].says);
		root_remove();
	}
}

static void
platform_check_socket(void)
{
	make_good();
	remove_file("/dev/xen/xenbus");
	make_file("/run/xenstored/socket");
	CHECK_EQ(platform_check_at(root, why, sizeof(why)), 0);
	root_remove();
}

static void
platform_check_permission(void)
{
	if (geteuid() == 0)
		return; /* root may open everything */
	make_good();
	shell("chmod 0 %s%s", "/dev/xen/gntdev");
	CHECK_EQ(platform_check_at(root, why, sizeof(why)), -EACCES);
	CHECK_HAS(why, "udev rule");
	root_remove();
}

static void
platform_netback_refusal_both(void)
{
	root_make();
	CHECK(!platform_netback_loaded_at(root));
	CHECK_EQ(platform_netback_refusal_at(root, why, sizeof(why)), 0);
	make_file("/sys/bus/xen-backend/drivers/vif/bind");
	CHECK(platform_netback_loaded_at(root));
	CHECK_EQ(platform_netback_refusal_at(root, why, sizeof(why)), -EBUSY);
	CHECK_HAS(why, "rmmod xen_netback");
	root_remove();
}

static void
platform_vif_held_both(void)
{
	root_make();
	make_file("/sys/bus/xen-backend/devices/vif-3-0/nodename");
	CHECK(!platform_vif_held_at(root, 3, 0));
	make_file("/sys/bus/xen-backend/devices/vif-3-0/driver");
	CHECK(platform_vif_held_at(root, 3, 0));
	CHECK(!platform_vif_held_at(root, 3, 1));
	CHECK(!platform_vif_held_at(root, 30, 0));
	root_remove();
}

void test_platform(CU_pSuite suite);

void
test_platform(CU_pSuite suite)
{
	UNIT_ADD(suite, platform_check_good);
	UNIT_ADD(suite, platform_check_no_xen);
	UNIT_ADD(suite, platform_check_old_kernel);
	UNIT_ADD(suite, platform_is_pv_kinds);
	UNIT_ADD(suite, platform_check_missing);
	UNIT_ADD(suite, platform_check_socket);
	UNIT_ADD(suite, platform_check_permission);
	UNIT_ADD(suite, platform_netback_refusal_both);
	UNIT_ADD(suite, platform_vif_held_both);
}
