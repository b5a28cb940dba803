"""Quarantine: rows that could not be read, kept whole until somebody retries or dismisses them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from watcher.core.errors import UsageError
from watcher.core.event import Rejection
from watcher.store.schema import quarantine as table

#: How a row may leave quarantine.
Release = Literal["retried", "dismissed"]

_CHUNK = 500


class Quarantined(NamedTuple):
    """A row in quarantine, or one that has left it."""

    id: int
    source: str
    load: int
    rejection: Rejection
    at: datetime
    #: When a retry read it, or it was dismissed; None while it waits.
    released_at: datetime | None
    released_how: str


def add_rejections(tx: Connection, rejections: Sequence[Rejection], *, source: str, load: int, now: datetime) -> int:
    """Keep rows that could not be read, and return how many of them are new.

    A weekly export brings the same bad row again every week: one that an earlier load left waiting, or that was
    dismissed, is not added again.
    """
    known = _known_elsewhere(tx, rejections, source, load)
    fresh = [each for each in rejections if (each.header, each.raw) not in known]
    if fresh:
        rows = [{"source": source, "load": load, "at": now, **each._asdict()} for each in fresh]
        tx.execute(insert(table), rows)
    return len(fresh)


def find_quarantined(
    tx: Connection, *, source: str | None = None, open_only: bool = True, limit: int | None = None
) -> list[Quarantined]:
    """Rows in quarantine, oldest first; with ``open_only=False`` also those that have left it."""
    query = select(table).order_by(table.c.id).limit(limit)
    if source is not None:
        query = query.where(table.c.source == source)
    if open_only:
        query = query.where(table.c.released_at.is_(None))
    return [_quarantined(row) for row in tx.execute(query)]


def count_quarantined(tx: Connection) -> dict[str, int]:
    """How many rows wait in quarantine, by source."""
    waiting = (
        select(table.c.source, func.count().label("waiting"))
        .where(table.c.released_at.is_(None))
        .group_by(table.c.source)
    )
    return {row.source: row.waiting for row in tx.execute(waiting)}


def count_waiting(tx: Connection, rejections: Sequence[Rejection], *, source: str, load: int) -> int:
    """How many rows wait that came with a load, or came earlier and are the same as one of these."""
    waiting = select(table.c.id, table.c.header, table.c.raw).where(
        table.c.source == source, table.c.released_at.is_(None)
    )
    found = {row.id for row in tx.execute(waiting.where(table.c.load == load))}
    same = {(each.header, each.raw) for each in rejections}
    for raws in _raws(rejections):
        found.update(
            row.id for row in tx.execute(waiting.where(table.c.raw.in_(raws))) if (row.header, row.raw) in same
        )
    return len(found)


def quarantined(tx: Connection, number: int) -> Quarantined:
    """One row by its number.

    :raises UsageError: when there is none.
    """
    row = tx.execute(select(table).where(table.c.id == number)).first()
    if row is None:
        raise UsageError(
            f"nothing in quarantine has the number {number}", todo="watcher quarantine lists what is there"
        )
    return _quarantined(row)


def release(tx: Connection, number: int, *, how: Release, now: datetime) -> Quarantined:
    """Let a row leave quarantine; the first release stands.

    :raises UsageError: when there is no such row.
    """
    waiting = update(table).where(table.c.id == number, table.c.released_at.is_(None))
    tx.execute(waiting.values(released_at=now, released_how=how))
    return quarantined(tx, number)


def keep(tx: Connection, number: int, rejection: Rejection) -> None:
    """Leave a row in quarantine after a retry, with what stands in its way now."""
    still = {"column": rejection.column, "reason": rejection.reason}
    tx.execute(update(table).where(table.c.id == number).values(still))


def _known_elsewhere(tx: Connection, rejections: Sequence[Rejection], source: str, load: int) -> set[tuple[str, str]]:
    settled = or_(table.c.released_at.is_(None), table.c.released_how == "dismissed")
    found: set[tuple[str, str]] = set()
    for raws in _raws(rejections):
        query = select(table.c.header, table.c.raw).where(
            table.c.source == source, table.c.load != load, settled, table.c.raw.in_(raws)
        )
        found.update((header, raw) for header, raw in tx.execute(query))
    return found


def _raws(rejections: Sequence[Rejection]) -> Iterator[set[str]]:
    """Their texts, as many at a time as one question may hold."""
    for start in range(0, len(rejections), _CHUNK):
        yield {each.raw for each in rejections[start : start + _CHUNK]}


def _quarantined(row: Row[Any]) -> Quarantined:
    rejection = Rejection(**{name: getattr(row, name) for name in Rejection._fields})
    return Quarantined(row.id, row.source, row.load, rejection, row.at, row.released_at, row.released_how)
