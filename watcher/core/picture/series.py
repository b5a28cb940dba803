"""The series chart: counts over time, what was expected, the bound, and the alarms."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import timedelta

from watcher.core.picture import Bar, Caption, SeriesPicture
from watcher.core.picture.axis import Plot, axes, plot
from watcher.core.picture.ink import Key, box, head_height, line, mark, number, path, sheet
from watcher.core.reading import day_text

_HEIGHT = 210
#: Bars narrower than this stand without a gap.
_NARROW = 4
#: Room above the plot for the marks of alarms.
_MARK = 12


def known_bars(picture: SeriesPicture) -> list[Bar]:
    """The bars that can be drawn, by day."""
    return sorted(bar for bar in picture.bars if math.isfinite(bar.observed))


def series_alt(picture: SeriesPicture, caption: Caption) -> str:
    """The chart in a sentence or two."""
    bars = known_bars(picture)
    if not bars:
        return f"No days of {picture.unit} to draw."
    newest, highest = bars[-1], max(bar.observed for bar in bars)
    said = (
        f"{picture.unit} by {picture.per}, {day_text(bars[0].first)} to {day_text(newest.last)}: "
        f"at most {number(highest)}, the last {number(newest.observed)}"
    )
    for name, level in ((picture.expected, newest.expected), (picture.bound, newest.bound)):
        said += f", {name} {number(level)}" if level is not None else ""
    alarms = sum(bar.alarm for bar in bars)
    said += f". Alarms: {alarms}." if alarms else "."
    said += f" The alert began on {day_text(caption.fired)}." if caption.fired else ""
    return said[0].upper() + said[1:]


def series_svg(picture: SeriesPicture, caption: Caption) -> str:
    """Draw it."""
    bars, keys, alt = known_bars(picture), _keys(picture, caption), series_alt(picture, caption)
    if not bars:
        return sheet(
            [],
            title=caption.title,
            subtitle=alt,
            keys=(),
            source=caption.source,
            alt=alt,
            bottom=head_height(caption.title, ()),
        )
    top = head_height(caption.title, keys) + 16 + _MARK
    highest = max(level for bar in bars for level in (bar.observed, *_levels(bar)))
    frame = plot(bars[0].first, bars[-1].last, highest, top=top, bottom=top + _HEIGHT)
    return sheet(
        _body(picture, caption, bars, frame),
        title=caption.title,
        subtitle=f"{picture.unit} by {picture.per}, {day_text(bars[0].first)} to {day_text(bars[-1].last)}",
        keys=keys,
        source=caption.source,
        alt=alt,
        bottom=frame.bottom,
    )


def _levels(bar: Bar) -> list[float]:
    return [level for level in (bar.expected, bar.bound) if level is not None and math.isfinite(level)]


def _keys(picture: SeriesPicture, caption: Caption) -> list[Key]:
    bars = known_bars(picture)
    if not bars:
        return []
    newest = bars[-1]
    keys = [Key("bar", "newest count", "area", number(newest.observed))]
    for name, text, level in (
        ("pace", picture.expected, newest.expected),
        ("bound", picture.bound, newest.bound),
    ):
        if level is not None and math.isfinite(level):
            keys.append(Key(name, text, value=number(level)))
    if any(bar.alarm for bar in bars):
        keys.append(Key("alarm", "alarm", "mark"))
    if picture.complete_to is not None and picture.complete_to < newest.last:
        keys.append(Key("late", "still being reported", "area"))
    if caption.fired:
        keys.append(Key("fired", "alert began", value=day_text(caption.fired)))
    return keys


def _body(picture: SeriesPicture, caption: Caption, bars: list[Bar], frame: Plot) -> Iterator[str]:
    if picture.complete_to is not None and picture.complete_to < bars[-1].last:
        x = frame.x(picture.complete_to + timedelta(days=1))
        yield box("late", x, frame.top, frame.right - x, frame.bottom - frame.top)
    yield from axes(frame)
    for bar in bars:
        yield from _bar(bar, frame)
    yield from _steps("pace", bars, frame, lambda bar: bar.expected)
    yield from _steps("bound", bars, frame, lambda bar: bar.bound)
    if caption.fired and frame.first <= caption.fired <= frame.last:
        yield line("fired", frame.x(caption.fired), frame.top, frame.x(caption.fired), frame.bottom)


def _bar(bar: Bar, frame: Plot) -> Iterator[str]:
    left, right, y = frame.x(bar.first), frame.x(bar.last, end=True), frame.y(bar.observed)
    # Narrow bars overlap a little: where edges only meet, light shines through.
    gap = min(4.0, (right - left) * 0.15) if right - left >= _NARROW else -0.6
    right = min(right, frame.right + gap / 2)
    if bar.observed > 0:
        yield box("alarm" if bar.alarm else "bar", left + max(0.0, gap / 2), y, right - left - gap, frame.bottom - y)
    if bar.alarm:
        yield mark("alarm", (left + right) / 2, y - 3)


def _steps(name: str, bars: list[Bar], frame: Plot, level_of: Callable[[Bar], float | None]) -> Iterator[str]:
    """A level over each bar that has one, joined where neighbours do."""
    run: list[tuple[float, float]] = []
    for bar in bars:
        level = level_of(bar)
        if level is None or not math.isfinite(level):
            if run:
                yield path(name, run)
            run = []
        else:
            y = frame.y(level)
            run += [(frame.x(bar.first), y), (frame.x(bar.last, end=True), y)]
    if run:
        yield path(name, run)
