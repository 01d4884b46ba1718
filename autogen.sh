#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Makes ./configure from a checkout.
set -e
cd "$(dirname "$0")"
exec autoreconf --install --warnings=all "$@"
