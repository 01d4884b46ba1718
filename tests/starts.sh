#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Each wrong start of vpe-backend ends with one line that says what is wrong, and with exit status 78 if only somebody who changes
# the configuration or the machine can help, else 1.
#   starts.sh     the binary is $VPE_BACKEND (default ./vpe-backend), $VPE_FOREIGN says "no" if it is built without
#                 foreign_memory; the sources are in $srcdir (default .)
#
# What is wrong with the machine is shown in a mount namespace where /sys and /dev look like those of a driver domain
# without a hypervisor behind them.

set -u

daemon=${VPE_BACKEND:-./vpe-backend}
deny=${VPE_DENY:-tests/programs/deny}
srcdir=${srcdir:-.}
unset JOURNAL_STREAM
n_passed=0
n_failed=0
again=

# ---- checks ---------------------------------------------------------------------------------------------------

passed() {
	echo "PASS $1"
	n_passed=$((n_passed + 1))
}

failed() { # NAME WHY
	echo "FAIL $1: $2"
	sed 's/^/     | /' "$tmp/out" "$tmp/err"
	n_failed=$((n_failed + 1))
}

run() {
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
}

# Of the last run: status 78, and nothing but the one line "vpe-backend: error: " and then WANTED. With a third argument the status is
# 1. If DPDK was started ("dpdk"), its own lines may come before.
judge() { # NAME WANTED [dpdk|again]
	[ -n "${3-}" ] && wanted_status=1 || wanted_status=78
	n_lines=$(wc -l <"$tmp/err")
	n_errors=$(grep -c '^vpe-backend: error: ' "$tmp/err")
	if [ $status != "$wanted_status" ]; then
		failed "$1" "exit status $status"
	elif [ -s "$tmp/out" ]; then
		failed "$1" "something on standard output"
	elif [ "$n_errors" != 1 ] || { [ "${3-}" != dpdk ] && [ "$n_lines" != 1 ]; }; then
		failed "$1" "$n_errors lines of ours, $n_lines in all"
	elif ! tail -n 1 "$tmp/err" | grep -qF "vpe-backend: error: $2"; then
		failed "$1" "the line does not begin with: $2"
	else
		passed "$1"
	fi
}

# Starting with these lines as configuration, in $tmp/conf, is refused. A WANTED that begins with ":" is to come after the
# file's name.
refused() { # NAME WANTED LINE...
	name=$1
	case $2 in
	:*) wanted=$tmp/conf$2 ;;
	*) wanted=$2 ;;
	esac
	shift 2
	printf '%s\n' "$@" >"$tmp/conf"
	run "$daemon" -c "$tmp/conf"
	judge "$name" "$wanted" "$again"
}

# `-t` (the file alone) or `-T` (the machine, too) finds nothing wrong, and says so.
accepted() { # NAME OPTION FILE
	run "$daemon" "$2" -c "$3"
	if [ $status != 0 ] || [ -s "$tmp/err" ]; then
		failed "$1" "exit status $status"
	elif ! grep -qF "$3: the configuration is fine" "$tmp/out"; then
		failed "$1" "nothing says that it is fine"
	else
		passed "$1"
	fi
}

# ---- configuration: any machine ----------------------------------------------------------------------------------

wrong_files() {
	run "$daemon" -c "$tmp/none"
	judge "missing file" "$tmp/none: No such file or directory"
	run "$daemon" -c "$tmp"
	judge "a directory" "$tmp: "
	refused "syntax error" ":2: syntax error" 'log_level = "info";' 'hotplug = = "auto";'
	refused "unclosed group" ":4: syntax error" 'memory = {' '	size_mb = 96;' ''
}

wrong_command_lines() {
	for arguments in -x '-c' "-c $tmp/cpus more"; do
		# shellcheck disable=SC2086 # several arguments
		run "$daemon" $arguments
		[ $status = 78 ] && grep -q '^usage: vpe-backend' "$tmp/err" && passed "command line $arguments" ||
			failed "command line $arguments" "exit status $status"
	done
}

wrong_names() {
	refused "unknown setting" ":2: poller: unknown setting" '' 'poller = { };'
	refused "unknown setting in a group" ":2: hugepage: unknown setting" 'memory = {' 'hugepage = true; };'
	refused "unknown setting of an uplink" ":1: vlan: unknown setting" 'uplinks = ( { vlan = 5; } );'
	refused "unknown mode" ':1: mode: unknown value "sometimes": expected "always", "adaptive" or "nap"' 'pollers = { mode = "sometimes"; };'
	refused "unknown type of uplink" ':1: type: unknown value "bridge": expected "packet", "tap", "ethdev" or "echo"' 'uplinks = ( { type = "bridge"; } );'
	refused "unknown hotplug mode" ':1: hotplug: unknown value "none": expected "auto", "script" or "self"' 'hotplug = "none";'
	refused "unknown sandbox choice" ':1: sandbox: unknown value "yes": expected "enforce", "log" or "off"' 'sandbox = "yes";'
	refused "unknown netback choice" ':1: netback: unknown value "yes": expected "refuse" or "share"' 'netback = "yes";'
	refused "unknown log level" ':1: log_level: unknown value "loud": expected "error", "warning", "info" or "debug"' 'log_level = "loud";'
}

