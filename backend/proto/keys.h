/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every xenstore path and key that vpe reads or writes, once.
 *
 * A vif has two directories. The backend directory lies in our own domain's part of the store, is written by the
 * toolstack and by us, and is believed. The frontend directory belongs to the guest; nothing in it is.
 * Source: netif.h, xenbus.h, docs/misc/xenstore-paths.
 */
#ifndef VPE_PROTO_KEYS_H
#define VPE_PROTO_KEYS_H

/* ---- paths; without a leading slash they are relative to the own domain's directory -------------------- */

#define KEY_OWN_DOMID "domid"
#define KEY_BACKEND_VIFS "backend/vif"          /* below it: <guest's domid>/<device id> */
#define KEY_ERROR_VIFS "error/backend/vif"      /* the same below it, with KEY_ERROR */
#define KEY_RELEASE_DOMAIN "@releaseDomain"     /* fires when a domain dies or shuts down; for dom0 only */

/* ---- both directories ----------------------------------------------------------------------------------- */

#define KEY_STATE "state" /* enum xenbus_state */

/* ---- backend directory: what the toolstack tells us ------------------------------------------------------ */

#define KEY_FRONTEND "frontend"       /* absolute path of the frontend directory */
#define KEY_FRONTEND_ID "frontend-id" /* the guest's domid */
#define KEY_ONLINE "online"           /* 0: the device is going away for good */
#define KEY_BRIDGE "bridge"
#define KEY_SCRIPT "script"

/* These may change while the guest runs. The ones with an xl option first, then our own. */
#define KEY_MAC "mac"
#define KEY_MTU "mtu"                 /* only there if it is not 1500 */
#define KEY_IP "ip"
#define KEY_VLAN "vlan"
#define KEY_RATE "rate"               /* of what the guest sends: "BYTES,USECS" */
#define KEY_RATE_TO_GUEST "rate-to-guest"
#define KEY_MAC_ANTISPOOF "mac-antispoof"
#define KEY_IP_ANTISPOOF "ip-antispoof"
#define KEY_PRIORITY "priority"
#define KEY_POLLERS "pollers" /* which of them the queues belong to: "0,1" */

/* Written by the hotplug script: "connected" or "error". Where nobody runs scripts we write it ourselves. */
#define KEY_HOTPLUG_ERROR "hotplug-error"
#define KEY_HOTPLUG_STATUS "hotplug-status"
#define HOTPLUG_STATUS_CONNECTED "connected"
#define HOTPLUG_STATUS_ERROR "error"

/* ---- backend directory: what we tell ---------------------------------------------------------------------- */

#define KEY_FEATURE_SG "feature-sg"
#define KEY_FEATURE_GSO_TCPV4 "feature-gso-tcpv4"
#define KEY_FEATURE_GSO_TCPV6 "feature-gso-tcpv6"
#define KEY_FEATURE_IPV6_CSUM "feature-ipv6-csum-offload"
#define KEY_FEATURE_RX_COPY "feature-rx-copy"
#define KEY_FEATURE_RX_FLIP "feature-rx-flip"
#define KEY_FEATURE_SPLIT_EVENTS "feature-split-event-channels"
#define KEY_FEATURE_CTRL_RING "feature-ctrl-ring"
#define KEY_FEATURE_MCAST "feature-multicast-control"
#define KEY_FEATURE_MCAST_DYNAMIC "feature-dynamic-multicast-control"
#define KEY_FEATURE_XDP "feature-xdp-headroom"
#define KEY_MAX_QUEUES "multi-queue-max-queues"
#define KEY_CARRIER "carrier" /* 1: frames flow, 0: the link is down */

#define KEY_ERROR "error" /* in the error directory: one sentence */

/* ---- frontend directory: what the guest offers ------------------------------------------------------------ */

/* KEY_FEATURE_SG, _GSO_TCPV4, _GSO_TCPV6 and _IPV6_CSUM have the same names there. */
#define KEY_FEATURE_NO_CSUM "feature-no-csum-offload"
#define KEY_FEATURE_RX_NOTIFY "feature-rx-notify"
#define KEY_REQUEST_MCAST "request-multicast-control" /* followed while connected */
#define KEY_XDP_HEADROOM "xdp-headroom"               /* read again when the frontend reconfigures */
#define KEY_REQUEST_RX_COPY "request-rx-copy"
#define KEY_NUM_QUEUES "multi-queue-num-queues"
#define KEY_QUEUE "queue-%u/%s" /* of more than one queue: the keys of rings and event channels, of each */
#define KEY_TX_RING_REF "tx-ring-ref"
#define KEY_RX_RING_REF "rx-ring-ref"
#define KEY_CTRL_RING_REF "ctrl-ring-ref" /* only of a frontend that has a control ring */
#define KEY_EVTCHN_CTRL "event-channel-ctrl"
#define KEY_EVTCHN "event-channel"
#define KEY_EVTCHN_TX "event-channel-tx"
#define KEY_EVTCHN_RX "event-channel-rx"

#endif
