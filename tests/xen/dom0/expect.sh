# SPDX-License-Identifier: BSD-3-Clause
# Checks.
#   expect TEXT COMMAND...        the command must succeed; TEXT says what is true then
#   soon SECONDS TEXT COMMAND...  it must succeed before the time is up
#   is EXPRESSION                 true when awk finds EXPRESSION true: is "$rate > 1.5"

expect() {
	note "expect $1"
	local text=$1
	shift
	"$@" || fail "$text: $*"
}

soon() {
	note "soon $2"
	local limit=$1 text=$2
	shift 2
	wait_for $limit "$@" || fail "$text, within $limit s: $*"
}

is() {
	awk "BEGIN { exit !($1) }" </dev/null
}
