"""Comparisons: the closed grammar of one line in which rules are written, ``ratio > 1``.

``<output> <op> <literal>`` with ``>``, ``>=``, ``<``, ``<=``, ``=``, ``!=`` or ``in [a, b]``. It is parsed and checked
against the outputs that the detector declares when a rule loads, and never evaluated as code.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from watcher.core.document import UnreadableError, shown
from watcher.core.reading import Kind, Output, Value

_LINE = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(>=|<=|!=|==|=|>|<|\bin\b)\s*([^\s<>=!].*?)\s*")
#: What is meant for an operator and is none.
_INSTEAD: Mapping[str, str] = {"=>": ">=", "=<": "<=", "<>": "!=", "=!": "!="}
_NO_OPERATOR = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=>|=<|<>|=!)\s*(\S.*?)\s*")
_JOINED = re.compile(r"\s+(and|or|AND|OR|&&|\|\|)\s+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?", re.ASCII)
_DAYS = re.compile(r"(\d+)\s*d(?:ays?)?", re.ASCII)

#: What may be compared with a number that has a unit.
UNITS: Mapping[str, frozenset[Kind]] = {
    "%": frozenset({Kind.SHARE, Kind.PROBABILITY, Kind.RATIO}),
    "d": frozenset({Kind.DAYS}),
}
_UNIT_NAMES = {"%": "percent", "d": "days"}

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One output compared with one literal."""

    output: str
    op: str
    #: As written: a number, a word, or a tuple of words for ``in``.
    literal: float | str | tuple[str, ...]
    #: The unit that stood behind a number: ``%``, ``d`` or none. What is compared is the number without it.
    unit: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.output} {self.bound}"

    @property
    def bound(self) -> str:
        """What the output is held against: ``>= 25``."""
        if isinstance(self.literal, tuple):
            return f"in [{', '.join(self.literal)}]"
        return f"{self.op} {self.literal if isinstance(self.literal, str) else f'{self.literal:.15g}'}"

    def holds(self, values: Mapping[str, Value], outputs: Mapping[str, Output]) -> bool:
        """Whether it is true of these values; False when the output has no value."""
        value = values.get(self.output)
        if value is None:
            return self.op == "!="
        if isinstance(self.literal, tuple):
            return str(value) in self.literal
        return _OPERATORS[self.op](*_comparable(value, self.literal, outputs[self.output]))


@dataclass(frozen=True, slots=True)
class Condition:
    """Comparisons of which all must hold, or any."""

    parts: tuple[Comparison | Condition, ...]
    any: bool = False

    def __str__(self) -> str:
        texts = [f"({part})" if isinstance(part, Condition) else str(part) for part in self.parts]
        return (" or " if self.any else " and ").join(texts)

    def holds(self, values: Mapping[str, Value], outputs: Mapping[str, Output]) -> bool:
        """Whether it is true of these values."""
        each = (part.holds(values, outputs) for part in self.parts)
        return any(each) if self.any else all(each)

    def failing(self, values: Mapping[str, Value], outputs: Mapping[str, Output]) -> tuple[str, ...]:
        """The parts that are not true, as a person reads them: ``observed 12, not >= 25``."""
        return tuple(
            f"{part.output} is {outputs[part.output].format(values.get(part.output))}, not {part.bound}"
            if isinstance(part, Comparison)
            else f"none of: {part}"
            for part in self.parts
            if not part.holds(values, outputs)
        )

    def comparisons(self) -> Iterator[Comparison]:
        """Every comparison in it, nested ones too."""
        for part in self.parts:
            if isinstance(part, Comparison):
                yield part
            else:
                yield from part.comparisons()

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            condition, serialization=core_schema.plain_serializer_function_ser_schema(to_document)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        line = {"type": "string", "description": "<output> <op> <literal>, e.g. ratio > 1"}
        nested = {
            "type": "object",
            "properties": {"any": {"type": "array", "items": line}},
            "additionalProperties": False,
        }
        return {"anyOf": [line, {"type": "array", "items": {"anyOf": [line, nested]}}]}


def condition(value: object) -> Condition:
    """Read a comparison, a list of them (all must hold), or ``{any: [...]}``.

    :raises UnreadableError: with what was expected, and where.
    """
    if isinstance(value, Condition):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Condition(_parts(value))
    return Condition((_part(value),))


def to_document(value: Condition) -> list[object]:
    """A condition as it is written in YAML."""
    if value.any:
        return [{"any": [str(p) if isinstance(p, Comparison) else to_document(p)[0] for p in value.parts]}]
    return [str(part) if isinstance(part, Comparison) else to_document(part)[0] for part in value.parts]


def _parts(items: Sequence[object]) -> tuple[Comparison | Condition, ...]:
    if not items:
        raise UnreadableError("a condition needs at least one comparison, e.g. [ratio > 1]")
    return tuple(_part(item, index) for index, item in enumerate(items))


