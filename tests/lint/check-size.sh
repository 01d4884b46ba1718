#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Checks that sources stay small: a C file or script has less than 500 lines, a C function at most 60.
#   check-size.sh [SRCDIR]      SRCDIR defaults to $srcdir, then to the current directory
#   check-size.sh --self-test   proves that what is too big is found
#
# A function is what starts with "name(" in column 0 and has its braces in column 0, the style of this project. Its
# lines are counted from there to the closing brace.

# shellcheck disable=SC2154 # common.sh sets list and tree
set -eu

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

FILE_LINES=500
FUNCTION_LINES=60

# Prints one line for each violation below the directory $1; fails if there is any.
check() {
	cd "$1"
	find backend frontend tools tests xenstore-scripts -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' \) \
		2>/dev/null | LC_ALL=C sort >"$list"
	[ -s "$list" ] || { echo "no sources below $1"; return 1; }
	awk -v file_lines=$FILE_LINES -v function_lines=$FUNCTION_LINES '
	function bad(line, text) {
		printf "%s:%d: %s\n", file, line, text
		n_bad++
	}
	# Follows the outline of a C file: a head "name(", then "{", then "}", each in column 0.
	function follow(text, line) {
		if (text ~ /^[a-z_][A-Za-z0-9_]*\(/) {
			name = substr(text, 1, index(text, "(") - 1)
			start = line
			inside = 0
		}
		if (text ~ /^[^\/].*;[ \t]*$/ && !inside)
			start = 0
		if (text ~ /^{/)
			inside = 1
		if (text ~ /^}/) {
			if (start && inside && line - start + 1 > function_lines)
				bad(start, name "() has " line - start + 1 " lines, more than " function_lines)
			start = inside = 0
		}
	}
	{
		file = $0
		n = start = inside = 0
		while ((getline text < file) > 0) {
			n++
			if (file ~ /\.[ch]$/)
				follow(text, n)
		}
		close(file)
		if (n >= file_lines)
			bad(n, "the file has " n " lines: less than " file_lines " are allowed")
	}
	END { exit n_bad > 0 }' "$list"
}

# A C function with $1 lines.
function_of() {
	printf 'static int\nwork(int a,\n     int b)\n{\n'
	yes '	a = b;' | head -n $(($1 - 4))
	printf '}\n'
}

self_test() {
	mkdir -p "$tree/backend" "$tree/tests"
	{
		echo 'int declared(int a);'
		function_of $FUNCTION_LINES
		echo 'struct big {'
		yes '	int x;' | head -n 100
		echo '};'
		function_of $FUNCTION_LINES
	} >"$tree/backend/good.c"
	yes : | head -n $((FILE_LINES - 1)) >"$tree/tests/good.sh"
	accepted
	function_of $((FUNCTION_LINES + 1)) >"$tree/backend/bad.c"
	refused 'backend/bad.c:2: work() has 61 lines' backend/bad.c
	yes : | head -n $FILE_LINES >"$tree/tests/bad.sh"
	refused 'tests/bad.sh:500: the file has 500 lines' tests/bad.sh
}

run "$@"
