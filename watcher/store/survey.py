"""A survey of what the store holds: names, and how often sources release."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, func, select

from watcher.core.period import day_start
from watcher.store.schema import actor as actors
from watcher.store.schema import baseline as baselines
from watcher.store.schema import event as events
from watcher.store.schema import event_actor
from watcher.store.schema import fact as facts
from watcher.store.schema import release as releases
from watcher.store.schema import source as sources

#: Fewer releases tell no rhythm.
LEAST_RELEASES = 5


def newest_known(tx: Connection) -> datetime | None:
    """When anything became known last; None when there is no record."""
    found: datetime | None = tx.execute(select(func.max(sources.c.newest_known))).scalar()
    return found


def stamp(tx: Connection) -> str:
    """Names everything that is known: it is another one as soon as a record, fact or stated number is added or closed."""
    books = (facts, baselines)
    counted = [select(func.max(events.c.version)), select(func.count()).select_from(releases)]
    counted += [select(func.count()).select_from(book) for book in books]
    counted += [select(func.count()).select_from(book).where(book.c.known_to.is_not(None)) for book in books]
    return " ".join(str(tx.execute(query).scalar()) for query in counted)


def event_sources(tx: Connection) -> Sequence[str]:
    """The sources that have records, by name."""
    query = select(sources.c.name).where(sources.c.newest_known.is_not(None)).order_by(sources.c.name)
    return list(tx.execute(query).scalars())


def values(tx: Connection, field: str) -> Sequence[str]:
    """Every value that the current records have in a field of events, or the names of their actors."""
    current = events.c.known_to.is_(None)
    if field == "actor":
        # Many records have few actors: which of these stand in a current record is asked for each actor once.
        stands = (
            select(event_actor.c.event)
            .join(events, events.c.version == event_actor.c.event)
            .where(event_actor.c.actor == actors.c.id, current)
            .exists()
        )
        return list(tx.execute(select(actors.c.name).where(stands).order_by(actors.c.name)).scalars())
    column = events.c[field]
    return list(tx.execute(select(column).distinct().where(current).order_by(column)).scalars())


def rhythm(tx: Connection, source: str, *, since: date) -> timedelta | None:
    """The median of the days between two releases of a source; None when there were too few."""
    query = select(releases.c.known_from).where(releases.c.source == source, releases.c.known_from >= day_start(since))
    days: list[date] = sorted({moment.date() for moment in tx.execute(query).scalars()})
    if len(days) < LEAST_RELEASES:
        return None
    gaps = sorted(later - earlier for earlier, later in pairwise(days))
    return gaps[len(gaps) // 2]
