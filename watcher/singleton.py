"""One at a time: kernel file locks, which a killed process cannot leave behind."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from watcher.core.errors import Locked, StoreError

_POLL_S = 0.05


@contextmanager
def holding(path: Path, *, who: str, patience: timedelta = timedelta()) -> Iterator[None]:
    """Hold a lock; the kernel lets go of it when the process dies, however it dies.

    :param who: who we are, written into the file for whoever finds it locked.
    :raises Locked: when somebody else holds it for longer than our patience; names the holder.
    """
    descriptor = _open(path)
    try:
        _lock(descriptor, path, patience)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{who}, process {os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock now; looking needs no more than to be allowed to read.

    :raises StoreError: when it may not be looked at.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        todo = "it and its folder must belong to whoever runs this"
        raise StoreError(f"the lock cannot be looked at: {error.strerror}", where=str(path), todo=todo) from None
    try:
        return not _try(descriptor)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        todo = "the folder must exist (watcher init makes it) and belong to whoever runs watcher"
        raise StoreError(f"the lock cannot be taken: {why}", where=str(path), todo=todo) from None


def _lock(descriptor: int, path: Path, patience: timedelta) -> None:
    until = time.monotonic() + patience.total_seconds()
    while not _try(descriptor):
        if time.monotonic() >= until:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process"
            raise Locked(f"{holder} is at work", where=str(path), todo="try again later")
        time.sleep(_POLL_S)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
