"""Names: which country several columns mean, and which actors a cell lists."""

from __future__ import annotations

from collections.abc import Callable, Collection

from watcher.core import country
from watcher.core.event import Actor, Role
from watcher.sources.cells import NULLS, BadCell, name, shown

#: Looking for a similar name takes milliseconds: only short texts, and only so many of them in one file.
_LONGEST_MISSPELLING = 40
_SUGGESTIONS = 100


class Countries:
    """Finds the country that the columns of a row agree on."""

    def __init__(self) -> None:
        self._suggestions_left = _SUGGESTIONS

    def agreed(self, said: str, *claims: tuple[str, country.Country | None]) -> str:
        """The ISO 3166 alpha-3 code.

        ``said`` is the name as written; each claim is what a column says and the country that means, if it is known.

        :raises BadCell: when the claims contradict each other, or none of them is known.
        """
        known = [(text, found) for text, found in claims if found is not None]
        if not known:
            raise BadCell("country", f"{shown(said)} is no country on the list{self._advice(said)}")
        (first, chosen), *others = known
        for text, found in others:
            if found.iso3 != chosen.iso3:
                raise BadCell("country", f"{shown(text)} means {found.name}, and {shown(first)} means {chosen.name}")
        return chosen.iso3

    def _advice(self, said: str) -> str:
        if len(said) > _LONGEST_MISSPELLING or not self._suggestions_left:
            return ""
        self._suggestions_left -= 1
        hint = country.suggest(said)
        return f"; did you mean {hint!r}?" if hint else ""


def actors(role: Role, separator: str = "", nulls: Collection[str] = NULLS) -> Callable[[str], tuple[Actor, ...]]:
    """A parser for a cell of actors; "A and/or B" is one entry that proves neither."""
    cell = name(nulls)

    def read(text: str) -> tuple[Actor, ...]:
        text = cell(text)
        listed = text.split(separator) if separator else [text]
        names = [entry.strip() for entry in listed if entry.strip()]
        return tuple(Actor(role, entry, "and/or" in entry.lower()) for entry in names)

    return read
