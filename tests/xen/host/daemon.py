# SPDX-License-Identifier: BSD-3-Clause
"""What vpe installs, as image segments: built, installed, with the libraries it needs.

One for dom0 and the driver domain, with all of it; one for guests, with libvpefront and its programs; one to add to a guest
that runs a DPDK program.

VPE_BUILD names a configured build directory; without it the lab keeps one of
its own in the cache and runs make there, so that a second run is incremental.
VPE_BUILD=none leaves the daemon out.
"""

import glob
import os
import re
import shutil
import subprocess

from . import cache, cpio, elf
from .say import Failure, step

SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
# EAL opens every driver in its directory, so the machines get only these.
DRIVERS = """net_af_packet net_tap net_null net_ring net_vmxnet3 net_e1000
    mempool_ring mempool_stack bus_vdev bus_pci""".split()
DPDK_DRIVERS = "net_af_packet mempool_ring bus_vdev bus_pci".split()
UNWANTED = re.compile(r"(\.la|\.a|/include|/share/(man|doc))(/|$)")
# libc loads it when a thread is cancelled, as libxenstore does; no binary names it.
THREAD_CANCEL = elf.LIBS + "/libgcc_s.so.1"
PROGRAMS = ["tests/xen/programs/" + name
            for name in ("blast", "reopen", "hostile", "dpdk-echo", "stay", "steer", "kill-domain", "xdp")]
FOR_DPDK = re.compile(r"/bin/dpdk-echo$")
FOR_GUESTS = re.compile(r"/libvpefront\.so|/bin/(vpe-(ping|pktgen|tap)|reopen|hostile|stay|steer|xdp)$|/vpe-guard$")


def segments(stage):
    """The three cpio segments, or Nones without a daemon. STAGE is a scratch directory."""
    build = os.environ.get("VPE_BUILD") or _own_build()
    if build == "none":
        step("the machines get no daemon")
        return None, None, None
    _make(build, "install", "DESTDIR=" + stage)
    _install_programs(build, os.path.join(stage, "usr/bin"))
    packed = (_pack(stage, lambda inside: True, _drivers(DRIVERS)), _pack(stage, FOR_GUESTS.search, []),
              _pack(stage, FOR_DPDK.search, _drivers(DPDK_DRIVERS)))
    shutil.rmtree(stage)
    return packed


def _install_programs(build, where):
    """What the cases and the bench run beside what vpe installs."""
    _make(build, *PROGRAMS)
    for program in PROGRAMS:
        # libtool's own way to install: a program in the build directory is a script.
        _call(["./libtool", "--silent", "--mode=install", "install", program, where], build)


def _own_build():
    build = os.path.join(cache.root(), "build-" + cache.key(SOURCE))
    os.makedirs(build, exist_ok=True)
    with cache.locked("build"):
        if not os.path.exists(os.path.join(SOURCE, "configure")):
            step("autoreconf in %s" % SOURCE)
            _call(["autoreconf", "-i"], SOURCE)
        if not os.path.exists(os.path.join(build, "Makefile")):
            step("configuring in %s" % build)
            _call([os.path.join(SOURCE, "configure"), "-q", "--prefix=/usr",
                   "--sysconfdir=/etc", "--localstatedir=/var"], build)
        _make(build)
    return build


def _make(build, *targets):
    step("make %s in %s" % (" ".join(targets), build))
    _call(["make", "-s", "-j2"] + list(targets), build)


def _call(command, cwd):
    done = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise Failure("%s failed in %s:\n%s" % (" ".join(command), cwd, done.stdout[-4000:]))


def _pack(stage, wanted, drivers):
    image, binaries = cpio.Segment(), []
    for here, _, names in os.walk(stage):
        for name in names:
            path = os.path.join(here, name)
            inside = os.path.relpath(path, stage)
            if wanted(inside) and not UNWANTED.search("/" + inside):
                _add(image, inside, path)
                if elf.is_elf(path):
                    binaries.append(path)
    for path in drivers:
        image.file(path, path)
        # EAL takes the full version only; drivers name each other as
        # libraries, without a path and with the major version.
        image.link("%s/%s" % (elf.LIBS, os.path.basename(path)[:-len(".0")]),
                   os.path.relpath(path, "/" + elf.LIBS))
    for path, source in elf.libraries(binaries + drivers, stage).items():
        if not image.has(path) and not source.startswith(stage):
            image.file(path, source)
    if not image.has(THREAD_CANCEL):
        image.file(THREAD_CANCEL, os.path.realpath("/" + THREAD_CANCEL))
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


def _drivers(names):
    found = []
    for name in names:
        found += glob.glob("/%s/dpdk/pmds-*/librte_%s.so.[0-9][0-9].[0-9]" % (elf.LIBS, name))
    return found
