# SPDX-License-Identifier: BSD-3-Clause
# Programs that drive a guest's vif themselves (libvpefront), and the kernel's netfront before and after them.
#   direct_ready GUEST...                  its kernel has what they need
#   direct_ping GUEST TO [COUNT]           vpe-ping; every answer must come
#   direct_send GUEST TO BYTES [OPTION...] vpe-pktgen sends for 2 s; prints frames a second, as the sender counts
#   direct_echo GUEST, direct_echo_stop GUEST
#   direct_tap GUEST, direct_tap_stop GUEST  its own stack over vpe-tap, with the address that the vif had
#   direct_cycles GUEST N [BUFFERS]        opens and closes N times; nothing may be left in guest and daemon
#   direct_kill GUEST PROGRAM              SIGKILL; prints after how many tenths of a second the daemon in dom0 has nothing
#                                          mapped any more (no other vif may be connected)
#   direct_gone GUEST INDEX                no program has the vif, and the daemon in dom0 nothing of it or of any other
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
	dom0) cat /sys/class/net/$(ip -o addr | awk -v a=$(address_of dom0) 'index($4, a "/") == 1 { print $2 }')/address ;;
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

# Nothing of a vif's program is left, and the backend has let go.
direct_gone() { # GUEST INDEX
	[ -z "$(on $1 'pidof vpe-pktgen vpe-guard')" ] && ! ports | grep -q "^vif$(guest_domid $1).$2$" &&
		! grep -q gntdev /proc/$(vpe_pid dom0)/maps
}

# The guest says when, through the store.
direct_kill() { # GUEST PROGRAM
	note "direct_kill $*"
	local data=$(guest_data $1) path began tenths
	mkfifo $LAB/killed
	xenstore-watch -n 2 $data/killed >$LAB/killed &
	exec 8<$LAB/killed
	rm $LAB/killed
	read -r path <&8
	tell $1 "pid=\$(pidof $2); xenstore-write data/lab/killed 1; kill -9 \$pid; xenstore-rm data/lab/killed"
	read -r path <&8
	exec 8<&-
	began=$(hundredths)
	while grep -q gntdev /proc/$(vpe_pid dom0)/maps; do
		usleep 50000
		tenths=$((($(hundredths) - began + 9) / 10))
		[ $tenths -lt 100 ] || fail "after 10 s the daemon still has pages of $1 mapped"
	done
	note "  ${tenths:=0} tenths of a second"
	echo $tenths
}

# Free memory of a guest, when what its kernel defers is done. With the free pages that are kept for each CPU, which MemFree leaves
# out: here, more than a megabyte.
_direct_free_kb() {
	on $1 'sleep 3; echo 3 >/proc/sys/vm/drop_caches
		awk "\$1 == \"pages\" && \$2 == \"free\" { n += \$3 } \$1 == \"count:\" { n += \$2 } END { print 4 * n }" /proc/zoneinfo'
}

direct_cycles() { # GUEST N [BUFFERS]
	local before before_kb free after after_kb free_after deadline=1800
	on $1 "reopen 0 20 ${3-}" >&2
	before=$(vpe_holds) before_kb=$(vpe_memory_kb) free=$(_direct_free_kb $1)
	tell $1 "reopen 0 $2 ${3-} >reopen.out 2>&1; echo status \$? >>reopen.out"
	wait_for $deadline on $1 'grep -q status reopen.out' || fail "reopen does not end"
	on $1 'cat reopen.out' | tee /run/lab/reopen >&2
	after=$(vpe_holds) after_kb=$(vpe_memory_kb) free_after=$(_direct_free_kb $1)
	note "before: $before, $before_kb kB, guest free $free kB"
	note "after: $after, $after_kb kB, guest free $free_after kB"
	expect "$2 times, and the program leaks nothing" grep -q 'status 0' /run/lab/reopen
	expect "the daemon holds what it held" test "$before" = "$after"
	expect "its memory has not grown by more than 1 %" is "$after_kb <= $before_kb * 1.01 + 64"
	# Its kernel keeps what it likes, but not half a page for each time.
	expect "the guest has its memory back" is "$free_after >= $free - 1024 - 2 * $2"
}

kernel_again() {
	note "kernel_again $1"
	on $1 'test -e /sys/bus/xen/devices/vif-0/driver' || fail "the kernel of $1 has not got its vif back"
	wait_connected $1
	on $1 /lab/addresses
	reaches $1 dom0
	ping $1 dom0 20
}
