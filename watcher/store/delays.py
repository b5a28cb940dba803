"""Whether the reporting delay of each source has moved: looked at once a week, and kept until the next look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection, or_, select, update

from watcher.core.period import DAY
from watcher.core.statistics.delay import YEAR, Completeness, estimate
from watcher.store.arrivals import find_arrivals, kept_since, reports
from watcher.store.schema import source as sources
from watcher.store.schema import to_ms


def unseen_sources(tx: Connection, day: date) -> list[str]:
    """The sources with records whose delay was not looked at after a day."""
    is_new = or_(sources.c.delay_seen.is_(None), sources.c.delay_seen <= day)
    query = select(sources.c.name).where(sources.c.newest_known.is_not(None), is_new)
    return list(tx.execute(query.order_by(sources.c.name)).scalars())


def two_curves(
    tx: Connection, source: str, *, as_of: date, now: datetime, days: int
) -> tuple[Completeness, Completeness]:
    """The curve of the events of the last days, as it was before as many days, and as it is."""
    earlier = as_of - days * DAY
    arrived = find_arrivals(tx, source, after=earlier - YEAR * DAY, up_to=as_of, moment=to_ms(now))
    told = list(reports(arrived, kept_since(tx, source)))
    return estimate(told, as_of=earlier, window=days), estimate(told, as_of=as_of, window=days)


def note_move(tx: Connection, source: str, *, seen: date, moved: str) -> None:
    """Keep how the delay of a source has moved up to a day; empty: it has not."""
    tx.execute(update(sources).where(sources.c.name == source).values(delay_seen=seen, delay_moved=moved))


def find_moves(tx: Connection) -> Mapping[str, str]:
    """How the delay of each source has moved whose delay has."""
    query = select(sources.c.name, sources.c.delay_moved).where(sources.c.delay_moved != "")
    return {row.name: row.delay_moved for row in tx.execute(query.order_by(sources.c.name))}
