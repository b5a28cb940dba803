"""The same three drawings as text for a terminal: the pace, a series, states over time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from watcher.core.message.chart import pace_chart
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
from watcher.core.picture import Bar, Caption, Lane, PacePicture, Picture, SeriesPicture, Span, StatePicture
from watcher.core.picture.ink import number
from watcher.core.picture.series import known_bars
from watcher.core.reading import day_text

#: A cell filled by eighths, or in three steps.
_EIGHTHS, _STEPS = " ▁▂▃▄▅▆▇█", " .:#"
#: How the values of states are filled, worst first; the words of a rivalry and the severities are the same everywhere.
_FILLS, _ASCII_FILLS = "█▓▒░◆◇○", "#%=-o*~"
_KNOWN = {"clashing": 0, "critical": 0, "strained": 1, "warning": 1, "truce": 2, "info": 2, "cordial": 3}
_LANES = 12


def drawn(
    picture: Picture,
    caption: Caption,
    *,
    width: int = 72,
    height: int = 12,
    colour: bool = False,
    ascii_only: bool = False,
) -> list[str]:
    """A picture as lines of text; nothing that needs more than a character, and in ASCII where it must.

    :param width: columns of the whole picture, at least 40.
    :param height: rows of the plot; at least 4.
    :param colour: whether the two lines of a pace are told apart by colour as well.
    """
    width, height = max(MIN_WIDTH, width), max(MIN_HEIGHT, height)
    signs = ASCII if ascii_only else UNICODE
    match picture:
        case PacePicture():
            points = picture.points
            chart = pace_chart(
                points, width=width, height=height, unit=picture.unit, colour=colour, ascii_only=ascii_only
            )
            return chart.splitlines()
        case SeriesPicture():
            return list(_series(picture, caption, signs, width=width, height=height))
        case _:
            return list(_states(picture, caption, signs, width=width))


# --- a series ---------------------------------------------------------------------------------------------------------


def _series(picture: SeriesPicture, caption: Caption, signs: Signs, *, width: int, height: int) -> Iterator[str]:
    bars = known_bars(picture)
    if not bars:
        yield f"{clean(picture.unit)}: no days to draw"
        return
    highest = max(level for bar in bars for level in (bar.observed, bar.expected or 0.0, bar.bound or 0.0))
    frame = frame_of(bars[0].first, bars[-1].last, highest, width=width, rows=height)
    columns = [_over(bars, frame, column) for column in range(frame.columns)]
    margin = len(whole(frame.top))
    days = f"{day_text(frame.first)} to {day_text(frame.last)}"
    yield clean(f"{picture.unit} by {picture.per}, {days}", limit=width)
    for row, label in zip(reversed(range(frame.rows)), numbers(frame), strict=True):
        cells = "".join(_cell(bar, row, frame, signs) for bar in columns)
        yield f"{label:>{margin}} {signs.tick if label else signs.wall}{cells}".rstrip()
    yield f"{'':>{margin}} {signs.corner}{_alarms(columns, floor(frame, signs, caption.fired), signs)}"
    yield f"{'':>{margin}}  {dates(frame)}".rstrip()
    yield from _wrapped(_series_key(picture, caption, bars[-1], signs), width)


def _over(bars: Sequence[Bar], frame: Frame, column: int) -> Bar | None:
    """The highest of the bars that lie above a column."""
    days = frame.days + 1
    first = frame.first + timedelta(days=column * days // frame.columns)
    last = frame.first + timedelta(
        days=max(column * days // frame.columns, -(-(column + 1) * days // frame.columns) - 1)
    )
    there = [bar for bar in bars if bar.first <= last and bar.last >= first]
    return max(there, key=lambda bar: (bar.alarm, bar.observed), default=None)


def _cell(bar: Bar | None, row: int, frame: Frame, signs: Signs) -> str:
    if bar is None:
        return " "
    steps = _STEPS if signs is ASCII else _EIGHTHS
    share = bar.observed / frame.top * frame.rows - row
    filled = min(len(steps) - 1, max(0, math.ceil(share * (len(steps) - 1))))
    if filled:
        return steps[filled]
    for level, sign in ((bar.bound, signs.bound), (bar.expected, signs.expected)):
        if level is not None and math.isfinite(level) and frame.level(level, 1) == row:
            return sign
    return " "


def _alarms(columns: Sequence[Bar | None], line: str, signs: Signs) -> str:
    """The floor, with a mark below each alarm."""
    pairs = zip(columns, line, strict=True)
    return "".join(signs.mark if bar is not None and bar.alarm else sign for bar, sign in pairs)


def _series_key(picture: SeriesPicture, caption: Caption, newest: Bar, signs: Signs) -> Iterator[str]:
    yield f"{_STEPS[-1] if signs is ASCII else _EIGHTHS[-1]} newest {number(newest.observed)}"
    if newest.expected is not None:
        yield f"{signs.expected * 2} {clean(picture.expected)} {number(newest.expected)}"
    if newest.bound is not None:
        yield f"{signs.bound * 2} {clean(picture.bound)} {number(newest.bound)}"
    if any(bar.alarm for bar in picture.bars):
        yield f"{signs.mark} alarm"
    elif caption.fired:
        yield f"{signs.mark} alert began {day_text(caption.fired)}"


# --- states -----------------------------------------------------------------------------------------------------------


def _states(picture: StatePicture, caption: Caption, signs: Signs, *, width: int) -> Iterator[str]:
    lanes = picture.lanes[:_LANES]
    fills = _fills(picture, _ASCII_FILLS if signs is ASCII else _FILLS)
    last = max(picture.first, picture.last)
    frame = Frame(picture.first, last, 1.0, 1.0, columns=width, rows=1)
    yield clean(f"{picture.state}, {day_text(picture.first)} to {day_text(last)}", limit=width)
    for lane in lanes:
        yield clean(lane.name, limit=width)
        yield "".join(_state_cell(lane, frame, column, fills, signs) for column in range(width))
    yield floor(frame, signs, caption.fired)
    yield dates(frame).rstrip()
    key = [f"{fill} {clean(value)}" for value, fill in fills.items()]
    began = [f"{signs.mark} alert began {day_text(caption.fired)}"] if caption.fired else []
    more = [f"{len(picture.lanes) - len(lanes)} more not shown"] if len(picture.lanes) > len(lanes) else []
    yield from _wrapped([*key, *began, *more], width)


def _fills(picture: StatePicture, signs: str) -> Mapping[str, str]:
    """The sign of each value, in the order in which they appear."""
    values = dict.fromkeys(span.value for lane in picture.lanes[:_LANES] for span in lane.spans)
    free = [place for place in range(len(signs)) if place not in {_KNOWN.get(value) for value in values}]
    unknown = [value for value in values if value not in _KNOWN]
    given = {value: free[place % len(free)] for place, value in enumerate(unknown)}
    return {value: signs[_KNOWN.get(value, given.get(value, 0))] for value in values}


def _state_cell(lane: Lane, frame: Frame, column: int, fills: Mapping[str, str], signs: Signs) -> str:
    """What held at the end of the days of a column."""
    days = frame.days + 1
    first = frame.first + timedelta(days=column * days // frame.columns)
    last = frame.first + timedelta(
        days=max(column * days // frame.columns, -(-(column + 1) * days // frame.columns) - 1)
    )
    there = [span for span in lane.spans if _touches(span, first, last)]
    return fills[there[-1].value] if there else signs.expected


def _touches(span: Span, first: date, last: date) -> bool:
    return (span.first or first) <= last and (span.last or last) >= first


def _wrapped(named: Sequence[str] | Iterator[str], width: int) -> Iterator[str]:
    """The entries of a key, broken between them."""
    line = ""
    for each in named:
        if line and len(line) + 3 + len(each) > width:
            yield line
            line = each
        else:
            line = f"{line}   {each}" if line else each
    if line:
        yield line
