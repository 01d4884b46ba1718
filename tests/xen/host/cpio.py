# SPDX-License-Identifier: BSD-3-Clause
"""A writer for "newc" cpio segments, the format of an initramfs.

Segments may be laid end to end: the kernel unpacks them in order, and a later
file replaces an earlier one of the same name.
"""

import os
import stat


class Segment:
    """Collects files, then writes them as one segment. Paths have no leading slash."""

    def __init__(self):
        self._entries = {}

    def directory(self, path, mode=0o755):
        path = path.strip("/")
        if not path or path in self._entries:
            return
        self.directory(os.path.dirname(path))
        self._entries[path] = (stat.S_IFDIR | mode, b"")

    def data(self, path, content, mode=0o644):
        path = path.strip("/")
        self.directory(os.path.dirname(path))
        self._entries[path] = (stat.S_IFREG | mode, content)

    def link(self, path, target):
        path = path.strip("/")
        self.directory(os.path.dirname(path))
        self._entries[path] = (stat.S_IFLNK | 0o777, target.encode())

    def file(self, path, source):
        """Add SOURCE of this machine, following links, with its mode."""
        with open(source, "rb") as f:
            self.data(path, f.read(), stat.S_IMODE(os.stat(source).st_mode))

    def tree(self, path, source):
        """Add the directory SOURCE with all that is in it; links stay links."""
        self.directory(path)
        for here, dirs, files in os.walk(source):
            rel = os.path.normpath(os.path.join(path, os.path.relpath(here, source)))
            for name in dirs + files:
                full, inside = os.path.join(here, name), os.path.join(rel, name)
                if os.path.islink(full):
                    self.link(inside, os.readlink(full))
                elif os.path.isdir(full):
                    self.directory(inside)
                else:
                    self.file(inside, full)

    def has(self, path):
        return path.strip("/") in self._entries

    def write(self, out):
        for ino, (path, (mode, content)) in enumerate(self._entries.items(), 1):
            _record(out, ino, path, mode, content)
        _record(out, 0, "TRAILER!!!", 0, b"")


def _record(out, ino, path, mode, content):
    name = path.encode() + b"\0"
    nlink = 2 if stat.S_ISDIR(mode) else 1
    fields = (ino, mode, 0, 0, nlink, 0, len(content), 0, 0, 0, 0, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % f for f in fields)
    out.write(_padded(header + name))
    out.write(_padded(content))


def _padded(block):
    return block + b"\0" * (-len(block) % 4)
