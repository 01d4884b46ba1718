/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether network devices of the kernel have a link. Threads: control thread. Source: rtnetlink(7), netdevice(7). */
#ifndef VPE_CTL_LINK_H
#define VPE_CTL_LINK_H

#include <stdbool.h>

/* A descriptor that is readable after the link of any device has changed. To be closed by the caller. -errno. */
int link_open(void);

/* Takes off it what was told. Which device it was is not looked at: messages may be lost, links may not. */
void link_drain(int fd);

/* Whether device `ifindex` is up and has a link; false as well if it is gone. */
bool link_is_up(unsigned ifindex);

#endif
