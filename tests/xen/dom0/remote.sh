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
		local data
		data=$(guest_data $where) || exit 1
		_write_command $data $(unique) "$*"
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

# The guest's agent serves data/lab: see guest/agent. The watch is in place before
# the command is written, so its second event is the guest's answer.
_on_guest() {
	local data id=$(unique) path rc
	data=$(guest_data $1) || exit 1
	mkfifo $LAB/$id
	timeout $REMOTE_LIMIT xenstore-watch -n 2 $data/rc/$id >$LAB/$id 2>/dev/null &
	exec 9<$LAB/$id
	rm $LAB/$id
	read -r path <&9
	_write_command $data $id "$2"
	read -r path <&9 || fail "$1 did not finish in $REMOTE_LIMIT s: $2"
	exec 9<&-
	_read_output $data/out/$id
	rc=$(xenstore-read $data/rc/$id)
	xenstore-rm $data/do/$id $data/out/$id $data/rc/$id 2>/dev/null
	return $rc
}

_write_command() { # DATA ID COMMAND
	xenstore-write $1/do/$2 "$(printf '%s\n' "$3" | base64 -w 0)"
}

_read_output() {
	local piece
	for piece in $(xenstore-list $1 2>/dev/null | sort -n); do
		xenstore-read -R $1/$piece
	done | base64 -d
}
