#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The rules that a compiler does not check, over the source tree in $srcdir (default .), and a proof that the checks can
# fail.

set -u

srcdir=${srcdir:-.}
n_passed=0
n_failed=0
for check in "check-comments.sh $srcdir" "check-layers.sh $srcdir" "check-rooms.sh $srcdir" "check-size.sh $srcdir" "check-spdx.sh $srcdir" self-test.sh; do
	# shellcheck disable=SC2086
	if sh "$srcdir"/tests/lint/$check; then
		n_passed=$((n_passed + 1))
	else
		n_failed=$((n_failed + 1))
	fi
done
echo "$n_passed passed, $n_failed failed"
[ "$n_failed" = 0 ]
