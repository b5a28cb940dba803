"""Axes: where days and totals lie on the paper, and the round ones that are named."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from watcher.core.picture.ink import EDGE, SMALL, WIDTH, line, number, width_of, words
from watcher.core.reading import day_text

_STEPS = 5
#: Pixels between two dates.
_GAP = 14
#: Up to this many days the axis names days, not months.
_SHORT_DAYS = 75


class Plot(NamedTuple):
    """The part of the paper that holds the data."""

    left: float
    top: float
    right: float
    bottom: float
    first: date
    #: The last day, itself included: it ends at the right edge.
    last: date
    #: The round numbers beside it, from zero; the last is the upper edge.
    levels: tuple[float, ...]

    @property
    def days(self) -> int:
        """Days from edge to edge."""
        return (self.last - self.first).days + 1

    def x(self, day: date, *, end: bool = False) -> float:
        """Where a day begins, or ends; a day beyond an edge lies on it."""
        past = (day - self.first).days + (1 if end else 0)
        return self.left + (self.right - self.left) * min(max(past, 0), self.days) / self.days

    def y(self, total: float) -> float:
        """How high a total lies; what is beyond an edge lies on it."""
        share = min(max(total / self.levels[-1], 0.0), 1.0)
        return self.bottom - (self.bottom - self.top) * share


def plot(first: date, last: date, highest: float, *, top: float, bottom: float) -> Plot:
    """Make room for all days from first to last, and all totals from zero to the highest."""
    levels = round_levels(highest)
    margin = max(width_of(number(level), SMALL) for level in levels)
    return Plot(EDGE + margin + 8, top, WIDTH - EDGE, bottom, first, max(first, last), levels)


def round_levels(highest: float) -> tuple[float, ...]:
    """Round numbers from zero to the first that is not below the highest: at most seven.

    >>> round_levels(447), round_levels(0)
    ((0.0, 100.0, 200.0, 300.0, 400.0, 500.0), (0.0, 1.0))
    """
    rough = max(highest, 1.0) / _STEPS
    power = 10.0 ** math.floor(math.log10(rough))
    factors = (1, 2, 5, 10) if power < 10 else (1, 2, 2.5, 5, 10)  # noqa: PLR2004 - 25 is round, 2.5 is not a count
    step = max(1.0, next(factor * power for factor in factors if factor * power >= rough * 0.999))
    return tuple(step * i for i in range(max(1, math.ceil(highest / step)) + 1))


def axes(frame: Plot) -> Iterator[str]:
    """The grid with its numbers, and the dates below."""
    for level in frame.levels:
        y = frame.y(level)
        yield line("grid" if level else "axis", frame.left, y, frame.right, y)
        yield words(number(level), frame.left - 8, y + 5, name="soft", anchor="end")
    yield from date_axis(frame)


def date_axis(frame: Plot) -> Iterator[str]:
    """Ticks and dates below the plot."""
    for day, label in dates(frame):
        x = frame.x(day)
        yield line("axis", x, frame.bottom, x, frame.bottom + 5)
        yield words(label, _middle(frame, day, label), frame.bottom + 20, name="soft", anchor="middle")


def dates(frame: Plot) -> list[tuple[date, str]]:
    """The most round days that can be named without touching one another; the first day where none is round."""
    for ladder in _ladders(frame):
        inside = [(day, label) for day, label in ladder if frame.first <= day <= frame.last]
        if inside and all(_have_room(frame, *pair) for pair in pairwise(inside)):
            return inside
    return [(frame.first, day_text(frame.first))]


def _have_room(frame: Plot, one: tuple[date, str], other: tuple[date, str]) -> bool:
    need = (width_of(one[1], SMALL) + width_of(other[1], SMALL)) / 2 + _GAP
    return _middle(frame, *other) - _middle(frame, *one) >= need


def _middle(frame: Plot, day: date, label: str) -> float:
    """Where the middle of a date lies: below its day, or as close to it as the paper allows."""
    half = width_of(label, SMALL) / 2
    return min(max(frame.x(day), EDGE + half), WIDTH - EDGE - half)


def _ladders(frame: Plot) -> Iterator[list[tuple[date, str]]]:
    """Round days, from the closest to the widest spacing."""
    if frame.days <= _SHORT_DAYS:
        for every in (1, 2, 7, 14, 28):
            days = [frame.first + timedelta(days=i) for i in range(0, frame.days, every)]
            yield [(day, day_text(day).rpartition(" ")[0]) for day in days]
    years = range(frame.first.year, frame.last.year + 1)
    for every in (1, 2, 3, 6):
        firsts = [date(year, month, 1) for year in years for month in range(1, 13, every)]
        yield [(day, _month(day)) for day in firsts]
    for every in (1, 2, 5, 10, 20, 50, 100):
        yield [(date(year, 1, 1), str(year)) for year in years if not year % every]


def _month(day: date) -> str:
    return str(day.year) if day.month == 1 else day_text(day).split()[1]
