# SPDX-License-Identifier: BSD-3-Clause
"""The release of Debian that the machines are made of: this host's own, or another one in a root on this host."""

import os
import platform
import subprocess

from . import cache
from .say import Failure, step

SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
# Makes the root, and runs commands in it.
IN_ROOT = os.path.join(SOURCE, "tests/in-debian13")
OTHER = "13"
OWN = platform.freedesktop_os_release().get("VERSION_ID", "own")


class Release:
    """NAME is its number. Its libraries are below ROOT. ENTER is a command that runs another one in it."""

    def __init__(self, name, root, enter=None):
        self.name, self.root, self._enter = name, root, enter

    def run(self, command, directory):
        """Run COMMAND of this release in DIRECTORY; returns its standard output.

        It is sure to find only DIRECTORY, where it may write, and the source tree.
        """
        done = subprocess.run(self._full(command, directory), cwd=directory, text=True, capture_output=True)
        if done.returncode:
            raise Failure("%s failed in %s:\n%s" % (" ".join(command), directory, (done.stdout + done.stderr)[-4000:]))
        return done.stdout

    def prepare(self):
        """Get what this host lacks of it: nothing, or a root, with all that builds the daemon."""
        if not self._enter:
            return
        step("preparing the root of Debian %s" % self.name)
        for command in ([SOURCE + "/tests/xen/setup", "--root"], ["apt-get", "-qq", "update"]):
            done = subprocess.run(self._full(command, cache.root()), stdout=subprocess.DEVNULL)
            if done.returncode:
                raise Failure("Debian %s cannot be had: see above" % self.name)

    def library(self, path):
        """The file here of its library PATH."""
        return os.path.join(self.root, path)

    def _full(self, command, directory):
        return [self._enter, directory, *command] if self._enter else command


def get(name):
    if name == OWN:
        return Release(name, "/")
    if name == OTHER:
        return Release(name, os.path.join(cache.root(), "debian13/root"), IN_ROOT)
    raise Failure("no machines of Debian %s: there are %s and %s" % (name, OWN, OTHER))
