#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Checks that comments are sentences or names of things: none begins with "who" or "what" as a relative clause, and none
# lists a function's callers, which tools find and prose forgets.
#   check-comments.sh [SRCDIR]      SRCDIR defaults to $srcdir, then to the current directory
#   check-comments.sh --self-test   proves that each of these is found

# shellcheck disable=SC2154 # common.sh sets list and tree
set -eu

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

# Prints one line for each violation below the directory $1; fails if there is any.
check() {
	cd "$1"
	find backend frontend tools -name '*.[ch]' 2>/dev/null | LC_ALL=C sort >"$list"
	[ -s "$list" ] || { echo "no sources below $1"; return 1; }
	# shellcheck disable=SC2046 # names have no spaces
	awk '
		function bad(why) { printf "%s:%d: %s\n", FILENAME, FNR, why; n_bad++ }
		FNR == 1 { begun = 0 }
		begun && /^[ \t]*\* *[Ww](ho|hat)(ever)? / { bad("the comment begins with a relative clause") }
		/\/\* *[Ww](ho|hat)(ever)? / { bad("the comment begins with a relative clause") }
		/(\/\*|^[ \t]*\*).*Called by / { bad("the comment lists callers") }
		{ begun = /^[ \t]*\/\*[ \t]*$/ }
		END { exit n_bad > 0 }' $(cat "$list")
}

self_test() {
	put backend/good.c '/* The rings of a port. */' '/*' ' * Sends frames.' ' * What is left waits.' ' */' 'int what; /* a word */'
	accepted
	refused backend/bad.c:1: backend/bad.c '/* What a port has. */' 'int x;'
	refused frontend/bad.c:2: frontend/bad.c '/*' ' * Who waits for it.' ' */'
	refused tools/bad.c:1: tools/bad.c 'int x; /* what is left */'
	refused backend/callers.h:2: backend/callers.h '/*' ' * Ends it. Called by control.' ' */'
}

run "$@"
