# SPDX-License-Identifier: BSD-3-Clause
# Traffic between two machines (dom0, outside, vpe or a guest), with a verdict.
#   reaches FROM TO [SECONDS]     wait until there is a first answer
#   ping FROM TO COUNT [BYTES]    every answer must come; never fragmented
#   tcp FROM TO [SECONDS]         prints Mbit/s; some data must arrive
#   udp FROM TO [BYTES] [SECONDS] prints datagrams a second that arrived
#   tcp_at FROM TO ADDRESS [OPTIONS]   TCP to an address of TO's, without its slow start, with more options of iperf3: prints Mbit/s, 0 if
#                                 nothing arrived
#   udp_at FROM TO ADDRESS        datagrams of 1400 bytes: prints Mbit/s, 0 if nothing arrived
#   full_size FROM ADDRESS [BYTES]   packets of 1500 bytes, or with that much payload, get an answer
#   copy FROM TO MEGABYTES        random data, compared by checksum
#   exchange A B                  all of these, both ways: what works at all, works
#   load FROM TO                  TCP both ways in the background until load_stop

LISTEN_LIMIT=30
# How long an answer may take: ping itself waits for the last one no longer than for two of the others.
ANSWER_LIMIT_MS=5000

reaches() {
	note "reaches $*"
	wait_for ${3:-30} on $1 "ping -q -n -c 1 -W 1 $(address_of $2)" ||
		fail "$1 cannot reach $2"
}

ping() {
	note "ping $*"
	on $1 "fping -q -p 20 -t $ANSWER_LIMIT_MS -M -b ${4:-56} -c $3 $(address_of $2) 2>&1; true" >$LAB/ping.out
	cat $LAB/ping.out >&2
	grep -q "= $3/$3/0%" $LAB/ping.out || fail "ping $*"
}

tcp() {
	note "tcp $*"
	_iperf $1 $2 "-t ${3:-4}" '{ print $(NF - 2) }' || fail "tcp $*"
}

udp() {
	note "udp $*"
	_iperf $1 $2 "-u -b 0 -l ${3:-1400} -t ${4:-4}" \
		'{ split($(NF - 2), n, "/"); split($3, t, "-")
			printf "%d\n", (n[2] - n[1]) / (t[2] - t[1]) }' ||
		fail "udp $*"
}

# FROM may be "GUEST ip netns exec NAME".
tcp_at() {
	local from=$1 to=$2 address=$3 port=$(_free_port)
	shift 3
	_serve $to $port "iperf3 -s -1 -p $port -I iperf-$port.pid"
	on ${from%% *} "${from#"${from%% *}"} timeout 40 iperf3 -c $address -p $port -f m -i 0 -O 2 -t 4 $*" >$LAB/iperf.out 2>&1 || :
	if ! awk '/receiver/ { print $(NF - 2) + 0; found = 1; exit } END { exit !found }' $LAB/iperf.out; then
		echo 0
		on $to "[ ! -s iperf-$port.pid ] || kill \$(tr -d '\0' <iperf-$port.pid)" || :
	fi
}

udp_at() {
	# The receiver's summary ends with the loss: "0.00-4.00 sec 2.38 MBytes 5.00 Mbits/sec 0.1 ms 0/1785 (0%)  receiver"
	tcp_at $1 $2 $3 -O 0 -u -b 5M -l 1400 >/dev/null
	awk '/receiver/ { for (i = 1; i <= NF; i++) if ($i == "Mbits/sec") rate = $(i - 1) } END { print rate + 0 }' $LAB/iperf.out
}

full_size() {
	on $1 "ping -q -n -c 5 -i 0.2 -W 3 -M do -s ${3:-1472} $2" >$LAB/ping.out 2>&1 || :
	grep -q ' 0% packet loss' $LAB/ping.out || { cat $LAB/ping.out >&2; return 1; }
}

# One iperf3 run; prints what the awk program makes of the receiver's summary.
_iperf() { # FROM TO OPTIONS AWK
	local port=$(_free_port) figure
	_serve $2 $port "iperf3 -s -1 -p $port -I iperf-$port.pid"
	on $1 "iperf3 -c $(address_of $2) -p $port -f m -i 0 $3" >$LAB/iperf.out 2>&1
	figure=$(awk "/receiver/ $4" $LAB/iperf.out)
	if is "${figure:-0} > 0"; then
		note "  $figure"
		echo $figure
	else
		cat $LAB/iperf.out >&2
		return 1
	fi
}

# Start a server and wait until it listens.
_serve() { # WHERE PORT COMMAND
	on $1 "($3) >/dev/null 2>&1 </dev/null &
		for i in \$(seq $((LISTEN_LIMIT * 10))); do ss -ltn | grep -q ':$2 ' && exit; sleep 0.1; done; exit 1" >&2 ||
		fail "$1 does not run $3"
}

# Ports are not used twice in a boot.
_free_port() {
	local last=$(cat /run/last-port 2>/dev/null || echo 5200)
	echo $((last + 1)) >/run/last-port
	echo $((last + 1))
}

copy() {
	note "copy $*"
	local port=$(_free_port)
	_serve $2 $port "socat -u TCP-LISTEN:$port STDOUT | md5sum >copy.sum"
	on $1 "dd if=/dev/urandom of=copy.blob bs=1M count=$3 2>/dev/null; md5sum <copy.blob
		socat -u OPEN:copy.blob TCP:$(address_of $2):$port; rm copy.blob" >$LAB/copy.sent
	wait_for 30 on $2 'test -s copy.sum' || fail "copy $*: nothing arrived"
	on $2 'cat copy.sum; rm copy.sum' >$LAB/copy.got
	cmp $LAB/copy.sent $LAB/copy.got || fail "copy $*: other data arrived than was sent"
}

exchange() {
	ping $1 $2 50
	ping $2 $1 50
	tcp $1 $2 >/dev/null
	tcp $2 $1 >/dev/null
	udp $1 $2 64 >/dev/null
	udp $2 $1 64 >/dev/null
	copy $1 $2 4
	copy $2 $1 4
}

load() {
	note "load $*"
	local port=$(_free_port)
	_serve $2 $port "iperf3 -s -p $port -I load-$port-server.pid"
	tell $1 "iperf3 -c $(address_of $2) -p $port -t 3600 --bidir -P 2 -I load-$port-client.pid"
	echo "$1 $2" >>$LAB/loads
	sleep 2
}

load_stop() {
	note "load_stop"
	local where
	for where in $(cat $LAB/loads); do
		case $where in
		g*) xl domid $where >/dev/null 2>&1 || continue ;; # a guest that is gone sends no more
		esac
		on $where "$END_TRAFFIC"
	done
	rm -f $LAB/loads
}

# iperf3 ends its pid with a null byte.
END_TRAFFIC='for f in iperf-*.pid load-*.pid; do
	[ -s $f ] && kill $(tr -d "\0" <$f); rm -f $f; done; true'
