"""What the store's folder must be like: private, and for the write-ahead log on a local disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from watcher.core.errors import StoreError

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = ("nfs", "cifs", "smb", "9p", "ceph", "afs", "fuse.sshfs", "fuse.gluster", "fuse.rclone", "fuse.s3fs")
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def create_private(path: Path) -> None:
    """Make an empty file that only its owner may read, and the folders above it that are missing.

    :raises StoreError: when that is not possible.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError(f"the store cannot be made: {error.strerror}", where=str(path)) from error


def refuse_unfit(path: Path) -> None:
    """Refuse what is no file, or what others may write to: they could put words into our alerts.

    :raises StoreError: saying what to do.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise StoreError("there is no store", where=str(path), todo="run: watcher init") from None
    except OSError as error:
        raise StoreError(f"the store cannot be opened: {error.strerror}", where=str(path)) from error
    if not stat.S_ISREG(mode):
        raise StoreError("the store is no regular file", where=str(path), todo="set store.url to a file")
    if mode & _WRITABLE_BY_OTHERS:
        raise StoreError("others than its owner may write to the store", where=str(path), todo=f"chmod 600 {path}")


def is_on_network(path: Path, mounts: Path = _MOUNTS) -> bool:
    """Whether a file lies on a network file system, where a write-ahead log breaks: its index is shared memory."""
    return _kind(path, mounts).startswith(_NETWORK)


def is_on_overlay(path: Path, mounts: Path = _MOUNTS) -> bool:
    """Whether a file lies in the uppermost layer of a container, which goes with the container."""
    return _kind(path, mounts) == "overlay"


def _kind(path: Path, mounts: Path) -> str:
    """The kind of file system that a file lies on; empty where that cannot be found out."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    real, best, kind = path.resolve(), -1, ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(before.split()[4].replace("\\040", " "))
        # Of two mounts on the same point the later one is what one sees.
        if real.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split()[0]
    return kind
