#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The tables of docs/design/sandbox.md name the system calls that the filters let through, and no other.
#   sandbox.sh    the sources are in $srcdir (default .)

set -u

srcdir=${srcdir:-.}
source=$srcdir/backend/sandbox_seccomp.c
document=$srcdir/docs/design/sandbox.md
tmp=$(mktemp -d) || exit
trap 'rm -r "$tmp"' EXIT
n_failed=0

# The calls of the source from line BEGIN to the next END.
calls_of() { # BEGIN END
	awk -v begin="$1" -v end="$2" 'index($0, begin) == 1 { on = 1 } on && index($0, end) == 1 { exit } on' "$source" |
		grep -o 'SCMP_SYS([a-z0-9_]*)' | sed 's/.*(//; s/)//' | sort -u
}

# The calls in the first column of the tables below the heading.
told_in() { # HEADING
	awk -v heading="$1" '/^#/ { on = $0 == heading } on && /^\|/ { split($0, column, "|"); print column[2] }' "$document" |
		grep -o '`[a-z0-9_]*`' | tr -d '`' | sort -u
}

compare() { # HEADING
	if [ -s "$tmp/calls" ] && diff "$tmp/calls" "$tmp/told" >"$tmp/differs"; then
		echo "PASS $1"
	else
		echo "FAIL $1: < in the source only, > in the document only"
		cat "$tmp/differs"
		n_failed=$((n_failed + 1))
	fi
}

{
	calls_of '/* ---- calls of pollers' '};'
	calls_of 'add_poller(' '}'
} | sort -u >"$tmp/calls"
told_in '### Pollers' >"$tmp/told"
compare '### Pollers'

{
	calls_of '/* ---- calls of all threads' '};'
	calls_of '/* ---- rules with arguments' '/* ---- filters'
} | sort -u >"$tmp/calls"
told_in '### All threads' >"$tmp/told"
compare '### All threads'

[ $n_failed = 0 ]
