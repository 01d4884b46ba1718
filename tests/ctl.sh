#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What vpe-ctl prints and exits with: against the daemon on the fake hypervisor, and against a socket that the test plays.
#   ctl.sh     the program is $VPE_CTL (default ./vpe-ctl), the daemon $VPE_TEST_DAEMON (default tests/programs/daemon)

set -u

ctl=${VPE_CTL:-./vpe-ctl}
daemon=${VPE_TEST_DAEMON:-tests/programs/daemon}
srcdir=${srcdir:-.}
n_passed=0
n_failed=0
tmp=$(mktemp -d)
socket=$tmp/control
server=
trap 'serve none; stop_daemon; rm -rf "$tmp"' EXIT

judge() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS $1"
		n_passed=$((n_passed + 1))
	else
		echo "FAIL $1"
		n_failed=$((n_failed + 1))
		sed 's/^/     | /' "$tmp/out" "$tmp/err"
	fi
}

run() { # ARGUMENT...
	"$ctl" -s "$socket" "$@" >"$tmp/out" 2>"$tmp/err"
}

# OUT and ERR are parts of what is wanted on standard output and standard error; "" wants nothing there.
ask() { # NAME STATUS OUT ERR ARGUMENT...
	name=$1 wanted=$2 out=$3 err=$4
	shift 4
	run "$@"
	[ $? = "$wanted" ] && has "$out" "$tmp/out" && has "$err" "$tmp/err"
	judge "$name" $?
}

has() { # TEXT FILE
	if [ -n "$1" ]; then grep -qF -- "$1" "$2"; else [ ! -s "$2" ]; fi
}

# The command's answer has a line that matches.
line() { # NAME EXPRESSION ARGUMENT...
	name=$1 expression=$2
	shift 2
	run "$@" && grep -qE -- "$expression" "$tmp/out"
	judge "$name" $?
}

# ---- a socket that the test plays -----------------------------------------------------------------------------------

