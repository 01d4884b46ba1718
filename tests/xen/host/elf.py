# SPDX-License-Identifier: BSD-3-Clause
"""What the images need to know about ELF files: libraries, module and kernel contents."""

import lzma
import os
import re
import struct
import subprocess

from .say import Failure


LIBS = "usr/lib/x86_64-linux-gnu"
# libc loads it when a thread is cancelled, as libxenstore does; no binary names it.
THREAD_CANCEL = LIBS + "/libgcc_s.so.1"


def libraries(files, *trees):
    """{path in the image: file here} of all shared libraries FILES need, each from the first of TREES that has it.

    Nothing is run for that: the files may be of another release than this host.
    """
    places = [os.path.join(tree, d) for tree in trees for d in (LIBS, "lib/x86_64-linux-gnu", "usr/lib")]
    found, wanted = {}, list(files)
    while wanted:
        user = wanted.pop()
        for name in _needed(user):
            # Programs name the dynamic linker by its path; for libc it is a library like others.
            target = "%s/%s" % ("usr/lib64" if name.startswith("ld-linux") else LIBS, name)
            if target not in found:
                found[target] = _first(name, places, user)
                wanted.append(found[target])
    return found


def _needed(path):
    done = subprocess.run(["readelf", "--dynamic", path], text=True, capture_output=True, check=True)
    return re.findall(r"\(NEEDED\).*\[(.+)\]", done.stdout)


def _first(name, places, user):
    for place in places:
        if os.path.exists(os.path.join(place, name)):
            return os.path.join(place, name)
    raise Failure("%s needs %s, which is not in %s" % (user, name, ", ".join(places)))


def is_elf(path):
    with open(path, "rb") as f:
        return f.read(4) == b"\x7fELF"


def module(path):
    """The contents of the kernel module PATH, unpacked."""
    with open(path, "rb") as f:
        content = f.read()
    return lzma.decompress(content) if path.endswith(".xz") else content


def module_depends(content):
    """The modules that a kernel module names in its own modinfo."""
    found = re.search(rb"\0depends=([^\0]*)\0", content)
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
    # Its last 4 bytes are the length of the kernel.
    if payload.startswith(b"\xfd7zXZ\0"):
        return lzma.decompress(payload[:-4])
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        return subprocess.run(["zstd", "-dcq"], input=payload[:-4], capture_output=True, check=True).stdout
    raise Failure("%s: the kernel is compressed neither with xz nor with zstd" % bzimage)
