#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Lays out all C files as .clang-format says. Debian 12's clang-format, 14, decides.
#   format.sh              does it (`make format`)
#   format.sh --check      fails if that would change a file, or if a line is wider than 100 columns all the same
#
# A message may make its line wider, and so may a table between clang-format off and on.

set -u

WIDTH=100

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit

clang-format --version | grep -q 'version 14\.' || {
	echo "format.sh: clang-format 14 is needed, Debian 12's"
	exit 1
}
list=$(mktemp)
trap 'rm -f "$list"' EXIT
find backend docs frontend tests tools -name '*.[ch]' | LC_ALL=C sort >"$list"

too_wide() {
	xargs awk -v width=$WIDTH '
	/clang-format off/ { by_hand = 1 }
	/clang-format on/ || FNR == 1 { by_hand = 0 }
	{
		text = $0
		while ((at = index(text, "\t")) > 0)
			text = substr(text, 1, at - 1) sprintf("%*s", 8 - (at - 1) % 8, "") substr(text, at + 1)
		shown = substr(text, 1, width)
		gsub(/\\./, "", shown)
		if (length(text) > width && !by_hand && gsub(/"/, "", shown) % 2 == 0) {
			printf "%s:%d: %d columns, more than %d\n", FILENAME, FNR, length(text), width
			n_bad++
		}
	}
	END { exit n_bad > 0 }' <"$list"
}

if [ "${1-}" = --check ]; then
	xargs -P "$(nproc)" -n 50 clang-format --dry-run -Werror --ferror-limit=1 <"$list"
	status=$?
	too_wide && [ $status = 0 ]
	exit
fi
# A comment that moves may make its line fit, or the next one not.
for _ in 1 2 3; do
	status=0
	xargs python3 "$here/wrap-comments.py" <"$list" || status=1
	xargs clang-format -i <"$list"
done
too_wide && [ "$status" = 0 ]
