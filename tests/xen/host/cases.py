# SPDX-License-Identifier: BSD-3-Clause
"""`lab list` and `lab run`."""

import os
import re
import time

from . import boot
from .machine import CPUS, Died
from .say import Failure, result, step

DIRECTORY = os.path.join(boot.TREE, "cases")
DEFAULT_LIMIT_S = 300
# Beyond the case's own limit: cleaning before and after it, and gathering.
MARGIN_S = 120
EMULATOR_TRIES = 3


class Case:
    def __init__(self, name):
        self.name = name
        with open(os.path.join(DIRECTORY, name)) as f:
            text = f.read()
        comments = [line[1:].strip() for line in text.splitlines() if line.startswith("#")]
        self.title = next(c for c in comments if c and not c.startswith(("!", "SPDX")))
        limit = re.search(r"^# limit: (\d+)", text, re.M)
        self.limit = int(limit.group(1)) if limit else DEFAULT_LIMIT_S
        cpus = re.search(r"^# cpus: (\d+)", text, re.M)
        self.cpus = int(cpus.group(1)) if cpus else CPUS
        still_open = re.search(r"^# open: (.+)", text, re.M)
        self.open = still_open.group(1) if still_open else None


def show():
    for case in _all():
        result("%-28s %s%s" % (case.name, case.title, " (open: %s)" % case.open if case.open else ""))
    return 0


def run(release, names, keep):
    """Run the cases; returns 0 when all passed.

    A case with a line "# open: REASON" does not hold yet: it is named, and run only if its whole name is given.
    """
    cases, failed = _select(names), 0
    for case in cases:
        if case.open and case.name not in names:
            result("OPEN %s: %s" % (case.name, case.open))
    cases = [case for case in cases if not case.open or case.name in names]
    # One boot for all cases that want the same number of CPUs.
    cases.sort(key=lambda case: -case.cpus)
    with boot.lab(release, keep) as lab:
        for n, case in enumerate(cases, 1):
            if not lab.machine or lab.machine.cpus != case.cpus:
                lab.boot(case.cpus)
            step("case %d of %d: %s" % (n, len(cases), case.name))
            failed += not _run_one(lab, case)
        result("%d passed, %d failed" % (len(cases) - failed, failed))
        lab.keep = lab.keep or failed > 0
    return 1 if failed else 0


def _run_one(lab, case):
    """Runs the case; once more, and says so, if QEMU broke a guest meanwhile (tests/xen/README)."""
    for attempt in range(1, EMULATOR_TRIES + 1):
        broken = lab.machine.triple_faults()
        if _try(lab, case):
            return True
        if lab.machine.triple_faults() <= broken or attempt == EMULATOR_TRIES:
            return False
        result("AGAIN %s: QEMU has broken a PVH guest (Xen's console: triple fault)" % case.name)


def _try(lab, case):
    began = time.monotonic()
    files = os.path.join(lab.share, "cases", case.name)
    os.makedirs(files, exist_ok=True)
    try:
        status, _ = lab.machine.job("exec /lab/tree/dom0/case %s %d" % (case.name, case.limit),
                                    case.limit + MARGIN_S)
    except Died as why:
        step(str(why))
        status = None
    passed = status == 0
    result("%s %s %.1f s" % ("PASS" if passed else "FAIL", case.name, time.monotonic() - began))
    if not passed:
        _name_files(lab, files)
    if status is None:
        lab.boot(case.cpus)
    return passed


def _name_files(lab, files):
    output = os.path.join(files, "output")
    if os.path.exists(output):
        with open(output, errors="replace") as f:
            for line in f.read().splitlines()[-6:]:
                result("    | " + line)
    for path in [lab.machine.console] + sorted(os.path.join(files, f) for f in os.listdir(files)):
        result("    " + path)


def _all():
    return [Case(name) for name in sorted(os.listdir(DIRECTORY)) if name[0].isdigit()]


def _select(names):
    """The cases whose name is, or begins with, one of NAMES; all for no names."""
    cases = _all()
    for name in names:
        if not any(c.name.startswith(name) for c in cases):
            raise Failure("no case %s: see `lab list`" % name)
    return [c for c in cases if not names or c.name.startswith(tuple(names))]
