#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Checks that every source file says under which licence it is, in one of its first five lines.
#   check-spdx.sh [SRCDIR]      SRCDIR defaults to $srcdir, then to the current directory
#   check-spdx.sh --self-test   proves that a missing or another licence is found
#
# Sources are all text files of the project's folders but prose (README, *.md), data and what a build leaves there.

# shellcheck disable=SC2154 # common.sh sets list and tree
set -eu

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

LINE='SPDX-License-Identifier: BSD-3-Clause'

sources() {
	for file in configure.ac Makefile.am; do
		[ ! -e $file ] || echo $file
	done
	find backend frontend xenstore-scripts tools tests docs -type f ! -size 0 ! -name README ! -name '*.md' \
		! -name '*.json' ! -name '*.log' ! -name '*.trs' ! -name '*.o' ! -name '*.a' ! -name '*.pyc' \
		! -name '*.gcda' ! -name '*.gcno' ! -name .dirstamp ! -path '*/.deps/*' ! -path '*/corpus/*' 2>/dev/null |
		LC_ALL=C sort
}

# Prints one line for each violation below the directory $1; fails if there is any.
check() {
	cd "$1"
	sources >"$list"
	[ -s "$list" ] || { echo "no sources below $1"; return 1; }
	n_bad=0
	while read -r file; do
		grep -Iq . "$file" || continue # a binary
		if ! head -n 5 "$file" | grep -qF "$LINE"; then
			echo "$file:1: \"$LINE\" is missing"
			n_bad=$((n_bad + 1))
		fi
	done <"$list"
	[ $n_bad = 0 ]
}

self_test() {
	put backend/good.c "/* $LINE */" 'int x;'
	put tests/good '#!/bin/sh' "# $LINE"
	put tests/README 'prose'
	accepted
	refused backend/bad.c:1: backend/bad.c 'int x;'
	refused tests/bad:1: tests/bad '#!/bin/sh' '# SPDX-License-Identifier: GPL-2.0'
	refused tests/late.sh:1: tests/late.sh '' '' '' '' '' "# $LINE"
}

run "$@"