def _part(item: object, *at: int) -> Comparison | Condition:
    """One comparison, or several of which one must hold; ``at`` is its position in a list."""
    try:
        if isinstance(item, str):
            return comparison(item)
        if isinstance(item, Mapping) and set(item) == {"any"} and isinstance(item["any"], list | tuple):
            return _any(item["any"])
    except UnreadableError as error:
        raise error.below(*at) from None
    summary = f"expected a comparison such as 'ratio > 1' or {{any: [...]}}, not {shown(item)}"
    raise UnreadableError(summary, path=at)


def _any(items: Sequence[object]) -> Condition:
    try:
        return Condition(_parts(items), any=True)
    except UnreadableError as error:
        raise error.below("any") from None


def comparison(text: str) -> Comparison:
    """Read one line.

    :raises UnreadableError: with what was expected.
    """
    match = _LINE.fullmatch(text)
    advice = _advice(text)
    if match is None or advice:
        hint = advice or "write <output> <op> <literal>, e.g. ratio > 1 (op: > >= < <= = != in)"
        raise UnreadableError(f"{text!r} is no comparison", hint=hint)
    output, op, literal = match.groups()
    if op == "in":
        return Comparison(output, op, _words(literal, text))
    return Comparison(output, "=" if op == "==" else op, *_literal(literal))


def _advice(text: str) -> str:
    """What to write instead of an operator that other languages have, or of two comparisons on one line."""
    if match := _NO_OPERATOR.fullmatch(text):
        return f"write {match[1]} {_INSTEAD[match[2]]} {match[3]}"
    *parts, last = _JOINED.split(text)
    lines, joints = [*parts[::2], last], {joint.lower() for joint in parts[1::2]}
    if not joints or not all(_LINE.fullmatch(line) for line in lines):
        return ""
    listed = f"[{', '.join(line.strip() for line in lines)}]"
    if joints.isdisjoint({"or", "||"}):
        return f"write each on its own, and all must hold: {listed}"
    if joints.isdisjoint({"and", "&&"}):
        return f"write each on its own, and one must hold: {{any: {listed}}}"
    return "write each comparison on its own: [..., {any: [..., ...]}]"


def _words(literal: str, text: str) -> tuple[str, ...]:
    if not (literal.startswith("[") and literal.endswith("]")) or not literal[1:-1].strip():
        raise UnreadableError(f"{text!r}: after 'in' comes a list, e.g. ended in [killed, captured]")
    return tuple(word.strip().strip("'\"") for word in literal[1:-1].split(","))


def _literal(literal: str) -> tuple[float | str, str]:
    """The literal and its unit."""
    if _NUMBER.fullmatch(literal):
        return float(literal), ""
    if days := _DAYS.fullmatch(literal):
        return float(days[1]), "d"
    if literal.endswith("%") and _NUMBER.fullmatch(literal[:-1].strip()):
        return float(literal[:-1]) / 100, "%"
    return literal.strip("'\""), ""


def check(value: Condition, outputs: Mapping[str, Output]) -> tuple[str, ...]:
    """What is wrong with a condition for a detector with these outputs; empty when nothing is."""
    return tuple(text for each in value.comparisons() for text in _check(each, outputs))


def never(each: Comparison, words: Sequence[str]) -> Iterator[str]:
    """What is wrong with a comparison of an output that has one of these words."""
    for word in each.literal if isinstance(each.literal, tuple) else (each.literal,):
        text = word if isinstance(word, str) else f"{word:.15g}"
        if text not in words:
            said = [known for known in words if known]
            near = difflib.get_close_matches(text, said, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(said)}"
            yield f"{each.output!r} is never {text!r}; {hint}"


def _check(each: Comparison, outputs: Mapping[str, Output]) -> Iterator[str]:
    output = outputs.get(each.output)
    if output is None:
        near = difflib.get_close_matches(each.output, outputs, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"outputs: {', '.join(outputs)}"
        yield f"the detector has no output {each.output!r}; {hint}"
    elif output.words:
        yield from never(each, output.words)
    elif output.kind is Kind.TEXT:
        if each.op not in {"=", "!=", "in"}:
            yield f"{each.output!r} is text and has no order; compare it with =, != or in"
    elif output.kind is Kind.DATE:
        yield from _check_date(each)
    elif not isinstance(each.literal, float):
        yield f"{each.output!r} is a number; {each.literal!r} is none"
    elif each.unit and output.kind not in UNITS[each.unit]:
        yield f"{each.output!r} is not counted in {_UNIT_NAMES[each.unit]}; write the number alone"


def _check_date(each: Comparison) -> Iterator[str]:
    try:
        date.fromisoformat(str(each.literal))
    except ValueError:
        yield f"{each.output!r} is a date; write it as 2020-07-06"


def _comparable(value: Value, literal: float | str, output: Output) -> tuple[object, object]:
    if output.words:
        return output.words.index(str(value)), output.words.index(str(literal))
    if isinstance(value, date):
        return value, date.fromisoformat(str(literal))
    if output.kind is Kind.TEXT:
        return str(value), literal if isinstance(literal, str) else f"{literal:.15g}"
    return value, literal
