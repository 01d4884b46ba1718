# SPDX-License-Identifier: BSD-3-Clause
"""`lab shell`: a root shell in dom0, with the vocabulary of the cases loaded."""

import shutil

from . import boot
from .say import step

FOREVER_S = 7 * 86400


def run(release):
    with boot.lab(release) as lab:
        lab.boot(shell=True)
        step("the shell follows; `exit` powers off; the host is 10.77.0.1 from there")
        size = shutil.get_terminal_size()
        lab.machine.job("exec /lab/tree/dom0/shell %d %d" % (size.lines, size.columns), FOREVER_S)
    return 0
