# SPDX-License-Identifier: BSD-3-Clause
# Looks at the backend from dom0.
#   no_vifs_left DOMID               that domain serves no vif any more
#   no_vif_left DOMID GUEST INDEX    nor this one
#   no_domain DOMID                  Xen knows no such domain, dying ones included
#   vif_states NAME INDEX FRONT BACK the states are these
#   port_counter PORT NAME           a counter of the daemon in dom0, of all queues
#   queue_counter PORT QUEUE NAME    of one queue; also the number of its poller
#   is_dropped PORT REASON           frames were dropped there for that reason
#   poller_counter NAME              a counter of its first poller
#   vpe_holds, vpe_memory_kb         descriptors, mapped grants and ports of the daemon in dom0; its memory
#   counters                         all that it says of its ports and pollers
#   poller_tid, poller_frames        its first poller: thread, frames received by all ports

no_vifs_left() {
	[ -z "$(xenstore-list /local/domain/$1/backend/vif 2>/dev/null)" ]
}

no_vif_left() {
	! xenstore-exists /local/domain/$1/backend/vif/$2/$3
}

no_domain() {
	! xl list | awk '{ print $2 }' | grep -qx $1
}

vif_states() {
	local front=$(guest_path $1)/device/vif/$2
	[ "$(xenstore-read $front/state)" = $3 ] &&
		[ "$(xenstore-read $(xenstore-read $front/backend)/state)" = $4 ]
}

port_counter() {
	vpe-ctl -j show port $1 | sed -n "s/\"queues\":.*//; s/.*\"$2\":\([0-9]*\).*/\1/p"
}

queue_counter() {
	vpe-ctl -j show port $1 | sed -n "s/.*\"$2\":{\"poller\":\([^}]*\).*/\"poller\":\1/; s/.*\"$3\":\([0-9]*\).*/\1/p"
}

is_dropped() {
	is "$(port_counter $1 $2)0 > 0"
}

vpe_holds() {
	local pid=$(vpe_pid dom0)
	echo "fds $(ls /proc/$pid/fd | wc -l)"
	echo "grants $(grep -c gntdev /proc/$pid/maps)"
	echo "ports" $(all_ports)
}

vpe_memory_kb() {
	awk '/VmRSS/ { print $2 }' /proc/$(vpe_pid dom0)/status
}

poller_counter() {
	vpe-ctl -j show pollers | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"
}

all_ports() {
	vpe-ctl -j show ports | grep -o '"name":"[^"]*"' | cut -d '"' -f 4
}

ports() {
	all_ports | grep -E '^(vif[0-9]|eth[0-9]|vpe[0-9]|echo$)'
}

counters() {
	local port
	for port in $(ports); do
		vpe-ctl -j show port $port
	done
	vpe-ctl -j show pollers
}

poller_tid() {
	local task
	for task in /proc/$(vpe_pid dom0)/task/*; do
		case $(cat $task/comm) in
		rte-worker-1 | lcore-worker-1) echo ${task##*/} ;;
		esac
	done
}

poller_frames() {
	local port sum=0
	for port in $(ports); do
		sum=$((sum + $(port_counter $port rx_frames)))
	done
	echo $sum
}
