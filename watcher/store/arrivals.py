"""When records first became known: what the store can say about a source's reporting delay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from watcher.core.event import Basis
from watcher.core.statistics.delay import Exclusion, Reports
from watcher.store.bulk import select_rows
from watcher.store.schema import from_ms

_FIRST_LOAD = "select finished_at from load where source = ? and finished_at <= ? order by id limit 1"
#: Milliseconds of a moment, and the number of a record version, that nothing comes after.
FOR_EVER = 2**62
LAST_VERSION = 2**31 - 1
_FIRST_RECORD = "select recorded_at from event where source = ? order by version limit 1"
#: A later version says when a record was corrected, not when it was first seen.
_FIRST_VERSIONS = (
    "select date_end, known_from, basis, recorded_at, count(*) from event "
    "where source = ? and revision = 1 and date_end > ? and date_end <= ? and known_from <= ? and version <= ? "
    "group by date_end, known_from, basis, recorded_at order by date_end"
)


class Arrival(NamedTuple):
    """Events of one day whose first versions came together."""

    event_day: date
    known_from: datetime
    basis: Basis
    recorded_at: datetime
    records: int


def kept_since(tx: Connection, source: str, *, up_to: int = FOR_EVER) -> datetime | None:
    """When the first load of a source was done, from which on its changes were seen as they came; None before it.

    :param up_to: later loads are not looked at, in milliseconds of our own clock.
    """
    found = select_rows(tx, _FIRST_LOAD, source, up_to) or select_rows(tx, _FIRST_RECORD, source)
    return from_ms(found[0][0]) if found else None


def find_arrivals(
    tx: Connection, source: str, *, after: date, up_to: date, moment: int, newest: int = LAST_VERSION
) -> list[Arrival]:
    """The first versions of a source's events of some days, as far as they were known at a moment in milliseconds.

    :param newest: record versions after it are not looked at.
    """
    rows = select_rows(tx, _FIRST_VERSIONS, source, after.isoformat(), up_to.isoformat(), moment, newest)
    return [
        Arrival(date.fromisoformat(day), from_ms(known_from), Basis(basis), from_ms(recorded_at), int(records))
        for day, known_from, basis, recorded_at, records in rows
    ]


def reports(arrivals: Iterable[Arrival], begun: datetime | None) -> Iterator[Reports]:
    """What arrivals say about the delay.

    :param begun: when the first load of the source was done.
    """
    for each in arrivals:
        yield Reports(each.event_day, each.known_from.date(), each.records, _doubt(each, begun))


def _doubt(each: Arrival, begun: datetime | None) -> Exclusion | None:
    """Why the knowledge time tells no delay. In a first load a stamp is that of the latest revision."""
    if begun is None or each.recorded_at <= begun:
        return Exclusion.FIRST_LOAD
    if each.basis is Basis.LAG:
        return Exclusion.LAG
    return Exclusion.BEFORE if each.event_day <= begun.date() else None
