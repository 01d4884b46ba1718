# SPDX-License-Identifier: BSD-3-Clause
"""What the machines boot: a hypervisor, a kernel and the package part of the initramfs.

Two package parts: "xen" for dom0 and the driver domain, "guest" for guests. The
lab's scripts and the daemon are segments of their own, laid over these by boot.py.
"""

import gzip
import os
import subprocess

from . import cache, cpio, elf, packages
from .say import step

XEN_MODULES = """xen-privcmd xenfs xen-evtchn xen-gntdev xen-gntalloc
    xen-netback xen-netfront xen-pciback xen-pcifront
    bridge tun veth dummy pktgen 8021q vhost_net vmxnet3 e1000e virtio_net virtio_pci 9p 9pnet_virtio
    uio_pci_generic ipip ip_gre sit vxlan sch_red openvswitch crc32c_generic""".split()
GUEST_MODULES = """xen-netfront xen-evtchn xen-gntalloc tun veth 8021q bridge
    ipip ip_gre sit vxlan bonding macvlan sch_red""".split()

XEN_PROGRAMS = ["usr/bin/bash", "usr/bin/flock", "usr/sbin/brctl"]
GUEST_PROGRAMS = ["usr/sbin/ip", "usr/sbin/bridge", "usr/sbin/ethtool", "usr/bin/iperf3",
                  "usr/bin/ping", "usr/bin/strace", "usr/sbin/tc", "usr/bin/fping", "usr/bin/socat", "usr/bin/ss", "usr/bin/busybox"]
XENSTORE = ["xenstore-" + verb for verb in
            "chmod exists list ls read rm watch write".split()]
# The hotplug scripts take another way when they find ifup.
UNWANTED_APPLETS = {"busybox", "ifup", "ifdown"}
MERGED = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}


def base():
    """The cache directory with xen, vmlinux, xen.cpio and guest.cpio."""
    tree = packages.unpacked()
    key = cache.key(tree, *_sources())
    return cache.directory("images", key, lambda path: _make(path, tree))


def _sources():
    for module in (cpio, elf, packages):
        with open(module.__file__) as f:
            yield f.read()
    with open(__file__) as f:
        yield f.read()


def _make(path, tree):
    step("building the images")
    version = packages.kernel_version(tree)
    _unzip(os.path.join(tree, "boot/xen-4.17-amd64.gz"), path + "/xen")
    with open(path + "/vmlinux", "wb") as f:
        f.write(elf.vmlinux(os.path.join(tree, "boot/vmlinuz-" + version)))
    with open(path + "/xen.cpio", "wb") as f:
        _xen_image(tree, version).write(f)
    with open(path + "/guest.cpio", "wb") as f:
        _guest_image(tree, version).write(f)


def _unzip(source, target):
    with gzip.open(source) as f, open(target, "wb") as out:
        out.write(f.read())


def _xen_image(tree, version):
    image = _common_image(tree, GUEST_PROGRAMS + XEN_PROGRAMS)
    _modules(image, tree, version, XEN_MODULES)
    image.tree("etc/xen", tree + "/etc/xen")
    image.tree("usr/lib/xen-common", tree + "/usr/lib/xen-common")
    binaries = tree + "/usr/lib/xen-4.17/bin"
    image.tree("usr/lib/xen-4.17/bin", binaries)
    for name in ("xl", "xenstore-control"):
        image.link("usr/sbin/" + name, "../lib/xen-4.17/bin/" + name)
    programs = [os.path.join(binaries, n) for n in
                ("xl", "xenstored", "xenconsoled", "xen-init-dom0", "libxl-save-helper",
                 "xenstore-control", "xenconsole")]
    _libraries(image, programs, tree)
    # glibc loads this one by name, at the first pthread_cancel().
    image.file("usr/lib/x86_64-linux-gnu/libgcc_s.so.1", "/lib/x86_64-linux-gnu/libgcc_s.so.1")
    return image


def _guest_image(tree, version):
    image = _common_image(tree, GUEST_PROGRAMS)
    _modules(image, tree, version, GUEST_MODULES)
    return image


def _common_image(tree, programs):
    image = cpio.Segment()
    for old, new in MERGED.items():
        image.directory(new)
        image.link(old, new)
    for path in "dev proc sys run tmp root var/log var/lib mnt".split():
        image.directory(path)
    image.link("var/run", "../run")
    image.link("var/lock", "../run/lock")
    image.data("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    image.data("etc/group", b"root:x:0:\n")
    image.data("etc/hosts", b"127.0.0.1 localhost\n")
    image.data("etc/protocols", b"icmp 1\nipv6-icmp 58\n")  # fping asks for both
    for name in XENSTORE:
        image.file("usr/bin/" + name, os.path.join(tree, "usr/bin", name))
    for path in programs:
        image.file(path, _program(tree, path))
    _libraries(image, [_program(tree, p) for p in programs + ["usr/bin/" + XENSTORE[0]]], tree)
    _applets(image, tree)
    return image


def _program(tree, path):
    """PATH below the tree; packages still use both /bin and /usr/bin."""
    merged = os.path.join(tree, path)
    return merged if os.path.exists(merged) else os.path.join(tree, path[len("usr/"):])


def _libraries(image, files, tree):
    for path, source in elf.libraries([f for f in files if elf.is_elf(f)], tree).items():
        image.file(path, source)


def _applets(image, tree):
    busybox = _program(tree, "usr/bin/busybox")
    applets = subprocess.run([busybox, "--list"], text=True, capture_output=True, check=True)
    for name in applets.stdout.split():
        taken = image.has("usr/bin/" + name) or image.has("usr/sbin/" + name)
        if not taken and name not in UNWANTED_APPLETS:
            image.link("usr/bin/" + name, "busybox")


def _modules(image, tree, version, names):
    """The modules NAMES and what they depend on, with a modules.dep for modprobe."""
    files = _module_files(os.path.join(tree, "lib/modules", version))
    wanted, depends = [_plain(n) for n in names], {}
    while wanted:
        name = wanted.pop()
        # A name without a file is built into the kernel.
        if name in depends or name not in files:
            continue
        depends[name] = [_plain(d) for d in elf.module_depends(files[name])]
        wanted += depends[name]
    top = "usr/lib/modules/%s/" % version
    lines = []
    for name in sorted(depends):
        image.file(top + os.path.basename(files[name]), files[name])
        chain = [os.path.basename(files[d]) for d in _closure(name, depends)]
        lines.append("%s: %s\n" % (os.path.basename(files[name]), " ".join(chain)))
    image.data(top + "modules.dep", "".join(lines).encode())


def _module_files(top):
    return {_plain(name[:-3]): os.path.join(here, name)
            for here, _, names in os.walk(top) for name in names if name.endswith(".ko")}


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
