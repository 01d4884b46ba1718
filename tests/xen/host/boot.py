# SPDX-License-Identifier: BSD-3-Clause
"""From the images and the scripts of this tree to a running dom0."""

import contextlib
import functools
import os
import shutil
import tempfile

from . import cpio, daemon, image
from .machine import CPUS, Machine
from .outside import Outside, Requests
from .say import step

TREE = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))


class Lab:
    """One run: its directory, the outside, and machines booted one after the other."""

    def __init__(self, release, directory, outside):
        self.directory = directory
        self.share = os.path.join(directory, "share")
        self.machine = None
        self._release = release
        self._outside = outside
        self._boots = 0

    def prepare(self):
        """Lay out the shared directory and put the images together."""
        self._release.prepare()
        base = image.base(self._release)
        shutil.copytree(TREE, self.share + "/tree", ignore=shutil.ignore_patterns("host"))
        os.mkdir(self.share + "/boot")
        vpe, direct, dpdk = daemon.segments(self._release)
        dom0 = os.path.join(self.directory, "dom0.cpio")
        _join(dom0, base + "/xen.cpio", _scripts(self._release, "dom0"), vpe)
        _join(self.share + "/boot/domain.cpio", base + "/xen.cpio", _scripts(self._release, "domain"), vpe)
        _join(self.share + "/boot/guest.cpio", base + "/guest.cpio", _scripts(self._release, "guest"), direct)
        _join(self.share + "/boot/dpdk.cpio", os.devnull, dpdk)
        _same_file(base + "/vmlinux", self.share + "/boot/vmlinux")
        self._images = {"xen": base + "/xen", "vmlinux": base + "/vmlinux", "dom0": dom0}
        Requests(self._outside, self.share + "/outside")

    def boot(self, cpus=CPUS, shell=False):
        if self.machine:
            self._bury()
        self.machine = Machine(self._outside, self.directory, self._images, cpus, shell)
        self.machine.start()

    def _bury(self):
        """Make room for the next machine, but keep the console of this one."""
        self._boots += 1
        self.machine.stop()
        os.rename(self.machine.console, "%s.%d" % (self.machine.console, self._boots))
        shutil.rmtree(self.share + "/jobs")
        os.unlink(self.share + "/up")


@contextlib.contextmanager
def lab(release, keep=None):
    """A prepared lab with machines of RELEASE in the directory KEEP, or in a temporary one.

    The temporary one is removed at the end unless the body returns with
    lab.keep set, as it is when there are failures to look at.
    """
    directory = os.path.abspath(keep) if keep else tempfile.mkdtemp(prefix="vpe-lab-")
    os.makedirs(directory, exist_ok=True)
    with Outside() as outside:
        it = Lab(release, directory, outside)
        it.keep = bool(keep)
        try:
            it.prepare()
            yield it
        finally:
            if it.machine:
                it.machine.stop()
            if it.keep:
                _drop_bulk(directory)
                step("kept %s" % directory)
            else:
                shutil.rmtree(directory, ignore_errors=True)


def _drop_bulk(directory):
    """Images are of no interest afterwards."""
    for path in ("dom0.cpio", "share/boot"):
        path = os.path.join(directory, path)
        shutil.rmtree(path) if os.path.isdir(path) else os.path.exists(path) and os.unlink(path)


def _scripts(release, kind):
    """The segment of one kind of machine: its scripts as /init and in /lab, and what lets dom0 run commands there."""
    segment = cpio.Segment()
    path = "usr/bin/ask" if kind == "dom0" else "lab/agent"  # dom0 has the shared directory in /lab
    segment.data(path, _compiled(release, os.path.basename(path)), 0o755)
    for name in sorted(os.listdir(os.path.join(TREE, kind))):
        source = os.path.join(TREE, kind, name)
        if name == "init":
            segment.file("init", source)
        elif kind != "dom0":
            segment.file("lab/" + name, source)
    if kind == "domain":
        segment.file("lab/addresses", os.path.join(TREE, "guest/addresses"))
        segment.file("lab/confined", os.path.join(TREE, "dom0/confined"))
    return segment


@functools.lru_cache
def _compiled(release, name):
    """A program that the lab needs whether or not vpe is built."""
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, name)
        release.run(["cc", "-O2", "-o", path, os.path.join(TREE, "programs", name + ".c"), "-lxenstore"], scratch)
        with open(path, "rb") as f:
            return f.read()


def _join(target, base, *segments):
    shutil.copyfile(base, target)
    with open(target, "ab") as f:
        for segment in segments:
            if segment:
                segment.write(f)


def _same_file(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
