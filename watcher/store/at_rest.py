"""A store whose folder is not ours to write to, read as a file that rests.

In WAL mode even a reader needs the index of the log beside the database: it maps the one that is there, or makes one.
Where there is none and none can be made, SQLite can be told to take the database for a file that never changes. That
is true only while nobody writes, and false answers follow when it is not. So it is told only where nobody has the
store open, and whoever reads this way looks at the end of each transaction whether the file has stayed the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from watcher.core.errors import StoreError

#: Where the header says which journal readers must know; and the mark of a write-ahead log.
_READ_VERSION, _WAL = 19, b"\x02"
_AS_OWNER = "run this as the user whom the store belongs to"


class AtRest:
    """A database file that nobody has open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = _stamp(path)

    @classmethod
    def found(cls, path: Path) -> Self | None:
        """The file, if it can only be read as one that rests; None when it can be read in the usual way.

        :raises StoreError: when it can be read in neither way, with what to do.
        """
        # Noted before we look for users of the log: whoever comes later can change the file only after this.
        resting = cls(path)
        if os.access(path.parent, os.W_OK) or not _has_log(path):
            return None
        log, index = (path.with_name(f"{path.name}-{part}") for part in ("wal", "shm"))
        if index.exists():
            _refuse_unreadable(path, log, index)
            return None
        if log.exists() and log.stat().st_size:
            what = f"what was written last lies in {log.name}, and it cannot be read from here without {index.name}"
            raise StoreError(what, where=str(path), todo=_AS_OWNER)
        return resting

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """While something is read that must be of one moment.

        :raises StoreError: when the file was changed meanwhile; nothing that was read may be believed then.
        """
        try:
            yield
        finally:
            if _stamp(self._path) != self._before:
                what = "somebody began to write to the store while it was read, so the answer may be wrong"
                raise StoreError(what, where=str(self._path), todo="ask again")


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise StoreError(f"the store cannot be opened: {error.strerror}", where=str(path)) from error
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _has_log(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(_READ_VERSION)
            return file.read(1) == _WAL
    except OSError as error:
        what = f"the store cannot be read: {error.strerror}"
        raise StoreError(what, where=str(path), todo=_AS_OWNER) from error


def _refuse_unreadable(path: Path, log: Path, index: Path) -> None:
    for part in (log, index):
        if part.exists() and not os.access(part, os.R_OK):
            todo = f"as its owner: chmod --reference={path.name} {part.name}; or {_AS_OWNER}"
            raise StoreError(f"{part.name} beside it cannot be read", where=str(path), todo=todo)
