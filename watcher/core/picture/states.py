"""The state timeline: rivalry, leadership or control over time, one lane for each key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from watcher.core.picture import Caption, Lane, Span, StatePicture
from watcher.core.picture.axis import Plot, date_axis
from watcher.core.picture.ink import (
    EDGE,
    SMALL,
    WIDTH,
    Key,
    box,
    fitted,
    head_height,
    line,
    mark,
    sheet,
    width_of,
    words,
)
from watcher.core.reading import day_text

_LANE, _BAR = 54, 24
#: Lanes, and values in the key; the rest is said to be left out.
_LANES, _VALUES = 12, 8
_KNOWN = {
    "clashing": "worst",
    "strained": "tense",
    "cordial": "calm",
    "truce": "pause",
    "critical": "worst",
    "warning": "tense",
    "info": "pause",
}
_OTHERS = ("other1", "other2", "other3", "other4", "pause", "tense", "calm", "worst")


def states_alt(picture: StatePicture, caption: Caption) -> str:
    """The timeline in words: what each key is now, and since when."""
    said = [f"{picture.state} from {day_text(picture.first)} to {day_text(picture.last)}"]
    said += [f"{lane.name}: {_now(lane)}" for lane in picture.lanes[:_LANES] if lane.spans]
    if caption.fired:
        said.append(f"The alert began on {day_text(caption.fired)}")
    line_ = ". ".join(said) + "."
    return line_[0].upper() + line_[1:]


def states_svg(picture: StatePicture, caption: Caption) -> str:
    """Draw it."""
    colours, lanes = colours_of(picture), picture.lanes[:_LANES]
    keys = [Key(colour, value, "area") for value, colour in list(colours.items())[:_VALUES]]
    if caption.fired:
        keys.append(Key("fired", "alert began", value=day_text(caption.fired)))
    top = head_height(caption.title, keys) + 24
    last = max(picture.first, picture.last)
    frame = Plot(EDGE, top, WIDTH - EDGE, top + _LANE * max(1, len(lanes)), picture.first, last, (0.0, 1.0))
    more = len(picture.lanes) - len(lanes)
    return sheet(
        _body(lanes, caption, frame, colours),
        title=caption.title,
        subtitle=f"{picture.state}, {day_text(picture.first)} to {day_text(picture.last)}"
        + (f"; {more} more not shown" if more else ""),
        keys=keys,
        source=caption.source,
        alt=states_alt(picture, caption),
        bottom=frame.bottom,
    )


def colours_of(picture: StatePicture) -> Mapping[str, str]:
    """A class for each value: the same for the words of a rivalry everywhere, else by the order they appear in."""
    values = dict.fromkeys(span.value for lane in picture.lanes[:_LANES] for span in lane.spans)
    free = [name for name in _OTHERS if name not in {_KNOWN.get(value) for value in values}]
    unknown = [value for value in values if value not in _KNOWN]
    given = {value: free[place % len(free)] for place, value in enumerate(unknown)}
    return {value: _KNOWN.get(value) or given[value] for value in values}


def _now(lane: Lane) -> str:
    span = lane.spans[-1]
    since = f"since {day_text(span.first)}" if span.first else "since when is not known"
    return f"{span.value} {since}" + (f", until {day_text(span.last)}" if span.last else "")


def _body(lanes: tuple[Lane, ...], caption: Caption, frame: Plot, colours: Mapping[str, str]) -> Iterator[str]:
    if caption.fired and frame.first <= caption.fired <= frame.last:
        # Behind the lanes, so that it strikes out no word.
        x = frame.x(caption.fired)
        yield line("fired", x, frame.top - 2, x, frame.bottom)
        yield mark("alarm", x, frame.top - 2)
    for place, lane in enumerate(lanes):
        y = frame.top + place * _LANE
        yield words(fitted(lane.name, frame.right - frame.left, SMALL), frame.left, y + 13)
        for span in lane.spans:
            yield from _span(span, y + 20, frame, colours[span.value])
    yield line("axis", frame.left, frame.bottom, frame.right, frame.bottom)
    yield from date_axis(frame)


def _span(span: Span, y: float, frame: Plot, colour: str) -> Iterator[str]:
    """A bar; lighter where records alone say so, with the value inside where there is room."""
    if (span.first or frame.first) > frame.last or (span.last or frame.last) < frame.first:
        return
    left = frame.x(span.first or frame.first)
    right = frame.x(span.last or frame.last, end=True)
    derived = ' fill-opacity="0.88" stroke="#7d8791" stroke-width="2" stroke-dasharray="4 3"' if span.is_derived else ""
    yield box(colour, left + 0.5, y, right - left - 1, _BAR, more=derived)
    text = fitted(f"{span.value} (derived)" if span.is_derived else span.value, 1e6, SMALL)
    if width_of(text, SMALL) + 12 <= right - left:
        yield words(text, left + 6, y + 17, name="on")
