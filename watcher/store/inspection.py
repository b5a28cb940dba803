"""Inspection: what is wrong in the store, down to the last byte of what was written.

A disk that flips a bit is seen by SQLite in one case of five. So messages and records carry hashes of our own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from sqlalchemy import select

from watcher.core.event import Event
from watcher.core.indicator import Indicator
from watcher.store.engine import Store, is_sqlite
from watcher.store.event_row import SELECT, read_versions
from watcher.store.schema import Tx, event, message
from watcher.store.series import verify

#: So many of a kind are named.
_NAMED = 5
_PAGE = 1_000


def inspect(store: Store, indicators: Iterable[Indicator], *, deep: bool) -> Iterator[str]:
    """What is damaged, one sentence each; nothing when all is whole.

    :param deep: also every reference, the hash of every message and record, and the sums over the records.
    """
    with store.reading() as tx:
        if is_sqlite(tx):
            yield from _damaged_pages(tx, "integrity_check" if deep else "quick_check")
        if deep:
            yield from _dangling(tx)
            yield from _named("message", _damaged_messages(tx))
            yield from _named("record", _damaged_records(tx))
            yield from verify(tx, indicators)


def _damaged_pages(tx: Tx, check: str) -> Iterator[str]:
    for row in tx.exec_driver_sql(f"PRAGMA {check}({_NAMED})"):
        if row[0] != "ok":
            yield f"the file is damaged: {row[0]}"


def _dangling(tx: Tx) -> Iterator[str]:
    if is_sqlite(tx):
        tables = {str(row[0]) for row in tx.exec_driver_sql("PRAGMA foreign_key_check")}
        yield from (f"a row of {table!r} refers to one that is not there" for table in sorted(tables))


def _named(what: str, damaged: Iterable[str]) -> Iterator[str]:
    found = list(damaged)
    if found:
        more = f", and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        yield f"{what}s that are not as they were written: {', '.join(found[:_NAMED])}{more}"


def _damaged_messages(tx: Tx) -> Iterator[str]:
    query = select(message.c.id, message.c.body, message.c.body_sha256).order_by(message.c.number)
    for row in tx.execute(query, execution_options={"yield_per": _PAGE}):
        if hashlib.sha256(row.body).hexdigest() != row.body_sha256:
            yield str(row.id)


def _damaged_records(tx: Tx) -> Iterator[str]:
    stored = select(event.c.version, event.c.content_hash).order_by(event.c.version)
    hashes = tx.execute(stored, execution_options={"yield_per": _PAGE})
    versions = read_versions(tx, SELECT.order_by(event.c.version), page_size=_PAGE)
    for row, version in zip(hashes, versions, strict=True):
        read: Event = version.event
        if read.content_hash != row.content_hash:
            yield f"{read.source} {read.external_id}"
