# SPDX-License-Identifier: BSD-3-Clause
# What the checks of this folder share. A check includes this file, defines
#   check DIRECTORY   prints one line for each violation below it; fails if there is any
#   self_test         builds trees in $tree and says which are good
# and ends with: run "$@"

# shellcheck shell=sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# shellcheck disable=SC2034
list=$tmp/list # for the names of the files to check
tree=$tmp/tree
failed=0

# Writes the file $1 with the lines $2... into the tree.
put() {
	mkdir -p "$tree/${1%/*}"
	file=$1
	shift
	printf '%s\n' "$@" >"$tree/$file"
}

# The tree must pass.
accepted() {
	if ! (check "$tree"); then
		echo "self-test: the good tree was refused"
		failed=1
	fi
}

# The tree with its file $2, or with that file of the lines $3..., must be refused with one line that has the text $1.
# The file is removed.
refused() {
	text=$1
	shift
	[ $# = 1 ] || put "$@"
	if (check "$tree") >"$tmp/out"; then
		echo "self-test: not found: $text"
		failed=1
	elif [ "$(grep -cF "$text" "$tmp/out")" != 1 ] || [ "$(wc -l <"$tmp/out")" != 1 ]; then
		echo "self-test: expected one line with \"$text\", not:"
		cat "$tmp/out"
		failed=1
	fi
	rm "$tree/$1"
}

run() {
	case ${1-} in
	--self-test)
		self_test
		return $failed
		;;
	*) (check "${1:-${srcdir:-.}}") ;;
	esac
}
