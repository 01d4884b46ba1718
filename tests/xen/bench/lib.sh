# SPDX-License-Identifier: BSD-3-Clause
# dom0's part of the bench. host/bench.py calls, after bench_setup, one job for each turn:
#   bench_setup                   the guests BENCH_GUESTS with a vif on each backend
#   bench_turn TOPOLOGY BACKEND   netback or vpe; prints what bench/measure prints
#   bench_ceiling                 the same for the guest talking to itself
#   bench_facts                   prints "NAME VALUE" lines about the machines

. /lab/tree/dom0/lib.sh
BENCH=/lab/tree/bench
. $BENCH/direct.sh
METRICS="tcp_from_guest_mbps tcp_to_guest_mbps udp64_from_guest_pps udp64_to_guest_pps
	udp1400_from_guest_pps udp1400_to_guest_pps ping notifies"
CEILING="tcp_from_guest_mbps udp64_from_guest_pps udp1400_from_guest_pps ping"
VPE_NETBACK=share VPE_MODE=$VPE_BENCH_MODE
[ ! "$BENCH_DIRECT" ] || VPE_FOREIGN=$VPE_BENCH_FOREIGN
# A turn is one command in the guest.
REMOTE_LIMIT=200

bench_setup() {
	local name index
	backend dom0 netback
	ip addr add $(address_of dom0 1)/24 dev xenbr0
	ip link set eth1 up
	for index in 1 2; do on outside "ip addr replace $(address_of outside $index)/24 dev lan"; done
	for name in $BENCH_GUESTS; do guest $name pv; done
	start $BENCH_GUESTS
	# The vifs that come now are not the kernel's.
	echo 0 >/sys/bus/xen-backend/drivers_autoprobe
	vpe_start dom0 bench
	for name in $BENCH_GUESTS; do _vpe_vifs $name; done
	[ ! "$BENCH_DIRECT" ] || direct_setup
	gzip -c $BENCH/measure | put g1 /run/measure.gz || fail "g1 takes no file"
	on g1 'zcat /run/measure.gz >/run/measure
		modprobe veth && ip netns add a && ip netns add b && ip link add va netns a type veth peer name vb netns b &&
		ip -n a addr add 10.77.9.1/24 dev va && ip -n b addr add 10.77.9.2/24 dev vb &&
		ip -n a link set va up && ip -n b link set vb up' || fail "no network namespaces in the guest"
}

_vpe_vifs() { # GUEST
	local index
	# Two vifs of a guest are in one bridge: each answers for its own address only.
	on $1 'for key in arp_ignore=1 arp_announce=2 rp_filter=0; do
		for conf in all default eth0; do echo ${key#*=} >/proc/sys/net/ipv4/conf/$conf/${key%=*}; done; done' ||
		fail "$1 takes no sysctl"
	for index in 1 2; do
		case $index in
		1) VIF_KEYS=bridge=xenbr0 ;;
		2) VIF_KEYS=script=vif-vpe,bridge=vpebr ;;
		esac
		attach $1 $index || fail "xl network-attach $1 $index"
		wait_connected $1
		on $1 "ip addr add $(address_of $1 $index)/24 dev eth$index && ip link set eth$index up" ||
			fail "$1 has no eth$index"
	done
}

bench_turn() { # TOPOLOGY BACKEND
	_give_cpus $2
	case $1 in
	direct) direct_turn $2 ;;
	*) _stack_turn $1 $2 ;;
	esac
	_daemon CONT
}

# The guests' own stacks.
_stack_turn() { # TOPOLOGY BACKEND
	local peer=$1 index=0
	case $1.$2 in
	guest.*) peer=g2 ;;
	esac
	case $1.$2 in
	dom0.vpe) index=1 ;;
	*.vpe) index=2 ;;
	esac
	_server $peer
	wait_for 10 on g1 "ping -q -n -c 3 -i 0.2 -W 1 $(address_of $peer $index)" ||
		fail "g1 cannot reach $peer by $2"
	on g1 "sh /run/measure $(address_of $peer $index) $PORT eth$index $(echo $METRICS)" || fail "measuring in g1"
}

bench_ceiling() {
	PORT=$(_free_port)
	_give_cpus netback
	tell g1 "ip netns exec b iperf3 -s -p $PORT -I /run/work/iperf-$PORT.pid"
	wait_for $LISTEN_LIMIT on g1 "ip netns exec b ss -ltn | grep -q ':$PORT '" || fail "no server in g1"
	on g1 "ip netns exec a sh /run/measure 10.77.9.2 $PORT none $(echo $CEILING)
		$END_TRAFFIC" || fail "measuring in g1"
	_daemon CONT
}

# A new server for every turn, so that one bad stream does not spoil the next turn.
_server() { # WHERE
	on $1 "$END_TRAFFIC" || fail "$1 cannot end its server"
	PORT=$(_free_port)
	_serve $1 $PORT "iperf3 -s -p $PORT -I iperf-$PORT.pid"
}

# The CPUs of a turn: a poller has one for itself, as it is meant to be; the kernel's backend may use all.
_give_cpus() { # netback|vpe
	local rest=all poller=all name
	case $1 in
	vpe) rest=0 poller=1 && _daemon CONT ;;
	netback) _daemon STOP ;;
	esac
	xl vcpu-pin Domain-0 0 $rest && xl vcpu-pin Domain-0 1 $poller || fail "dom0 cannot be pinned"
	for name in $BENCH_GUESTS; do
		xl vcpu-pin $name all $rest || fail "$name cannot be pinned"
	done
}

_daemon() { # STOP|CONT
	local pid=$(vpe_pid dom0)
	kill -$1 $pid || fail "the daemon is gone"
	[ $1 = CONT ] || wait_for 5 _all_stopped $pid || fail "the daemon does not stop"
}

_all_stopped() {
	! cat /proc/$1/task/*/stat | grep -qv ') T '
}

bench_facts() {
	echo "xen $(xl info | awk '$1 == "xen_version" { print $3 }')"
	echo "dom0_vcpus $(nproc)"
	echo "guest_kernel $(on g1 'uname -r')"
	echo "guest_vcpus $(on g1 nproc)"
	echo "poller_mode $VPE_BENCH_MODE"
	echo "poller_idle_us $VPE_BENCH_IDLE_US"
	echo "poller_nap_us $VPE_BENCH_NAP_US"
}
