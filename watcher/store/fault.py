"""Faults of the database, told as errors that a person can act on."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, IntegrityError, InterfaceError, ProgrammingError

from watcher.core.errors import Locked, StoreError, WatcherError

#: These come from our own statements: bugs, which are not to be dressed up as a broken disk.
_OURS = (IntegrityError, ProgrammingError, DataError)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
#: What SQLite says of a file that it cannot make sense of, under the code of a wrong statement.
_SENSELESS = "unsupported file format"
_FULL = sqlite3.SQLITE_FULL
_FORBIDDEN = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)
_PRIMARY = 0xFF
#: What to do about a store that is damaged.
RESTORE = "run: watcher restore BACKUP; what is damaged is told by: watcher doctor --deep"


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn a fault of the database into a StoreError, without parameters, which may be secret.

    :raises StoreError: when the database cannot be read or written.
    :raises Locked: when somebody else holds it.
    """
    try:
        yield
    except (DatabaseError, InterfaceError) as fault:
        is_ours = _code(fault) == sqlite3.SQLITE_ERROR and not _is_senseless(fault)
        if isinstance(fault, _OURS) or is_ours:
            raise
        raise _error(fault, where) from fault
    except UnicodeDecodeError as fault:
        # What SQLite says of a damaged table repeats its text, and the driver cannot read that either.
        if not fault.object.startswith(b"malformed database schema"):
            raise
        raise StoreError("the store is damaged: its tables cannot be read", where=where, todo=RESTORE) from None


def _error(fault: DBAPIError, where: str) -> WatcherError:
    code = _code(fault)
    # Only the first line: PostgreSQL puts values into the ones below it.
    said = str(fault.orig).partition("\n")[0]
    if code in _BUSY:
        return Locked(said, where=where, todo="try again later")
    if code in _BROKEN or _is_senseless(fault):
        return StoreError(f"the store is damaged: {said}", where=where, todo=RESTORE)
    if code == _FULL:
        return StoreError("the disk is full", where=where, todo="make room; nothing was lost")
    todo = _who_may(where) if code in _FORBIDDEN else ""
    return StoreError(f"the store cannot be used: {said}", where=where, todo=todo)


def _is_senseless(fault: DBAPIError) -> bool:
    return str(fault.orig).startswith(_SENSELESS)


def _who_may(where: str) -> str:
    """What to do about a store that may not be written; SQLite's two files beside it keep the mode it once had."""
    closed = [f"{where}{suffix}" for suffix in ("", "-wal", "-shm") if _is_closed(f"{where}{suffix}")]
    if closed:
        return f"chmod u+rw {' '.join(closed)}"
    return "it and its folder must belong to whoever runs this"


def _is_closed(path: str) -> bool:
    return os.path.isfile(path) and not os.access(path, os.R_OK | os.W_OK)  # noqa: PTH113 - it may be no path at all


def _code(fault: DBAPIError) -> int:
    """SQLite's primary code; 0 for PostgreSQL."""
    return int(getattr(fault.orig, "sqlite_errorcode", 0)) & _PRIMARY
