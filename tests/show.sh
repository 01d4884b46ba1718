#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What vpe-show prints and exits with, against a telemetry socket that the test plays.
#   show.sh     the program is $VPE_SHOW (default ./vpe-show)

set -u

show=${VPE_SHOW:-./vpe-show}
n_passed=0
n_failed=0
tmp=$(mktemp -d)
server=
trap 'serve none; rm -rf "$tmp"' EXIT

# Listens at $tmp/socket and gives each client what the words say:
#   answers    a greeting, and then what DPDK's telemetry would answer
#   full       nothing: it hangs up
#   garbage    a greeting, and half an answer
#   none       there is no server any more
serve() { # WORD
	[ -z "$server" ] || { kill "$server"; wait "$server" 2>/dev/null; server=; }
	rm -f "$tmp/socket" "$tmp/up"
	[ "$1" != none ] || return
	perl -MSocket -e '
		my ($path, $word, $up) = @ARGV;
		my %known = ("/vpe/ports" => "[\"vif1.0\"]", "/vpe/port,vif1.0" => "{\"name\":\"vif1.0\"}");
		socket(my $s, PF_UNIX, SOCK_SEQPACKET, 0) or die;
		bind($s, sockaddr_un($path)) && listen($s, 5) or die;
		open(my $f, ">", $up) or die;
		while (accept(my $c, $s)) {
			next if $word eq "full";
			send($c, "{\"version\":\"x\",\"pid\":1,\"max_output_len\":16384}", 0);
			my $m;
			while (defined(recv($c, $m, 1024, 0)) && length($m)) {
				my ($name) = split(/,/, $m);
				my $answer = $m eq "/" ? "[\"/\",\"/vpe/port\",\"/vpe/ports\"]" : $known{$m} // "null";
				send($c, $word eq "garbage" ? "{\"$name\":[1," : "{\"$name\":$answer}", 0);
			}
		}' "$tmp/socket" "$1" "$tmp/up" &
	server=$!
	while [ ! -e "$tmp/up" ]; do sleep 0.02; done
}

judge() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS $1"
		n_passed=$((n_passed + 1))
	else
		echo "FAIL $1"
		n_failed=$((n_failed + 1))
	fi
}

# ERR is a part of what is wanted on standard error; "" wants nothing there.
ask() { # NAME STATUS OUT ERR ARGUMENT...
	name=$1 wanted=$2 out=$3 err=$4
	shift 4
	"$show" "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? = "$wanted" ] && [ "$(cat "$tmp/out")" = "$out" ] &&
		if [ -n "$err" ]; then grep -qF "$err" "$tmp/err"; else [ ! -s "$tmp/err" ]; fi
	status=$?
	judge "$name" $status
	[ $status = 0 ] || sed 's/^/     | /' "$tmp/out" "$tmp/err"
}

says() { # OPTION WANTED
	"$show" "$1" | grep -q "^$2"
	judge "$1" $?
}

serve none
ask "the daemon does not run" 1 "" "vpe-backend is not running" -s "$tmp/socket" /vpe/ports
: >"$tmp/socket"
ask "nobody listens" 1 "" "vpe-backend is not running" -s "$tmp/socket" /vpe/ports
serve answers
ask "an answer" 0 '{"/vpe/ports":["vif1.0"]}' "" -s "$tmp/socket" /vpe/ports
ask "no command lists them all" 0 '{"/":["/","/vpe/port","/vpe/ports"]}' "" -s "$tmp/socket"
ask "an answer for a port" 0 '{"/vpe/port":{"name":"vif1.0"}}' "" --socket "$tmp/socket" /vpe/port,vif1.0
ask "a port that is not there" 1 "" '/vpe/port: there is no "vif99.0"' -s "$tmp/socket" /vpe/port,vif99.0
ask "no port named" 1 "" "/vpe/port: an argument is missing" -s "$tmp/socket" /vpe/port
ask "no port after the comma" 1 "" "/vpe/port: an argument is missing" -s "$tmp/socket" /vpe/port,
ask "a wrong command" 1 "" "/vpe/prt: no such command" -s "$tmp/socket" /vpe/prt,vif1.0
ask "no slash" 1 "" "ports: a command begins with a slash" -s "$tmp/socket" ports
ask "too many arguments" 1 "" "usage: vpe-show" -s "$tmp/socket" /vpe/ports /vpe/pool
ask "an unknown option" 1 "" "usage: vpe-show" -x
serve full
ask "ten clients already" 1 "" "serves ten clients at most" -s "$tmp/socket" /vpe/ports
serve garbage
ask "half an answer" 1 "" "is not JSON, or was cut" -s "$tmp/socket" /vpe/ports
ask "a path that is too long" 1 "" "too long for the name of a socket" -s "$(printf '%0200d' 0)" /vpe/ports
says -h 'usage: vpe-show'
says --help 'usage: vpe-show'
says -V 'vpe-show [0-9]'
says --version 'vpe-show [0-9]'
echo "$n_passed passed, $n_failed failed"
[ "$n_failed" = 0 ]
