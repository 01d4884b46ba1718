# SPDX-License-Identifier: BSD-3-Clause
"""A directory of finished things, each named by a hash of what it was made from."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile

from .say import step


def root():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = os.environ.get("VPE_LAB_CACHE") or os.path.join(base, "vpe-lab")
    os.makedirs(path, exist_ok=True)
    return path


def key(*parts):
    """A short hash of strings and bytes."""
    h = hashlib.sha256()
    for part in parts:
        part = part.encode() if isinstance(part, str) else part
        h.update(b"%d:" % len(part) + part)
    return h.hexdigest()[:16]


@contextlib.contextmanager
def locked(name, waiting=None):
    """Only one lab at a time makes or uses the thing NAME; says WAITING if it is taken."""
    with open(os.path.join(root(), name + ".lock"), "w") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                step(waiting)
            fcntl.flock(f, fcntl.LOCK_EX)
        yield


def directory(kind, key_, make):
    """The directory KIND-KEY; MAKE(path) fills it when it is not there yet.

    Directories of the same kind with another key are stale, but another lab
    may still use them: only those untouched for a week are removed.
    """
    path = os.path.join(root(), "%s-%s" % (kind, key_))
    with locked(kind):
        if not os.path.isdir(path):
            tmp = tempfile.mkdtemp(prefix=kind + "-tmp-", dir=root())
            try:
                os.chmod(tmp, 0o755)
                make(tmp)
                os.rename(tmp, path)
            except BaseException:
                shutil.rmtree(tmp, ignore_errors=True)
                raise
        os.utime(path)
        _drop_stale(kind, path)
    return path


def _drop_stale(kind, keep):
    week_ago = os.stat(keep).st_mtime - 7 * 86400
    for name in os.listdir(root()):
        path = os.path.join(root(), name)
        if name.startswith(kind + "-") and path != keep and os.path.isdir(path):
            if os.stat(path).st_mtime < week_ago:
                shutil.rmtree(path, ignore_errors=True)
