"""The weeks of a series: whole spans of seven days that the records cover from end to end, and what they come to.

A week that the watermark cuts is not complete and never stands beside complete ones. A week without an event is a
zero: the records cover it, and nothing happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal, NamedTuple, get_args

from watcher.core.indicator import DayTotals, Indicator
from watcher.core.period import Period

WeekDay = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

_WEEK = 7


class Weeks(NamedTuple):
    """Weeks in a row; the last one is judged, those before it are its history."""

    #: First day of the oldest week.
    start: date
    #: How many weeks.
    number: int

    @property
    def period(self) -> Period:
        """All of them."""
        return Period(self.start, self.start + timedelta(days=_WEEK * self.number))

    @property
    def judged(self) -> Period:
        """The last week."""
        return self.newest(1)

    @property
    def before(self) -> int:
        """How many weeks of history there are."""
        return max(0, self.number - 1)

    def newest(self, number: int) -> Period:
        """The days of the newest weeks."""
        return Period(self.period.end - timedelta(days=_WEEK * number), self.period.end)

    def unseen(self, indicator: Indicator) -> frozenset[int]:
        """The places of the weeks of which a day lies in a coverage gap, the judged one's among them."""
        weeks = (
            Period(self.start + timedelta(days=_WEEK * i), self.start + timedelta(days=_WEEK * (i + 1)))
            for i in range(self.number)
        )
        return frozenset(place for place, week in enumerate(weeks) if indicator.missing_days(week))

    def sums(self, indicator: Indicator, days: Iterable[DayTotals]) -> list[int]:
        """What each week comes to, the oldest first; days outside are not looked at."""
        return self._add((day.day, day_value(indicator, day)) for day in days)

    def valued(self, days: Iterable[DayTotals]) -> list[int]:
        """How many events of each week carry a number."""
        return self._add((day.day, day.valued) for day in days)

    def _add(self, values: Iterable[tuple[date, int]]) -> list[int]:
        sums = [0] * self.number
        for day, value in values:
            week = (day - self.start).days // _WEEK
            if 0 <= week < self.number:
                sums[week] += value
        return sums


def day_value(indicator: Indicator, day: DayTotals) -> int:
    """What a day adds to an indicator: its sum, its events, or 1 where days are counted."""
    return 1 if indicator.count == "days" else day.total


def whole_weeks(coverage: Period, *, week_start: WeekDay | None, most: int) -> Weeks:
    """The newest whole weeks inside a period, ``most`` of them at most; without ``week_start`` they end with it."""
    beyond = (coverage.end.weekday() - get_args(WeekDay).index(week_start)) % _WEEK if week_start else 0
    end = coverage.end - timedelta(days=beyond)
    number = min(most, max(0, (end - coverage.start).days) // _WEEK)
    return Weeks(end - timedelta(days=_WEEK * number), number)
