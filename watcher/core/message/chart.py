"""Charts for a terminal and for plain text: the pace of a year against its baseline, a line of bars, one bar."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby, pairwise

from watcher.core.message.frame import (
    ASCII,
    MIN_HEIGHT,
    MIN_WIDTH,
    UNICODE,
    Frame,
    Signs,
    dates,
    floor,
    frame_of,
    numbers,
    whole,
)
from watcher.core.message.phrase import clean
from watcher.core.picture import Point
from watcher.core.reading import day_text

_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = "_.:-=+*#"
_EIGHTHS = " ▏▎▍▌▋▊▉"
#: Bits of a Braille cell by column, then by row from below.
_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
_BRAILLE = 0x2800
#: ANSI styles: bold yellow, cyan.
_OBSERVED_STYLE, _EXPECTED_STYLE, _PLAIN = "\x1b[1;33m", "\x1b[36m", "\x1b[0m"


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
    signs, width = ASCII if ascii_only else UNICODE, max(MIN_WIDTH, width)
    frame = _frame(known, width, max(MIN_HEIGHT, height))
    margin, since = len(whole(frame.top)), above_for_good(known)
    plot = zip(numbers(frame), _plot(known, frame, signs, colour=colour), strict=True)
    lines = [
        clean(f"{unit}, running total, {day_text(frame.first)} to {day_text(frame.last)}", limit=width),
        *(f"{label:>{margin}} {signs.tick if label else signs.wall}{cells}" for label, cells in plot),
        f"{'':>{margin}} {signs.corner}{floor(frame, signs, since)}",
        f"{'':>{margin}}  {dates(frame)}",
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


def _frame(points: Sequence[Point], width: int, rows: int) -> Frame:
    highest = max(max(observed, expected) for _, observed, expected in points)
    return frame_of(points[0][0], points[-1][0], highest, width=width, rows=rows)


def _plot(points: Sequence[Point], frame: Frame, signs: Signs, *, colour: bool) -> Iterator[str]:
    """The rows of the plot, the top row first."""
    pace = _cells([(day, expected) for day, _, expected in points], frame, ASCII.dots)
    line = _cells([(day, observed) for day, observed, _ in points], frame, signs.dots)
    for row in reversed(range(frame.rows)):
        cells = [_cell((column, row), line, pace, signs) for column in range(frame.columns)]
        yield _styled(cells) if colour else "".join(sign for _, sign in cells)


def _cells(totals: Sequence[tuple[date, float]], frame: Frame, dots: tuple[int, int]) -> Mapping[tuple[int, int], int]:
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


def _samples(totals: Sequence[tuple[date, float]], frame: Frame, count: int) -> list[float]:
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
    place: tuple[int, int], line: Mapping[tuple[int, int], int], pace: Mapping[tuple[int, int], int], signs: Signs
) -> tuple[str, str]:
    """(style, character) of one cell; what was observed lies on top."""
    if place in line:
        return _OBSERVED_STYLE, "*" if signs is ASCII else chr(_BRAILLE + line[place])
    return (_EXPECTED_STYLE, signs.expected) if place in pace else ("", " ")


def _styled(cells: Iterable[tuple[str, str]]) -> str:
    runs = ((style, "".join(sign for _, sign in run)) for style, run in groupby(cells, key=lambda cell: cell[0]))
    return "".join(f"{style}{text}{_PLAIN}" if style else text for style, text in runs)


def _legend(last: Point, since: date | None, signs: Signs, *, width: int, colour: bool) -> Iterator[str]:
    """The lines that name what is drawn, broken between names."""
    _, observed, expected = last
    named = [
        (_OBSERVED_STYLE, signs.observed, f" observed {whole(observed)}"),
        (_EXPECTED_STYLE, signs.expected * 2, f" baseline's pace {whole(expected)}"),
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
