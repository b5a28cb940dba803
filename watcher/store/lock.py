"""The write lock: one writer at a time, over threads and processes.

SQLite up to 3.51.2 can lose a commit when one process resets the write-ahead log while another checkpoints it.
Whoever commits or checkpoints holds this lock, so the two never meet. The kernel drops it when a process dies.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watcher.core.errors import Locked

#: How long a writer waits for its turn.
PATIENCE_S = 30.0
_POLL_S = 0.005


class WriteLock:
    """A lock on a file, exclusive among threads and processes; without a file among threads only."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._threads = threading.Lock()

    @contextmanager
    def held(self, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Hold the lock.

        :raises Locked: when somebody else keeps it longer than ``patience_s``.
        """
        deadline = time.monotonic() + patience_s
        if not self._threads.acquire(timeout=max(0.0, patience_s)):
            raise self._refusal(patience_s)
        try:
            if self._path is None:
                yield
            else:
                with self._flocked(self._path, deadline, patience_s):
                    yield
        finally:
            self._threads.release()

    @contextmanager
    def _flocked(self, path: Path, deadline: float, patience_s: float) -> Iterator[None]:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not _try_flock(handle):
                if time.monotonic() >= deadline:
                    raise self._refusal(patience_s)
                time.sleep(_POLL_S)
            yield
        finally:
            os.close(handle)

    def _refusal(self, patience_s: float) -> Locked:
        where = "the store in memory" if self._path is None else str(self._path)
        return Locked(f"another writer held the lock for {patience_s:g} s", where=where, todo="try again later")


def _try_flock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
