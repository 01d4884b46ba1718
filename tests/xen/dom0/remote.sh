# SPDX-License-Identifier: BSD-3-Clause
# Commands on other machines.
#   on WHERE COMMAND     run it, show its output, return its exit status
#   tell WHERE COMMAND   start it and do not wait
#   put WHERE PATH       write standard input (a few kB) to a file there
# WHERE is dom0, outside (the host beyond dom0's NIC), vpe (the driver domain) or
# the name of a guest.

REMOTE_LIMIT=${REMOTE_LIMIT:-120}

on() {
	local where=$1
	shift
	case $where in
	dom0) sh -c "$*" ;;
	outside) _on_outside "$*" ;;
	*) _on_guest $where "$*" ;;
	esac
}

tell() {
	local where=$1
	shift
	case $where in
	dom0) setsid sh -c "$*" >/dev/null 2>&1 </dev/null & ;;
	outside) _request_outside $(unique) "($*) >/dev/null 2>&1 </dev/null &" ;;
	*)
		_read_domid $where
		ask 0 $DOMID "$*" || fail "$where cannot be given a command: $*"
		;;
	esac
}

put() {
	on $1 "echo $(base64 -w 0) | base64 -d >$2"
}

# The host serves /lab/outside: see host/outside.py.
_on_outside() {
	local id=$(unique)
	_request_outside $id "$1"
	wait_for $REMOTE_LIMIT test -e /lab/outside/$id.rc ||
		fail "the outside did not finish: $1"
	cat /lab/outside/$id.out
	return $(cat /lab/outside/$id.rc)
}

_request_outside() {
	printf '%s\n' "$2" >/lab/outside/$1.tmp
	mv /lab/outside/$1.tmp /lab/outside/$1.sh
}

# The machine's agent serves data/lab: see programs/agent.c and ask.c.
_on_guest() {
	local rc=0
	_read_domid $1
	ask $REMOTE_LIMIT $DOMID "$2" || rc=$?
	case $rc in
	253) fail "$1 cannot be given a command: $2" ;;
	254) fail "$1 did not finish in $REMOTE_LIMIT s: $2" ;;
	esac
	return $rc
}
