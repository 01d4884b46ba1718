/* SPDX-License-Identifier: BSD-3-Clause */
/* A TAP device that stands for a vif, and the translation between both kinds of frames. For vpe-tap. One thread. */
#ifndef VPE_TOOLS_TAP_H
#define VPE_TOOLS_TAP_H

#include <linux/virtio_net.h>

#include "vpe/frontend.h"

/* A device with the vif's MAC and MTU, down; "" in `name`: the kernel chooses one, which is put there. -errno on error. */
int tap_open(char name[16], const struct vpe_fe_info *info);

/* Header for a received frame. False: it says what cannot be (its checksum is blank where none is). */
bool tap_header_of(const struct vpe_fe_buf *frame, struct virtio_net_hdr *hdr);

/* Marks for a frame to send, from its header. False: the kernel asks for what a vif has not. */
bool tap_marks_of(const struct virtio_net_hdr *hdr, struct vpe_fe_buf *frame);

#endif
