# SPDX-License-Identifier: BSD-3-Clause
"""One QEMU machine that runs Xen, and the jobs dom0 does for us.

Host and dom0 talk through files in a directory they share (9p): see dom0/jobs.
"""

import os
import subprocess
import time

from .say import Failure, step

# PV dom0 dies with SMAP, PVH guests are killed for RDTSCP; paging and context switch are kept plain. ERMS and FSRM
# would make kernels copy with "rep movsb", which QEMU executes byte by byte: copies, cheap on a real CPU, would be what
# a bench measures.
CPU = "max,-smap,-la57,-pks,-pku,-rdtscp,-xsave,-erms,-fsrm"
NICE = -10
CPUS = 2 # of a machine, if a case does not say otherwise
MEMORY_MB = 4096
DOM0_MEMORY_MB = 1024
DOM0_CPUS = 2
XEN_ARGS = ("dom0_mem=%dM dom0_max_vcpus=%d console=com1 com1=115200,8n1 loglvl=info noreboot"
            % (DOM0_MEMORY_MB, DOM0_CPUS))
DOM0_ARGS = "console=hvc0 loglevel=4 panic=1"
# PCI slots of dom0's NIC and of the driver domain's: see dom0/driver-domain.sh.
DOM0_NIC = 7
DOMAIN_NIC = 8
BOOT_LIMIT_S = 180
POLL_S = 0.05


class Died(Failure):
    """QEMU is gone, or dom0 does not answer any more."""


class Machine:
    def __init__(self, outside, directory, images, cpus, shell):
        self._outside = outside
        self._dir = directory
        self._images = images
        self._shell = shell
        self.cpus = cpus
        self._qemu = None
        self._jobs = 0
        self.share = os.path.join(directory, "share")
        self.console = os.path.join(directory, "dom0-console.log")

    def start(self):
        """Boot; returns when dom0 takes jobs."""
        os.makedirs(self.share + "/jobs", exist_ok=True)
        began = time.monotonic()
        step("booting Xen and dom0 with CPUs: %d (console: %s)" % (self.cpus, self.console))
        self._qemu = self._outside.popen(
            self._command(), stdin=None if self._shell else subprocess.DEVNULL, start_new_session=not self._shell)
        self._prefer()
        self._wait(self.share + "/up", BOOT_LIMIT_S, "boot")
        step("dom0 is up after %.1f s" % (time.monotonic() - began))

    def _prefer(self):
        """Other work on the host must not make Xen's and libxl's time limits pass.

        With CONFIG_SCHED_AUTOGROUP nice works only inside of a session, and each session has a nice value.
        """
        try:
            with open("/proc/%d/autogroup" % self._qemu.pid, "w") as f:
                f.write("%d\n" % NICE)
        except OSError as why:
            step("QEMU competes with all sessions of the host: %s" % why)

    def job(self, script, limit):
        """Run a shell script in dom0; returns (exit status, output)."""
        self._jobs += 1
        base = "%s/jobs/%d" % (self.share, self._jobs)
        with open(base + ".tmp", "w") as f:
            f.write(script)
        os.rename(base + ".tmp", base + ".sh")
        self._wait(base + ".rc", limit, "a job")
        with open(base + ".rc") as rc, open(base + ".out", errors="replace") as out:
            return int(rc.read()), out.read()

    def triple_faults(self):
        """How many guests QEMU's emulation of SVM has broken since the boot, as Xen counts them."""
        with open(self.console, errors="replace") as f:
            return f.read().count("Triple fault")

    def stop(self):
        """Power off, the hard way: nothing in it is to be kept."""
        if self._qemu:
            self._qemu.kill()
            self._qemu.wait()

    def _wait(self, path, limit, what):
        deadline = time.monotonic() + limit
        while not os.path.exists(path):
            if self._qemu.poll() is not None:
                raise Died("QEMU ended during %s: see %s" % (what, self.console))
            if time.monotonic() > deadline:
                raise Died("dom0 did not finish %s in %d s: see %s" % (what, limit, self.console))
            time.sleep(POLL_S)

    def _command(self):
        shell = "stdio,signal=off" if self._shell else "null"
        return [
            # We know only the nsenter that is its parent (outside.py): it dies with that.
            "setpriv", "--pdeathsig", "KILL",
            "nice", "-n", str(NICE),
            "qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", CPU,
            # dom0's Linux 6.12 uses no more virtual CPUs than ACPI names, present or not.
            "-smp", "%d,maxcpus=%d" % (self.cpus, max(self.cpus, DOM0_CPUS)),
            "-m", str(MEMORY_MB), "-display", "none", "-no-reboot", "-nic", "none",
            "-kernel", self._images["xen"], "-append", XEN_ARGS,
            "-initrd", "%s %s,%s" % (self._images["vmlinux"], DOM0_ARGS, self._images["dom0"]),
            "-serial", "file:" + self.console,
            "-chardev", shell + ",id=shell", "-serial", "chardev:shell",
            "-monitor", "none",
            # An IOMMU, so that xl can give a NIC to the driver domain.
            "-device", "amd-iommu",
            "-fsdev", "local,id=share,security_model=none,path=" + self.share,
            "-device", "virtio-9p-pci,fsdev=share,mount_tag=lab,iommu_platform=on,disable-legacy=on",
        ] + self._nic("tap0", "vmxnet3", DOM0_NIC) + self._nic("tap1", "vmxnet3", DOMAIN_NIC)

    def _nic(self, tap, model, slot):
        """A NIC of MODEL in the PCI slot SLOT, with the tap TAP on the LAN behind it."""
        self._outside.tap(tap)
        return ["-netdev", "tap,id=%s,ifname=%s,script=no,downscript=no,vnet_hdr=on" % (tap, tap),
                "-device", "%s,netdev=%s,addr=%d,mac=52:54:00:77:00:%02x" % (model, tap, slot, slot)]
