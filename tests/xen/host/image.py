# SPDX-License-Identifier: BSD-3-Clause
"""What the machines boot: a hypervisor, a kernel and the package part of the initramfs.

Two package parts: "xen" for dom0 and the driver domain, "guest" for guests. The
lab's scripts and the daemon are segments of their own, laid over these by boot.py.
"""

import gzip
import os

from . import cache, cpio, elf, packages
from .say import step

XEN_MODULES = """xen-privcmd xenfs xen-evtchn xen-gntdev xen-gntalloc
    xen-netback xen-netfront xen-pciback xen-pcifront
    bridge tun veth dummy pktgen 8021q vhost_net vmxnet3 e1000e virtio_net virtio_pci 9p 9pnet_virtio
    uio_pci_generic ipip ip_gre sit vxlan sch_red openvswitch crc32c_generic""".split()
GUEST_MODULES = """xen-netfront xen-evtchn xen-gntalloc tun veth 8021q bridge
    ipip ip_gre sit vxlan bonding macvlan sch_red""".split()

XEN_PROGRAMS = ["usr/bin/bash", "usr/bin/flock", "usr/bin/setpriv", "usr/sbin/brctl"]
GUEST_PROGRAMS = ["usr/sbin/ip", "usr/sbin/bridge", "usr/sbin/ethtool", "usr/bin/iperf3",
                  "usr/bin/ping", "usr/bin/strace", "usr/sbin/tc", "usr/bin/fping", "usr/bin/socat", "usr/bin/ss", "usr/bin/busybox"]
XENSTORE = ["xenstore-" + verb for verb in
            "chmod exists list ls read rm watch write".split()]
# The hotplug scripts take another way when they find ifup.
UNWANTED_APPLETS = {"busybox", "ifup", "ifdown"}
MERGED = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}


def base(release):
    """The cache directory with xen, vmlinux, xen.cpio and guest.cpio."""
    tree = packages.unpacked(release)
    key = cache.key(tree, *_sources())
    return cache.directory("images", key, lambda path: _make(path, release, tree))


def _sources():
    for module in (cpio, elf, packages):
        with open(module.__file__) as f:
            yield f.read()
    with open(__file__) as f:
        yield f.read()


def _make(path, release, tree):
    step("building the images")
    _unzip(os.path.join(tree, "boot/xen-%s-amd64.gz" % packages.xen_version(tree)), path + "/xen")
    with open(path + "/vmlinux", "wb") as f:
        f.write(elf.vmlinux(os.path.join(tree, "boot/vmlinuz-" + packages.kernel_version(tree))))
    with open(path + "/xen.cpio", "wb") as f:
        _xen_image(release, tree).write(f)
    with open(path + "/guest.cpio", "wb") as f:
        _guest_image(release, tree).write(f)


def _unzip(source, target):
    with gzip.open(source) as f, open(target, "wb") as out:
        out.write(f.read())


def _xen_image(release, tree):
    image = _common_image(release, tree, GUEST_PROGRAMS + XEN_PROGRAMS)
    _modules(image, tree, XEN_MODULES)
    image.tree("etc/xen", tree + "/etc/xen")
    image.tree("usr/lib/xen-common", tree + "/usr/lib/xen-common")
    versioned = "xen-" + packages.xen_version(tree)
    binaries = os.path.join(tree, "usr/lib", versioned, "bin")
    image.tree("usr/lib/%s/bin" % versioned, binaries)
    image.link("usr/lib/xen", versioned)
    for name in ("xl", "xenstore-control"):
        image.link("usr/sbin/" + name, "../lib/xen/bin/" + name)
    programs = [os.path.join(binaries, n) for n in
                ("xl", "xenstored", "xenconsoled", "xen-init-dom0", "libxl-save-helper",
                 "xenstore-control", "xenconsole")]
    _libraries(image, programs, release, tree)
    image.file(elf.THREAD_CANCEL, release.library(elf.THREAD_CANCEL))
    return image


def _guest_image(release, tree):
    image = _common_image(release, tree, GUEST_PROGRAMS)
    _modules(image, tree, GUEST_MODULES)
    return image


def _common_image(release, tree, programs):
    image = cpio.Segment()
    for old, new in MERGED.items():
        image.directory(new)
        image.link(old, new)
    for path in "dev proc sys run tmp root var/log var/lib mnt".split():
        image.directory(path)
    image.link("var/run", "../run")
    image.link("var/lock", "../run/lock")
    image.data("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nvpe:x:100:100::/:/bin/sh\n")
    image.data("etc/group", b"root:x:0:\nvpe:x:100:\n")
    image.data("etc/hosts", b"127.0.0.1 localhost\n")
    image.data("etc/protocols", b"icmp 1\nipv6-icmp 58\n")  # fping asks for both
    for name in XENSTORE:
        image.file("usr/bin/" + name, os.path.join(tree, "usr/bin", name))
    for path in programs:
        image.file(path, packages.find(tree, path))
    _libraries(image, [packages.find(tree, p) for p in programs + ["usr/bin/" + XENSTORE[0]]], release, tree)
    _applets(image, release, tree)
    return image


def _libraries(image, files, release, tree):
    """Libraries that are not in the packages are those of the release's root."""
    for path, source in elf.libraries([f for f in files if elf.is_elf(f)], tree, release.root).items():
        image.file(path, source)


def _applets(image, release, tree):
    for name in release.run([packages.find(tree, "usr/bin/busybox"), "--list"], tree).split():
        taken = image.has("usr/bin/" + name) or image.has("usr/sbin/" + name)
        if not taken and name not in UNWANTED_APPLETS:
            image.link("usr/bin/" + name, "busybox")


def _modules(image, tree, names):
    """The modules NAMES and what they depend on, with a modules.dep for modprobe."""
    files = _module_files(packages.find(tree, "usr/lib/modules"))
    wanted, depends, top = [_plain(n) for n in names], {}, "usr/lib/modules/" + packages.kernel_version(tree)
    while wanted:
        name = wanted.pop()
        # A name without a file is built into the kernel.
        if name in depends or name not in files:
            continue
        content = elf.module(files[name])
        image.data("%s/%s.ko" % (top, name), content)
        depends[name] = [_plain(d) for d in elf.module_depends(content)]
        wanted += depends[name]
    lines = []
    for name in sorted(depends):
        chain = [d + ".ko" for d in _closure(name, depends)]
        lines.append("%s.ko: %s\n" % (name, " ".join(chain)))
    image.data(top + "/modules.dep", "".join(lines).encode())


def _module_files(top):
    return {_plain(name.partition(".ko")[0]): os.path.join(here, name)
            for here, _, names in os.walk(top) for name in names if name.endswith((".ko", ".ko.xz"))}


def _closure(name, depends):
    """All that NAME needs, nearest first, as modules.dep wants it."""
    order = []
    for d in depends[name]:
        for n in [d] + _closure(d, depends):
            if n in order:
                order.remove(n)
            order.append(n)
    return order


def _plain(name):
    return name.replace("-", "_")