wrong_types() {
	refused "no group" ":1: pollers: expected a group" 'pollers = 3;'
	refused "no list" ":1: uplinks: expected a list" 'uplinks = { };'
	refused "no group in the list" ':1: uplinks: expected a group' 'uplinks = ( 1 );'
	refused "no list of CPUs" ":1: cpus: expected a list of CPU numbers" 'pollers = { cpus = 1; };'
	refused "no CPU number" ":1: cpus: expected a list of CPU numbers" 'pollers = { cpus = [ "1" ]; };'
	refused "no whole number" ":1: size_mb: expected a whole number" 'memory = { size_mb = "96"; };'
	refused "a nap of no length" ":1: nap_us: 0 is out of range: expected 1 to 10000" 'pollers = { nap_us = 0; };'
	refused "too many queues" ":1: max_queues: 17 is out of range: expected 1 to 16" 'vifs = { max_queues = 17; };'
	refused "a load above all" ":1: load_percent: 101 is out of range: expected 1 to 100" 'balance = { load_percent = 101; };'
	refused "a fraction" ":1: idle_us: expected a whole number" 'pollers = { idle_us = 1.5; };'
	refused "no truth value" ":1: hugepages: expected true or false" 'memory = { hugepages = 1; };'
	refused "no truth value" ":1: foreign_memory: expected true or false" 'foreign_memory = 1;'
	refused "no truth value" ":1: strict_bridges: expected true or false" 'strict_bridges = "yes";'
	refused "no string" ":1: log_level: expected a string" 'log_level = 1;'
	refused "a group that is no string" ":1: control_group: expected a string" 'control_group = 100;'
	refused "an empty string" ":1: device: expected a string that is not empty" 'uplinks = ( { device = ""; } );'
}

wrong_values() {
	refused "below the range" ":1: idle_us: 0 is out of range: expected 1 to 1000000" 'pollers = { idle_us = 0; };'
	refused "above the range" ":1: mtu: 9201 is out of range: expected 68 to 9200" 'uplinks = ( { mtu = 9201; } );'
	refused "a negative number" ":1: fdb_entries: -1 is out of range: expected 64 to 1048576" 'switch = { fdb_entries = -1; };'
	refused "a CPU twice" ":1: cpus: CPU 1 is listed twice" 'pollers = { cpus = [ 0, 1, 1 ]; };'
	refused "an impossible CPU" ":1: cpus: -1 is not a CPU number" 'pollers = { cpus = [ -1 ]; };'
	refused "no CPU" ":1: cpus: the list is empty" 'pollers = { cpus = [ ]; };'
	refused "an incomplete uplink" ":2: uplinks: an uplink needs type, device and bridge" 'uplinks = (' \
		'{ type = "tap"; device = "vpe0"; } );'
	refused "a device whose name is too long" ':1: uplinks: "sixteen-letters-" is longer than' \
		'uplinks = ( { type = "tap"; device = "sixteen-letters-"; bridge = "b"; } );'
	refused "no such poller" ": uplinks: vpe0: there is no poller 1" 'pollers = { cpus = [ 0 ]; };' \
		'uplinks = ( { type = "tap"; device = "vpe0"; bridge = "b"; poller = 1; } );'
	refused "too little memory" ": memory.size_mb: 32 is too small" 'memory = { size_mb = 32; };'
	echo 'log_level = "info";' >"$tmp/conf"
	run taskset -c "$(allowed_cpu)" "$daemon" -c "$tmp/conf"
	judge "one CPU only" "no CPU to poll on: there is only one CPU"
}

# `-t` asks nothing of the machine, and finds the same mistakes as a start.
file_alone() {
	echo 'log_level = "info";' >"$tmp/conf"
	accepted "a file, without Xen" -t "$tmp/conf"
	run taskset -c "$(allowed_cpu)" "$daemon" -t -c "$tmp/conf"
	[ $status = 0 ] && passed "a file, on one CPU" || failed "a file, on one CPU" "exit status $status"
	echo 'pollers = { cpus = [ 1000 ]; };' >"$tmp/conf"
	accepted "a file for a bigger machine" -t "$tmp/conf"
	for test in wrong_value:'size_mb = 32' wrong_name:'size = 96'; do
		echo "memory = { ${test#*:}; };" >"$tmp/conf"
		run "$daemon" -t -c "$tmp/conf"
		judge "-t, ${test%%:*}" "$tmp/conf:"
	done
}

