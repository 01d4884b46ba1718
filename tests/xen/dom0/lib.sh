# SPDX-License-Identifier: BSD-3-Clause
# The vocabulary of the cases: this file is read first, then the others.

LAB=/run/lab
TREE=/lab/tree/dom0
mkdir -p $LAB/guests

# Say what is being done. On stderr, since the output of some words is a result.
note() {
	_read_uptime
	echo "$UPTIME $*" >&2
}

fail() {
	note "FAILED: $*"
	exit 1
}

# wait_for SECONDS COMMAND...: until the command succeeds. In a subshell: a word that ends the case is here only a try.
wait_for() {
	local deadline
	_read_uptime
	deadline=$((${UPTIME%.*} + $1))
	shift
	until ("$@") >/dev/null 2>&1; do
		_read_uptime
		[ ${UPTIME%.*} -lt $deadline ] || return 1
		usleep 100000
	done
}

# Seconds since the machine's start.
now() {
	_read_uptime
	echo ${UPTIME%.*}
}

# Sets UPTIME, without a process: a new one takes a tenth of a second here.
_read_uptime() {
	local rest
	read -r UPTIME rest </proc/uptime
}

# A name nobody else uses, fit for files and xenstore nodes.
unique() {
	mktemp -u XXXXXXXX
}

for part in remote guest backend driver-domain vpe-conf vpe traffic compare direct life unseen expect inspect clean gather; do
	. $TREE/$part.sh
done
