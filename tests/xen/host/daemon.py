# SPDX-License-Identifier: BSD-3-Clause
"""What vpe installs, as image segments: built, installed, with the libraries it needs.

One for dom0 and the driver domain, with all of it; one for guests, with libvpefront and its programs; one to add to a guest
that runs a DPDK program.

VPE_BUILD names a configured build directory; without it the lab keeps one of
its own in the cache and runs make there, so that a second run is incremental.
The compiler and the libraries are those of the machines' release.
VPE_BUILD=none leaves the daemon out.
"""

import glob
import os
import re
import shutil

from . import cache, cpio, elf
from .release import OWN, SOURCE, get
from .say import step

# EAL opens every driver in its directory, so the machines get only these.
DRIVERS = """net_af_packet net_tap net_null net_ring net_vmxnet3 net_e1000
    mempool_ring mempool_stack bus_vdev bus_pci""".split()
DPDK_DRIVERS = "net_af_packet mempool_ring bus_vdev bus_pci".split()
UNWANTED = re.compile(r"(\.la|\.a|/include|/share/(man|doc))(/|$)")
PROGRAMS = ["tests/xen/programs/" + name
            for name in ("blast", "reopen", "hostile", "dpdk-echo", "stay", "steer", "kill-domain", "xdp")]
FOR_DPDK = re.compile(r"/bin/dpdk-echo$")
FOR_GUESTS = re.compile(r"/libvpefront\.so|/bin/(vpe-(ping|pktgen|tap)|reopen|hostile|stay|steer|xdp)$|/vpe-guard$")


def segments(release):
    """The three cpio segments, or Nones without a daemon."""
    build = os.environ.get("VPE_BUILD") or _own_build(release)
    if build == "none":
        step("the machines get no daemon")
        return None, None, None
    build = os.path.abspath(build)
    stage = os.path.join(build, "lab-stage")
    shutil.rmtree(stage, ignore_errors=True) # of a lab that was killed
    _make(release, build, "install", "DESTDIR=" + stage)
    _install_programs(release, build, os.path.join(stage, "usr/bin"))
    packed = (_pack(release, stage, lambda inside: True, DRIVERS), _pack(release, stage, FOR_GUESTS.search, []),
              _pack(release, stage, FOR_DPDK.search, DPDK_DRIVERS))
    shutil.rmtree(stage)
    return packed


def _install_programs(release, build, where):
    """What the cases and the bench run beside what vpe installs."""
    _make(release, build, *PROGRAMS)
    for program in PROGRAMS:
        # libtool's own way to install: a program in the build directory is a script.
        release.run(["./libtool", "--silent", "--mode=install", "install", program, where], build)


def _own_build(release):
    build = os.path.join(cache.root(), "build-" + cache.key(SOURCE, release.name))
    os.makedirs(build, exist_ok=True)
    with cache.locked("build"):
        if _older("configure", "configure.ac") or _older("Makefile.in", "Makefile.am"):
            step("autoreconf in %s" % SOURCE)
            get(OWN).run(["autoreconf", "-i"], SOURCE)
        if not os.path.exists(os.path.join(build, "Makefile")):
            step("configuring in %s" % build)
            release.run([os.path.join(SOURCE, "configure"), "-q", "--prefix=/usr",
                         "--sysconfdir=/etc", "--localstatedir=/var"], build)
        _make(release, build)
    return build


def _older(made, source):
    """Another release's make could not make the file MADE of the source tree again: it has another automake."""
    made, source = os.path.join(SOURCE, made), os.path.join(SOURCE, source)
    return not os.path.exists(made) or os.path.getmtime(made) < os.path.getmtime(source)


def _make(release, build, *targets):
    step("make %s in %s" % (" ".join(targets), build))
    release.run(["make", "-s", "-j2", *targets], build)


def _pack(release, stage, wanted, drivers):
    image, binaries, drivers = cpio.Segment(), [], _drivers(release, drivers)
    for here, _, names in os.walk(stage):
        for name in names:
            path = os.path.join(here, name)
            inside = os.path.relpath(path, stage)
            if wanted(inside) and not UNWANTED.search("/" + inside):
                _add(image, inside, path)
                if elf.is_elf(path):
                    binaries.append(path)
    for path in drivers:
        image.file(os.path.relpath(path, release.root), path)
        # EAL takes the full version only; drivers name each other as
        # libraries, without a path and with the major version.
        image.link("%s/%s" % (elf.LIBS, os.path.basename(path)[:-len(".0")]),
                   os.path.relpath(path, release.library(elf.LIBS)))
    for path, source in elf.libraries(binaries + drivers, stage, release.root).items():
        if not image.has(path) and not source.startswith(stage):
            image.file(path, source)
    if not image.has(elf.THREAD_CANCEL):
        image.file(elf.THREAD_CANCEL, release.library(elf.THREAD_CANCEL))
    return image


def _add(image, inside, path):
    inside = re.sub(r"^(bin|sbin|lib|lib64)/", r"usr/\1/", inside)
    if os.path.islink(path):
        image.link(inside, os.readlink(path))
        return
    image.file(inside, path)
    # xl looks for hotplug scripts here only, whatever prefix the build has.
    if os.path.basename(inside).startswith("vif-vpe"):
        image.file("etc/xen/scripts/" + os.path.basename(inside), path)


def _drivers(release, names):
    found = []
    for name in names:
        found += glob.glob(release.library("%s/dpdk/pmds-*/librte_%s.so.[0-9][0-9].[0-9]" % (elf.LIBS, name)))
    return found
