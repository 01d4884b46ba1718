/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The xenstore paths and keys that vpe reads or writes.
 *
 * A vif has two directories. The backend directory is in our own domain's part of the store. Only
 * the toolstack and we write to it, so its content is trusted. The frontend directory belongs to
 * the guest, and nothing in it is trusted.
 * Source: netif.h, xenbus.h, docs/misc/xenstore-paths.
 */
#ifndef VPE_PROTO_KEYS_H
#define VPE_PROTO_KEYS_H

/* ---- paths; without a leading slash they are relative to our own domain's directory ---- */

#define KEY_OWN_DOMID "domid"
#define KEY_BACKEND_VIFS "backend/vif"     /* entries are <guest's domid>/<device id> */
#define KEY_ERROR_VIFS "error/backend/vif" /* the same entries, each with KEY_ERROR */
#define KEY_NAME "name"                    /* of a domain, in its own directory */
/* fires when a domain dies or shuts down; dom0 only */
#define KEY_RELEASE_DOMAIN "@releaseDomain"

/* ---- both directories ------------------------------------------------------------------------ */

#define KEY_STATE "state" /* enum xenbus_state */

/* ---- backend directory: from the toolstack ---- */

#define KEY_FRONTEND "frontend"       /* absolute path of the frontend directory */
#define KEY_FRONTEND_ID "frontend-id" /* the guest's domid */
#define KEY_ONLINE "online"           /* 0: the device is going away for good */
#define KEY_BRIDGE "bridge"
#define KEY_SCRIPT "script"

/* These may change while the guest runs. Keys with an xl option come first, then our own. */
#define KEY_MAC "mac"
#define KEY_MTU "mtu" /* absent if it is 1500 */
#define KEY_IP "ip"
#define KEY_VLAN "vlan"
#define KEY_RATE "rate" /* rate from the guest: "BYTES,USECS" */
#define KEY_RATE_TO_GUEST "rate-to-guest"
#define KEY_MAC_ANTISPOOF "mac-antispoof"
#define KEY_IP_ANTISPOOF "ip-antispoof"
#define KEY_PRIORITY "priority"
#define KEY_POLLERS "pollers" /* pollers for the queues: "0,1" */

/*
 * Written by the hotplug script: "connected" or "error". If no scripts run, we write it ourselves.
 */
#define KEY_HOTPLUG_ERROR "hotplug-error"
#define KEY_HOTPLUG_STATUS "hotplug-status"
#define HOTPLUG_STATUS_CONNECTED "connected"
#define HOTPLUG_STATUS_ERROR "error"

/* ---- backend directory: from us ---- */

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
#define KEY_CARRIER "carrier" /* 1: frames flow; 0: the link is down */

#define KEY_ERROR "error" /* in the error directory: the message */

/* ---- frontend directory: from the guest ---- */

/* KEY_FEATURE_SG, _GSO_TCPV4, _GSO_TCPV6 and _IPV6_CSUM have the same names here. */
#define KEY_FEATURE_NO_CSUM "feature-no-csum-offload"
#define KEY_FEATURE_RX_NOTIFY "feature-rx-notify"
#define KEY_REQUEST_MCAST "request-multicast-control" /* watched while connected */
/* read again when the frontend reconfigures */
#define KEY_XDP_HEADROOM "xdp-headroom"
#define KEY_REQUEST_RX_COPY "request-rx-copy"
#define KEY_NUM_QUEUES "multi-queue-num-queues"
/* with more than one queue: directory of each queue's rings and event channels */
#define KEY_QUEUE "queue-%u/%s"
#define KEY_TX_RING_REF "tx-ring-ref"
#define KEY_RX_RING_REF "rx-ring-ref"
#define KEY_CTRL_RING_REF "ctrl-ring-ref" /* only for a frontend with a control ring */
#define KEY_EVTCHN_CTRL "event-channel-ctrl"
#define KEY_EVTCHN "event-channel"
#define KEY_EVTCHN_TX "event-channel-tx"
#define KEY_EVTCHN_RX "event-channel-rx"

#endif
