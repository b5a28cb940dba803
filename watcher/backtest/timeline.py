"""A timeline as SVG: a bar for each time that an alert went on, under the bars of what people say was there.

Drawn with classes and no colours of its own: the page that holds it chooses them, for a light and for a dark screen.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from watcher.core.message.phrase import clean
from watcher.core.period import DAY, Period, day_start
from watcher.core.reading import day_text

_WIDTH, _LEFT, _RIGHT = 960, 240, 12
_ROW, _TOP, _BAR = 22, 24, 12
#: Characters of a row's name; the whole name is in its title.
_NAME = 34
#: The least width of a bar: an alert of a day is seen in ten years.
_LEAST = 2.0
#: More marks on the axis than these would touch.
_MOST_MARKS = 14
#: Room for the text of a mark.
_TEXT = 40


class Bar(NamedTuple):
    """A time during which something went on."""

    since: datetime
    #: None while it goes on at the end.
    until: datetime | None
    #: What a reader who points at it is told.
    title: str
    #: ``critical``, ``warning``, ``info``, ``label``.
    look: str


class Row(NamedTuple):
    """One line of bars."""

    name: str
    bars: tuple[Bar, ...]


def timeline(rows: Sequence[Row], days: Period, *, title: str) -> str:
    """The picture, complete in itself; every text in it is escaped."""
    height = _TOP + _ROW * len(rows) + 6
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    head = f'<svg class="timeline" role="img" {size} xmlns="http://www.w3.org/2000/svg"><title>{_text(title)}</title>'
    drawn = (part for number, row in enumerate(rows) for part in _row(row, _TOP + number * _ROW, days))
    return "".join([head, *_axis(days, height), *drawn, "</svg>"])


def _text(text: str) -> str:
    """Text from anywhere, as text."""
    return html.escape(clean(text))


def _axis(days: Period, height: int) -> Iterator[str]:
    for day, text in _marks(days):
        x = _x(day_start(day), days)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{height}"/>'
        if x < _WIDTH - _TEXT:
            yield f'<text class="mark" x="{x + 3:.1f}" y="12">{text}</text>'


def _marks(days: Period) -> list[tuple[date, str]]:
    """The months, quarters or years that begin within the days, as many as there is room for, with what they say."""
    for months in (1, 3, 12, 60):
        found = list(_beginnings(days, months))
        if len(found) <= _MOST_MARKS:
            return [(day, _said(day, months)) for day in found]
    return []


def _said(day: date, months: int) -> str:
    _, month, year = day_text(day).split(" ")
    return year if months >= 12 or day.month == 1 else month  # noqa: PLR2004 - months of a year


def _beginnings(days: Period, months: int) -> Iterator[date]:
    for number in range(days.start.year * 12 + days.start.month - 1, days.last.year * 12 + days.last.month):
        day = date(number // 12, number % 12 + 1, 1)
        if number % months == 0 and day >= days.start:
            yield day


def _row(row: Row, top: float, days: Period) -> Iterator[str]:
    name = row.name if len(row.name) <= _NAME else f"{row.name[: _NAME - 1]}…"
    middle = top + _ROW / 2
    yield f'<g><title>{_text(row.name)}</title><text class="name" x="{_LEFT - 8}" y="{middle + 4:.1f}">{_text(name)}</text>'
    yield f'<line class="base" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{middle:.1f}" y2="{middle:.1f}"/></g>'
    for bar in row.bars:
        begins, ends = _x(bar.since, days), _x(bar.until or day_start(days.end), days)
        y, width = middle - _BAR / 2, max(_LEAST, ends - begins)
        yield f'<rect class="{_text(bar.look)}" x="{begins:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_BAR}">'
        yield f"<title>{_text(bar.title)}</title></rect>"


def _x(moment: datetime, days: Period) -> float:
    share = (moment - day_start(days.start)) / (days.days * DAY)
    return _LEFT + min(1.0, max(0.0, share)) * (_WIDTH - _LEFT - _RIGHT)
