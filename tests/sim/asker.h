/* SPDX-License-Identifier: BSD-3-Clause */
/* A vif of libvpefront whose control ring the case uses itself, and a neighbour. */
#ifndef VPE_SIM_ASKER_H
#define VPE_SIM_ASKER_H

#include "proto/limits.h"
#include "sim/direct.h"

#define OKAY XEN_NETIF_CTRL_STATUS_SUCCESS
#define NO XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
#define NOT_SUPPORTED XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED

typedef struct xen_netif_ctrl_request request_t;
typedef struct xen_netif_ctrl_response response_t;

struct asker {
	struct sim s;
	struct guest *d, *b;
	struct vpe_fe *fe;
	struct fe_ctrl *ctrl;
	uint32_t domid;
	unsigned n_mapped; /* of its pages, when nothing was asked for yet */
	uint8_t *page[LIMIT_STATIC_LIST];
	uint32_t ref[LIMIT_STATIC_LIST]; /* of pages that are not mapped */
};

/* Its vif has `n_queues`, and the neighbour has got a frame from it. */
void asker_start(struct asker *a, unsigned n_queues);
void asker_start_with(struct asker *a, unsigned n_queues, const struct sim_options *options);
/* Whatever was asked, frames still flow and nothing is left. */
void asker_end(struct asker *a);

void asker_put(struct asker *a, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2);
void asker_publish(struct asker *a);
/* The next response. False: none came. */
bool asker_take(struct asker *a, response_t *rsp);
/* One request, whose response must have `status`. Returns its data. */
uint32_t ask(struct asker *a, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2,
	     uint32_t status);

#endif
