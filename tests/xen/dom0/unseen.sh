# SPDX-License-Identifier: BSD-3-Clause
# The daemon in dom0 ends and starts again, and guests must not notice.
#   unseen_begin GUEST...  from now on; for guests with one vif
#   daemon_again HOW       HOW is kill (SIGKILL), stop (SIGTERM) or crash (SIGSEGV): ends it and starts it at once, and
#                          waits until it serves as many guests again as unseen_begin named; gone: it has ended already;
#                          replace: a new one takes over when it is ready
#   unseen                 no state was written, no TCP connection was reset, no frontend complained
#   silences               after `answers`: how often there was none for 0.3 s, and p50, p99 and maximum of that in seconds

UNSEEN_LIMIT=30

unseen_begin() {
	note "unseen_begin $*"
	local guest
	echo "$*" >$LAB/unseen
	for guest in "$@"; do
		_resets $guest >$LAB/unseen-resets-$guest
		on $guest 'dmesg -c >/dev/null'
		xenstore-watch $(_back $guest)/state >$LAB/unseen-states-$guest &
		echo $! >>$LAB/unseen-pids
	done
	sleep 1
}

_back() {
	echo /local/domain/0/backend/vif/$(guest_domid $1)/0
}

_resets() {
	on $1 cat /proc/net/snmp >/run/lab/snmp
	awk '$1 == "Tcp:" && !n { n = split($0, name); next }
		$1 == "Tcp:" { for (i = 2; i <= n; i++) if (name[i] ~ /^(EstabResets|OutRsts)$/) { print name[i], $i; told++ } }
		END { exit told != 2 }' /run/lab/snmp || fail "$1 does not count its TCP resets"
}

_resumed() {
	grep -c ': resumed, connected' $LAB/backend.log || :
}

_has_resumed() {
	[ $(_resumed) -ge $1 ]
}

daemon_again() {
	local pid=$(cat /run/vpe.pid) wanted
	[ $1 != replace ] || { _replace; return; }
	wanted=$(($(_resumed) + $(wc -w <$LAB/unseen)))
	case $1 in
	kill) kill -9 $pid ;;
	crash) kill -SEGV $pid ;;
	stop)
		kill $pid
		wait_for 10 refuse_pid $pid || fail "the daemon does not end"
		;;
	esac
	_vpe_start_dom0
	wait_for $UNSEEN_LIMIT _has_resumed $wanted || fail "the guests are not resumed"
}

# The new one is in the log last of all.
_replace() {
	$VPE_CONFINED --replace -c $VPE_CONF >>$LAB/backend.log 2>&1 </dev/null || fail "the daemon is not replaced"
	wait_for 10 refuse_pid $(cat /run/vpe.pid) || fail "the old daemon stays"
	pidof vpe-backend >/run/vpe.pid
	[ $(wc -w </run/vpe.pid) = 1 ] || fail "daemons: $(cat /run/vpe.pid)"
}

# A watch fires once when it is set.
unseen() {
	note "unseen"
	local guest
	xargs kill <$LAB/unseen-pids
	rm $LAB/unseen-pids
	for guest in $(cat $LAB/unseen); do
		[ $(wc -l <$LAB/unseen-states-$guest) = 1 ] || fail "$guest: its backend's state was written"
		[ "$(xenstore-read $(_back $guest)/state)" = 4 ] || fail "$guest: its backend is not in 4"
		_resets $guest | cmp - $LAB/unseen-resets-$guest || fail "$guest: a TCP connection was reset"
		on $guest '! dmesg | grep -iE "vif|eth0|netfront"' >&2 || fail "$guest: its kernel complains"
	done
}

silences() {
	local from=$(cat $LAB/answers)
	on $from 'kill $(cat load-answers.pid); cat load-answers.out; rm load-answers.*' |
		awk '/^\[[0-9.]*\].* bytes, / { t = substr($1, 2) + 0; if (last && t - last > 0.3) print t - last; last = t }' |
		sort -n >$LAB/silences
	awk '{ gap[NR] = $1 } END { printf "%d p50 %.2f p99 %.2f max %.2f\n", NR, gap[int((NR + 1) / 2)], gap[int(NR * 0.99 + 0.99)], gap[NR] }' $LAB/silences
}
