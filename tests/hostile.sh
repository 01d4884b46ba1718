#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The results of all hostile cases of tests/hostile-cases, from the logs that the test programs of `make check` left here.
#   hostile.sh                 in the build directory, after the test programs; the sources are in $srcdir (default .)
#   hostile.sh --self-test     proves that a test which failed, was skipped, did not run or is not there is found
#
# A case has passed if every one of its tests ran and passed. Cases of the lab only have to be there: the lab says how they ended.

set -u

N_CASES=76

srcdir=${srcdir:-.}

# "PROGRAM SUITE CASE RESULT" of each test in the logs of the directory $1. In CUnit's verbose output other lines may come between a
# test's name and its result.
results() {
	for log in "$1"/test_*.log; do
		[ -f "$log" ] || continue
		awk -v program="$(basename "$log" .log)" '
		/^Suite: / { suite = $2 }
		/^  Test: [a-z0-9_]+ \.\.\./ { name = $2; skipped = 0 }
		/^ *SKIPPED / { skipped = $2 == name ":" }
		/^(  Test: [a-z0-9_]+ \.\.\.)?(passed|FAILED)$/ && name != "" {
			print program, suite, name, /FAILED$/ ? "FAILED" : skipped ? "skipped" : "passed"
			name = ""
		}' "$log"
	done
}

# Judges the table $1 by the logs in $2 and the lab's cases in $3.
judge() {
	results "$2" >"$tmp/results"
	ls "$3" >"$tmp/lab"
	awk -F ' *[|] *' -v n_cases=$N_CASES -v results="$tmp/results" -v lab="$tmp/lab" '
	BEGIN {
		while ((getline line < results) > 0) {
			split(line, part, " ")
			result[part[1] " " part[2] " " part[3]] = part[4]
		}
		while ((getline line < lab) > 0)
			result["lab " line] = "lab"
	}
	/^#/ || /^$/ { next }
	{
		n_tests = split($4, test, / *, */)
		verdict = NF == 4 && n_tests > 0 ? "" : "no test"
		n_ran = 0
		for (i = 1; i <= n_tests; i++) {
			found = test[i] in result ? result[test[i]] : "did not run"
			if (found == "passed")
				n_ran++
			else if (found != "lab")
				verdict = verdict (verdict == "" ? "" : "; ") test[i] ": " found
		}
		if (verdict == "" && n_ran == 0)
			verdict = "no test of make check"
		if (seen[$1]++)
			verdict = "twice in the table"
		printf "case %d: %s: %s\n", $1, $2, verdict == "" ? "passed, " n_ran " tests" : "FAILED, " verdict
		verdict == "" ? n_passed++ : n_failed++
	}
	END {
		for (i = 1; i <= n_cases; i++) {
			if (!(i in seen)) {
				printf "case %d: FAILED, not in the table\n", i
				n_failed++
			}
		}
		printf "%d passed, %d failed\n", n_passed, n_failed
		exit n_failed > 0 || n_passed != n_cases
	}' "$1"
}

# ---- self-test ---------------------------------------------------------------------------------------------------

# The log and the table must be refused with a line that ends with $1.
refused() {
	if judge "$tmp/table" "$tmp" "$tmp/cases" >"$tmp/out" || ! grep -q "$1\$" "$tmp/out"; then
		echo "self-test: not found: $1"
		failed=1
	fi
	good
}

good() {
	for i in $(seq $N_CASES); do
		echo "$i | action | outcome | test_a one pass$i, lab 001-it"
	done >"$tmp/table"
	{ echo "Suite: one"; seq -f '  Test: pass%.0f ...passed' $N_CASES; } >"$tmp/test_a.log"
}

self_test() {
	failed=0
	mkdir "$tmp/cases"
	: >"$tmp/cases/001-it"
	good
	judge "$tmp/table" "$tmp" "$tmp/cases" >"$tmp/out" || { echo "self-test: the good table was refused"; failed=1; }
	sed -i '7s/passed/FAILED/' "$tmp/test_a.log"
	refused 'test_a one pass6: FAILED'
	sed -i '7s/passed/error/' "$tmp/test_a.log"
	refused 'test_a one pass6: did not run'
	sed -i -e '7s/passed/error/' -e '7aFAILED' "$tmp/test_a.log"
	refused 'test_a one pass6: FAILED'
	sed -i -e '7s/passed//' -e '7a\    SKIPPED pass6: no device\npassed' "$tmp/test_a.log"
	refused 'test_a one pass6: skipped'
	rm "$tmp/test_a.log"
	refused 'test_a one pass64: did not run'
	sed -i '1s/001-it/002-no/' "$tmp/table"
	refused 'lab 002-no: did not run'
	sed -i '5d' "$tmp/table"
	refused 'case 5: FAILED, not in the table'
	sed -i '5s/^5/4/' "$tmp/table"
	refused 'FAILED, twice in the table'
	sed -i '9s/test_a one pass9, //' "$tmp/table"
	refused 'FAILED, no test of make check'
	sed -i '9s/|[^|]*$/|/' "$tmp/table"
	refused 'FAILED, no test'
	return $failed
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
case ${1-} in
--self-test) self_test ;;
*) (self_test) && judge "$srcdir/tests/hostile-cases" . "$srcdir/tests/xen/cases" ;;
esac