# libxenctrl's interface changes with each release of Xen: only foreign_memory may need it.
foreign_memory() {
	echo 'foreign_memory = true;' >"$tmp/conf"
	libraries=$(ldd "$daemon" | grep -cE 'libxenctrl|libxenforeignmemory')
	if [ "${VPE_FOREIGN-}" = no ]; then
		refused "foreign_memory, left out" ":1: foreign_memory: this vpe-backend is built without it" 'foreign_memory = true;'
		[ "$libraries" = 0 ] && passed "no libxenctrl" || failed "no libxenctrl" "it is linked"
	else
		accepted "foreign_memory" -t "$tmp/conf"
	fi
}

allowed_cpu() {
	taskset -cp $$ | sed 's/.*: //; s/[,-].*//'
}

# ---- the machine --------------------------------------------------------------------------------------------------

# Without hypervisor.
not_on_xen() {
	[ ! -e /proc/xen ] && [ "$(cat /sys/hypervisor/type 2>/dev/null)" != xen ] || return
	run "$daemon" -c "$tmp/cpus"
	judge "not on Xen" "this machine does not run on Xen"
}

# In a mount namespace of our own: makes /sys and /dev look like a driver domain's.
pretend_xen() {
	mkdir "$tmp/sys" "$tmp/dev" &&
		mount --rbind /sys "$tmp/sys" && mount -t tmpfs none /sys &&
		mirror "$tmp/sys" /sys bus && mirror "$tmp/sys/bus" /sys/bus xen-backend &&
		mkdir -p /sys/hypervisor && echo xen >/sys/hypervisor/type &&
		mount --rbind /dev "$tmp/dev" && mount -t tmpfs none /dev &&
		mkdir /dev/xen && mount -t tmpfs none /run || return
	for name in null zero full random urandom shm net hugepages; do
		[ ! -e "$tmp/dev/$name" ] || ln -s "$tmp/dev/$name" /dev/$name
	done
}

