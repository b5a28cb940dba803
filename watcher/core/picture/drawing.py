"""Drawings: any picture as SVG and in words; pictures as they are stored with an alert's evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from pydantic import TypeAdapter, ValidationError

from watcher.core.message.phrase import clean, number
from watcher.core.picture import Caption, PacePicture, Picture, Point, SeriesPicture
from watcher.core.picture.pace import pace_alt, pace_svg
from watcher.core.picture.series import series_alt, series_svg
from watcher.core.picture.states import states_alt, states_svg

_PICTURE: TypeAdapter[Picture] = TypeAdapter(Picture)
#: Whoever listens to a picture does not listen to more.
_LONGEST_ALT = 2_000


def svg(picture: Picture, caption: Caption) -> str:
    """A picture as one SVG document: the same bytes for the same data, and nothing in it that is not escaped."""
    match picture:
        case PacePicture():
            return pace_svg(picture, caption)
        case SeriesPicture():
            return series_svg(picture, caption)
        case _:
            return states_svg(picture, caption)


def alt(picture: Picture, caption: Caption) -> str:
    """What a picture shows, for those who do not see it: one line in which nothing is hidden."""
    match picture:
        case PacePicture():
            said = pace_alt(picture, caption)
        case SeriesPicture():
            said = series_alt(picture, caption)
        case _:
            said = states_alt(picture, caption)
    return clean(said, limit=_LONGEST_ALT)


def to_evidence(picture: Picture) -> dict[str, object]:
    """A picture as JSON."""
    stored: dict[str, object] = _PICTURE.dump_python(picture, mode="json")
    return stored


def from_evidence(evidence: Mapping[str, object]) -> Picture | None:
    """The picture of an alert's evidence; None where there is nothing to draw.

    Evidence of before pictures has a chart alone: its running totals are drawn without interval.
    """
    try:
        stored = evidence.get("picture")
        picture = _PICTURE.validate_python(stored, strict=False) if stored else PacePicture("total", "expected")
    except ValidationError:
        return None
    if not isinstance(picture, PacePicture):
        return picture
    points = _points(evidence.get("chart")) or picture.points
    return replace(picture, points=points) if points else None


def _points(chart: object) -> tuple[Point, ...]:
    rows = chart if isinstance(chart, list | tuple) else ()
    return tuple(point for row in rows if (point := _point(row)) is not None)


def _point(row: object) -> Point | None:
    if not isinstance(row, list | tuple) or len(row) != 3:  # noqa: PLR2004 - day, observed, expected
        return None
    observed, expected = number(row[1]), number(row[2])
    try:
        day = date.fromisoformat(str(row[0]))
    except ValueError:
        return None
    return None if observed is None or expected is None else (day, observed, expected)
