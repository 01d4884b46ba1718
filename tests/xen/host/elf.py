# SPDX-License-Identifier: BSD-3-Clause
"""What the images need to know about ELF files: libraries, module and kernel contents."""

import lzma
import os
import re
import struct
import subprocess

from .say import Failure


LIBS = "usr/lib/x86_64-linux-gnu"


def libraries(files, tree):
    """{path in the image: file here} of all shared libraries FILES need.

    Those below TREE come first, the host's own fill the gaps (the host is the
    same Debian release).
    """
    places = [os.path.join(tree, d) for d in (LIBS, "lib/x86_64-linux-gnu", "usr/lib")]
    env = dict(os.environ, LD_LIBRARY_PATH=":".join(places))
    found = {}
    for f in files:
        done = subprocess.run(["ldd", f], env=env, text=True, capture_output=True)
        if "not found" in done.stdout:
            raise Failure("%s lacks a library:\n%s" % (f, done.stdout))
        for name, path in re.findall(r"(\S+) => (/\S+)", done.stdout):
            found["%s/%s" % (LIBS, name)] = path
        for path in re.findall(r"^\s(/\S*ld-linux\S*)", done.stdout, re.M):
            found["usr/lib64/" + os.path.basename(path)] = path
    return found


def is_elf(path):
    with open(path, "rb") as f:
        return f.read(4) == b"\x7fELF"


def module_depends(path):
    """The modules that the kernel module PATH names in its own modinfo."""
    with open(path, "rb") as f:
        found = re.search(rb"\0depends=([^\0]*)\0", f.read())
    names = found.group(1).decode() if found else ""
    return [n for n in names.split(",") if n]


def vmlinux(bzimage):
    """The ELF kernel inside a bzImage: unpacking it inside QEMU would cost seconds a boot."""
    with open(bzimage, "rb") as f:
        image = f.read()
    setup_sects = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sects + 1) * 512 + offset
    payload = image[start:start + length]
    if payload[:6] != b"\xfd7zXZ\0":
        raise Failure("%s: the kernel is not compressed with xz" % bzimage)
    return lzma.LZMADecompressor().decompress(payload)
