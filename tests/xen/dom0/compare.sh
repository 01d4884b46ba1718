# SPDX-License-Identifier: BSD-3-Clause
# The same traffic over xen-netback and over vpe-backend, in one boot and in turns. The guests, and the driver domain if it
# is a host on the LAN, are the same in all turns.
#   on_both FUNCTION       for each backend in dom0: starts it and calls FUNCTION, which takes figures
#   join NAME...           PV guests with a vif of the backend at hand
#   leave NAME...          their vifs go
#   figure NAME VALUE      a figure of the backend at hand; a larger one is better
#   keeps RATIO NAME...    vpe-backend has at least RATIO of what xen-netback has

FIGURES=/run/figures
TURNS=2 # of each backend

on_both() {
	local kind
	rm -rf $FIGURES
	mkdir -p $FIGURES
	clean >&2 || : # what it cannot remove is no failure of the case
	for kind in $(seq $TURNS | sed 's/.*/netback switched/'); do
		BACKEND=$kind
		backend dom0 $kind
		$1
		clean_backend >&2 || :
	done
}

join() {
	local name new=
	for name in "$@"; do
		[ -e $LAB/guests/$name.domid ] || { guest $name pv && new="$new $name"; }
	done
	[ ! "$new" ] || start $new
	for name in "$@"; do
		case "$new " in
		*" $name "*) continue ;;
		esac
		note "join $name"
		attach $name 0 || fail "$name gets no vif"
		wait_connected $name
		on $name /lab/addresses || fail "$name has no address"
	done
}

leave() {
	local name
	for name in "$@"; do
		note "leave $name"
		xl network-detach $name 0 || fail "$name keeps its vif"
		wait_for 20 no_vif_left 0 $(guest_domid $name) 0 || fail "the directory of $name's vif stays"
	done
}

figure() {
	note "$BACKEND: $1 $2"
	echo $2 >>$FIGURES/$BACKEND.$1
}

_median() { # FILE
	sort -n $1 | awk '{ value[NR] = $1 } END { n = int((NR + 1) / 2); print (NR % 2 ? value[n] : (value[n] + value[n + 1]) / 2) }'
}

keeps() {
	local ratio=$1 name theirs ours
	shift
	for name in "$@"; do
		theirs=$(_median $FIGURES/netback.$name) ours=$(_median $FIGURES/switched.$name)
		note "$name: xen-netback $theirs, vpe-backend $ours, ratio $(awk "BEGIN { print ($theirs > 0 ? $ours / $theirs : 0) }")"
		is "$ours > 0 && $ours >= $ratio * $theirs" || echo "$name" >>$FIGURES/failed
	done
	[ ! -e $FIGURES/failed ] || fail "less than $ratio of xen-netback's: $(tr '\n' ' ' <$FIGURES/failed)"
}
