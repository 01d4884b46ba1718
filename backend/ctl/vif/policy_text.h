/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parses the operator's policy for a vif, as xl writes it into the store; see
 * xl-network-configuration(5). Threads: pure.
 *
 * All functions return 0, or -EINVAL without effect if the text does not match its description
 * exactly.
 */
#ifndef VPE_CTL_POLICY_TEXT_H
#define VPE_CTL_POLICY_TEXT_H

#include <stdint.h>

#include "sw/policy.h"

/*
 * "00:16:3e:aa:bb:cc", in upper or lower case. Multicast addresses and the zero address are
 * invalid.
 */
int policy_text_mac(const char *text, uint8_t mac[6]);

/*
 * One or more IPv4 and IPv6 addresses, separated by blanks or commas, at most POLICY_IPS_MAX of
 * each kind. A suffix "/N" means the subnet of the first N bits. Addresses that cannot be a source
 * (0.0.0.0, `::`, multicast) are invalid. Sets the address lists of `policy`, not `check_ip`.
 */
int policy_text_ips(const char *text, struct policy *policy);

/*
 * "trunk": all VLANs, tagged, and frames without a VLAN, untagged. Otherwise terms separated by
 * slashes. N is a VID from 1 to 4094, and no VID may be named twice:
 *
 *   N        a VLAN, tagged to the guest
 *   Np       the PVID: untagged frames from the guest belong to it, and it is untagged to the guest
 *   Nu       a VLAN that is untagged to the guest
 *   N-M      all from N to M; a suffix u applies to all
 *   N+OxC    C VLANs starting at N, O apart; a suffix u applies to all: "100+10x3" is 100, 110, 120
 *
 * A single VLAN is the PVID even without p ("10": an access port). "10p/20/30" is a trunk with a
 * native VLAN. Several VLANs without p are a trunk without a native VLAN: untagged frames from the
 * guest are dropped (the scripts of Xen 4.19 refuse such a list). N+OxC is read as by these
 * scripts; the example in xl's manual page counts differently. Sets `part` and `vlans` of `policy`.
 */
int policy_text_vlan(const char *text, struct policy *policy);

#endif
