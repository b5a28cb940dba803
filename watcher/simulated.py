"""Made-up years as a detector sees them: sums by group and day, of which everything is known on the next day."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import accumulate

from watcher.core.baseline import BaselineVersion
from watcher.core.coverage import covered, lying_in
from watcher.core.event import EventVersion
from watcher.core.fact import FactVersion
from watcher.core.indicator import DayTotals, Indicator, Totals
from watcher.core.label import NO_LABELS, Labels
from watcher.core.period import DAY, Period, day_start
from watcher.core.snapshot import Episode
from watcher.core.statistics.delay import Completeness

_COMPLETE = Completeness(curve=(1.0,))


class Course:
    """The events of one group, day by day, with running sums: any period is two look-ups."""

    def __init__(self, events: Sequence[tuple[date, int]]) -> None:
        by_day: dict[date, list[int]] = defaultdict(list)
        for day, value in events:
            by_day[day].append(value)
        self._order = sorted(by_day)
        self._values = [by_day[day] for day in self._order]
        self._events = [0, *accumulate(map(len, self._values))]
        self._totals = [0, *accumulate(map(sum, self._values))]
        self._squares = [0, *accumulate(sum(value * value for value in values) for values in self._values)]

    def _span(self, period: Period) -> tuple[int, int]:
        return bisect_left(self._order, period.start), bisect_left(self._order, period.end)

    def began_by(self, day: date) -> bool:
        """Whether there was an event on or before a day."""
        return bool(self._order) and self._order[0] <= day

    def totals(self, period: Period) -> Totals:
        """What it adds up to over a period."""
        first, last = self._span(period)
        events = self._events[last] - self._events[first]
        total, squares = self._totals[last] - self._totals[first], self._squares[last] - self._squares[first]
        return Totals(events, events, total, squares, max(0, last - first))

    def days(self, period: Period) -> list[DayTotals]:
        """The days with an event over a period."""
        first, last = self._span(period)
        return [
            DayTotals(self._order[i], len(self._values[i]), len(self._values[i]), sum(self._values[i]))
            for i in range(first, last)
        ]

    def largest(self, period: Period) -> int | None:
        """The largest value of a period."""
        first, last = self._span(period)
        return max((max(values) for values in self._values[first:last]), default=None)


@dataclass(frozen=True, slots=True)
class MadeUp:
    """One made-up history."""

    courses: Mapping[Labels, Course]
    whole: Period
    baselines: tuple[BaselineVersion, ...]
    groups: Sequence[Labels] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", sorted(self.courses))


@dataclass(frozen=True, slots=True)
class SimulatedSnapshot:
    """What is known of a made-up history up to a day; implements :class:`watcher.core.snapshot.Snapshot`."""

    made: MadeUp
    as_known: datetime
    last: date

    def watermark(self, _indicator: Indicator) -> date | None:
        """The last day."""
        return self.last

    def coverage(self, _indicator: Indicator) -> Period | None:
        """From the beginning of the history."""
        return Period.between(self.made.whole.start, self.last)

    def groups(self, indicator: Indicator) -> Sequence[Labels]:
        """The groups with an event by now."""
        if not indicator.by:
            return [NO_LABELS]
        return [group for group in self.made.groups if self.made.courses[group].began_by(self.last)]

    def totals(self, indicator: Indicator, group: Labels, period: Period) -> Totals:
        """What a group adds up to."""
        course, known = self.made.courses[group], self._known(period)
        found = course.totals(known)
        for gap in lying_in(indicator.coverage_gaps, known):
            found = found.without(course.totals(gap))
        return found

    def straddling(self, _indicator: Indicator, _group: Labels, _edge: date) -> Sequence[EventVersion]:
        """Made-up events have their day."""
        return ()

    def daily(self, indicator: Indicator, group: Labels, period: Period) -> Sequence[tuple[date, int]]:
        """(day, sum) of each day with an event."""
        days = self._days(indicator, group, period)
        return [(day.day, 1 if indicator.count == "days" else day.total) for day in days]

    def by_day(self, indicator: Indicator, period: Period) -> Mapping[Labels, Sequence[DayTotals]]:
        """Each group's days with an event."""
        found = {group: self._days(indicator, group, period) for group in self.made.groups}
        return {group: days for group, days in found.items() if days}

    def _days(self, indicator: Indicator, group: Labels, period: Period) -> Sequence[DayTotals]:
        days = self.made.courses[group].days(self._known(period))
        return [each for each in days if indicator.covers(each.day)] if indicator.coverage_gaps else days

    def largest(self, indicator: Indicator, group: Labels, period: Period) -> int | None:
        """The largest value."""
        parts = covered(indicator.coverage_gaps, self._known(period))
        found = (self.made.courses[group].largest(part) for part in parts)
        return max((value for value in found if value is not None), default=None)

    def events(self, _indicator: Indicator, _group: Labels, _period: Period) -> Sequence[EventVersion]:
        """Nothing: sums are made up, not records."""
        return ()

    def first_known(self, _indicator: Indicator, _group: Labels, _period: Period) -> Sequence[EventVersion]:
        """Nothing."""
        return ()

    def numbered(self, _numbers: Sequence[int]) -> Sequence[EventVersion]:
        """Nothing."""
        return ()

    def sources(self) -> Sequence[str]:
        """None."""
        return ()

    def arrivals(self, _source: str, _since: datetime) -> Sequence[datetime]:
        """None."""
        return ()

    def episodes(self, _rule: str, _since: datetime) -> Sequence[Episode]:
        """None."""
        return ()

    def facts(self, _state: str) -> Sequence[FactVersion]:
        """None."""
        return ()

    def baselines(self, _indicator: Indicator) -> Sequence[BaselineVersion]:
        """The stated numbers, as the world would have brought them."""
        return self.made.baselines

    def basis_note(self, _indicator: Indicator) -> str:
        """Nothing."""
        return ""

    def completeness(self, _indicator: Indicator) -> Completeness:
        """Everything is known of every day."""
        return _COMPLETE

    def kept_since(self, _indicator: Indicator) -> datetime | None:
        """From the beginning of the history."""
        return day_start(self.made.whole.start)

    def reported_before(self, _source: str, _day: date, *, publisher: str = "") -> bool:  # noqa: ARG002 - as the protocol has it
        """Always: nothing is new about the reporting."""
        return True

    def known_at(self, moment: datetime) -> SimulatedSnapshot:
        """The same, at another moment: of each day everything is known on the next."""
        return SimulatedSnapshot(self.made, moment, min(self.last, moment.date() - DAY))

    def up_to(self, horizon: date) -> SimulatedSnapshot:
        """The same, up to an earlier day."""
        return SimulatedSnapshot(self.made, self.as_known, min(horizon, self.last))

    def _known(self, period: Period) -> Period:
        """The days of a period that have passed."""
        return Period(period.start, max(period.start, min(period.end, self.last + DAY)))
