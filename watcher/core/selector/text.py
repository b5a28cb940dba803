"""Tests of one text: a place's name, an actor's name, the notes.

A test can write itself down again: ``document(spell)`` gives what a person would write in YAML, with every text passed
through ``spell``. Spelled with :func:`folded`, equal meanings give equal documents, which makes a selector's key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import re2

from watcher.core.label import fold

#: How a text is written into a document: as it stands, or folded.
Spell = Callable[[str], str]

#: Longer texts are notes, which hardly ever come twice.
_LONGEST_NAME = 200
_AND_OR = re.compile(r"\s+and/or\s+", re.IGNORECASE)


def folded(text: str) -> str:
    """A text as :func:`~watcher.core.label.fold` has it; names come again and again and are remembered."""
    return _folded_name(text) if len(text) <= _LONGEST_NAME else _folded(text)


def _folded(text: str) -> str:
    # What is plain ASCII, as ACLED is, has no accents to look for: ten times as fast.
    return " ".join(text.lower().split()) if text.isascii() else fold(text)


_folded_name = lru_cache(maxsize=65_536)(_folded)


@lru_cache(maxsize=4_096)
def members(name: str) -> tuple[str, ...]:
    """The groups that an ambiguous name may stand for: of "A and/or B", A and B."""
    return tuple(_AND_OR.split(name.strip()))


def canonical(document: object) -> str:
    """A document as text, the same for the same content."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def one_or_list(items: Iterable[Any]) -> Any:
    """A single value as people write it, several as a list."""
    values = list(items)
    return values[0] if len(values) == 1 else values


class TextTest(Protocol):
    """A yes or no to one text."""

    def accepts(self, text: str) -> bool:
        """Whether the text passes."""

    def document(self, spell: Spell) -> Any:
        """The test as a person would write it."""


@dataclass(frozen=True, slots=True)
class Equals:
    """The text is one of these, accents and case aside."""

    texts: tuple[str, ...]
    keys: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", _distinct(self.texts))
        object.__setattr__(self, "keys", frozenset(folded(text) for text in self.texts))

    def accepts(self, text: str) -> bool:
        """Whether the text is one of them."""
        return folded(text) in self.keys

    def document(self, spell: Spell) -> Any:
        """``Battles``, or a list."""
        return one_or_list(spell(text) for text in self.texts)


#: How a folded text is compared with folded words.
_WORDS: Mapping[str, Callable[[str, tuple[str, ...]], bool]] = {
    "contains": lambda text, words: any(word in text for word in words),
    "contains_all": lambda text, words: all(word in text for word in words),
    "startswith": str.startswith,
    "endswith": str.endswith,
}


@dataclass(frozen=True, slots=True)
class Words:
    """The text contains, starts with or ends with words, accents and case aside."""

    #: contains, contains_all, startswith, endswith.
    how: str
    texts: tuple[str, ...]
    keys: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", _distinct(self.texts))
        object.__setattr__(self, "keys", tuple(folded(text) for text in self.texts))

    def accepts(self, text: str) -> bool:
        """Whether the words stand where they should."""
        return _WORDS[self.how](folded(text), self.keys)

    def document(self, spell: Spell) -> Any:
        """``{contains: drone}``."""
        return {self.how: one_or_list(spell(text) for text in self.texts)}


@dataclass(frozen=True, slots=True)
class Matches:
    """A regular expression is found somewhere in the text as it stands, accents and case included.

    :raises re2.error: when RE2 does not understand it.
    """

    patterns: tuple[str, ...]
    compiled: tuple[Any, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        options = re2.Options()
        options.log_errors = False
        object.__setattr__(self, "patterns", tuple(sorted(set(self.patterns))))
        object.__setattr__(self, "compiled", tuple(re2.compile(pattern, options) for pattern in self.patterns))

    def accepts(self, text: str) -> bool:
        """Whether one of the expressions is found."""
        return any(pattern.search(text) for pattern in self.compiled)

    def document(self, spell: Spell) -> Any:  # noqa: ARG002 - an expression has one spelling only
        """``{matches: <expression>}``."""
        return {"matches": one_or_list(self.patterns)}


@dataclass(frozen=True, slots=True)
class Present:
    """There is a text, or there is none."""

    wanted: bool

    def accepts(self, text: str) -> bool:
        """Whether there is a text, when one is wanted."""
        return bool(text) == self.wanted

    def document(self, spell: Spell) -> Any:  # noqa: ARG002 - it holds no text
        """``{exists: true}``."""
        return {"exists": self.wanted}


@dataclass(frozen=True, slots=True)
class Every:
    """One text passes all of these: a map of modifiers. Made by :func:`every`."""

    tests: tuple[TextTest, ...]

    def accepts(self, text: str) -> bool:
        """Whether it passes each."""
        return all(test.accepts(text) for test in self.tests)

    def document(self, spell: Spell) -> Any:
        """One map."""
        return {key: value for test in self.tests for key, value in test.document(spell).items()}


@dataclass(frozen=True, slots=True)
class Either:
    """One text passes at least one of these: a list. Made by :func:`either`."""

    tests: tuple[TextTest, ...]

    def accepts(self, text: str) -> bool:
        """Whether it passes any."""
        return any(test.accepts(text) for test in self.tests)

    def document(self, spell: Spell) -> Any:
        """One list."""
        values = [test.document(spell) for test in self.tests]
        return [item for value in values for item in (value if isinstance(value, list) else [value])]


def either(tests: Iterable[TextTest]) -> TextTest:
    """A test that asks for any of these, without repetition."""
    ordered = _ordered(tests)
    return ordered[0] if len(ordered) == 1 else Either(ordered)


def every(tests: Iterable[TextTest]) -> TextTest:
    """A test that asks for all of these, without repetition."""
    ordered = _ordered(tests)
    return ordered[0] if len(ordered) == 1 else Every(ordered)


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    first = {folded(text): text for text in sorted(texts, reverse=True)}
    return tuple(first[key] for key in sorted(first))


def _ordered(tests: Iterable[TextTest]) -> tuple[TextTest, ...]:
    unique = {canonical(test.document(folded)): test for test in tests}
    return tuple(unique[key] for key in sorted(unique))
