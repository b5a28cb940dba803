"""Where in a selector a reader is: what ``$name`` means there, and how to say that something is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from watcher.core.document import UnreadableError, shown
from watcher.core.selector.place import Place
from watcher.core.selector.text import folded


class Spelling(NamedTuple):
    """A name by which an actor is known, and when it was."""

    name: str
    #: It holds for events from this day.
    valid_from: date | None = None
    #: It holds for events up to this day.
    valid_until: date | None = None

    @property
    def is_dated(self) -> bool:
        """Whether it holds for certain days only."""
        return self.valid_from is not None or self.valid_until is not None


@dataclass(frozen=True, slots=True)
class Names:
    """What ``$name`` refers to."""

    #: Lists written once; an entry may be a ``$name`` itself.
    vocabulary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Every spelling of an actor.
    actors: Mapping[str, tuple[Spelling, ...]] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)


NO_NAMES = Names()


class SelectorError(UnreadableError):
    """A selector cannot be read: where in it, what is wrong, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in the selector we are, what names mean there, and how "A and/or B" counts."""

    names: Names
    path: tuple[str | int, ...] = ()
    #: "A and/or B" counts as A, and as B.
    ambiguous: bool = False

    def at(self, *steps: str | int) -> Spot:
        """The spot further down."""
        return replace(self, path=(*self.path, *steps))

    def error(self, summary: str, hint: str = "") -> SelectorError:
        """What is wrong here, to be raised."""
        return SelectorError(summary, path=self.path, hint=hint)

    def items(self, raw: object, expected: str) -> Iterator[tuple[object, Spot]]:
        """The items of a list, each with its spot."""
        if not isinstance(raw, list | tuple):
            raise self.error(f"expected {expected}, not {shown(raw)}")
        if not raw:
            raise self.error("an empty list matches nothing", f"leave the key out, or write {expected}")
        for index, item in enumerate(raw):
            yield item, self.at(index)

    def alternatives(self, raw: object) -> Iterator[tuple[object, Spot]]:
        """The alternatives of a value: a list is OR, anything else stands alone."""
        return self.items(raw, "at least one value") if isinstance(raw, list | tuple) else iter([(raw, self)])

    def text(self, raw: object) -> str:
        """A text that can match something."""
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            raise self.error(f"expected text, not the number {raw}", f"put it in quotes: '{raw}'")
        if not isinstance(raw, str) or not folded(raw):
            raise self.error(f"expected text, not {shown(raw)}", "for an empty field write {exists: false}")
        if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in raw):
            raise self.error(f"{raw!a} holds a character that no record can hold")
        return raw

    def spellings(self, raw: object) -> tuple[Spelling, ...]:
        """A text as it stands, or every spelling of the ``$name`` it is."""
        return self._spellings(self.text(raw), (), {})

    def _spellings(
        self, text: str, through: tuple[str, ...], known: dict[str, tuple[Spelling, ...]]
    ) -> tuple[Spelling, ...]:
        if not text.startswith("$"):
            return (Spelling(text),)
        if text in through:
            raise self.error(f"{text!r} refers to itself", f"in the vocabulary: {' -> '.join([*through, text])}")
        if text not in known:
            # Looked up once, however often the lists of a vocabulary name each other.
            known[text] = tuple(dict.fromkeys(self._look_up(text, through, known)))
        return known[text]

    def _look_up(
        self, text: str, through: tuple[str, ...], known: dict[str, tuple[Spelling, ...]]
    ) -> Iterable[Spelling]:
        name, names = text[1:], self.names
        if name not in names.actors and name not in names.vocabulary:
            mean = did_you_mean(name, {**names.actors, **names.vocabulary}, mark="$")
            raise self.error(f"unknown name {text!r}", mean)
        if not (names.actors.get(name) or names.vocabulary.get(name)):
            raise self.error(f"{text!r} stands for nothing", "its list is empty")
        if name in names.actors:
            return [each._replace(name=self.text(each.name)) for each in names.actors[name]]
        entries = [self.text(entry) for entry in names.vocabulary[name]]
        return [each for entry in entries for each in self._spellings(entry, (*through, text), known)]


def did_you_mean(text: str, known: Iterable[str], *, mark: str = "") -> str:
    """The nearest of the known words, else all of them."""
    words = sorted(known)
    if near := difflib.get_close_matches(text, words, n=1):
        return f"did you mean '{mark}{near[0]}'?"
    return f"known: {', '.join(mark + word for word in words)}" if words else "none is defined"
