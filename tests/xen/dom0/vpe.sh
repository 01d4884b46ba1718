# SPDX-License-Identifier: BSD-3-Clause
# The daemon, in dom0 or in the driver domain.
#   vpe_start WHERE KIND    write its configuration and start it
#   vpe_stop                end the one in dom0
#   vpe_pid WHERE           its process

VPE_CONF=/etc/vpe/vpe-backend.conf
VPE_CONFINED=/lab/tree/dom0/confined
VPE_START_LIMIT=15

vpe_start() {
	on $1 'command -v vpe-backend >/dev/null' || fail "there is no vpe-backend in this image"
	on $1 'mkdir -p /etc/vpe /run/vpe'
	vpe_conf $2 | put $1 $VPE_CONF
	case $1 in
	dom0) _vpe_start_dom0 ;;
	*) on $1 /lab/vpe ;;
	esac
	wait_for $VPE_START_LIMIT vpe_ready $1 || fail "vpe-backend is not ready"
}

_vpe_start_dom0() {
	setsid $VPE_CONFINED -c $VPE_CONF >>$LAB/backend.log 2>&1 </dev/null &
	echo $! >/run/vpe.pid
}

vpe_stop() {
	local pid=$(cat /run/vpe.pid 2>/dev/null)
	[ "$pid" ] || return 0
	kill -CONT $pid
	kill $pid
	wait_for 10 refuse_pid $pid || kill -9 $pid
	rm -f /run/vpe.pid
}

refuse_pid() {
	! kill -0 $1
}

vpe_pid() {
	on $1 'cat /run/vpe.pid'
}

vpe_gather() { # DIRECTORY
	cp $LAB/backend.log $1/backend.log 2>/dev/null
	cp $VPE_CONF $1/vpe-backend.conf 2>/dev/null
	[ -e /run/vpe.pid ] && counters >$1/counters 2>&1
	return 0
}
