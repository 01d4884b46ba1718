# SPDX-License-Identifier: BSD-3-Clause
# Guests that are saved, restored and migrated, and what has to survive that.
#   stream A B [OPTION]    one iperf3 with TCP, both ways unless the option is another, which lasts; one at a time
#   stream_goes_on [S]     it still is that one, and brings data each way within S seconds (30)
#   stream_mark            from now on
#   stream_rate            prints what A has sent since stream_mark, in Mbit/s
#   stream_stop            it ended in good order until now
#   save GUEST             xl save; the domain is gone
#   restore GUEST          a new domain, whose vifs are connected
#   checkpoint GUEST       xl save -c; the domain goes on
#   migrate GUEST          xl migrate to this very host
#   answers FROM TO        counts the time between answers to pings (20 a second) from now on
#   longest_silence        prints the longest one, in seconds, and ends it; before stream_stop
#   attach_cycles GUEST N  attaches and detaches N vifs, some at a time
#   death_watch            before a domain dies
#   death_times DOMID      says how long its rings stayed mapped (a second at most) and it a zombie
#   mapped                 pages of guests that the daemon in dom0 has mapped

# The save file lies on the host's disk: dom0's memory has no room for it. Through a pipe: 9p cannot write pages of guests.
SAVE_LIMIT=120
SAVES=/lab/saves

stream() {
	note "stream $*"
	local port=$(_free_port) how=${3---bidir} ways=1
	[ "$how" != --bidir ] || ways=2
	echo "$1 $2 $port $ways" >$LAB/stream
	_serve $2 $port "iperf3 -s -1 -p $port -I iperf-$port.pid"
	tell $1 "iperf3 -c $(address_of $2) -p $port -t 3600 $how -i 1 --forceflush -f k -I iperf-$port-client.pid >stream.out 2>&1
		echo status \$? >>stream.out"
	stream_goes_on
}

# What iperf3 has moved so far, from and to its client, and in how many seconds: two sums of kbit/s, and how many they are of.
_streamed() { # FROM
	on $1 'awk -v OFMT=%.0f "/sec/ { for (i = 1; i < NF; i++) if (\$(i + 1) == \"Kbits/sec\") { sum[\$0 ~ /RX-C/] += \$i; n[\$0 ~ /RX-C/]++ } }
		END { print sum[0] + 0, sum[1] + 0, n[0] + 0 }" stream.out'
}

_streamed_more() { # SENT RECEIVED SECONDS FROM WAYS
	_streamed $4 | awk -v sent=$1 -v received=$2 -v ways=$5 '{ exit !($1 > sent && (ways == 1 || $2 > received)) }'
}

stream_goes_on() {
	note "stream_goes_on $*"
	local from to port ways
	read -r from to port ways <$LAB/stream
	wait_for ${1:-30} _streamed_more $(_streamed $from) $from $ways ||
		{ _stream_show $from $to $port; fail "the stream between $from and $to stands still"; }
	on $from '! grep status stream.out' || { _stream_show $from $to $port; fail "the stream between $from and $to was cut"; }
}

stream_mark() {
	local from
	read -r from _ <$LAB/stream
	_streamed $from >$LAB/stream-mark
}

stream_rate() {
	local from sent seconds
	read -r from _ <$LAB/stream
	read -r sent _ seconds <$LAB/stream-mark
	_streamed $from | awk -v sent=$sent -v seconds=$seconds '{ printf "%d\n", ($1 - sent) / ($3 - seconds) / 1000 }'
}

_stream_show() {
	on $1 "tail -n 20 stream.out; ss -tinH dport = :$3" >&2
	on $2 "ss -tinH sport = :$3" >&2
}

stream_stop() {
	note "stream_stop"
	local from to
	read -r from to _ <$LAB/stream
	on $from "$END_TRAFFIC"
	on $to "$END_TRAFFIC"
	rm $LAB/stream
}

save() {
	note "save $*"
	_save $1
}

_save() { # GUEST [OPTION]
	local writer
	mkdir -p $SAVES
	mkfifo $LAB/save
	cat $LAB/save >$SAVES/$1 &
	writer=$!
	timeout $SAVE_LIMIT xl save $2 $1 $LAB/save >&2 || fail "xl save $2 $1"
	wait $writer
	rm $LAB/save
}

