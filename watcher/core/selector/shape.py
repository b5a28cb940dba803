"""The selector language for editors: a model that is never filled, only turned into JSON Schema.

Its docstrings are what an editor shows; that it names every field is tested against the readers.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from watcher.core.document import Document
from watcher.core.selector.place import Circle


def _without_defaults(schema: dict[str, Any]) -> None:
    for value in schema.get("properties", {}).values():
        value.pop("default", None)


class _Shape(Document):
    model_config = ConfigDict(json_schema_extra=_without_defaults)


class TextModifiers(_Shape):
    """How a text is compared; all that is given must hold. Accents and case do not matter, except in `matches`."""

    contains: str | list[str] = ""
    """Any of these stands somewhere in it."""
    contains_all: str | list[str] = ""
    """All of these stand somewhere in it."""
    startswith: str | list[str] = ""
    """It begins with one of these."""
    endswith: str | list[str] = ""
    """It ends with one of these."""
    matches: str | list[str] = ""
    """A regular expression of RE2 is found in it; accents and case matter, (?i) ignores case."""
    exists: bool = True
    """There is a text, or there is none."""


class NumberModifiers(_Shape):
    """How a number is compared; all that is given must hold."""

    above: float = 0
    """More than this."""
    below: float = 0
    """Less than this."""
    exists: bool = True
    """The number is known, or it is not."""


class FlagModifiers(_Shape):
    """Whether a yes or no is known."""

    exists: bool = True
    """It is known, or it is not."""


class DateRange(_Shape):
    """Days, both included."""

    first: Annotated[str, Field(alias="from")] = ""
    """First day, month, half-year or year."""
    until: str = ""
    """Last day, month, half-year or year."""


TextValue = str | TextModifiers | list[str | TextModifiers]
NumberValue = int | NumberModifiers | list[int | NumberModifiers]


class Where(_Shape):
    """Which events count: all fields of a map must hold; of a list, one item."""

    source: TextValue = ""
    """Name of the source, as in the settings."""
    country: TextValue = ""
    """Country by name or ISO code."""
    iso3: TextValue = ""
    """Country by ISO alpha-3 code."""
    admin1: TextValue = ""
    """First-level unit, in the source's spelling."""
    admin2: TextValue = ""
    """Second-level unit."""
    admin3: TextValue = ""
    """Third-level unit."""
    location: TextValue = ""
    """Town, village or site."""
    event_type: TextValue = ""
    """Event type, e.g. Battles."""
    sub_event_type: TextValue = ""
    """Sub-event type, e.g. Armed clash."""
    disorder_type: TextValue = ""
    """Disorder type, e.g. Political violence."""
    actor: TextValue = ""
    """A group on either side, allies and associates included; $name stands for all its spellings."""
    side_a: TextValue = ""
    """A group on the first named side."""
    side_b: TextValue = ""
    """A group on the second named side."""
    dyad: Annotated[tuple[TextValue, ...], Field(min_length=2, max_length=2)] = ()
    """Two groups against each other, in either order, as the first names of the two sides; allies do not count."""
    ambiguous: Literal["include"] = "include"
    """Beside actor, side_a, side_b or dyad: who is recorded as "A and/or B" counts as A, and as B."""
    notes: TextValue = ""
    """The source's description."""
    publishers: TextValue = ""
    """One of the publishers that the source names."""
    tags: TextValue = ""
    """One of the source's tags."""
    civilian_targeting: bool | list[bool] | FlagModifiers = False
    """Whether civilians were the main target."""
    fatalities: NumberValue = 0
    """Reported deaths, best figure; unknown is not zero."""
    fatalities_low: NumberValue = 0
    """Reported deaths, low figure."""
    fatalities_high: NumberValue = 0
    """Reported deaths, high figure."""
    time_precision: NumberValue = 0
    """1 the day is known, 2 the week, 3 the month, 4 the quarter, 5 the year."""
    geo_precision: NumberValue = 0
    """1 the place is known, 2 nearby, 3 the region."""
    date: str | int | DateRange | list[str | int] = ""
    """Day, month, half-year or year of the event's last day, or a range."""
    place: str | list[str] = ""
    """A named area, as $name."""
    within: Circle = Circle(km=1, of=(0, 0))
    """Everything within so many kilometres of a point."""
    either: Annotated[tuple[Where, ...], Field(alias="any")] = ()
    """At least one of these."""
    every: Annotated[tuple[Where, ...], Field(alias="all")] = ()
    """Each of these; needed only when a key would stand twice in one map."""
    neither: Annotated[Where | tuple[Where, ...], Field(alias="not")] = ()
    """None of these."""
