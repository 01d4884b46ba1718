# SPDX-License-Identifier: BSD-3-Clause
"""`lab bench`: xen-netback and vpe-backend in turns, in one boot. See bench/README."""

import json
import os
import platform
import statistics
import subprocess
import time

from . import boot
from .say import Failure, result, step

TOPOLOGIES = ("dom0", "guest", "outside", "direct")
BACKENDS = ("netback", "vpe")
PAIRS = 5
METRICS = ("tcp_from_guest_mbps", "tcp_to_guest_mbps", "udp64_from_guest_pps", "udp64_to_guest_pps",
           "udp1400_from_guest_pps", "udp1400_to_guest_pps", "ping_p50_us", "ping_p99_us",
           "notifies_per_packet")
GRANTS = ("pkt64_from_guest_pps", "pkt64_to_guest_pps", "pkt1500_from_guest_pps",
          "pkt1500_to_guest_pps", "gso64k_from_guest_mbps")
DIRECT_METRICS = (*GRANTS, "gso64k_to_guest_mbps", "ping_p50_us", "ping_p99_us",
                  *("ordinary_" + metric for metric in GRANTS))
# How vpe-backend plugs the vif; the kernel's backend always uses the stock bridge.
PLUGGED = {"dom0": "drop-in, stock bridge", "outside": "drop-in, stock bridge",
           "guest": "switched inside vpe-backend", "direct": "switched inside vpe-backend"}
# The daemon's poller, from the environment or by default.
POLLER = (("VPE_BENCH_MODE", "always"), ("VPE_BENCH_IDLE_US", "100"), ("VPE_BENCH_NAP_US", "50"),
          ("VPE_BENCH_FOREIGN", "true"))
SETUP_LIMIT_S = 300
TURN_LIMIT_S = 300
QUIET_CORES = 0.2


def run(release, topologies, pairs, path):
    """Returns 0 when every figure could be taken."""
    for name in topologies:
        if name not in TOPOLOGIES:
            raise Failure("no topology %s: there are %s" % (name, ", ".join(TOPOLOGIES)))
    if pairs < 1:
        raise Failure("--pairs: at least 1")
    topologies = [t for t in TOPOLOGIES if not topologies or t in topologies]
    with boot.lab(release) as lab:
        bench = _Bench(lab, pairs, path)
        try:
            bench.setup(topologies)
            bench.ceiling()
            for topology in topologies:
                bench.topology(topology)
        except Failure:
            bench.keep_logs()
            raise
        lab.keep = lab.keep or bool(bench.errors)
        bench.show_ceiling()
        for error in bench.errors:
            result("ERROR %s" % error)
    return 1 if bench.errors else 0


