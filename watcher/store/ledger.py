"""One indicator's ledger in memory: read once, then followed from one past moment to the next.

A replay asks for hundreds of moments, one after another. From one to the next only what became known in between is
added; a step back begins anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import Connection

from watcher.core.indicator import DayTotals, Indicator, Totals
from watcher.core.label import NO_LABELS, Labels
from watcher.core.period import DAY, Period, day_start
from watcher.store.bulk import select_rows
from watcher.store.event_row import SELECT, read_versions
from watcher.store.measure import counts, group_from
from watcher.store.prefilter import prefilter
from watcher.store.schema import event as events
from watcher.store.schema import to_ms
from watcher.store.sums import Entry, entries_of

_SCOPE = "select id from scope where key = ?"
_BEGINS = "select date_end, known_from, count(*) from event where source = ? group by date_end, known_from"
_ENDS = (
    "select date_end, known_to, count(*) from event where source = ? and known_to is not null "
    "group by date_end, known_to"
)
_SERIES = 'select known_from, "group", day, events, valued, total, squares from series where scope = ?'


class Change(NamedTuple):
    """What became known at one moment about one day of one group."""

    #: In milliseconds.
    known_from: int
    group: Labels
    day: date
    #: What it adds to each; below zero for what was taken back.
    events: int
    valued: int
    total: int
    squares: int


class _Day:
    """One day of one group at the moment that was come to."""

    __slots__ = ("events", "squares", "total", "valued")

    def __init__(self) -> None:
        self.events = self.valued = self.total = self.squares = 0


class Ledger:
    """All changes of one indicator, and what they come to at one moment."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._changes = sorted(changes, key=attrgetter("known_from"))
        self._begin()

    def _begin(self) -> None:
        self._moment = -1
        #: How many of the changes are added up.
        self._done = 0
        self._days: dict[Labels, dict[date, _Day]] = defaultdict(dict)
        #: The days of each group, ascending; also those of which nothing is left.
        self._order: dict[Labels, list[date]] = defaultdict(list)
        #: How many days with an event each group has.
        self._active: dict[Labels, int] = defaultdict(int)
        self._groups: list[Labels] | None = None

    def go_to(self, moment: int) -> None:
        """Add up what was known at a moment."""
        if moment < self._moment:
            self._begin()
        changes, done = self._changes, self._done
        while done < len(changes) and changes[done].known_from <= moment:
            self._add(changes[done])
            done += 1
        self._moment, self._done = moment, done

    def _add(self, change: Change) -> None:
        days = self._days[change.group]
        day = days.get(change.day)
        if day is None:
            day = days[change.day] = _Day()
            insort(self._order[change.group], change.day)
        before = day.events > 0
        day.events += change.events
        day.valued += change.valued
        day.total += change.total
        day.squares += change.squares
        if before is not (day.events > 0):
            self._active[change.group] += -1 if before else 1
            self._groups = None

    def span(self, group: Labels, last: date) -> tuple[date, date] | None:
        """The first and the last day of a group with an event, up to a day; None without any."""
        order, days = self._order.get(group, ()), self._days.get(group, {})
        end = bisect_right(order, last)
        first = next((order[i] for i in range(end) if days[order[i]].events > 0), None)
        newest = next((order[i] for i in reversed(range(end)) if days[order[i]].events > 0), None)
        return None if first is None or newest is None else (first, newest)

    def by_hindsight(self, now: int) -> Ledger:
        """The same days as known now, each known from its end: as if all had been known at once and for good.

        :param now: in milliseconds.
        """
        self.go_to(now)
        return Ledger(
            Change(to_ms(day_start(day + DAY)), group, day, sums.events, sums.valued, sums.total, sums.squares)
            for group, days in self._days.items()
            for day, sums in days.items()
            if sums.events > 0
        )

    @property
    def groups(self) -> Sequence[Labels]:
        """The groups with at least one event, sorted."""
        if self._groups is None:
            self._groups = sorted(group for group, days in self._active.items() if days)
        return self._groups

    def inside(self, group: Labels, period: Period) -> Iterator[tuple[date, _Day]]:
        """A group's days with an event over a period, ascending."""
        order, days = self._order.get(group, ()), self._days.get(group, {})
        for i in range(bisect_left(order, period.start), bisect_left(order, period.end)):
            day = days[order[i]]
            if day.events > 0:
                yield order[i], day


class LedgerSums:
    """What a ledger comes to at a moment; implements :class:`watcher.store.sums.Sums`.

    The ledger may have gone on to another moment since: it is asked to come back before each answer.
    """

    def __init__(self, ledger: Ledger, moment: int) -> None:
        self._ledger = ledger
        self._moment = moment

    def any(self) -> bool:
        """Whether any event counts."""
        return bool(self.groups())

    def groups(self) -> Sequence[Labels]:
        """The groups with at least one event, sorted."""
        self._ledger.go_to(self._moment)
        return self._ledger.groups

    def totals(self, group: Labels, period: Period) -> Totals:
        """What a group adds up to over a period."""
        self._ledger.go_to(self._moment)
        events = valued = total = squares = active = 0
        for _, day in self._ledger.inside(group, period):
            events += day.events
            valued += day.valued
            total += day.total
            squares += day.squares
            active += 1
        return Totals(events, valued, total, squares, active)

    def days(self, group: Labels, period: Period) -> Sequence[DayTotals]:
        """A group's days with an event over a period, ascending."""
        self._ledger.go_to(self._moment)
        return [
            DayTotals(date_, day.events, day.valued, day.total) for date_, day in self._ledger.inside(group, period)
        ]

    def by_day(self, period: Period) -> Mapping[Labels, Sequence[DayTotals]]:
        """The same of every group that has such a day; the groups sorted."""
        found = {group: self.days(group, period) for group in self.groups()}
        return {group: days for group, days in found.items() if days}


def read_ledger(tx: Connection, indicator: Indicator) -> Ledger:
    """Everything that was ever known of an indicator: out of its series, or its events where it has none."""
    for (scope,) in select_rows(tx, _SCOPE, indicator.scope_key):
        return Ledger(
            Change(known_from, group_from(group), date.fromisoformat(day), *map(int, sums))
            for known_from, group, day, *sums in select_rows(tx, _SERIES, scope)
        )
    return Ledger(_history(tx, indicator))


def read_days(tx: Connection, source: str) -> Ledger:
    """On which days a source ever had records, in one group: with it each moment's first and last day is at hand."""
    return Ledger(
        Change(moment, NO_LABELS, date.fromisoformat(day), sign * int(number), 0, 0, 0)
        for query, sign in ((_BEGINS, 1), (_ENDS, -1))
        for day, moment, number in select_rows(tx, query, source)
    )


def _history(tx: Connection, indicator: Indicator) -> Iterator[Change]:
    query = SELECT.where(prefilter(indicator.where))
    if indicator.sources:
        query = query.where(events.c.source.in_(sorted(indicator.sources)))
    for version in read_versions(tx, query):
        if counts(indicator, version.event):
            for entry in entries_of(indicator, version.event):
                yield _change(entry, version.known_from, 1)
                if version.known_to is not None:
                    yield _change(entry, version.known_to, -1)


def _change(entry: Entry, moment: datetime, sign: int) -> Change:
    value = entry.value
    sums = (0, 0, 0) if value is None else (sign, sign * value, sign * value * value)
    return Change(to_ms(moment), entry.group, entry.day, sign, *sums)
