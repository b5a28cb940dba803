"""Derived states: what the records say of a state that nobody asserts.

Each key of a state has one derived timeline. It is computed day by day up to the watermark: on each day the first
derivation that holds decides, and one that already stands stays. Only days with an event, and days on which one leaves
a window, can bring a change. Days that the records do not cover are no days without events.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from heapq import heapify, heappop, heappush
from itertools import accumulate
from typing import NamedTuple

from watcher.core.catalogue import Catalogue
from watcher.core.event import Basis
from watcher.core.fact import DERIVED, Fact, FactVersion, StateDefinition
from watcher.core.indicator import DayTotals, Indicator
from watcher.core.label import NO_LABELS, Labels, fold
from watcher.core.period import DAY, PartialDate, Period, day_start
from watcher.core.reading import day_text
from watcher.core.snapshot import Snapshot
from watcher.core.trigger import Derivation, Trigger

#: What a state is a state of.
Key = tuple[str, ...]


class Series(NamedTuple):
    """What an indicator comes to for one group, day by day."""

    indicator: Indicator
    group: Labels
    coverage: Period
    #: Days with an event, ascending.
    days: tuple[date, ...]
    #: The sum up to each of them, beginning with 0 before the first.
    sums: tuple[int, ...]

    def total(self, period: Period) -> int:
        """What a period comes to."""
        return self.sums[bisect_left(self.days, period.end)] - self.sums[bisect_left(self.days, period.start)]

    def says(self, trigger: Trigger, day: date) -> bool:
        """Whether a trigger can be judged on a day, and holds."""
        window = Period.ending(day, trigger.window)
        if trigger.needs_every_day and window.start < self.coverage.start:
            return False
        return trigger.holds(self.total(window))


class Derived(NamedTuple):
    """One change of a derived state."""

    key: Key
    #: The value before; empty when none was derived.
    before: str
    value: str
    #: The first day on which it held.
    day: date
    trigger: Trigger
    #: What the indicator came to.
    total: int
    series: Series

    @property
    def period(self) -> Period:
        """The window in which it was counted."""
        return Period.ending(self.day, self.trigger.window)

    @property
    def reason(self) -> str:
        """``isgs_jnim_clashes >= 3 in 30d: 4 on 17 Apr 2020``."""
        return f"{self.trigger}: {self.total} on {day_text(self.day)}"


def state_indicators(state: StateDefinition, catalogue: Catalogue) -> tuple[Indicator, ...]:
    """What the derivations of a state count, each indicator once."""
    names = dict.fromkeys(each.when.indicator for each in state.derived)
    return tuple(catalogue.indicators[name] for name in names if name in catalogue.indicators)


def derive(
    state: StateDefinition, catalogue: Catalogue, snapshot: Snapshot, *, spelled: Iterable[Key] = ()
) -> dict[Key, list[Derived]]:
    """The changes of each key's derived state up to the watermark, by day; the keys sorted.

    :param spelled: keys of facts, whose spelling is taken over where a source writes a name with other accents.
    """
    shelves = {each.indicator: _shelf(each, snapshot) for each in state_indicators(state, catalogue)}
    ready = [(each, shelf) for each in state.derived if (shelf := shelves.get(each.when.indicator))]
    spelling = {tuple(map(fold, key)): key for key in spelled}
    found = {}
    for key in sorted({key for each, shelf in ready for key in _keys(each, shelf)}):
        known_as = spelling.get(tuple(map(fold, key)), key)
        ways = [(each, shelf.of(key)) for each, shelf in ready if each.key in {(), key}]
        made = list(_walk(known_as, state, ways))
        if made:
            found[known_as] = made
    return found


def known_at(change: Derived, snapshot: Snapshot) -> datetime:
    """When a change was known: with the newest record of its window, and not before its day was over."""
    records = snapshot.events(change.series.indicator, change.series.group, change.period)
    return max([day_start(change.day + DAY), *(version.known_from for version in records)])


def as_facts(state: StateDefinition, made: Sequence[Derived]) -> list[FactVersion]:
    """Derived changes as facts that nobody asserts, numbered -1, -2, ...; known, as far as days tell, the day after."""
    return [_as_fact(state, change, -number) for number, change in enumerate(made, start=1)]


def _as_fact(state: StateDefinition, change: Derived, number: int) -> FactVersion:
    since = PartialDate(change.day, change.day, change.day.isoformat())
    fact = Fact(state=state.state, key=change.key, value=change.value, since=since, note=change.reason)
    known = day_start(change.day + DAY)
    return FactVersion(number, DERIVED, fact, known, None, Basis.STAMP, known)


class Shelf(NamedTuple):
    """What an indicator comes to, by group."""

    indicator: Indicator
    coverage: Period
    groups: Mapping[Labels, Sequence[DayTotals]]

    def of(self, key: Key) -> Series:
        """The series of a key: of the group that is called so, or of the only one there is."""
        group = ((self.indicator.by[0], key[0]),) if self.indicator.by else NO_LABELS
        days = self.groups.get(group, ())
        sums = accumulate((_measured(self.indicator, each) for each in days), initial=0)
        return Series(self.indicator, group, self.coverage, tuple(each.day for each in days), tuple(sums))


def _shelf(indicator: Indicator, snapshot: Snapshot) -> Shelf | None:
    coverage = snapshot.coverage(indicator)
    return None if coverage is None else Shelf(indicator, coverage, snapshot.by_day(indicator, coverage))


def _measured(indicator: Indicator, day: DayTotals) -> int:
    return 1 if indicator.count == "days" else day.total


def _keys(derivation: Derivation, shelf: Shelf) -> list[Key]:
    return [derivation.key] if derivation.key else [(value,) for ((_, value),) in shelf.groups]


#: The derivations of a key, each with the series it reads.
Ways = Sequence[tuple[Derivation, Series]]


def _walk(key: Key, state: StateDefinition, ways: Ways) -> Iterable[Derived]:
    last = min(series.coverage.last for _, series in ways)
    waiting = [day for day in _days_of_change(ways) if day <= last]
    heapify(waiting)
    current, seen = "", date.min
    while waiting:
        day = heappop(waiting)
        change = None if day == seen else _change(key, state, ways, current, day)
        seen = day
        if change is not None:
            yield change
            current = change.value
            if day < last:
                # What did not start from the value before may start from this one.
                heappush(waiting, day + DAY)


def _days_of_change(ways: Ways) -> set[date]:
    days: set[date] = set()
    for derivation, series in ways:
        window = derivation.when.window
        days.update(series.days, (day + window for day in series.days))
        days.add(series.coverage.start + window - DAY)
    return days


def _change(key: Key, state: StateDefinition, ways: Ways, current: str, day: date) -> Derived | None:
    for derivation, series in ways:
        if not series.says(derivation.when, day):
            continue
        if derivation.becomes == current:
            return None
        starts = not derivation.starting_from or current in derivation.starting_from
        if starts and state.allows(current, derivation.becomes):
            total = series.total(Period.ending(day, derivation.when.window))
            return Derived(key, current, derivation.becomes, day, derivation.when, total, series)
    return None
