#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Turns what `make -n V=1` prints into compile_commands.json, for clang-tidy and cppcheck.

    make -n V=1 ... | compile-commands.py SRCDIR >compile_commands.json

A source that is compiled several times, for a shared library and for a program, is in it once. With
-W, make names a source as if it were in the build directory; here it is where it is.
"""

import json
import os
import re
import shlex
import sys

COMPILES = re.compile(r"\s-c -o \S+\.l?o\s")
# automake looks for a source with its own name beside the Makefile first.
EITHER = re.compile(r"`test -f '[^']*' \|\| echo '([^']*)'`")
# Files that the compiler would write beside the object.
WRITES = ("-MT", "-MF")


def command_of(line):
    """The compiler's arguments and the source, or None if the line compiles nothing."""
    line = EITHER.sub(r"\1", line.split("&&")[0].rstrip("\\; "))
    if not COMPILES.search(line):
        return None
    words = shlex.split(line)
    if "--mode=compile" in words:
        words = words[words.index("--mode=compile") + 1:]
    arguments = []
    skip = False
    for word in words:
        if not skip and word not in WRITES and word not in ("-MD", "-MP"):
            arguments.append(word)
        skip = word in WRITES
    return arguments, arguments[-1]


def main():
    here = os.getcwd()
    srcdir = sys.argv[1]
    found = {}
    for line in sys.stdin:
        command = command_of(line)
        if command:
            arguments, source = command
            if not os.path.exists(source):
                source = os.path.join(srcdir, source)
                arguments[-1] = source
            found.setdefault(source, {"directory": here, "arguments": arguments, "file": source})
    if not found:
        sys.exit("compile-commands.py: make compiles nothing")
    json.dump([found[source] for source in sorted(found)], sys.stdout, indent=1)


if __name__ == "__main__":
    main()