class _Bench:
    def __init__(self, lab, pairs, path):
        self.errors = []
        self._lab, self._pairs, self._path = lab, pairs, path
        self._ceiling, self._topologies, self._host = {}, {}, _host_facts()

    def setup(self, topologies):
        load = _busy_cores()
        if load > QUIET_CORES:
            step("the host is not quiet (%.1f cores busy): expect wrong ratios" % load)
        self._host["other_cores"] = {"before": load}
        self._lab.boot()
        step("creating the guests, with a vif on each backend")
        self._guests = "g1 g2" if "guest" in topologies else "g1"
        self._direct = "y" if "direct" in topologies else ""
        self._job("bench_setup", SETUP_LIMIT_S)
        for name, value in _words(self._job("bench_facts")):
            self._host[name] = value

    def ceiling(self):
        for n in range(1, self._pairs + 1):
            taken = self._take("ceiling", n, "bench_ceiling")
            for name, value in taken.items():
                # It has no direction.
                name = name.replace("_from_guest", "")
                self._ceiling.setdefault(name, {"values": []})["values"].append(value)
        for figures in self._ceiling.values():
            figures.update(_spread(figures["values"]))
        self._write()

    def topology(self, topology):
        metrics = DIRECT_METRICS if topology == "direct" else METRICS
        values = {metric: {backend: [] for backend in BACKENDS} for metric in metrics}
        meter = _Meter(_qemu())
        for n in range(1, self._pairs + 1):
            for backend in BACKENDS:
                taken = self._take("%s, %s" % (topology, backend), n,
                                   "bench_turn %s %s" % (topology, backend))
                for metric, value in taken.items():
                    values[metric][backend].append(value)
        self._host["other_cores"][topology] = meter.other_cores()
        self._topologies[topology] = {m: dict(v, ratio=_ratio(v)) for m, v in values.items()}
        self._write()
        self._show(topology)

    def _take(self, what, n, script):
        """The figures of one turn by name; what could not be taken is in self.errors."""
        taken = {}
        for name, value in _words(self._job(script)):
            if name == "error":
                self.errors.append("%s, turn %d: %s" % (what, n, value))
                step(self.errors[-1])
            else:
                taken[name] = float(value)
        step("%s, turn %d of %d: %s" % (what, n, self._pairs, _brief(taken)))
        return taken

    def _job(self, script, limit=TURN_LIMIT_S):
        """What dom0 prints; notes of its own go to the file `notes`."""
        settings = " ".join("%s=%s" % (name, os.environ.get(name, default)) for name, default in POLLER)
        status, out = self._lab.machine.job(
            "set -e; %s BENCH_GUESTS='%s' BENCH_DIRECT=%s\n. /lab/tree/bench/lib.sh; cd $LAB; exec 2>>/lab/bench-notes\n%s\n"
            % (settings, self._guests, self._direct, script), limit)
        if status:
            with open(self._lab.share + "/bench-notes", errors="replace") as f:
                last = f.read().splitlines()[-5:]
            raise Failure("%s failed:\n%s" % (script, "\n".join(out.splitlines()[-5:] + last)))
        return out

    def keep_logs(self):
        self._lab.keep = True
        files = self._lab.share + "/bench"
        os.makedirs(files, exist_ok=True)
        try:
            self._lab.machine.job(". /lab/tree/bench/lib.sh; gather /lab/bench", 60)
        except Failure as why:
            step("no logs of dom0: %s" % why)

    def _write(self):
        if not self._path:
            return
        spread = {t: {m: {b: _spread(f[b]) for b in BACKENDS} for m, f in figures.items()}
                  for t, figures in self._topologies.items()}
        everything = dict(self._topologies, ceiling=self._ceiling, spread=spread,
                          plugged={t: PLUGGED[t] for t in self._topologies},
                          host=self._host, pairs=self._pairs, errors=self.errors)
        with open(self._path, "w") as f:
            json.dump(everything, f, indent=1)
            f.write("\n")

    def _show(self, topology):
        result("")
        result("%s: %d turns each; vpe %s; median (min - max)"
               % (topology, self._pairs, PLUGGED[topology]))
        result("%-24s %32s %32s %7s" % ("", "netback", "vpe", "ratio"))
        for metric, figures in self._topologies[topology].items():
            ratio = figures["ratio"]
            result("%-24s %32s %32s %7s" % (
                metric, _cell(figures["netback"]), _cell(figures["vpe"]),
                "-" if ratio is None else "%.3f" % ratio))

    def show_ceiling(self):
        result("")
        result("ceiling: the guest talking to itself; median (min - max)")
        for metric, figures in self._ceiling.items():
            result("%-24s %32s" % (metric, _cell(figures["values"])))
        result("")
        result("other processes' share of the host, in cores: %s" % ", ".join(
            "%s %.2f" % item for item in self._host["other_cores"].items()))


def _busy_cores():
    meter = _Meter(os.getpid())
    time.sleep(2)
    return meter.other_cores()


def _qemu():
    """The process id of the QEMU that descends from us."""
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as f:
                name, _, rest = f.read().partition("(")[2].rpartition(")")
            parents[int(pid)] = (name, int(rest.split()[1]))
        except FileNotFoundError:
            continue
    for pid, (name, above) in parents.items():
        while name.startswith("qemu-system") and above in parents:
            if above == os.getpid():
                return pid
            above = parents[above][1]
    raise Failure("QEMU is gone")


class _Meter:
    """How many of the host's cores were busy with anything but the process PID."""

    def __init__(self, pid):
        self._pid = pid
        self._start = self._read()

    def other_cores(self):
        busy, qemu, elapsed = (b - a for a, b in zip(self._start, self._read()))
        return round(max(0, busy - qemu) / elapsed, 2)

    def _read(self):
        with open("/proc/stat") as f:
            ticks = [int(n) for n in f.readline().split()[1:9]]
        with open("/proc/%d/stat" % self._pid) as f:
            fields = f.read().rpartition(")")[2].split()
        with open("/proc/uptime") as f:
            uptime = float(f.read().split()[0]) * os.sysconf("SC_CLK_TCK")
        # All but idle and iowait; utime and stime.
        return sum(ticks) - ticks[3] - ticks[4], int(fields[11]) + int(fields[12]), uptime


def _ratio(values):
    netback, vpe = values["netback"], values["vpe"]
    if not netback or not vpe or statistics.median(netback) == 0:
        return None
    return round(statistics.median(vpe) / statistics.median(netback), 4)


def _spread(values):
    if not values:
        return None
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def _cell(values):
    if not values:
        return "none taken"
    return "%s (%s - %s)" % tuple(_number(n) for n in (statistics.median(values), min(values), max(values)))


def _number(n):
    return "%.4f" % n if n < 10 else "%.0f" % n


def _brief(taken):
    return " ".join("%s=%s" % (name.replace("_guest", ""), _number(n)) for name, n in taken.items())


def _words(text):
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if value:
            yield name, value


def _host_facts():
    version = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True)
    model = ""
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {"cores": os.cpu_count(), "cpu": model, "kernel": platform.release(),
            "qemu": version.stdout.splitlines()[0], "accelerator": "TCG"}
