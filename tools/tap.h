/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A TAP device that represents a vif, and the conversion of frame metadata. For vpe-tap. One
 * thread.
 */
#ifndef VPE_TOOLS_TAP_H
#define VPE_TOOLS_TAP_H

#include <linux/virtio_net.h>

#include "vpe/frontend.h"

/*
 * Creates a device with the vif's MAC and MTU, down. If `name` is "", the kernel chooses a name,
 * which is stored there. Returns a descriptor or -errno.
 */
int tap_open(char name[16], const struct vpe_fe_info *info);

/*
 * Makes the header for a received frame. Returns false if the frame's flags are wrong: they mark a
 * checksum as blank that is not there.
 */
bool tap_header_of(const struct vpe_fe_buf *frame, struct virtio_net_hdr *hdr);

/*
 * Sets a frame's flags from its header. Returns false if the header asks for an offload that vifs
 * do not have.
 */
bool tap_marks_of(const struct virtio_net_hdr *hdr, struct vpe_fe_buf *frame);

#endif