restore() {
	note "restore $*"
	timeout $SAVE_LIMIT xl restore $SAVES/$1 >&2 || fail "xl restore $1"
	rm $SAVES/$1
	moved $1
}

# It lives in another domain now.
moved() {
	guest_learn_domid $1
	wait_connected $1
	wait_for $CONNECT_LIMIT xenstore-exists $(guest_data $1)/agent || fail "$1 does not answer"
}

checkpoint() {
	note "checkpoint $*"
	_save $1 -c
	rm $SAVES/$1
}

# With an empty -s, the host's name is what to run there.
migrate() {
	note "migrate $*"
	timeout $SAVE_LIMIT xl migrate -s '' $1 'xl migrate-receive' >&2 || fail "xl migrate $1"
	moved $1
}

answers() { # FROM TO
	note "answers $*"
	echo "$1" >$LAB/answers
	tell $1 "fping -D -l -p 50 -t $ANSWER_LIMIT_MS $(address_of $2) >load-answers.out 2>&1 & echo \$! >load-answers.pid; wait"
}

longest_silence() {
	local from=$(cat $LAB/answers)
	on $from 'kill $(cat load-answers.pid); cat load-answers.out; rm load-answers.*' >$LAB/answers.out
	awk '/^\[[0-9.]*\].* bytes, / { t = substr($1, 2) + 0; if (last && t - last > max) max = t - last; last = t; n++ }
		END { printf "%.1f\n", (n < 10 ? 9999 : max) }' $LAB/answers.out
}

# Several at a time, since most of it is waiting for scripts and states.
ATTACH_AT_ONCE=5

attach_cycles() { # GUEST N
	local done=0 i
	note "attach_cycles $*"
	while [ $done -lt $2 ]; do
		for i in $(seq $ATTACH_AT_ONCE); do
			attach $1 $i >&2 || fail "attach $i, cycle $done"
		done
		for i in $(seq $ATTACH_AT_ONCE); do
			wait_for $CONNECT_LIMIT vif_states $1 $i 4 4 || fail "vif $i of cycle $done is not connected"
		done
		for i in $(seq $ATTACH_AT_ONCE); do
			xl network-detach $1 $i >&2 || fail "detach $i, cycle $done"
			wait_for 10 no_vif_left 0 $(guest_domid $1) $i || fail "the directory of vif $i stays"
		done
		done=$((done + ATTACH_AT_ONCE))
	done
	note "$done vifs came and went"
}

hundredths() {
	sed 's/ .*//; s/\.//' /proc/uptime
}

# Pages of guests that the daemon in dom0 has mapped; 0 if there is none in dom0.
mapped() {
	grep -c gntdev /proc/$(cat /run/vpe.pid 2>/dev/null)/maps 2>/dev/null || :
}

# xenstored tells of a death when Xen has got back what it can of the domain's memory. Notes when the watch was set, when
# that was, and when the daemon in dom0 had fewer pages mapped.
death_watch() {
	note "death_watch"
	local before=$(mapped) maps=/proc/$(cat /run/vpe.pid 2>/dev/null)/maps
	xenstore-watch -n 2 @releaseDomain | {
		read -r path; hundredths
		read -r path; hundredths
		[ ! -e $maps ] || until [ "$(grep -c gntdev $maps)" != $before ]; do :; done
		hundredths
	} >$LAB/death &
	wait_for 10 test -s $LAB/death
}

_death_seen() {
	[ $(wc -l <$LAB/death) = 3 ]
}

death_times() { # DOMID
	local released unmapped=0 gone
	soon 20 "its pages are unmapped" _death_seen
	released=$(sed -n 2p $LAB/death)
	soon 20 "it is no zombie" no_domain $1
	gone=$(($(hundredths) - released))
	if [ -e /run/vpe.pid ]; then
		unmapped=$(($(sed -n 3p $LAB/death) - released))
		note "the daemon in dom0 has its pages unmapped within $unmapped hundredths of a second"
	fi
	note "domain $1 is seen to be gone after $gone hundredths of a second"
	expect "its rings are unmapped within a second" is "$unmapped <= 100"
	expect "it is gone within two" is "$gone <= 200" # each look at the domains takes half of one
}

_save_clean() {
	rm -rf $SAVES
}
