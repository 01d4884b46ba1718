# SPDX-License-Identifier: BSD-3-Clause
"""The Debian packages the machines are made of, unpacked into the cache."""

import glob
import os
import re
import subprocess

from . import cache
from .say import Failure, step

XEN = [
    "xen-hypervisor-4.17-amd64", "xen-utils-4.17", "xen-utils-common", "xenstore-utils",
]
# The static busybox would prefer its own ping and ip to the real ones.
TOOLS = [
    "busybox", "bash", "util-linux", "iproute2", "bridge-utils", "ethtool",
    "iperf3", "libiperf0", "iputils-ping", "fping", "socat", "strace",
]


def unpacked():
    """The directory that holds all packages, unpacked over each other."""
    names = [_kernel()] + XEN + TOOLS
    uris = _apt("apt-get", "download", "--print-uris", *names)
    return cache.directory("packages", cache.key(uris), lambda path: _fetch(path, names))


def kernel_version(tree):
    return os.path.basename(glob.glob(os.path.join(tree, "lib/modules/*"))[0])


def _kernel():
    depends = _apt("apt-cache", "depends", "linux-image-amd64")
    found = re.search(r"Depends: (linux-image-[0-9]\S+)", depends)
    if not found:
        raise Failure("apt does not know linux-image-amd64: run tests/xen/setup first")
    return found.group(1)


def _fetch(path, names):
    step("downloading %d Debian packages" % len(names))
    debs = os.path.join(path, "debs")
    os.mkdir(debs)
    _apt("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *names, cwd=debs)
    step("unpacking them")
    for deb in sorted(glob.glob(debs + "/*.deb")):
        subprocess.run(["dpkg", "-x", deb, path], check=True)
        os.unlink(deb)
    os.rmdir(debs)


def _apt(*command, cwd=None):
    done = subprocess.run(command, cwd=cwd, text=True, capture_output=True)
    if done.returncode:
        raise Failure("%s failed:\n%s" % (" ".join(command[:3]), done.stderr))
    return done.stdout
