# SPDX-License-Identifier: BSD-3-Clause
# The topology "direct": programs in g1 drive its vifs themselves, and what is at the other end costs as little as it can.
#   direct_setup              after bench_setup
#   direct_turn netback|vpe               all figures
# g1's vif 3 is netback's; 4, 5 and 6 are vpe-backend's: null, echo, kernel.

DIRECT_MAC=02:00:00:00:00:99
DIRECT_S=2
PKTGEN=/proc/net/pktgen

direct_setup() {
	modprobe -a pktgen dummy
	ip link add nullbr type bridge && ip link add null0 type dummy && ip link set null0 master nullbr up &&
		ip link set nullbr up && bridge fdb replace $DIRECT_MAC dev null0 master static || fail "no bridge to nowhere"
	ip addr add $(address_of dom0 3)/24 dev nullbr
	_direct_netback_vif
	VIF_KEYS=script=vif-vpe,bridge=null attach g1 4 && VIF_KEYS=script=vif-vpe,bridge=echo attach g1 5 &&
		VIF_KEYS=script=vif-vpe,bridge=kernel attach g1 6 || fail "xl network-attach g1"
	wait_connected g1
	# From now on they are not its kernel's.
	on g1 'modprobe -a xen-evtchn xen-gntalloc &&
		for vif in 3 4 5 6; do echo vif-$vif >/sys/bus/xen/drivers/vif/unbind || exit; done' || fail "g1 keeps its vifs"
}

# The daemon must not see it before the kernel has it.
_direct_netback_vif() {
	_daemon STOP
	echo 1 >/sys/bus/xen-backend/drivers_autoprobe
	VIF_KEYS=bridge=nullbr attach g1 3 || fail "xl network-attach g1 3"
	wait_for $CONNECT_LIMIT vif_states g1 3 4 4 || fail "netback does not take vif 3"
	echo 0 >/sys/bus/xen-backend/drivers_autoprobe
	_daemon CONT
}

direct_turn() { # BACKEND
	_direct_grants $1 "" ""
	_direct_grants $1 -o ordinary_
	_direct_source $1 kernel
	_direct_figure gso64k_to_guest_mbps mbps $(_direct_vif $1 kernel) "-w rx"
	_direct_source $1 none
	_direct_ping $1
}

# What depends on the kind of grants.
_direct_grants() { # BACKEND OPTION PREFIX
	local size
	for size in 64 1500; do
		# A size on the wire: with the checksum.
		_direct_figure ${3}pkt${size}_from_guest_pps pps $(_direct_vif $1 null) "$2 -d $DIRECT_MAC -s $(_direct_bytes $size) tx"
	done
	_direct_figure ${3}gso64k_from_guest_mbps mbps $(_direct_vif $1 kernel) "$2 -d $DIRECT_MAC -s 65000 -g tx"
	for size in 64 1500; do
		_direct_source $1 $size
		_direct_figure ${3}pkt${size}_to_guest_pps pps $(_direct_vif $1 null) "$2 rx"
	done
	_direct_source $1 none
}

_direct_bytes() { # SIZE
	case $1 in
	64) echo 60 ;;
	1500) echo 1514 ;;
	esac
}

_direct_vif() { # BACKEND BRIDGE
	case $1.$2 in
	netback.*) echo 3 ;;
	vpe.null) echo 4 ;;
	vpe.echo) echo 5 ;;
	vpe.kernel) echo 6 ;;
	esac
}

_direct_figure() { # METRIC FIELD VIF OPTIONS-AND-MODE
	on g1 "vpe-pktgen -v $3 -T $DIRECT_S $4 >/run/direct.out 2>&1 && awk '\$1 == \"$2\" { print \"$1\", \$2 }' /run/direct.out ||
		echo error $1 \$(cat /run/direct.out)" || fail "measuring $1"
}

_direct_ping() { # BACKEND
	local to="-m $DIRECT_MAC"
	[ $1 = vpe ] || to="$(address_of g1 3) $(address_of dom0 3)"
	on g1 "vpe-ping -v $(_direct_vif $1 echo) -c 2000 $to >/run/direct.out 2>&1 &&
		awk '\$1 == \"p50_us\" || \$1 == \"p99_us\" { print \"ping_\" \$1, \$2 }' /run/direct.out ||
		echo error ping_p50_us \$(cat /run/direct.out)" || fail "measuring the round trip"
}

# ---- frames to the guest ------------------------------------------------------------------------------------------

_direct_source() { # BACKEND 64|1500|kernel|none
	[ ! -e /run/blast.pid ] || { kill $(cat /run/blast.pid); rm /run/blast.pid; }
	_direct_source_$1 $2
}

_direct_source_netback() {
	local dev=vif$(guest_domid g1).3
	[ ! -e /run/pktgen.pid ] || _direct_pktgen_stop $dev
	case $1 in
	64 | 1500)
		_direct_pktgen "add_device $dev" || fail "pktgen takes no $dev"
		for line in "count 0" "delay 0" "pkt_size $(_direct_bytes $1)" "dst_mac $(mac_of g1 3)" "dst 10.0.0.2"; do
			echo $line >$PKTGEN/$dev || fail "pktgen: $line"
		done
		# Only while the vif is connected: else it ends at once, and after no time at all its thread divides by zero.
		while usleep 50000; do
			[ "$(cat /sys/class/net/$dev/carrier 2>/dev/null)" != 1 ] || echo start >$PKTGEN/pgctrl
		done &
		echo $! >/run/pktgen.pid
		;;
	kernel) _direct_blast $dev 3 ;;
	esac
}

_direct_pktgen_stop() { # DEVICE
	kill -9 $(cat /run/pktgen.pid)
	wait_for 20 _direct_pktgen_gone $1 || fail "pktgen does not let go of $1: see dom0's console"
	rm /run/pktgen.pid
}

# Its thread clears one bit of its orders and can lose another that comes at the same time, so they are repeated.
_direct_pktgen_gone() { # DEVICE
	echo stop >$PKTGEN/pgctrl
	_direct_pktgen rem_device_all
	! test -e $PKTGEN/$1
}

_direct_pktgen() { # COMMAND
	echo $1 >$PKTGEN/kpktgend_1
}

# The daemon polls a source all the time, so it has one only while that is measured.
_direct_source_vpe() {
	vpe_stop
	case $1 in
	64 | 1500) DIRECT_NULL=size=$(_direct_bytes $1),copy=1 ;;
	*) DIRECT_NULL=no-rx=1 ;;
	esac
	vpe_start dom0 bench
	ip link set direct0 up
	[ $1 != kernel ] || _direct_blast direct0 6
}

_direct_blast() { # DEVICE VIF
	blast $1 $(mac_of g1 $2) >&2 &
	echo $! >/run/blast.pid
}
