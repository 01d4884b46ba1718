/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Takes a vif from the kernel's netfront and gives it back, through sysfs. Private to frontend;
 * control thread only.
 */
#ifndef VPE_FRONTEND_FE_KERNEL_H
#define VPE_FRONTEND_FE_KERNEL_H

#include <stdbool.h>

/* Returns whether the kernel's driver has the vif. `sysfs` is the mount point of sysfs. */
bool fe_kernel_has(const char *sysfs, unsigned vif);
/* Return 0 or -errno. On unbind, the driver closes the vif properly first. */
int fe_kernel_unbind(const char *sysfs, unsigned vif);
int fe_kernel_bind(const char *sysfs, unsigned vif);

#endif
