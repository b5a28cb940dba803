"""What stands under ``first_seen``, with the two values that only it has: ``at_least`` and ``ignore``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from watcher.core.coverage import CoverageGap, in_order
from watcher.core.document import Document, shown
from watcher.core.indicator import GroupField
from watcher.core.period import DAY, Duration, duration, duration_text
from watcher.core.selector import EVERYTHING, NO_NAMES, Selector
from watcher.core.selector.key import MODIFIERS
from watcher.core.selector.shape import TextModifiers
from watcher.core.selector.spot import Spot, did_you_mean
from watcher.core.selector.text import Either, Equals, TextTest, canonical, either, every, folded

_AT_LEAST = re.compile(r"([1-9]\d{0,3}) events?(?: in (\S+))?", re.ASCII)
#: An empty value is none, so that there is nothing to ask of it.
_MODIFIERS = [name for name in MODIFIERS if name != "exists"]


class AtLeast(NamedTuple):
    """How many events make a newcomer, and within which time; any time when that is None."""

    events: int
    within: timedelta | None = None

    def __str__(self) -> str:
        noun = "1 event" if self.events == 1 else f"{self.events} events"
        return noun if self.within is None else f"{noun} in {duration_text(self.within)}"


def at_least(text: str) -> AtLeast:
    """Read ``1 event`` or ``2 events in 30d``.

    :raises ValueError: for anything else, saying what is accepted.
    """
    match = _AT_LEAST.fullmatch(text.strip())
    if match is None:
        msg = f"{text!r} is no number of events; write '1 event' or '2 events in 30d'"
        raise ValueError(msg)
    within = None if match[2] is None else duration(match[2])
    if within is not None and within < DAY:
        msg = f"{match[2]} is less than a day, and events are dated by the day; write e.g. '2 events in 30d'"
        raise ValueError(msg)
    return AtLeast(int(match[1]), within)


def _read_at_least(value: object) -> object:
    return value if isinstance(value, AtLeast) else at_least(str(value))


@dataclass(frozen=True, slots=True)
class Values:
    """A test of values, written as the text of a selector is: names, lists, ``{startswith: ...}``, ``$name``."""

    test: TextTest = field(compare=False, repr=False)
    #: Canonical text: tests that say the same have the same.
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", canonical(self.test.document(folded)))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(
            _validated, serialization=core_schema.plain_serializer_function_ser_schema(lambda it: it.test.document(str))
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        one = {"anyOf": [{"type": "string"}, handler(TextModifiers.__pydantic_core_schema__)]}
        return {"anyOf": [*one["anyOf"], {"type": "array", "items": one}]}


#: No value at all.
NONE = Values(Either(()))


def values(raw: object, spot: Spot) -> Values:
    """Read a test of values as it stands in YAML.

    :raises SelectorError: with the place, what is wrong, and what to write instead.
    """
    tests: list[TextTest] = []
    for item, at in spot.alternatives(raw):
        if isinstance(item, Mapping):
            tests.append(_modified(item, at))
        else:
            tests.append(Equals(tuple(each.name for each in at.spellings(item))))
    return Values(either(tests))


def _modified(raw: Mapping[Any, object], spot: Spot) -> TextTest:
    if not raw:
        raise spot.error("an empty map says nothing", f"one of: {', '.join(_MODIFIERS)}")
    for key in raw:
        if key not in _MODIFIERS:
            raise spot.at(key).error(f"unknown modifier {shown(key)}", did_you_mean(str(key), _MODIFIERS))
    return every(MODIFIERS[key](value, spot.at(key)) for key, value in raw.items())


def _validated(value: object, info: ValidationInfo) -> Values:
    return value if isinstance(value, Values) else values(value, Spot((info.context or {}).get("names", NO_NAMES)))


class Parameters(Document):
    """What stands under ``first_seen``."""

    field: GroupField
    """The field whose values are watched, e.g. actor or admin1."""
    where: Selector = Field(default_factory=lambda: EVERYTHING)
    """Which events are looked at."""
    lookback: Duration
    """How long a value must not have been seen, e.g. 3y; the records must reach so far back."""
    by: tuple[GroupField, ...] = ()
    """New in each of these alone: with [admin1], a group new in one province; without, new anywhere."""
    at_least: Annotated[
        AtLeast,
        BeforeValidator(_read_at_least),
        PlainSerializer(str, return_type=str),
        WithJsonSchema({"type": "string", "pattern": r"^[1-9]\d{0,3} events?( in \d{1,5}[dwy])?$"}),
    ] = AtLeast(1)
    """How many events make a newcomer: 1 event, or 2 events in 30d, because one is a coding slip until a second follows."""
    ignore: Values = NONE
    """Values that are never new, e.g. {startswith: [Civilians, Unidentified]}."""
    ambiguous: Literal["exclude", "include"] = "exclude"
    """Whether an actor recorded as "A and/or B" counts as A, and as B."""
    coverage_gaps: Annotated[tuple[CoverageGap, ...], AfterValidator(in_order)] = ()
    """Days that nobody covered: those of the lookback are told, because the value may have been there."""
