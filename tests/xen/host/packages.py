# SPDX-License-Identifier: BSD-3-Clause
"""The Debian packages the machines are made of, unpacked into the cache."""

import glob
import os
import re
import subprocess

from . import cache
from .say import Failure, step

XEN = ["xen-utils-common", "xenstore-utils"]
# The static busybox would prefer its own ping and ip to the real ones.
TOOLS = [
    "busybox", "bash", "util-linux", "iproute2", "bridge-utils", "ethtool",
    "iperf3", "libiperf0", "iputils-ping", "fping", "socat", "strace",
]


def unpacked(release):
    """The directory that holds all packages, unpacked over each other."""
    names = [*_versioned(release), *XEN, *TOOLS]
    uris = release.run(["apt-get", "download", "--print-uris", *names], cache.root())
    return cache.directory("packages", cache.key(uris), lambda path: _fetch(release, path, names))


def find(tree, path):
    """PATH, which begins with usr, below TREE; packages of Debian 12 still use both /bin and /usr/bin."""
    merged = os.path.join(tree, path)
    return merged if os.path.exists(merged) else os.path.join(tree, path[len("usr/"):])


def kernel_version(tree):
    return os.listdir(find(tree, "usr/lib/modules"))[0]


def xen_version(tree):
    return os.path.basename(glob.glob(os.path.join(tree, "usr/lib/xen-[0-9]*"))[0])[len("xen-"):]


def _versioned(release):
    """The packages with a version in their names."""
    kernel = _dependency(release, "linux-image-amd64", r"linux-image-[0-9]\S+")
    hypervisor = _dependency(release, "xen-system-amd64", r"xen-hypervisor-[0-9]\S+")
    return kernel, hypervisor, _dependency(release, "xen-system-amd64", r"xen-utils-[0-9]\S+")


def _dependency(release, package, pattern):
    depends = release.run(["apt-cache", "depends", package], cache.root())
    found = re.search("Depends: (%s)" % pattern, depends)
    if not found:
        raise Failure("apt does not know %s: run tests/xen/setup first" % package)
    return found.group(1)


def _fetch(release, path, names):
    step("downloading %d Debian packages" % len(names))
    debs = os.path.join(path, "debs")
    os.mkdir(debs)
    release.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *names], debs)
    step("unpacking them")
    for deb in sorted(glob.glob(debs + "/*.deb")):
        subprocess.run(["dpkg", "-x", deb, path], check=True)
        os.unlink(deb)
    os.rmdir(debs)