# Each directory of FROM but EXCEPT appears in TO.
mirror() { # FROM TO EXCEPT
	for from in "$1"/*/; do
		name=$(basename "$from")
		[ "$name" != hypervisor ] || continue
		mkdir -p "$2/$name"
		[ "$name" = "$3" ] || mount --rbind "$from" "$2/$name" || return
	done
}

# These run where pretend_xen() was.
wrong_machines() {
	cp "$tmp/cpus" "$tmp/conf"
	run "$daemon" -c "$tmp/conf"
	judge "no /dev/xen/gntdev" '/dev/xen/gntdev is missing: load its kernel module with "modprobe xen-gntdev"' again
	: >/dev/xen/gntdev
	run "$daemon" -c "$tmp/conf"
	judge "no /dev/xen/evtchn" '/dev/xen/evtchn is missing: load its kernel module with "modprobe xen-evtchn"' again
	mkfifo -m 600 /dev/xen/evtchn # the daemon waits for its events, which no plain file has
	run "$daemon" -c "$tmp/conf"
	judge "no xenstore" 'xenstore cannot be reached: ' again
	: >/dev/xen/xenbus
	for device in gntdev evtchn xenbus; do
		chmod 0 /dev/xen/$device
		run setpriv --bounding-set=-all --inh-caps=-all "$daemon" -c "$tmp/conf"
		judge "no permission for /dev/xen/$device" "/dev/xen/$device cannot be opened: run as root" again
		chmod 600 /dev/xen/$device
	done
	mkdir -p /sys/bus/xen-backend/drivers/vif
	run "$daemon" -c "$tmp/conf"
	judge "xen-netback is loaded" "the kernel's xen-netback is loaded and would take every vif"
	{ cat "$tmp/conf"; echo 'netback = "share";'; } >"$tmp/share"
	accepted "xen-netback is loaded and may stay" -T "$tmp/share"
	run "$daemon" -T -c "$tmp/conf"
	judge "-T, while xen-netback is loaded" "the kernel's xen-netback is loaded and would take every vif"
	accepted "-t, while xen-netback is loaded" -t "$tmp/conf"
	rmdir /sys/bus/xen-backend/drivers/vif
	accepted "a machine that is ready" -T "$tmp/conf"
}

wrong_kernel() { # NAME SYSCALL ERROR WANTED
	run "$deny" "$2" "$3" "$daemon" -c "$tmp/cpus"
	judge "$1" "$4"
}

wrong_kernels() {
	[ -x "$deny" ] || { echo "SKIP the kernel: no $deny"; return; }
	wrong_kernel "Linux before 5.19" io_uring_setup EINVAL "this kernel is too old, or built without io_uring"
	wrong_kernel "a kernel without io_uring" io_uring_setup ENOSYS "this kernel is too old, or built without io_uring"
	wrong_kernel "io_uring is forbidden" io_uring_setup EPERM "the kernel does not let vpe-backend use io_uring"
	wrong_kernel "Linux before 5.11" epoll_pwait2 ENOSYS "this kernel is too old, it has no epoll_pwait2()"
}

wrong_cpu() {
	refused "a CPU that does not exist" "no CPU to poll on: CPU 1000 does not exist" \
		'pollers = { cpus = [ 1000 ]; };'
}

# Somebody serves already: nothing is started, not even DPDK.
second_daemon() {
	mkdir -p /run/vpe
	(flock 9 && echo 4711 >&9 && exec sleep 60) 9>/run/vpe/lock &
	holder=$!
	again=again
	refused "a second daemon" "another vpe-backend already serves the vifs of this domain: process 4711" "$(cat "$tmp/cpus")"
	again=
	kill $holder
	wait $holder 2>/dev/null
}

# With DPDK started, before anything is asked of xenstore.
wrong_uplinks() {
	cpus=$(cat "$tmp/cpus")
	again=dpdk
	refused "no such network device" "uplink nosuch0 cannot be opened: No such device: there is no such" "$cpus" \
		'uplinks = ( { type = "packet"; device = "nosuch0"; bridge = "b"; } );'
	refused "no such DPDK device" "uplink 0000:ff:1f.7 cannot be opened: No such device: is it bound to" "$cpus" \
		'uplinks = ( { type = "ethdev"; device = "0000:ff:1f.7"; bridge = "b"; } );'
	rm -f /dev/net
	refused "no /dev/net/tun" "uplink vpe0 cannot be opened: No such file or directory: load the kernel module" \
		"$cpus" 'uplinks = ( { type = "tap"; device = "vpe0"; bridge = "b"; } );'
	rm /dev/xen/xenbus
	mkdir -p /run/xenstored
	perl -MSocket -e 'socket S, PF_UNIX, SOCK_STREAM, 0; bind S, sockaddr_un "/run/xenstored/socket"'
	refused "xenstored does not answer" "no connection to xenstore: " "$cpus"
	again=
}

# The sample, as it is and with its examples taken in.
sample() {
	accepted "the sample configuration" -t "$srcdir/docs/vpe-backend.conf"
	sed 's/^#\([^ ]\)/\1/' "$srcdir/docs/vpe-backend.conf" >"$tmp/sample"
	accepted "the sample configuration's examples" -t "$tmp/sample"
}

# What systemd makes of the exit status.
service_unit() {
	grep -q '^RestartPreventExitStatus=78$' "$srcdir/backend/vpe-backend.service.in" && passed "the unit knows status 78" ||
		failed "the unit knows status 78" "it is not in the unit"
}

# ---- all ------------------------------------------------------------------------------------------------------------

# The second half runs in the namespace and goes on counting.
inside() {
	if ! pretend_xen; then
		echo "SKIP the machine: cannot mount over /sys and /dev"
		return
	fi
	wrong_machines
	wrong_kernels
	wrong_cpu
	second_daemon
	wrong_uplinks
}

sum_up() {
	echo "$n_passed passed, $n_failed failed"
	[ "$n_failed" = 0 ]
	exit
}

if [ "${1-}" = --inside ]; then
	tmp=$2 n_passed=$3 n_failed=$4
	inside
	sum_up
fi

[ -x "$daemon" ] || { echo "no executable $daemon: set VPE_BACKEND"; exit 1; }
case $daemon in
/*) ;;
*) daemon=$PWD/$daemon ;;
esac
case $deny in
/*) ;;
*) deny=$PWD/$deny ;;
esac
export VPE_BACKEND="$daemon" VPE_DENY="$deny"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
printf 'pollers = { cpus = [ %d ]; };\n' "$(allowed_cpu)" >"$tmp/cpus"
wrong_command_lines
wrong_files
wrong_names
wrong_types
wrong_values
sample
service_unit
file_alone
foreign_memory
not_on_xen
[ "$(id -u)" = 0 ] && options=--mount || options='--mount --map-root-user'
# shellcheck disable=SC2086 # two options
if unshare $options true 2>/dev/null; then
	unshare $options sh "$0" --inside "$tmp" $n_passed $n_failed
	exit
fi
echo "SKIP the machine: cannot make a mount namespace"
sum_up
