# SPDX-License-Identifier: BSD-3-Clause
"""The command line of the lab."""

import argparse
import os
import shutil
import signal
import sys

from . import bench, cache, cases, release, shell
from .say import Failure

NEEDED = "qemu-system-x86_64 unshare nsenter setpriv ip iperf3 ping fping socat apt-get dpkg readelf zstd".split()


def main(argv):
    args = _parser().parse_args(argv)
    # The ways a user or a supervisor ends us all unwind like Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        if args.verb == "list":
            return args.run(args)
        _check_host()
        # Two emulated machines at once slow each other down beyond every time limit.
        with cache.locked("machine", "waiting for another lab on this host to end"):
            return args.run(args)
    except Failure as why:
        print("lab: %s" % why, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
        return 130


def _parser():
    parser = argparse.ArgumentParser(prog="lab", description="Real Xen under QEMU: test cases "
                                     "and benchmarks of vpe-backend. See tests/xen/README.")
    parser.add_argument("--release", metavar="N", default=release.OWN,
                        help="the Debian that the machines are made of: %s, or this host's own (%%(default)s)" % release.OTHER)
    verbs = parser.add_subparsers(dest="verb", required=True)

    verb = verbs.add_parser("list", help="list the cases")
    verb.set_defaults(run=lambda a: cases.show())

    verb = verbs.add_parser("run", help="run all cases, or those named")
    verb.add_argument("--keep", metavar="DIR", help="keep logs of passed cases too, in DIR")
    verb.add_argument("cases", metavar="CASE", nargs="*", help="a name or the start of one")
    verb.set_defaults(run=lambda a: cases.run(release.get(a.release), a.cases, a.keep))

    verb = verbs.add_parser("bench", help="compare xen-netback and vpe-backend")
    verb.add_argument("--json", metavar="FILE", help="write all figures to FILE")
    verb.add_argument("--pairs", metavar="N", type=int, default=bench.PAIRS,
                      help="turns of each backend (%(default)s)")
    verb.add_argument("topologies", metavar="TOPOLOGY", nargs="*",
                      help="of %s; all for none" % ", ".join(bench.TOPOLOGIES))
    verb.set_defaults(run=lambda a: bench.run(release.get(a.release), a.topologies, a.pairs, a.json))

    verb = verbs.add_parser("shell", help="a root shell in dom0")
    verb.set_defaults(run=lambda a: shell.run(release.get(a.release)))
    return parser


def _check_host():
    missing = [p for p in NEEDED if not shutil.which(p)]
    if missing or os.geteuid() != 0:
        raise Failure("needs root and %s: run tests/xen/setup" % (", ".join(missing) or "nothing else"))
    if not os.path.exists("/dev/net/tun"):
        raise Failure("needs /dev/net/tun")
