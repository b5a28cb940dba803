"""Charts for a terminal and for plain text: the pace of a year against its baseline, a line of bars, one bar."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, groupby, pairwise

from watcher.core.message.phrase import clean
from watcher.core.reading import day_text

#: A day with the totals observed and expected up to it.
Point = tuple[date, float, float]

_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = "_.:-=+*#"
_EIGHTHS = " ▏▎▍▌▋▊▉"
#: Bits of a Braille cell by column, then by row from below.
_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
_BRAILLE = 0x2800
_MIN_WIDTH, _MIN_HEIGHT = 40, 4
#: Columns between two dates below the axis.
_GAP = 2
#: Up to this many days the axis names days, not months.
_SHORT_DAYS = 70
#: From so many calendar years on it names years.
_MANY_YEARS = 10
#: ANSI styles: bold yellow, cyan.
_OBSERVED_STYLE, _EXPECTED_STYLE, _PLAIN = "\x1b[1;33m", "\x1b[36m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class _Signs:
    """The characters of a chart."""

    #: How many dots a cell has across and up.
    dots: tuple[int, int]
    observed: str
    expected: str
    tick: str
    wall: str
    corner: str
    floor: str
    date: str
    mark: str


_UNICODE = _Signs((2, 4), "⠒⠒", "·", "┤", "│", "└", "─", "┬", "▲")
_ASCII = _Signs((1, 1), "*", ".", "+", "|", "+", "-", "+", "^")


@dataclass(frozen=True, slots=True)
class _Frame:
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


def pace_chart(
    points: Sequence[Point],
    *,
    width: int = 72,
    height: int = 14,
    unit: str,
    colour: bool = False,
    ascii_only: bool = False,
) -> str:
    """Draw the running total against the baseline's pace, with labelled axes and a legend.

    :param points: one for each day, or fewer; what lies between two is drawn as a straight line.
    :param width: columns of the whole picture, at least 40.
    :param height: rows of the plot, without title, dates and legend; at least 4.
    :param unit: what is counted: ``deaths``.
    """
    known = sorted(point for point in points if math.isfinite(point[1]) and math.isfinite(point[2]))
    if not known:
        return f"{clean(unit)}: no days to draw"
    signs, width = _ASCII if ascii_only else _UNICODE, max(_MIN_WIDTH, width)
    frame = _frame(known, width, max(_MIN_HEIGHT, height))
    margin, since = len(_number(frame.top)), above_for_good(known)
    plot = zip(_labels(frame), _plot(known, frame, signs, colour=colour), strict=True)
    lines = [
        clean(f"{unit}, running total, {day_text(frame.first)} to {day_text(frame.last)}", limit=width),
        *(f"{label:>{margin}} {signs.tick if label else signs.wall}{cells}" for label, cells in plot),
        f"{'':>{margin}} {signs.corner}{_floor(frame, signs, since)}",
        f"{'':>{margin}}  {''.join(_dates(frame))}",
        *_legend(known[-1], since, signs, width=width, colour=colour),
    ]
    return "\n".join(line.rstrip() for line in lines)


def above_for_good(points: Sequence[Point]) -> date | None:
    """The first day from which on the total observed stays above the one expected; None when it does not.

    >>> above_for_good([(date(2020, 1, 1), 2, 1), (date(2020, 1, 2), 2, 2), (date(2020, 1, 3), 4, 3)])
    datetime.date(2020, 1, 3)
    """
    since = None
    for day, observed, expected in reversed(points):
        if observed <= expected:
            break
        since = day
    return since


def sparkline(values: Iterable[float], *, width: int = 0, ascii_only: bool = False) -> str:
    """One small bar for each value, from zero (or the least, when that is negative) to the largest.

    What is no finite number becomes a space.

    :param width: at most so many bars, each then the mean of its neighbours; 0 is one for each value.

    >>> sparkline([0, 1, 2, 4])
    '▁▃▅█'
    """
    numbers = _thinned(list(values), width)
    finite = [value for value in numbers if math.isfinite(value)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    return "".join(_spark(value, low, high, _ASCII_BARS if ascii_only else _BARS) for value in numbers)


def bar(share: float, width: int = 20, *, ascii_only: bool = False) -> str:
    """A share between 0 and 1 as a bar of ``width`` columns; less is shown as nothing, more as all.

    >>> bar(0.5, 4), bar(0.3, 10, ascii_only=True)
    ('██  ', '###       ')
    """
    filled = min(1.0, max(0.0, share if math.isfinite(share) else 0.0)) * width
    if ascii_only:
        return ("#" * round(filled)).ljust(width)
    whole, eighths = divmod(round(filled * 8), 8)
    return ("█" * whole + _EIGHTHS[eighths].strip()).ljust(width)


def _thinned(values: list[float], width: int) -> list[float]:
    if not width or len(values) <= width:
        return values
    edges = [round(i * len(values) / width) for i in range(width + 1)]
    return [sum(values[start:end]) / (end - start) for start, end in pairwise(edges)]


def _spark(value: float, low: float, high: float, bars: str) -> str:
    if not math.isfinite(value):
        return " "
    return bars[round((value - low) / (high - low) * (len(bars) - 1))] if high > low else bars[0]


def _frame(points: Sequence[Point], width: int, rows: int) -> _Frame:
    highest = max(max(observed, expected, 1.0) for _, observed, expected in points)
    rough = highest / max(2.0, rows / 2.5)
    power = 10.0 ** math.floor(math.log10(rough))
    step = max(1.0, next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999))
    top = step * math.ceil(highest / step)
    return _Frame(points[0][0], points[-1][0], step, top, columns=width - len(_number(top)) - 2, rows=rows)


def _number(total: float) -> str:
    return f"{total:,.0f}".replace(",", " ")


def _labels(frame: _Frame) -> list[str]:
    """The numbers beside the rows, the top row first."""
    numbers = {
        frame.level(i * frame.step, 1): _number(i * frame.step) for i in range(round(frame.top / frame.step) + 1)
    }
    return [numbers.get(row, "") for row in reversed(range(frame.rows))]


def _plot(points: Sequence[Point], frame: _Frame, signs: _Signs, *, colour: bool) -> Iterator[str]:
    """The rows of the plot, the top row first."""
    pace = _cells([(day, expected) for day, _, expected in points], frame, _ASCII.dots)
    line = _cells([(day, observed) for day, observed, _ in points], frame, signs.dots)
    for row in reversed(range(frame.rows)):
        cells = [_cell((column, row), line, pace, signs) for column in range(frame.columns)]
        yield _styled(cells) if colour else "".join(sign for _, sign in cells)


def _cells(totals: Sequence[tuple[date, float]], frame: _Frame, dots: tuple[int, int]) -> Mapping[tuple[int, int], int]:
    """The cells that a line touches, as (column, row), with the bits of the Braille dots in each."""
    across, up = dots
    cells: dict[tuple[int, int], int] = {}
    levels = [frame.level(total, up) for total in _samples(totals, frame, frame.columns * across)]
    for x, level in enumerate(levels):
        before = levels[x - 1] if x else level
        reached = range(before + 1, level + 1) if level > before else range(level, max(level + 1, before))
        for y in reached or (level,):
            cell = (x // across, y // up)
            cells[cell] = cells.get(cell, 0) | _DOTS[x % across][y % up]
    return cells


def _samples(totals: Sequence[tuple[date, float]], frame: _Frame, count: int) -> list[float]:
    """The totals at ``count`` places from the first to the last day; one alone when that is the same day."""
    if not frame.days:
        return [totals[-1][1]]
    days = [(day - frame.first).days for day, _ in totals]
    return [_between(days, totals, frame.days * i / (count - 1)) for i in range(count)]


def _between(days: list[int], totals: Sequence[tuple[date, float]], place: float) -> float:
    after = bisect_right(days, place)
    if after == len(days):
        return totals[-1][1]
    left, right = days[after - 1], days[after]
    start, end = totals[after - 1][1], totals[after][1]
    return start + (end - start) * (place - left) / (right - left)


def _cell(
    place: tuple[int, int], line: Mapping[tuple[int, int], int], pace: Mapping[tuple[int, int], int], signs: _Signs
) -> tuple[str, str]:
    """(style, character) of one cell; what was observed lies on top."""
    if place in line:
        return _OBSERVED_STYLE, "*" if signs is _ASCII else chr(_BRAILLE + line[place])
    return (_EXPECTED_STYLE, signs.expected) if place in pace else ("", " ")


def _styled(cells: Iterable[tuple[str, str]]) -> str:
    runs = ((style, "".join(sign for _, sign in run)) for style, run in groupby(cells, key=lambda cell: cell[0]))
    return "".join(f"{style}{text}{_PLAIN}" if style else text for style, text in runs)


def _floor(frame: _Frame, signs: _Signs, since: date | None) -> str:
    line = [signs.floor] * frame.columns
    for day, _ in _dated(frame):
        line[frame.column(day)] = signs.date
    if since is not None:
        line[frame.column(since)] = signs.mark
    return "".join(line)


def _dates(frame: _Frame) -> list[str]:
    line = [" "] * frame.columns
    for day, label in _dated(frame):
        start = _start(frame, day, label)
        line[start : start + len(label)] = label
    return line


def _start(frame: _Frame, day: date, label: str) -> int:
    """Where a date begins: below its day where there is room, else at the right edge."""
    return min(frame.column(day), frame.columns - len(label))


def _dated(frame: _Frame) -> list[tuple[date, str]]:
    """The days that the axis names: the first, the last, and round ones between them that have room."""
    ends = [(frame.first, day_text(frame.first)), (frame.last, day_text(frame.last))]
    if _collide(frame, *ends):
        return ends[:1]
    for between in _ladders(frame):
        placed = [one for one in between if not any(_collide(frame, one, end) for end in ends)]
        if not any(_collide(frame, one, other) for one, other in pairwise(placed)):
            return [ends[0], *placed, *ends[1:]]
    return ends


def _collide(frame: _Frame, one: tuple[date, str], other: tuple[date, str]) -> bool:
    left, right = sorted([(_start(frame, *one), len(one[1])), (_start(frame, *other), len(other[1]))])
    return left[0] + left[1] + _GAP > right[0]


def _ladders(frame: _Frame) -> Iterator[list[tuple[date, str]]]:
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
    whole = ([(date(year, 1, 1), str(year)) for year in years if year % every == 0] for every in (1, 2, 5, 10, 20, 50))
    return ([one for one in ladder if frame.first < one[0] < frame.last] for ladder in chain(months, whole))


def _day_and_month(day: date) -> str:
    return day_text(day).rpartition(" ")[0]


def _legend(last: Point, since: date | None, signs: _Signs, *, width: int, colour: bool) -> Iterator[str]:
    """The lines that name what is drawn, broken between names."""
    _, observed, expected = last
    named = [
        (_OBSERVED_STYLE, signs.observed, f" observed {_number(observed)}"),
        (_EXPECTED_STYLE, signs.expected * 2, f" baseline's pace {_number(expected)}"),
    ]
    if since is not None:
        named.append(("", signs.mark, f" above it ever since {day_text(since)}"))
    line, used = "", 0
    for style, sign, name in named:
        shown = (f"{style}{sign}{_PLAIN}" if colour and style else sign) + name
        room = used + 3 + len(sign + name) if used else len(sign + name)
        if used and room > width:
            yield line
            line, used = shown, len(sign + name)
        else:
            line, used = f"{line}   {shown}" if used else shown, room
    yield line
