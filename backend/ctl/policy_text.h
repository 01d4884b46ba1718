/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operator's policy for a vif, as xl(1) writes it into the store, see xl-network-configuration(5). Threads: pure.
 *
 * All return 0, or -EINVAL if the text is not exactly what is described; nothing is changed then.
 */
#ifndef VPE_CTL_POLICY_TEXT_H
#define VPE_CTL_POLICY_TEXT_H

#include <stdint.h>

#include "sw/policy.h"

/* "00:16:3e:aa:bb:cc", in letters of any case; a multicast address and the zero address are no vif's. */
int policy_text_mac(const char *text, uint8_t mac[6]);

/*
 * One or more IPv4 and IPv6 addresses, separated by blanks or commas, at most POLICY_IPS_MAX of each kind. "/N" behind one makes
 * it the subnet of its first N bits. Addresses that no packet can come from (0.0.0.0, `::`, multicast) are wrong. Sets the lists
 * of `policy`, not `check_ip`.
 */
int policy_text_ips(const char *text, struct policy *policy);

/*
 * "trunk": all VLANs, tagged, and what is in none, untagged. Or terms separated by slashes; N is a VID from 1 to 4094, none may be named twice:
 *
 *   N        a VLAN, tagged to the guest
 *   Np       the PVID: what the guest sends untagged is in this VLAN, and the VLAN is untagged to the guest
 *   Nu       a VLAN that is untagged to the guest
 *   N-M      all from N to M, with or without u behind it
 *   N+OxC    C VLANs from N on, each O above the one before, with or without u: "100+10x3" is 100, 110, 120
 *
 * A single VLAN is the PVID without a p ("10": an access port). "10p/20/30" is a trunk with a native VLAN. Several VLANs and no
 * p are a trunk without: untagged frames from the guest are dropped (the scripts of Xen 4.19 refuse this). N+OxC is as these
 * scripts read it; the manual page's example counts otherwise.
 * Sets `part` and `vlans` of `policy`.
 */
int policy_text_vlan(const char *text, struct policy *policy);

#endif
