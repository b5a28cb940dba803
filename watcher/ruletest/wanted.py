"""An expected value, held against what a detector read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from watcher.core.condition import Comparison, Condition, check, comparison
from watcher.core.reading import Output, Value
from watcher.ruletest.document import Literal_, Wanted

_BOUNDS: Mapping[str, str] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_NUMBER = re.compile(r"-?\d+(?:\.(\d+))?(e-?\d+)?( *%)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one output is to be."""

    output: str
    #: As a person reads it: ``447``, ``>= 1.31 and <= 1.32``.
    text: str
    #: All of these must hold; None when the output is to have no value.
    comparisons: tuple[Comparison, ...] | None

    def holds(self, values: Mapping[str, Value], outputs: Mapping[str, Output]) -> bool:
        """Whether the values are as expected."""
        if self.comparisons is None:
            return values.get(self.output) is None
        return all(each.holds(values, outputs) for each in self.comparisons)

    def problems(self, outputs: Mapping[str, Output]) -> tuple[str, ...]:
        """What is wrong with it for a detector with these outputs."""
        if self.comparisons is None:
            return check(Condition((Comparison(self.output, "=", 0.0),)), outputs) if self.output not in outputs else ()
        return tuple(dict.fromkeys(check(Condition(self.comparisons), outputs)))


def expectation(output: str, wanted: Wanted) -> Expectation:
    """Read what one output is to be.

    :raises ValueError: for a value that no output can have.
    """
    said = wanted.model_fields_set
    if "eq" in said and wanted.eq is None:
        return Expectation(output, "no value", None)
    exactly = list(_equal(output, wanted.eq)) if "eq" in said else []
    bounds = [comparison(f"{output} {op} {_text(getattr(wanted, key))}") for key, op in _BOUNDS.items() if key in said]
    texts = [_text(wanted.eq)] if exactly else []
    texts += [each.bound for each in bounds]
    return Expectation(output, " and ".join(texts), (*exactly, *bounds))


def _text(value: Literal_) -> str:
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _equal(output: str, value: Literal_) -> Iterator[Comparison]:
    """A whole number, a word or a date is itself; any other number is as exact as it is written."""
    text = _text(value)
    number = _NUMBER.fullmatch(text)
    if number is None or number[2] or not (number[1] or number[3]):
        yield comparison(f"{output} = {text}") if text else Comparison(output, "=", "")
        return
    scale = 100 if number[3] else 1
    middle = float(text.rstrip("% ")) / scale
    half = 0.5 * 10 ** -len(number[1] or "") / scale
    # What a person reads is rounded; a last place is not to be missed by what a binary fraction loses.
    yield Comparison(output, ">=", middle - half * (1 + 1e-9))
    yield Comparison(output, "<=", middle + half * (1 + 1e-9))
