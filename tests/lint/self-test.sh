#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Proves that each of the checks here can fail.

set -eu

here=$(dirname "$0")
failed=0
for check in check-comments check-layers check-rooms check-size check-spdx; do
	sh "$here/$check.sh" --self-test || { echo "$check.sh --self-test failed"; failed=1; }
done
exit $failed
