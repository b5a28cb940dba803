"""Cells: one text to one value. What cannot be read is refused, never bent into a number.

Python reads ``1_000``, ``१२``, ``nan`` and ``1e400`` as numbers; a file that holds them is damaged, so only plain
ASCII digits count here. A parser is a function from text to value that raises ValueError with the end of a sentence
that begins with the text: ``is no whole number``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import TypeVar

K = TypeVar("K", bound=str | tuple[str, ...])
V = TypeVar("V")

#: What stands for "nothing" in a column that may be empty; `NA` is what R writes.
NULLS = frozenset({"", "NA"})
#: No event kills more than this; a larger number comes from a neighbouring column.
MOST_FATALITIES = 1_000_000
#: A longer text is no name of an actor or a place.
LONGEST_NAME = 1_000

#: More distinct texts than there are days in twenty years; together a few megabytes in each column.
_REMEMBERED = 8_192
_LONGEST_REMEMBERED = 300
_SHOWN = 60
_WHOLE = re.compile(r"(-?\d{1,18})(?:\.0{1,9})?", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,4}(?:\.\d{1,20})?", re.ASCII)
_SCIENTIFIC = re.compile(r"\d+[.,]\d+[eE][+-]?\d+|\d+[eE][+-]\d+", re.ASCII)


class BadCell(ValueError):
    """A row cannot be read because of one of its cells."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


class Memo(dict[K, V]):
    """A parser that remembers: files repeat themselves, and a look-up costs less than a reading."""

    def __init__(self, parse: Callable[[K], V]) -> None:
        super().__init__()
        self.parse = parse

    def __missing__(self, key: K) -> V:
        value = self.parse(key)
        if (len(key) if isinstance(key, str) else sum(map(len, key))) > _LONGEST_REMEMBERED:
            return value
        if len(self) >= _REMEMBERED:
            self.clear()
        self[key] = value
        return value


def column(name: str, parse: Callable[[str], V]) -> Memo[str, V]:
    """A parser for the cells of one column: its refusals name the column and show the text."""
    return Memo(named(name, parse))


def named(column: str, parse: Callable[[str], V]) -> Callable[[str], V]:
    """The same parser, for a column whose cells rarely repeat."""

    def read(text: str) -> V:
        try:
            return parse(text)
        except ValueError as error:
            raise BadCell(column, f"{shown(text)} {error}") from None

    return read


def shown(text: str) -> str:
    """A text inside a sentence: quoted, and cut when it is long."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."


def optional(parse: Callable[[str], V], nulls: Collection[str] = NULLS) -> Callable[[str], V | None]:
    """The same parser for a column that may be empty: nothing stays nothing, it does not become zero."""

    def read(text: str) -> V | None:
        return None if text.strip() in nulls else parse(text)

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    """A parser for whole numbers within bounds, also written ``2022.0``."""

    def read(text: str) -> int:
        match = _WHOLE.fullmatch(text.strip())
        if match is None:
            msg = "is no whole number"
            raise ValueError(msg)
        if not low <= (value := int(match[1])) <= high:
            msg = f"is not between {low:,} and {high:,}"
            raise ValueError(msg)
        return value

    return read


def decimal(low: float, high: float) -> Callable[[str], float]:
    """A parser for numbers with a decimal point within bounds."""

    def read(text: str) -> float:
        if _DECIMAL.fullmatch(text := text.strip()) is None:
            msg = "is no decimal number"
            raise ValueError(msg)
        value = float(text) + 0.0  # minus zero is zero
        if not low <= value <= high:
            msg = f"is not between {low:g} and {high:g}"
            raise ValueError(msg)
        return value

    return read


deaths = whole(0, MOST_FATALITIES)
latitude = decimal(-90, 90)
longitude = decimal(-180, 180)


def name(nulls: Collection[str] = NULLS) -> Callable[[str], str]:
    """A parser for a short text: without the blanks around it, empty when there is none."""

    def read(text: str) -> str:
        text = text.strip()
        if len(text) > LONGEST_NAME:
            msg = f"is longer than {LONGEST_NAME:,} characters"
            raise ValueError(msg)
        return "" if text in nulls else text

    return read


def needed(parse: Callable[[str], str]) -> Callable[[str], str]:
    """The same parser for a text that must be there."""

    def read(text: str) -> str:
        if not (value := parse(text)):
            msg = "is empty, and must not be"
            raise ValueError(msg)
        return value

    return read


def identifier(text: str) -> str:
    """A source's own key. A spreadsheet may have turned it into ``2.02E+13``, which is nobody's key.

    :raises ValueError: when the text is no key.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_NAME:
        msg = "is no identifier"
        raise ValueError(msg)
    if _SCIENTIFIC.fullmatch(text):
        msg = "is in scientific notation: a spreadsheet has rounded it"
        raise ValueError(msg)
    match = _WHOLE.fullmatch(text)
    return match[1] if match else text
