"""Silences: what people do not want to be told of for a while."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, insert, or_, select, update

from watcher.core.matcher import Matcher, matchers
from watcher.core.muting import Silence
from watcher.store.schema import Tx
from watcher.store.schema import silence as _silence


class StoredSilence(NamedTuple):
    """A silence with its history."""

    silence: Silence
    created_at: datetime
    #: When somebody ended it; None when it ran its time, or still does.
    expired_at: datetime | None
    #: Who that was.
    expired_by: str


def add_silence(
    tx: Tx,
    tests: Sequence[Matcher],
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    author: str,
    comment: str,
    now: datetime,
    during: str = "",
) -> int:
    """Store a silence and return its number.

    :param during: the time interval of notify.yaml that it is confined to; empty: none.
    """
    new = insert(_silence).values(
        matchers=json.dumps([str(each) for each in tests], ensure_ascii=False),
        starts_at=starts_at,
        ends_at=ends_at,
        during=during,
        author=author,
        comment=comment,
        created_at=now,
    )
    return int(tx.execute(new.returning(_silence.c.id)).scalar_one())


def expire_silence(tx: Tx, number: int, *, by: str, now: datetime) -> bool:
    """End a silence now; False when there is none of that number, or it is over already."""
    is_on = or_(_silence.c.ends_at.is_(None), _silence.c.ends_at > now)
    this = update(_silence).where(_silence.c.id == number, is_on)
    # One that has not begun ends as it begins: no moment lies in it.
    ended = this.where(_silence.c.starts_at <= now).values(ends_at=now, expired_at=now, expired_by=by)
    never = this.where(_silence.c.starts_at > now).values(ends_at=_silence.c.starts_at, expired_at=now, expired_by=by)
    return any(tx.execute(each.returning(_silence.c.id)).first() is not None for each in (ended, never))


def find_silences(tx: Tx, *, at: datetime | None = None) -> list[StoredSilence]:
    """Every silence, the oldest first; with a moment, only those that may mute at it."""
    query = select(_silence).order_by(_silence.c.id)
    if at is not None:
        is_on = or_(_silence.c.ends_at.is_(None), _silence.c.ends_at > at)
        query = query.where(_silence.c.starts_at <= at, is_on)
    return [_to_silence(row) for row in tx.execute(query).mappings()]


def _to_silence(row: RowMapping) -> StoredSilence:
    values: dict[str, Any] = {name: row[name] for name in ("id", "starts_at", "ends_at", "during", "author", "comment")}
    tests = tuple(test for line in json.loads(row["matchers"]) for test in matchers(line))
    return StoredSilence(Silence(matchers=tests, **values), row["created_at"], row["expired_at"], row["expired_by"])
