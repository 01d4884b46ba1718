#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Checks that the table of rooms in docs/ARCHITECTURE.md names, for each room, the rooms of its layer that it uses, and no other.
#   check-rooms.sh [SRCDIR]      SRCDIR defaults to $srcdir, then to the current directory
#   check-rooms.sh --self-test   proves that a wrong table is found
#
# A row is "| `dp/port` | what it is | `frame` |". A room uses another if one of its files includes a header of it.

# shellcheck disable=SC2154 # common.sh sets them

set -eu

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

# "dp/port: frame" for each room, from the table and from the code.
told() {
	sed -n '/^| `backend/d; s/^| `\([a-z]*\/[a-z]*\)` |.*|\([^|]*\)|$/\1:\2/p' docs/ARCHITECTURE.md | tr -d '`' |
		while read -r room uses; do
			echo "$room $(echo "$uses" | tr ' ' '\n' | sort | tr '\n' ' ')" | sed 's/ *$//'
		done
}

used() {
	for room in $(find backend -mindepth 2 -maxdepth 2 -type d ! -name '.*' | sed 's|^backend/||' | LC_ALL=C sort); do
		layer=${room%/*}
		uses=$(sed -n "s|^#include \"$layer/\([a-z]*\)/.*|\1|p" "backend/$room"/*.[ch] | sort -u | grep -vx "${room#*/}" |
			tr '\n' ' ')
		echo "$room: $uses" | sed 's/ *$//'
	done
}

# Prints one line for each violation below the directory $1; fails if there is any.
check() {
	cd "$1"
	told | LC_ALL=C sort >"$list"
	[ -s "$list" ] || { echo "docs/ARCHITECTURE.md: no table of rooms"; return 1; }
	used | LC_ALL=C sort >"$list.used"
	wrong=$(LC_ALL=C comm -13 "$list" "$list.used" | sed 's/^/docs\/ARCHITECTURE.md: should say /'
		LC_ALL=C comm -23 "$list" "$list.used" | while IFS=: read -r room _; do
			[ -d "backend/$room" ] || echo "docs/ARCHITECTURE.md: there is no room $room"
		done)
	[ -z "$wrong" ] || { echo "$wrong"; return 1; }
}

# shellcheck disable=SC2016 # Markdown
self_test() {
	put docs/ARCHITECTURE.md '| room | uses |' '| `dp/low` | it | |' '| `dp/high` | it | `low` |'
	put backend/dp/low/a.h '#include "dp/low/b.h"'
	put backend/dp/high/a.c '#include "dp/low/a.h"' '#include "base/log.h"'
	accepted
	put backend/dp/low/c.c '#include "dp/high/a.h"'
	refused 'should say dp/low: high' backend/dp/low/c.c
	put backend/dp/other/a.c '#include <stdio.h>'
	refused 'should say dp/other:' backend/dp/other/a.c
	rmdir "$tree/backend/dp/other"
	put docs/ARCHITECTURE.md '| `dp/low` | it | |' '| `dp/high` | it | `low` |' '| `dp/gone` | it | `low` |'
	refused 'there is no room dp/gone' docs/ARCHITECTURE.md
}

run "$@"
