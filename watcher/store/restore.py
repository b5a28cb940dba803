"""Restore: a backup takes the place of the store, whole or not at all, and the former store is kept beside it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import update

from watcher.core.delivery import DeliveryState
from watcher.core.errors import StoreError
from watcher.store import migrate
from watcher.store.backup import check_copy, checksum_file, flush_folder, verify_backup
from watcher.store.deliveries import WAITING
from watcher.store.engine import Store
from watcher.store.house import begin_epoch
from watcher.store.schema import delivery
from watcher.store.sweep import release_crashed

#: What was queued longer ago has probably been told since by other means, and is not sent unless asked.
STALE = timedelta(hours=1)
WHY = "it was queued before the store was restored"


class Restored(NamedTuple):
    """What a restore did."""

    #: The store that was there before; None when there was none.
    before: Path | None
    #: Deliveries that wait no more.
    cancelled: int
    #: Migrations that the backup needed.
    applied: tuple[str, ...]


def restore(path: Path, backup: Path, *, resend: bool, now: datetime) -> Restored:
    """Put a backup in the place of a store, while nobody has the store open.

    :param resend: also send what was queued longer ago than an hour.
    :raises StoreError: when the backup is damaged, or the place cannot be written; the store is as it was then.
    """
    partial = path.with_name(f".{path.name}.restoring")
    with _told(path):
        _refuse_damaged(backup)
        _remove(partial)
        try:
            shutil.copyfile(backup, partial)
            partial.chmod(0o600)
            applied, cancelled = _prepare(partial, resend=resend, now=now)
            before = _exchange(path, partial)
        finally:
            _remove(partial)
    return Restored(before, cancelled, tuple(applied))


def _refuse_damaged(backup: Path) -> None:
    if checksum_file(backup).exists():
        verify_backup(backup)
        return
    with closing(sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
        check_copy(copy, backup)


def _prepare(partial: Path, *, resend: bool, now: datetime) -> tuple[list[str], int]:
    """Bring the copy to this version, and settle what becomes of its outbox."""
    url = f"sqlite:///{partial}"
    applied = list(migrate.migrate(url))
    with Store.open(url) as store, store.writing() as tx:
        release_crashed(tx, "", now=now)
        begin_epoch(tx, f"{now:%Y%m%dT%H%M%SZ}")
        is_stale = delivery.c.queued_at <= now - STALE
        cancelled = (
            update(delivery)
            .where(delivery.c.state.in_(WAITING), is_stale)
            .values(previous=delivery.c.state, state=DeliveryState.CANCELLED.value, reason=WHY)
            .returning(delivery.c.id)
        )
        total = 0 if resend else len(tx.execute(cancelled).all())
    return applied, total


def _exchange(path: Path, partial: Path) -> Path | None:
    """Put the copy into the place of the store in one step; the former one keeps its log."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    before = path.with_name(f"{path.name}.before-restore")
    is_there = path.exists()
    if is_there:
        _remove(before)
        _shed_log(path)
        os.link(path, before)
        for part in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(f"{path.name}{part}").replace(before.with_name(f"{before.name}{part}"))
    partial.replace(path)
    flush_folder(path.parent)
    return before if is_there else None


def _shed_log(path: Path) -> None:
    """Move the log into the former store where it is sound enough for that; else it is kept beside it."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, isolation_level=None)) as former:
        former.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


def _remove(path: Path) -> None:
    for part in ("", "-wal", "-shm", "-journal", ".write.lock"):
        path.with_name(f"{path.name}{part}").unlink(missing_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as fault:
        raise StoreError(f"the restore failed: {fault}", where=str(path), todo="nothing was changed") from fault
    except OSError as fault:
        raise StoreError(f"the restore failed: {fault.strerror}", where=fault.filename or str(path)) from fault
