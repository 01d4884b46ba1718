# SPDX-License-Identifier: BSD-3-Clause
"""Progress on stderr, results on stdout."""

import sys
import time

_start = time.monotonic()


class Failure(Exception):
    """Something the user must know; printed without a traceback."""


def step(text):
    """One line about what goes on, with the seconds since the start."""
    print("[%6.1f] %s" % (time.monotonic() - _start, text), file=sys.stderr, flush=True)


def result(text):
    """One line of the output proper."""
    print(text, flush=True)
