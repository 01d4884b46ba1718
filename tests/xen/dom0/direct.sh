# SPDX-License-Identifier: BSD-3-Clause
# Programs that drive a guest's vif themselves (libvpefront), and the kernel's netfront before and after them.
#   direct_ready GUEST...                  its kernel has what they need
#   direct_ping GUEST TO [COUNT]           vpe-ping; every answer must come
#   direct_send GUEST TO BYTES [OPTION...] vpe-pktgen sends for 2 s; prints frames a second, as the sender counts
#   direct_echo GUEST, direct_echo_stop GUEST
#   direct_tap GUEST, direct_tap_stop GUEST  its own stack over vpe-tap, with the address that the vif had
#   kernel_again GUEST                     its netfront has the vif back, and it works

# Afterwards the vif is the kernel's again: -k.
DIRECT_S=2

direct_ready() {
	local name
	for name in "$@"; do
		on $name 'modprobe -a xen-evtchn xen-gntalloc' || fail "$name has no /dev/xen/gntalloc"
	done
}

direct_ping() {
	note "direct_ping $*"
	on $1 "vpe-ping -k -c ${3:-200} $(address_of $1) $(address_of $2) 2>&1" >$LAB/direct.out ||
		{ cat $LAB/direct.out >&2; fail "direct_ping $*"; }
	_direct_show
}

direct_ping_echo() { # GUEST GUEST
	note "direct_ping_echo $*"
	on $1 "vpe-ping -k -c ${3:-200} -m $(mac_of $2 0) 2>&1" >$LAB/direct.out ||
		{ cat $LAB/direct.out >&2; fail "direct_ping_echo $*"; }
	_direct_show
}

_direct_show() {
	grep -E 'received|p50_us|p99_us|pps|mbps|notified' $LAB/direct.out | tr -s ' ' | tr '\n' ',' >&2
	echo >&2
}

direct_send() {
	note "direct_send $*"
	local from=$1 to=$2 size=$3
	shift 3
	on $from "vpe-pktgen -k -T $DIRECT_S -d $(mac_on $to) -S $(address_of $from) -D $(address_of $to) -s $size $* tx 2>&1" \
		>$LAB/direct.out || { cat $LAB/direct.out >&2; fail "direct_send $from $to $size $*"; }
	_direct_show
	awk '$1 == "pps" { printf "%d\n", $2 }' $LAB/direct.out
}

# The MAC that frames for a machine go to.
mac_on() {
	case $1 in
	g*) mac_of $1 0 ;;
	dom0) ip -br link | awk '$1 == "vpe0" || $1 == "xenbr0" { print $3 }' | tail -n 1 ;;
	esac
}

direct_echo() {
	note "direct_echo $1"
	tell $1 'vpe-pktgen -k echo'
	soon 20 "$1 serves its vif itself" on $1 '! test -e /sys/bus/xen/devices/vif-0/driver && test -e /run/work'
	wait_connected $1
}

direct_echo_stop() {
	on $1 'kill $(pidof vpe-pktgen); while pidof vpe-pktgen; do usleep 100000; done' >/dev/null || fail "$1 has no vpe-pktgen"
}

direct_tap() {
	note "direct_tap $1"
	tell $1 'vpe-tap -k -n eth0 >tap.out 2>&1'
	wait_for 20 on $1 'grep -q eth0 tap.out' || { on $1 'cat tap.out' >&2; fail "vpe-tap does not start in $1"; }
	on $1 /lab/addresses
	reaches $1 dom0
}

direct_tap_stop() {
	on $1 'kill $(pidof vpe-tap); while pidof vpe-tap; do usleep 100000; done' >/dev/null || fail "$1 has no vpe-tap"
}

kernel_again() {
	note "kernel_again $1"
	on $1 'test -e /sys/bus/xen/devices/vif-0/driver' || fail "the kernel of $1 has not got its vif back"
	wait_connected $1
	on $1 /lab/addresses
	reaches $1 dom0
	ping $1 dom0 20
}
