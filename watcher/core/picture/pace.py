"""The pace chart: the running total, its baseline's pace with the interval, and where it leads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

from watcher.core.picture import Caption, PacePicture, Point
from watcher.core.picture.axis import Plot, axes, plot
from watcher.core.picture.ink import Key, box, head_height, line, number, path, sheet
from watcher.core.reading import day_text

#: Pixels of the plot.
_HEIGHT = 230


def known_points(picture: PacePicture) -> list[Point]:
    """The points that can be drawn, by day."""
    return sorted(each for each in picture.points if math.isfinite(each[1]) and math.isfinite(each[2]))


def pace_alt(picture: PacePicture, caption: Caption) -> str:
    """The chart in a sentence or two."""
    points = known_points(picture)
    if not points:
        return f"No days of {picture.unit} to draw."
    day, observed, expected = points[-1]
    said = f"{number(observed)} {picture.unit} from {day_text(points[0][0])} to {day_text(day)}"
    said = f"Running total: {said}, where {picture.expected} gives {number(expected)}{_between(picture)}."
    if picture.lead is not None:
        lead = picture.lead
        said += f" If the rate holds, {number(lead.total)} by {day_text(lead.last)}, {_range(lead.low, lead.high)}."
    said += " The total is stated; how it grew is not known." if picture.is_stated else ""
    if picture.complete_to is not None and picture.complete_to < day:
        said += f" The days after {day_text(picture.complete_to)} are still being reported."
    return said + (f" The alert began on {day_text(caption.fired)}." if caption.fired else "")


def pace_svg(picture: PacePicture, caption: Caption) -> str:
    """Draw it."""
    points, keys, alt = known_points(picture), _keys(picture, caption), pace_alt(picture, caption)
    source = caption.source
    subtitle = f"{picture.unit}, {'stated total, drawn straight' if picture.is_stated else 'running total'}"
    if not points:
        return sheet(
            [],
            title=caption.title,
            subtitle=alt,
            keys=(),
            source=source,
            alt=alt,
            bottom=head_height(caption.title, ()),
        )
    top = head_height(caption.title, keys) + 16
    last = max(points[-1][0], picture.lead.last) if picture.lead else points[-1][0]
    frame = plot(points[0][0], last, _highest(picture, points), top=top, bottom=top + _HEIGHT)
    return sheet(
        _body(picture, caption, points, frame),
        title=caption.title,
        subtitle=f"{subtitle}, {day_text(points[0][0])} to {day_text(points[-1][0])}",
        keys=keys,
        source=source,
        alt=alt,
        bottom=frame.bottom,
    )


def _between(picture: PacePicture) -> str:
    interval = _interval(picture)
    return f" ({_range(*interval)})" if interval else ""


def _range(low: float, high: float) -> str:
    return f"95 % interval {number(low)} to {number(high)}"


def _interval(picture: PacePicture) -> tuple[float, float] | None:
    """The interval, where both its ends are numbers."""
    ends = picture.interval
    return ends if ends is not None and all(map(math.isfinite, ends)) else None


def _highest(picture: PacePicture, points: list[Point]) -> float:
    """The highest total that must be seen; an interval may be cut at twice that of the totals themselves."""
    totals = [total for _, observed, expected in points for total in (observed, expected)]
    if picture.lead:
        totals.append(picture.lead.total)
    ends: list[float] = [*(_interval(picture) or ()), picture.lead.high if picture.lead else 0.0]
    highest = max(totals)
    return max(highest, min(max(ends), 2 * highest), 1.0)


def _keys(picture: PacePicture, caption: Caption) -> list[Key]:
    points, interval, lead = known_points(picture), _interval(picture), picture.lead
    if not points:
        return []
    day, observed, expected = points[-1]
    keys = [
        Key("seen", "stated" if picture.is_stated else "observed", value=number(observed)),
        Key("pace", picture.expected, value=number(expected)),
    ]
    if lead:
        keys.append(Key("lead", "if it goes on", value=number(lead.total)))
    if interval:
        keys.append(Key("band", "95 % interval", "area", f"{number(interval[0])} to {number(interval[1])}"))
    if lead:
        keys.append(Key("cone", "95 % interval", "area", f"{number(lead.low)} to {number(lead.high)}"))
    if picture.complete_to is not None and picture.complete_to < day:
        keys.append(Key("late", "still being reported", "area"))
    if caption.fired:
        keys.append(Key("fired", "alert began", value=day_text(caption.fired)))
    return keys


def _body(picture: PacePicture, caption: Caption, points: list[Point], frame: Plot) -> Iterator[str]:
    yield from _late(picture, points, frame)
    yield from axes(frame)
    yield from _band(picture, points, frame)
    yield path("pace", [(frame.x(day, end=True), frame.y(expected)) for day, _, expected in points])
    yield from _lead(picture, points, frame)
    if caption.fired and frame.first <= caption.fired <= frame.last:
        yield line("fired", frame.x(caption.fired), frame.top - 4, frame.x(caption.fired), frame.bottom)
    yield path("seen", [(frame.x(day, end=True), frame.y(observed)) for day, observed, _ in points])
    x, y = frame.x(points[-1][0], end=True), frame.y(points[-1][1])
    yield box("dot", x - 5, y - 5, 10, 10, more=' rx="5"')


def _late(picture: PacePicture, points: list[Point], frame: Plot) -> Iterator[str]:
    last = points[-1][0]
    if picture.complete_to is not None and picture.complete_to < last:
        x = frame.x(picture.complete_to + timedelta(days=1))
        yield box("late", x, frame.top, frame.x(last, end=True) - x, frame.bottom - frame.top)


def _band(picture: PacePicture, points: list[Point], frame: Plot) -> Iterator[str]:
    """The interval of the last day, at every day in proportion to what was expected by then."""
    interval, expected = _interval(picture), points[-1][2]
    if interval is None or expected <= 0:
        return
    low, high = interval
    days = [(frame.x(day, end=True), each) for day, _, each in points]
    # In this order: divided by very little first, nothing times that would be no number.
    upper = [(x, frame.y(each * high / expected)) for x, each in days]
    edge = upper + [(x, frame.y(each * low / expected)) for x, each in reversed(days)]
    yield path("band", edge, closed=True)


def _lead(picture: PacePicture, points: list[Point], frame: Plot) -> Iterator[str]:
    lead, (day, observed, _) = picture.lead, points[-1]
    if lead is None or lead.last <= day:
        return
    start, end = (frame.x(day, end=True), frame.y(observed)), frame.x(lead.last, end=True)
    yield path("cone", [start, (end, frame.y(lead.high)), (end, frame.y(lead.low))], closed=True)
    yield path("lead", [start, (end, frame.y(lead.total))])
