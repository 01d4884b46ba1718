#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# `make lint`: every tool that looks after the code, over the whole tree. Runs in the build directory.
#   tools.sh [STEP...]     these steps, or all: own format tidy cppcheck shell python spelling man
#   tools.sh quick         all but tidy, which takes minutes
#
# The tools are those of Debian 12; tests/lint/setup installs them. What they say elsewhere differs. A finding is mended, or
# suppressed with a reason: beside the line, in .clang-tidy, or in a file of tests/lint.

set -u

QUICK='own format cppcheck shell python spelling man'
STEPS="$QUICK tidy"

export srcdir="${srcdir:-.}"
lint=$srcdir/tests/lint
jobs=$(nproc)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
files=$tmp/files
found=$tmp/found
log=$tmp/log
n_passed=0
n_failed=0

needs() { # TOOL...
	for tool in "$@"; do
		command -v "$tool" >/dev/null || {
			echo "$tool is missing: tests/lint/setup installs it"
			return 1
		}
	done
}

# ---- files ----------------------------------------------------------------------------------------------------------

# All files of the project, not what a build leaves there.
all_files() {
	(
		cd "$srcdir" && find . -maxdepth 1 -type f \( -name '*.md' -o -name README -o -name Makefile.am \
			-o -name configure.ac -o -name autogen.sh \) &&
			find .ci backend docs frontend tests tools xenstore-scripts -type f ! -path '*/.deps/*' ! -path '*/corpus/*' \
				! -path '*/__pycache__/*' ! -name .dirstamp ! -name '*.log' ! -name '*.trs'
	) | sed 's|^\./||' | LC_ALL=C sort | while read -r file; do
		LC_ALL=C grep -Iq . "$srcdir/$file" && echo "$srcdir/$file" # no binary
	done
}

# Scripts that begin with a line like "#!/bin/sh".
scripts() { # INTERPRETER
	while read -r file; do
		head -n 1 "$file" | grep -q "^#!.*[/ ]$1\$" && echo "$file"
	done <"$files"
}

# What the scripts of the lab's machines read with ".": the words of a case, and the cases.
fragments() {
	grep -E '/tests/xen/(cases/|(dom0|bench)/[^/]*\.sh$)' "$files"
}

# Runs a command for every N lines of its input, on all CPUs.
spread() { # N COMMAND...
	n=$1
	shift
	xargs -P "$jobs" -n "$n" "$@"
}

# ---- steps: what they print is a finding if they fail ---------------------------------------------------------------

step_own() {
	sh "$srcdir/tests/lint.sh" >"$found"
	status=$?
	grep -v '^[0-9]* passed, [0-9]* failed$' "$found"
	return $status
}

# The layout of C, and no line of it that is too wide.
step_format() {
	needs clang-format python3 || return
	"$srcdir/tests/lint/format.sh" --check
}

# Each source as the compiler sees it, and the headers with them. Without the tests: it takes seconds for each file.
step_tidy() {
	needs clang-tidy || return
	sed -n 's/^ *"file": "\(.*\)",*$/\1/p' compile_commands.json | grep -v '/tests/' |
		spread 4 clang-tidy --quiet -p . >"$found" 2>&1
	status=$?
	grep -Ev '^([0-9]+ warnings? .*generated|Suppressed |Use -header-filter)' "$found"
	return $status
}

# Without the headers of the system, which cppcheck reads slowly and does not need.
step_cppcheck() {
	needs cppcheck || return
	grep '\.c$' "$files" >"$found"
	cppcheck --quiet -j "$jobs" --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppressions-list="$lint/cppcheck.supp" --include="$lint/cppcheck.h" -I "$srcdir/backend" -I "$srcdir/frontend/include" -I "$srcdir/tests" \
		--file-list="$found"
}

# The scripts of the lab's machines may use `local`.
step_shell() {
	needs shellcheck || return
	scripts sh | grep -v '/tests/xen/' | spread 8 shellcheck &&
		{ scripts sh | grep '/tests/xen/'; fragments; } | spread 8 shellcheck --shell=dash
}

step_python() {
	needs pyflakes3 || return
	{ scripts python3; grep '\.py$' "$files"; } | sort -u | spread 50 pyflakes3
}

step_spelling() {
	needs codespell || return
	spread 100 codespell --ignore-words="$lint/codespell.words" <"$files"
}

step_man() {
	needs mandoc || return
	grep '/docs/.*\.[1-8]$' "$files" | spread 20 mandoc -T lint -W style
}

# ---- all ------------------------------------------------------------------------------------------------------------

run_step() {
	began=$(date +%s)
	if "step_$1" >"$log" 2>&1; then
		echo "PASS $1, $(($(date +%s) - began)) s"
		n_passed=$((n_passed + 1))
	else
		cat "$log"
		echo "FAIL $1, $(($(date +%s) - began)) s"
		n_failed=$((n_failed + 1))
	fi
}

all_files >"$files"
[ -s "$files" ] || { echo "tools.sh: no source in $srcdir"; exit 1; }
case $* in
'') ;;
quick) STEPS=$QUICK ;;
*) STEPS=$* ;;
esac
for step in $STEPS; do
	run_step "$step"
done
echo "$n_passed passed, $n_failed failed"
[ $n_failed = 0 ]
