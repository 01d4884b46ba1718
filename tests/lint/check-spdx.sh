#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Checks that every source file says under which licence it is, in one of its first five lines.
#   check-spdx.sh [SRCDIR]      SRCDIR defaults to $srcdir, then to the current directory
#   check-spdx.sh --self-test   proves that a missing or another licence is found
#
# Sources are all text files of the project's folders but prose (README, *.md), data and what a build leaves there.

set -eu

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

# The tree must be refused with one line, which names the file $1.
refused() {
	if (check "$tmp/tree") >"$tmp/out"; then
		echo "self-test: not found: $1"
		failed=1
	elif [ "$(grep -c "^$1:" "$tmp/out")" != 1 ] || [ "$(wc -l <"$tmp/out")" != 1 ]; then
		echo "self-test: expected one line about $1, not:"
		cat "$tmp/out"
		failed=1
	fi
	rm "$tmp/tree/$1"
}

self_test() {
	failed=0
	mkdir -p "$tmp/tree/backend" "$tmp/tree/tests"
	printf '/* %s */\nint x;\n' "$LINE" >"$tmp/tree/backend/good.c"
	printf '#!/bin/sh\n# %s\n' "$LINE" >"$tmp/tree/tests/good"
	printf 'prose\n' >"$tmp/tree/tests/README"
	if ! (check "$tmp/tree"); then
		echo "self-test: the good tree was refused"
		failed=1
	fi
	printf 'int x;\n' >"$tmp/tree/backend/bad.c"
	refused backend/bad.c
	printf '#!/bin/sh\n# SPDX-License-Identifier: GPL-2.0\n' >"$tmp/tree/tests/bad"
	refused tests/bad
	printf '\n\n\n\n\n# %s\n' "$LINE" >"$tmp/tree/tests/late.sh"
	refused tests/late.sh
	return $failed
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
list=$tmp/list
case ${1-} in
--self-test) self_test ;;
*) (check "${1:-${srcdir:-.}}") ;;
esac
