"""Pulls: when each source is asked next, and who asks it now.

Several daemons may share a store on a server: whoever asks a source holds a lease on it, and the others leave it alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, or_, select, update

from watcher.store.schema import pull as pulls
from watcher.store.schema import source as sources


class PullState(NamedTuple):
    """Where the pulls of a source stand."""

    source: str
    due_at: datetime
    #: None before the first time.
    asked_at: datetime | None
    #: In a row.
    failures: int
    #: Keys of its rows that nobody knows.
    unknown: tuple[str, ...]
    lease_until: datetime | None


_FIELDS = tuple(pulls.c[name] for name in PullState._fields)


def find_pulls(tx: Connection) -> list[PullState]:
    """Every source that was ever asked, by name."""
    rows = [PullState._make(row) for row in tx.execute(select(*_FIELDS).order_by(pulls.c.source))]
    return [row._replace(unknown=tuple(json.loads(str(row.unknown)))) for row in rows]


def cursor_of(tx: Connection, source: str) -> str:
    """Where the next pull begins; empty at the first."""
    return tx.scalar(select(sources.c.cursor).where(sources.c.name == source)) or ""


def is_pull_due(tx: Connection, source: str, now: datetime) -> bool:
    """Whether a source is to be asked, and nobody asks it."""
    query = select(pulls.c.due_at, pulls.c.asked_at, pulls.c.lease_until).where(pulls.c.source == source)
    row = tx.execute(query).first()
    if row is None:
        return True
    # A clock that was set back since makes it time: else nothing would be asked until it has caught up.
    is_time = row.due_at <= now or (row.asked_at is not None and row.asked_at > now)
    return is_time and (row.lease_until is None or row.lease_until <= now)


def claim_pull(tx: Connection, source: str, *, token: str, now: datetime, lease: timedelta) -> bool:
    """Take a source, to ask it; False when somebody else has."""
    if tx.execute(select(pulls.c.source).where(pulls.c.source == source)).first() is None:
        tx.execute(insert(pulls).values(source=source, due_at=now))
    free = or_(
        pulls.c.lease_until.is_(None),
        pulls.c.lease_until <= now,
        pulls.c.lease_until > now + 2 * lease,
        pulls.c.lease_token == token,
    )
    taken = update(pulls).where(pulls.c.source == source, free)
    return tx.execute(taken.values(lease_token=token, lease_until=now + lease, asked_at=now)).rowcount == 1


def end_pull(
    tx: Connection, source: str, *, token: str, due_at: datetime, unknown: Iterable[str] | None = None
) -> None:
    """Let go of a source after an answer, or after none.

    :param unknown: keys of its rows that nobody knows; None when it did not answer, which is a failure more.
    """
    values: dict[str, Any] = {"due_at": due_at, "lease_token": "", "lease_until": None}
    if unknown is None:
        values["failures"] = pulls.c.failures + 1
    else:
        values |= {"failures": 0, "unknown": json.dumps(sorted(unknown))}
    tx.execute(update(pulls).where(pulls.c.source == source, pulls.c.lease_token == token).values(values))


def forget_leases(tx: Connection) -> None:
    """Nobody asks any source now."""
    tx.execute(update(pulls).values(lease_token="", lease_until=None))


def failures_of(tx: Connection, source: str) -> int:
    """How many times in a row it did not answer."""
    return tx.scalar(select(pulls.c.failures).where(pulls.c.source == source)) or 0


def unknown_of(tx: Connection, source: str) -> frozenset[str]:
    """Keys of its rows that nobody knew at the last pull that brought any."""
    found = tx.scalar(select(pulls.c.unknown).where(pulls.c.source == source))
    return frozenset(json.loads(found or "[]"))
