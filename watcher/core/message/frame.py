"""The frame of a drawing made of characters: where days and totals lie, the numbers beside it, the dates below."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, pairwise

from watcher.core.reading import day_text

MIN_WIDTH, MIN_HEIGHT = 40, 4
#: Columns between two dates below the axis.
_GAP = 2
#: Up to this many days the axis names days, not months.
_SHORT_DAYS = 70
#: From so many calendar years on it names years.
_MANY_YEARS = 10


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters of a drawing."""

    #: How many dots a cell has across and up.
    dots: tuple[int, int]
    observed: str
    expected: str
    bound: str
    tick: str
    wall: str
    corner: str
    floor: str
    date: str
    mark: str


UNICODE = Signs((2, 4), "⠒⠒", "·", "╌", "┤", "│", "└", "─", "┬", "▲")
ASCII = Signs((1, 1), "*", ".", "=", "+", "|", "+", "-", "+", "^")


@dataclass(frozen=True, slots=True)
class Frame:
    """Where days and totals lie on the paper, in cells."""

    first: date
    last: date
    #: Difference of two numbers on the wall.
    step: float
    #: The total at the upper edge.
    top: float
    columns: int
    rows: int

    @property
    def days(self) -> int:
        """Days from the left to the right edge."""
        return (self.last - self.first).days

    def column(self, day: date) -> int:
        """The column of a day."""
        return round((day - self.first).days / self.days * (self.columns - 1)) if self.days else 0

    def level(self, total: float, dots: int) -> int:
        """How many dots a total lies above the floor, with so many dots to a row."""
        return min(self.rows * dots - 1, max(0, int(total / self.top * self.rows * dots)))


def frame_of(first: date, last: date, highest: float, *, width: int, rows: int) -> Frame:
    """Make room for all days from first to last, and all totals from zero to the highest."""
    highest = max(highest, 1.0)
    rough = highest / max(2.0, rows / 2.5)
    power = 10.0 ** math.floor(math.log10(rough))
    step = max(1.0, next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999))
    top = step * math.ceil(highest / step)
    return Frame(first, last, step, top, columns=width - len(whole(top)) - 2, rows=rows)


def whole(total: float) -> str:
    """A total beside the wall, thousands apart."""
    return f"{total:,.0f}".replace(",", " ")


def numbers(frame: Frame) -> list[str]:
    """The numbers beside the rows, the top row first."""
    found = {frame.level(i * frame.step, 1): whole(i * frame.step) for i in range(round(frame.top / frame.step) + 1)}
    return [found.get(row, "") for row in reversed(range(frame.rows))]


def floor(frame: Frame, signs: Signs, marked: date | None) -> str:
    """The line below the plot, with a tick at each date that is named, and a mark at one day."""
    line = [signs.floor] * frame.columns
    for day, _ in _dated(frame):
        line[frame.column(day)] = signs.date
    if marked is not None and frame.first <= marked <= frame.last:
        line[frame.column(marked)] = signs.mark
    return "".join(line)


def dates(frame: Frame) -> str:
    """The dates below the floor."""
    line = [" "] * frame.columns
    for day, label in _dated(frame):
        start = _start(frame, day, label)
        line[start : start + len(label)] = label
    return "".join(line)


def _start(frame: Frame, day: date, label: str) -> int:
    """Where a date begins: below its day where there is room, else at the right edge."""
    return min(frame.column(day), frame.columns - len(label))


def _dated(frame: Frame) -> list[tuple[date, str]]:
    """The days that the axis names: the first, the last, and round ones between them that have room."""
    ends = [(frame.first, day_text(frame.first)), (frame.last, day_text(frame.last))]
    if _collide(frame, *ends):
        return ends[:1]
    for between in _ladders(frame):
        placed = [one for one in between if not any(_collide(frame, one, end) for end in ends)]
        if not any(_collide(frame, one, other) for one, other in pairwise(placed)):
            return [ends[0], *placed, *ends[1:]]
    return ends


def _collide(frame: Frame, one: tuple[date, str], other: tuple[date, str]) -> bool:
    left, right = sorted([(_start(frame, *one), len(one[1])), (_start(frame, *other), len(other[1]))])
    return left[0] + left[1] + _GAP > right[0]


def _ladders(frame: Frame) -> Iterator[list[tuple[date, str]]]:
    """Round days inside the frame, from the closest to the widest spacing."""
    years = range(frame.first.year, frame.last.year + 1)
    if frame.days <= _SHORT_DAYS:
        steps = ([frame.first + timedelta(days=i) for i in range(every, frame.days, every)] for every in (1, 7, 14))
        return ([(day, _day_and_month(day)) for day in days] for days in steps)
    firsts = (
        [date(year, month, 1) for year in years for month in range(1, 13, every)]
        for every in ((1, 2, 3, 6) if len(years) < _MANY_YEARS else ())
    )
    months = ([(day, _day_and_month(day)) for day in days] for days in firsts)
    plain = ([(date(year, 1, 1), str(year)) for year in years if year % every == 0] for every in (1, 2, 5, 10, 20, 50))
    return ([one for one in ladder if frame.first < one[0] < frame.last] for ladder in chain(months, plain))


def _day_and_month(day: date) -> str:
    return day_text(day).rpartition(" ")[0]