# Listens at $socket and gives each client what the words say:
#   hostile    what a guest's owner would like to see on a terminal
#   endless    a page that is followed by itself
#   closes     nothing: it hangs up
#   garbage    half an answer
#   list       JSON, but no object
#   none       there is no server any more
serve() { # WORD
	[ -z "$server" ] || { kill "$server"; wait "$server" 2>/dev/null; server=; }
	rm -f "$socket" "$tmp/up"
	[ "$1" != none ] || return
	perl -MSocket -e '
		my ($path, $word, $up) = @ARGV;
		my %answer = (
			hostile => qq({"vifs":[{"name":"vif1.0\\u001b[2J","domain":"\\u0007\xf0\x9f\x98\x80) . "\xc2\x9b" x 99 . qq(","mac":"\\u007f","problem":"a\\nb"}]}),
			endless => qq({"vifs":[{"name":"vif1.0"}],"next":"vif1.0"}),
			garbage => qq({"vifs":[{"name"),
			list => qq(["vifs"]),
		);
		socket(my $s, PF_UNIX, SOCK_SEQPACKET, 0) or die;
		bind($s, sockaddr_un($path)) && listen($s, 5) or die;
		open(my $f, ">", $up) or die;
		while (accept(my $c, $s)) {
			my $m;
			while (defined(recv($c, $m, 4096, 0)) && length($m) && $answer{$word}) {
				send($c, $answer{$word}, 0);
			}
		}' "$socket" "$1" "$tmp/up" &
	server=$!
	while [ ! -e "$tmp/up" ]; do sleep 0.02; done
}

no_daemon() {
	ask "the daemon does not run" 1 "" "vpe-backend is not running: nothing listens at $socket" show
	: >"$socket"
	ask "nobody listens" 1 "" "vpe-backend is not running" show vifs
	rm "$socket"
	serve closes
	ask "the daemon hangs up" 1 "" "vpe-backend has closed the connection" show
	serve garbage
	ask "half an answer" 1 "" "is not a JSON object, or was cut" show
	serve list
	ask "an answer that is no object" 1 "" "is not a JSON object, or was cut" show
	serve endless
	ask "pages without an end" 1 "" "the list does not end" show
	serve none
	ask "a path that is too long" 1 "" "too long for the name of a socket" -s "$(printf '%0200d' 0)" show
}

# Only root can be somebody else.
no_permission() {
	[ "$(id -u)" = 0 ] && command -v setpriv >/dev/null || return
	serve list
	chmod 755 "$tmp"
	chmod 600 "$socket"
	cp "$ctl" "$tmp/vpe-ctl" 2>/dev/null && [ ! -e "$(dirname "$ctl")/.libs/vpe-ctl" ] || return
	setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/vpe-ctl" -s "$socket" show >"$tmp/out" 2>"$tmp/err"
	[ $? = 1 ] && has "" "$tmp/out" && has "no permission" "$tmp/err"
	judge "no permission" $?
}

# No byte but printable ASCII and line ends, and no more lines than there are rows.
hostile_text() {
	serve hostile
	for option in "" -j; do
		# shellcheck disable=SC2086 # none or one
		run show vifs $option
		! LC_ALL=C grep -q '[^ -~]' "$tmp/out"
		judge "control characters do not reach the terminal $option" $?
	done
	run show vifs
	[ "$(wc -l <"$tmp/out")" = 2 ] && grep -qF '\x1b[2J' "$tmp/out" && grep -qF '\x07\xf0\x9f\x98\x80\xc2' "$tmp/out"
	judge "they are escaped, and long ones cut" $?
	serve none
}

# ---- the daemon -----------------------------------------------------------------------------------------------------

start_daemon() {
	mkfifo "$tmp/wish"
	"$daemon" "$socket" <"$tmp/wish" >"$tmp/said" 2>"$tmp/log" &
	daemon_pid=$!
	exec 9>"$tmp/wish"
	for _ in $(seq 200); do
		! grep -q . "$tmp/said" || break
		kill -0 $daemon_pid 2>/dev/null || break
		sleep 0.1
	done
	cp "$tmp/log" "$tmp/out"
	: >"$tmp/err"
	[ "$(cat "$tmp/said")" = ready ]
	judge "the daemon runs" $?
}

stop_daemon() {
	[ -n "${daemon_pid-}" ] || return
	exec 9>&-
	wait "$daemon_pid"
	daemon_status=$?
	daemon_pid=
}

tables() {
	line "vifs is the default" '^vif5\.0  *web1  *connected  *switched  *xenbr0  *00:16:3e:00:05:00  *0  *0  *0  *0  *0' show
	line "a vif that waits" '^vif7\.1  *two  *waiting ' show vifs
	line "a hostile name" '^vif6\.0  *a"b\\c\{\}\$\(reboot\)\\x1b\[2J\\xf0\\x9f' show vifs
	[ "$(wc -l <"$tmp/out")" = 5 ]
	judge "a line for each vif" $?
	line "ports" '^echo  *echo  *xenbr0 ' show ports
	line "pollers" '^ *0  *0  *3 ' show pollers
	line "bridges" '^xenbr0  *5  *1  *1  *no$' show bridges
	line "uplinks" '^echo  *echo  *xenbr0  *yes  *no ' show uplinks
	line "fdb" '^PORT  *BRIDGE  *ADDRESSES$' show fdb
	line "buffers" '^small  *4095$' show buffers
	line "counters" '^port  *rx_frames  *frames  *yes  *received from' show counters
	line "a vif" '^state  *connected$' show vif vif5.0
	line "its settings" '^  priority  *1$' show vif vif5.0
	line "its port" '^  rx_frames  *0$' show vif vif5.0
	line "a port" '^kind  *vif$' show port vif5.0
	run show port vif5.0
	! grep -q mac_spoof "$tmp/out"
	judge "drops that did not happen are left out" $?
	line "a vif by its domain" '^name  *vif5\.0$' show vif web1
	line "a vif by domain and number" '^name  *vif7\.1$' show vif two/1
}

# As scripts use it, without a program for JSON.
json() {
	line "a counter in JSON" '^\{"port":\{"name":"vif5.0","kind":"vif","bridge":"xenbr0",.*"rx_frames":0,.*"drops":\{.*"mac_spoof":0.*"queues":\{"0":\{"poller":0,' \
		-j show port vif5.0
	line "the option may stand at the end" '^\{"pollers":\[\{"name":"0","cpu":0,.*"switch":\{"entries":[0-9]*,' show pollers -j
	line "all vifs" '^\{"vifs":\[\{"name":"vif5.0",.*\{"name":"vif7.1",.*\}\]\}$' show --json
	[ "$(wc -l <"$tmp/out")" = 1 ]
	judge "one line" $?
}

mistakes() {
	ask "a port that is not there" 1 "" 'vpe-ctl: there is no port "vif99.0"' show port vif99.0
	ask "a vif that is not there" 1 "" 'vpe-ctl: there is no vif "vif99.0"' show vif vif99.0 -j
	ask "a name that means harm" 1 "" 'there is no vif "\x1b[2J"' show vif "$(printf '\033[2J')"
	ask "a name that is not UTF-8" 1 "" "not valid UTF-8" show vif "$(printf '\377')"
	ask "a domain with two vifs" 1 "" '"two" has 2 vifs: name one, as in "two/0"' show vif two
	ask "no name" 1 "" '"vif" needs a name' show vif
	ask "a name where there is none" 1 "" '"pollers" takes no name' show pollers 0
	ask "an unknown word" 2 "" 'there is nothing called "vfs" to show' show vfs
	ask "an unknown command" 2 "" 'there is no command "list"' list
	ask "no command" 2 "" "usage: vpe-ctl"
	ask "too many arguments" 2 "" "usage: vpe-ctl" show vif vif5.0 vif6.0
	ask "a takeover with too many arguments" 2 "" "usage: vpe-ctl" takeover now
	ask "a takeover without an end" 2 "" "usage: vpe-ctl" takeover --rollback-after soon
	ask "a handback of one vif" 2 "" "usage: vpe-ctl" handback vif5.0
	ask "an unknown option" 2 "" "usage: vpe-ctl" -x
	ask "help" 0 "usage: vpe-ctl" "" -h
	ask "help" 0 "usage: vpe-ctl" "" --help
	ask "version" 0 "vpe-ctl 0" "" -V
	ask "version" 0 "vpe-ctl 0" "" --version
	"$ctl" -s "$socket" show vifs 2>"$tmp/err" >/dev/full
	[ $? = 1 ] && has "standard output" "$tmp/err"
	judge "no room for the answer" $?
}

# The words with which the lab reads the JSON.
lab() { # NAME WANTED WORD ARGUMENT...
	name=$1 wanted=$2
	shift 2
	PATH=$tmp/bin:$PATH sh -c '. "$0/tests/xen/dom0/inspect.sh"; "$@"' "$srcdir" "$@" >"$tmp/out" 2>"$tmp/err"
	[ "$(cat "$tmp/out")" = "$wanted" ]
	judge "the lab's words: $name" $?
}

lab_words() {
	mkdir "$tmp/bin"
	printf '#!/bin/sh\nexec "%s" -s "%s" "$@"\n' "$(realpath "$ctl")" "$socket" >"$tmp/bin/vpe-ctl"
	chmod +x "$tmp/bin/vpe-ctl"
	lab "a number of a port" 1522 port_counter vif5.0 max_frame
	lab "a counter" 0 port_counter vif5.0 rx_frames
	lab "a reason for drops" 0 port_counter vif5.0 mac_spoof
	lab "a counter that no port has" "" port_counter vif5.0 copies
	lab "a port that is not there" "" port_counter vif99.0 rx_frames
	lab "a queue's counter" 0 queue_counter vif5.0 0 tx_frames
	lab "a queue's poller" 0 queue_counter vif5.0 0 poller
	lab "a poller's counter" 0 poller_counter copies
	lab "a counter of its switch" 2 poller_counter entries
	lab "ports" "echo vif5.0 vif6.0" eval 'echo $(ports)'
	lab "frames of all ports" 0 poller_frames
}

# Each counter is in the manual.
manual() {
	missing=
	for name in $("$ctl" -s "$socket" show counters -j | grep -o '"name":"[^"]*"' | cut -d '"' -f 4); do
		grep -qE "^\.BR? .*\\b$name\\b" "$srcdir/docs/vpe-ctl.8" || missing="$missing $name"
	done
	echo "not in the manual:$missing" >"$tmp/out"
	[ -z "$missing" ]
	judge "every counter is in the manual" $?
}

no_daemon
no_permission
hostile_text
start_daemon
tables
json
lab_words
mistakes
manual
stop_daemon
cp "$tmp/log" "$tmp/out"
[ "$daemon_status" = 0 ] && [ ! -e "$socket" ]
judge "the daemon ends, and removes its socket" $?
echo "$n_passed passed, $n_failed failed"
[ "$n_failed" = 0 ]
