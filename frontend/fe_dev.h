/* SPDX-License-Identifier: BSD-3-Clause */
/* An open vif. Private to frontend and its tests, which supply a Xen and a sysfs of their own. */
#ifndef VPE_FRONTEND_FE_DEV_H
#define VPE_FRONTEND_FE_DEV_H

#include "fe_ctrl.h"
#include "fe_queue.h"
#include "fe_store.h"

#define FE_QUEUES_MAX 16u

struct vpe_fe {
	const struct xen_ops *xen;
	const char *sysfs;
	struct fe_store store;
	struct shares *shares;
	struct fe_queue *queue;
	struct fe_ctrl ctrl;
	bool use_ctrl; /* the backend has a control ring, and static grants are wanted */
	bool no_static;
	struct vpe_fe_info info;
	unsigned vif;
	unsigned timeout_ms;
	bool no_gso;
	int guard;                 /* -1: none */
	const char *guard_program; /* NULL: no guard */
	bool give_back;            /* the vif was taken from the kernel's netfront */
	bool connected;
};

/* The environment of a vif. Everything in it must outlive the vif. */
struct fe_host {
	const struct xen_ops *xen;
	const char *sysfs; /* mount point */
	const char *guard; /* path of the program; NULL: start none */
};

/* As vpe_fe_open(), in the environment `host`. */
struct vpe_fe *fe_dev_open(const struct vpe_fe_params *params, const struct fe_host *host);

#endif
