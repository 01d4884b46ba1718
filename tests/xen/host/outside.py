# SPDX-License-Identifier: BSD-3-Clause
"""The outside: a network namespace with QEMU in it and a host of the lab's LAN.

Its PID namespace dies with us, whatever happens to us, and takes QEMU, the tap
devices and all traffic generators along. So there is nothing to clean up, and
names inside need not be unique.
"""

import ctypes
import os
import signal
import subprocess
import threading
import time

from .say import Failure, step

PR_SET_PDEATHSIG = 1
ADDRESS = "10.77.0.1/24"
# Room for the jumbo cases.
MTU = 9000
REQUEST_POLL_S = 0.03
# BBR, the default of some machines, paces by the rate that it has seen, and on an emulated machine it does not get out of a slow
# start: the same case would give a tenth of the figures, or not.
CONGESTION_CONTROL = "cubic"
SYSCTL = "/proc/sys/net/ipv4/"


class Outside:
    """`with Outside() as o:` makes it; o.popen() and o.run() start programs in it."""

    def __enter__(self):
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
             "--mount-proc", "sh", "-c", "echo up; exec sleep infinity"],
            stdout=subprocess.PIPE, preexec_fn=_die_with_parent)
        if self._holder.stdout.readline() != b"up\n":
            raise Failure("cannot make namespaces with unshare: the lab needs root")
        children = "/proc/%d/task/%d/children" % (self._holder.pid, self._holder.pid)
        with open(children) as f:
            self._init_pid = f.read().split()[0]
        self._set_congestion_control()
        self.check("ip link set lo up")
        self.check("ip link add lan type bridge; ip link set lan mtu %d up" % MTU)
        self.check("ip addr add %s dev lan" % ADDRESS)
        return self

    def __exit__(self, *_):
        self._holder.kill()
        self._holder.wait()

    def _set_congestion_control(self):
        """Linux keeps a setting for each network namespace, but lets another than the first one choose from a list only."""
        set_it = "echo %s >%stcp_congestion_control" % (CONGESTION_CONTROL, SYSCTL)
        try:
            self.check(set_it)
            return
        except Failure:
            step("%stcp_allowed_congestion_control is given %s for a moment" % (SYSCTL, CONGESTION_CONTROL))
        # It stays in force in the namespace after the list is as it was.
        try:
            with open(SYSCTL + "tcp_allowed_congestion_control") as f:
                allowed = f.read().split()
            try:
                _write_allowed(allowed + [CONGESTION_CONTROL])
                self.check(set_it)
            finally:
                _write_allowed(allowed)
        except OSError as why:
            raise Failure("the lab's hosts cannot use %s for TCP: %s" % (CONGESTION_CONTROL, why)) from why

    def tap(self, name):
        """A new tap device on the LAN for one of QEMU's NICs; one of that name is removed."""
        self.check("ip link delete %s 2>/dev/null || :" % name)
        self.check("ip tuntap add dev %s mode tap vnet_hdr" % name)
        self.check("ip link set %s mtu %d master lan up" % (name, MTU))

    def popen(self, command, cwd=None, **kwargs):
        # Entering a mount namespace changes to its root directory.
        return subprocess.Popen(
            ["nsenter", "--target", self._init_pid, "--net", "--mount", "--pid",
             "--wd=" + (cwd or os.getcwd())] + command, **kwargs)

    def run(self, script, output, limit):
        """Run the script file SCRIPT in its directory; returns its exit status."""
        process = self.popen(["timeout", "-k", "1", str(limit), "sh", script],
                             cwd=os.path.dirname(script),
                             stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        return process.wait()

    def check(self, script):
        process = self.popen(["sh", "-ec", script], stderr=subprocess.PIPE, text=True)
        _, err = process.communicate()
        if process.returncode:
            raise Failure("%s: %s" % (script, err))


class Requests(threading.Thread):
    """Does what dom0 asks to be run outside: DIR/N.sh in, DIR/N.out and DIR/N.rc back."""

    LIMIT_S = 600

    def __init__(self, outside, directory):
        super().__init__(daemon=True)
        self._outside, self._dir = outside, directory
        self._seen = set()
        os.makedirs(directory, exist_ok=True)
        self.start()

    def run(self):
        while True:
            try:
                names = os.listdir(self._dir)
            except FileNotFoundError: # the lab has ended
                return
            for name in names:
                if name.endswith(".sh") and name not in self._seen:
                    self._seen.add(name)
                    threading.Thread(target=self._serve, args=(name[:-3],), daemon=True).start()
            time.sleep(REQUEST_POLL_S)

    def _serve(self, name):
        base = os.path.join(self._dir, name)
        with open(base + ".out", "wb") as out:
            status = self._outside.run(base + ".sh", out, self.LIMIT_S)
        with open(base + ".tmp", "w") as f:
            f.write("%d\n" % status)
        os.rename(base + ".tmp", base + ".rc")


def _write_allowed(names):
    with open(SYSCTL + "tcp_allowed_congestion_control", "w") as f:
        f.write(" ".join(names) + "\n")


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
