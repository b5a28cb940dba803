"""Triggers: what has to be counted for a derived state to change, ``isgs_jnim_clashes >= 3 in 30d``.

``<indicator> <op> <number> in <duration>`` is a closed grammar of one line. It is parsed when a rule file loads, and
never evaluated as code.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from watcher.core.document import Document, shown
from watcher.core.period import DAY, duration, duration_text

_LINE = re.compile(r"([A-Za-z_]\w*)\s*(>=|<=|!=|==|=|>|<)\s*(\d+(?:\.\d+)?)\s+in\s+(\S.*)", re.ASCII)
_SCHEMA_PATTERN = r"^\s*[A-Za-z_][A-Za-z0-9_]*\s*(>=|<=|!=|==|=|>|<)\s*\d+(\.\d+)?\s+in\s+\d+\s*[hdwy]\s*$"
_FORM = "<indicator> <op> <number> in <duration>, e.g. clashes >= 3 in 30d (op: > >= < <= = !=)"

_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}
#: More events can only make these true: days that the records do not cover take nothing away.
_MORE = frozenset({">", ">="})


@dataclass(frozen=True, slots=True)
class Trigger:
    """One indicator, over a window that ends with the day in question, compared with a number."""

    indicator: str
    op: str
    number: float
    #: Whole days, the last one included.
    window: timedelta

    def __str__(self) -> str:
        return f"{self.indicator} {self.op} {self.number:g} in {duration_text(self.window)}"

    @property
    def needs_every_day(self) -> bool:
        """Whether it says nothing while part of the window is not covered: "none in 90 days" needs 90 days."""
        return self.op not in _MORE

    def holds(self, total: float) -> bool:
        """Whether it is true of what the window comes to."""
        return _OPERATORS[self.op](total, self.number)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            trigger, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": _SCHEMA_PATTERN, "examples": ["isgs_jnim_clashes >= 3 in 30d"]}


def trigger(value: object) -> Trigger:
    """Read one line.

    :raises ValueError: with what was expected.
    """
    if isinstance(value, Trigger):
        return value
    match = _LINE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        msg = f"{shown(value)} is no trigger; write {_FORM}"
        raise ValueError(msg)
    indicator, op, number, window = match.groups()
    days = duration(window)
    if days < DAY or days % DAY:
        msg = f"{window!r} is no window of whole days; write e.g. 30d, because events are dated by the day"
        raise ValueError(msg)
    return Trigger(indicator, "=" if op == "==" else op, float(number), days)


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Derivation(Document):
    """One way in which a value of a state follows from what is counted."""

    becomes: str
    """The value it takes."""
    when: Trigger
    """What has to be counted, and over which window: isgs_jnim_clashes >= 3 in 30d."""
    starting_from: Annotated[
        tuple[str, ...], BeforeValidator(_several, json_schema_input_type=str | tuple[str, ...])
    ] = Field(default=(), alias="from")
    """Only from this derived value, or one of these; absent: from any, and from none."""
    of: Annotated[
        tuple[str, ...] | dict[str, str],
        BeforeValidator(_several, json_schema_input_type=str | tuple[str, ...] | dict[str, str]),
    ] = ()
    """Of what, as facts write it; absent: the dyad that the indicator selects, or each of its groups."""

    @property
    def key(self) -> tuple[str, ...]:
        """Of what, as the keys of facts have it; empty where each group of the indicator is a key."""
        return self.of if isinstance(self.of, tuple) else tuple(self.of.values())
