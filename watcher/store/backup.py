"""Backups: one file that is whole, checked, and safe on the disk before it gets its name."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from watcher.core.errors import StoreError
from watcher.store.engine import Store
from watcher.store.schema import APPLICATION_ID

#: Pages copied at a time: writers never wait.
_STEP = 1_000
_BLOCK = 1 << 20


class BackupReport(NamedTuple):
    """A backup that is on the disk."""

    path: Path
    sha256: str
    #: Size of the file.
    bytes: int


def backup(store: Store, target: Path) -> BackupReport:
    """Copy a store into a file while others write to it, check the copy, and write its checksum beside it.

    A backup of the same name is replaced, and only by one that is whole. The checksum's file can be given to
    ``sha256sum --check``.

    :raises StoreError: when it is no SQLite file, the copy is damaged, or it cannot be written.
    """
    source = _source(store, target)
    partial = target.with_name(f".{target.name}.partial")
    with _told(target):
        try:
            _copy(source, partial)
            report = BackupReport(target, _sha256(partial), partial.stat().st_size)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        _write_checksum(report)
        flush_folder(target.parent)
    return report


def verify_backup(path: Path) -> BackupReport:
    """Check a backup against its checksum, and every page and reference in it.

    :raises StoreError: when it is damaged, or no backup of a store.
    """
    with _told(path):
        checksum = checksum_file(path).read_text(encoding="utf-8").partition(" ")[0]
        if _sha256(path) != checksum:
            raise StoreError("the backup does not match its checksum", where=str(path), todo="use an older backup")
        # Nothing is written beside the backup, which may lie on a disk that cannot be written.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
            check_copy(copy, path)
    return BackupReport(path, checksum, path.stat().st_size)


def is_as_written(path: Path) -> bool:
    """Whether a backup has the name and the bytes that its checksum was made of."""
    return checksum_file(path).read_text(encoding="utf-8") == _checksum_line(path, _sha256(path))


def _source(store: Store, target: Path) -> Path:
    if store.path is None:
        todo = "" if store.is_sqlite else "use pg_dump, or your provider's backups"
        raise StoreError("only a SQLite file can be backed up", where=store.shown, todo=todo)
    if target.exists() and target.samefile(store.path):
        raise StoreError("a store cannot be backed up onto itself", where=str(target), todo="name another file")
    return store.path


def _copy(source: Path, partial: Path) -> None:
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, isolation_level=None)) as reader,
        closing(sqlite3.connect(partial, isolation_level=None)) as copy,
    ):
        # Reading begun here sees one moment: the copy need not start anew when somebody writes.
        reader.execute("BEGIN")
        reader.execute("select count(*) from sqlite_schema").close()
        reader.backup(copy, pages=_STEP)
        # The copy is to be one file, without a log beside it.
        copy.execute("PRAGMA journal_mode=DELETE").close()
        check_copy(copy, partial)
    with partial.open("rb") as file:
        os.fsync(file.fileno())


def check_copy(copy: sqlite3.Connection, path: Path) -> None:
    """Read every page and reference of a copy.

    :raises StoreError: when one is damaged, or it is no store.
    """
    if copy.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise StoreError("this is no backup of a store", where=str(path))
    found = [row[0] for row in copy.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise StoreError(
            f"the copy is damaged: {'; '.join(found)}", where=str(path), todo="check the store and the disk"
        )
    if dangling := copy.execute("PRAGMA foreign_key_check").fetchone():
        raise StoreError(f"the copy has a dangling reference in {dangling[0]}", where=str(path))


def _write_checksum(report: BackupReport) -> None:
    target = checksum_file(report.path)
    partial = target.with_name(f".{target.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(_checksum_line(report.path, report.sha256))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)


def _checksum_line(path: Path, sha256: str) -> str:
    return f"{sha256}  {path.name}\n"


def checksum_file(path: Path) -> Path:
    """Where the checksum of a backup lies."""
    return path.with_name(f"{path.name}.sha256")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def flush_folder(folder: Path) -> None:
    """Make names in a folder safe on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as fault:
        raise StoreError(f"the backup failed: {fault}", where=str(path)) from fault
    except OSError as fault:
        raise StoreError(f"the backup failed: {fault.strerror}", where=fault.filename or str(path)) from fault
