"""What an indicator adds up to at a knowledge moment: from the ledger of series, or from the events themselves.

An indicator that no live rule names has no series and is added up from its events; both give the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

from sqlalchemy import Connection

from watcher.core.event import Event
from watcher.core.indicator import DayTotals, Indicator, Totals
from watcher.core.label import Labels
from watcher.core.period import Period
from watcher.store.bulk import select_rows
from watcher.store.measure import group_from, group_key, groups_of, value_of

_DAYS = (
    "select day, sum(events) as events, sum(valued) as valued, sum(total) as total, sum(squares) as squares "
    'from series where scope = ? and "group" = ? and day >= ? and day < ? and known_from <= ? '
    "group by day having sum(events) > 0"
)
_BY_DAY = (
    'select "group", day, sum(events), sum(valued), sum(total) from series '
    "where scope = ? and day >= ? and day < ? and known_from <= ? "
    'group by "group", day having sum(events) > 0 order by "group", day'
)
_TOTALS = f"select sum(events), sum(valued), sum(total), sum(squares), count(*) from ({_DAYS}) days"
_DAILY = f"{_DAYS} order by day"
_GROUPS = (
    'select distinct "group" from (select "group" from series where scope = ? and known_from <= ? '
    'group by "group", day having sum(events) > 0) seen'
)
_ANY = 'select 1 from series where scope = ? and known_from <= ? group by "group", day having sum(events) > 0 limit 1'


class Sums(Protocol):
    """What one indicator adds up to at one moment."""

    def any(self) -> bool:
        """Whether any event counts."""

    def groups(self) -> Sequence[Labels]:
        """The groups with at least one event, sorted."""

    def totals(self, group: Labels, period: Period) -> Totals:
        """What a group adds up to over a period."""

    def days(self, group: Labels, period: Period) -> Sequence[DayTotals]:
        """A group's days with an event over a period, ascending."""

    def by_day(self, period: Period) -> Mapping[Labels, Sequence[DayTotals]]:
        """The same of every group that has such a day; the groups sorted."""


class SeriesSums:
    """Sums over the ledger of one scope.

    :param moment: the knowledge moment, in milliseconds.
    """

    def __init__(self, tx: Connection, scope: int, moment: int) -> None:
        self._tx = tx
        self._scope = scope
        self._moment = moment

    def any(self) -> bool:
        """Whether any event counts."""
        return bool(select_rows(self._tx, _ANY, self._scope, self._moment))

    def groups(self) -> Sequence[Labels]:
        """The groups with at least one event, sorted."""
        return sorted(group_from(key) for (key,) in select_rows(self._tx, _GROUPS, self._scope, self._moment))

    def totals(self, group: Labels, period: Period) -> Totals:
        """What a group adds up to over a period."""
        [sums] = select_rows(self._tx, _TOTALS, *self._where(group, period))
        return Totals(*(int(each or 0) for each in sums))

    def days(self, group: Labels, period: Period) -> Sequence[DayTotals]:
        """A group's days with an event over a period, ascending."""
        return [_day(*row[:4]) for row in select_rows(self._tx, _DAILY, *self._where(group, period))]

    def by_day(self, period: Period) -> Mapping[Labels, Sequence[DayTotals]]:
        """The same of every group that has such a day; the groups sorted."""
        where = (self._scope, period.start.isoformat(), period.end.isoformat(), self._moment)
        found: dict[Labels, list[DayTotals]] = {}
        for key, *day in select_rows(self._tx, _BY_DAY, *where):
            found.setdefault(group_from(key), []).append(_day(*day))
        return dict(sorted(found.items()))

    def _where(self, group: Labels, period: Period) -> tuple[int, str, str, str, int]:
        return self._scope, group_key(group), period.start.isoformat(), period.end.isoformat(), self._moment


def _day(day: str, events: int, valued: int, total: int) -> DayTotals:
    return DayTotals(date.fromisoformat(day), int(events), int(valued), int(total))


class Entry(NamedTuple):
    """What one event adds."""

    group: Labels
    day: date
    value: int | None


def entries_of(indicator: Indicator, event: Event) -> list[Entry]:
    """What an event adds to an indicator: once to each group that it belongs to."""
    return [Entry(group, event.date_end, value_of(indicator, event)) for group in groups_of(indicator, event)]


class EntrySums:
    """Sums over events that were read one by one."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: dict[Labels, list[Entry]] = {}
        for entry in entries:
            self._entries.setdefault(entry.group, []).append(entry)

    def any(self) -> bool:
        """Whether any event counts."""
        return bool(self._entries)

    def groups(self) -> Sequence[Labels]:
        """The groups with at least one event, sorted."""
        return sorted(self._entries)

    def totals(self, group: Labels, period: Period) -> Totals:
        """What a group adds up to over a period."""
        entries = self._inside(group, period)
        values = [entry.value for entry in entries if entry.value is not None]
        days = {entry.day for entry in entries}
        return Totals(len(entries), len(values), sum(values), sum(value * value for value in values), len(days))

    def days(self, group: Labels, period: Period) -> Sequence[DayTotals]:
        """A group's days with an event over a period, ascending."""
        return _added_up(self._inside(group, period))

    def by_day(self, period: Period) -> Mapping[Labels, Sequence[DayTotals]]:
        """The same of every group that has such a day; the groups sorted."""
        found = {group: self.days(group, period) for group in self.groups()}
        return {group: days for group, days in found.items() if days}

    def _inside(self, group: Labels, period: Period) -> list[Entry]:
        return [entry for entry in self._entries.get(group, ()) if entry.day in period]


def _added_up(entries: Iterable[Entry]) -> list[DayTotals]:
    by_day: dict[date, list[int | None]] = {}
    for entry in entries:
        by_day.setdefault(entry.day, []).append(entry.value)
    return [
        DayTotals(day, len(values), len(known), sum(known))
        for day, values in sorted(by_day.items())
        for known in [[value for value in values if value is not None]]
    ]
