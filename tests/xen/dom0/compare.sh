# SPDX-License-Identifier: BSD-3-Clause
# The same traffic over xen-netback and over vpe-backend, in one boot and in turns.
#   on_both FUNCTION       for each backend in dom0: from a clean state, starts it and calls FUNCTION, which takes figures
#   figure NAME VALUE      a figure of the backend at hand; a larger one is better
#   keeps RATIO NAME...    vpe-backend has at least RATIO of what xen-netback has

FIGURES=/run/figures
TURNS=2 # of each backend

on_both() {
	local kind
	rm -rf $FIGURES
	mkdir -p $FIGURES
	for kind in $(seq $TURNS | sed 's/.*/netback switched/'); do
		clean >&2 || : # what it cannot remove is no failure of the case
		BACKEND=$kind
		backend dom0 $kind
		$1
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
