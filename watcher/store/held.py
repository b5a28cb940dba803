"""Held loads: files that would change too much at once, and wait until a person lets them in or throws them away."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, update

from watcher.core.errors import UsageError
from watcher.store.schema import load as loads

#: What a person may decide.
RELEASED = "released"
DISCARDED = "discarded"


class Held(NamedTuple):
    """A file that waits for a person."""

    id: int
    source: str
    name: str
    sha256: str
    #: Where it lies.
    path: str
    held_at: datetime
    #: Why, as a sentence.
    held: str
    #: None while nobody has decided.
    decided_at: datetime | None
    #: ``released`` or ``discarded``; empty while nobody has decided.
    decided: str


_FIELDS = tuple(loads.c[name] for name in Held._fields)


def hold(tx: Connection, source: str, *, name: str, sha256: str, path: str, why: str, now: datetime) -> Held:
    """Hold a file back; nothing of it is stored."""
    values = {"source": source, "name": name, "sha256": sha256, "path": path, "held": why}
    row = tx.execute(insert(loads).values(**values, started_at=now, held_at=now).returning(*_FIELDS)).one()
    return _held(row)


def find_held(tx: Connection, source: str | None = None) -> list[Held]:
    """The files that wait for a person, the oldest first."""
    query = select(*_FIELDS).where(_waits()).order_by(loads.c.id)
    if source is not None:
        query = query.where(loads.c.source == source)
    return [_held(row) for row in tx.execute(query)]


def held_before(tx: Connection, source: str, *, sha256: str) -> Held | None:
    """The last time that the same bytes of the same source were held; None when they never were."""
    same = select(*_FIELDS).where(loads.c.source == source, loads.c.sha256 == sha256, loads.c.held_at.is_not(None))
    row = tx.execute(same.order_by(loads.c.id.desc()).limit(1)).first()
    return None if row is None else _held(row)


def held_load(tx: Connection, number: int) -> Held:
    """One of them by its number.

    :raises UsageError: when there is none, or somebody has decided.
    """
    row = tx.execute(select(*_FIELDS).where(loads.c.id == number, loads.c.held_at.is_not(None))).first()
    if row is None:
        raise UsageError(f"nothing that is held has the number {number}", todo="see: watcher release --list")
    found = _held(row)
    if found.decided_at is not None:
        raise UsageError(f"{number} was {found.decided} on {found.decided_at:%Y-%m-%d %H:%M} UTC")
    return found


def decide(tx: Connection, number: int, *, how: str, now: datetime) -> None:
    """Let a file in, or throw it away; what has been decided stays so."""
    tx.execute(update(loads).where(loads.c.id == number, _waits()).values(decided=how, decided_at=now))


def _waits() -> ColumnElement[bool]:
    return and_(loads.c.held_at.is_not(None), loads.c.decided_at.is_(None))


def _held(row: Row[tuple[object, ...]]) -> Held:
    return Held._make(row)
