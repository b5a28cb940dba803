"""``rule/vocabulary``: a name in a selector that no stored record carries, so that nothing is ever counted."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from watcher.config.document import KeyPath
from watcher.config.page import Page
from watcher.config.rules import Site
from watcher.core.country import find_country
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.selector.text import folded
from watcher.lint import literal
from watcher.lint.check import Context, Data, found

NAME = "rule/vocabulary"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = True
FINDS = "A country, an area, a type or an actor that no stored record names."

#: The fields whose names are looked up, with the word for one.
FIELDS: Mapping[str, str] = {
    "country": "country",
    **dict.fromkeys(("admin1", "admin2", "admin3"), "area"),
    **dict.fromkeys(("event_type", "sub_event_type"), "type"),
    **dict.fromkeys(("actor", "side_a", "side_b", "dyad"), "actor"),
}
_MEANT = "did you mean"
_LOOK: Mapping[str, str] = {
    "country": "see: watcher vocabulary countries",
    "area": "see: watcher vocabulary admin1",
    "type": "see: watcher vocabulary types",
    "actor": "see: watcher vocabulary actors",
}


def check(context: Context) -> Iterator[Problem]:
    """Look up the plain names in every selector of the indicators and the rules."""
    for each in _unheard(context):
        if not literal.doubt(each.key, each.name, context.catalogue):
            yield found(NAME, each.page.document, each.path, each.sentence, severity=each.severity)


class _Unheard(NamedTuple):
    """A name that no record carries."""

    page: Page
    path: KeyPath
    #: The field that it stands under.
    key: str
    name: str
    sentence: str
    severity: ProblemSeverity


def explains(context: Context) -> Callable[[Site], bool]:
    """Something that says whether a rule is silent because of a name that this check, or `rule/literal`, reports."""
    entries: set[tuple[str, KeyPath]] = set()
    indicators: set[str] = set()
    for each in _unheard(context):
        if each.severity is not ProblemSeverity.INFORMATION:
            entries.add((each.page.name, each.path[: each.path.index("where")]))
            indicators.add(str(each.page.document.at((*each.path[:2], "indicator"))))

    def is_explained(site: Site) -> bool:
        counted = {indicator.indicator for indicator in site.rule.indicators(context.catalogue)}
        own = (site.page.name, (*site.path, site.rule.detector_name))
        return own in entries or not counted.isdisjoint(indicators)

    return is_explained


def _unheard(context: Context) -> Iterator[_Unheard]:
    if context.data is None:
        return
    book = _Book(context.data, context.catalogue.names.actors, context.catalogue.vocabulary)
    for page in context.pages:
        for path, where in literal.selectors(page):
            for key, names in _names(where, path):
                yield from _missing(book, key, names, page)


def _missing(book: _Book, key: str, names: Sequence[tuple[KeyPath, str]], page: Page) -> Iterator[_Unheard]:
    """The names of a field that no record carries. Beside others that are there, a name may wait for its first event."""
    missing = [(path, name, sentence) for path, name in names if (sentence := book.missing(key, name))]
    some_are_there = len(missing) < len(names) and key != "dyad"
    for path, name, sentence in missing:
        is_remark = some_are_there and _MEANT not in sentence
        severity = ProblemSeverity.INFORMATION if is_remark else ProblemSeverity.WARNING
        yield _Unheard(page, path, key, name, sentence, severity)


def _names(where: Any, path: KeyPath) -> Iterator[tuple[str, list[tuple[KeyPath, str]]]]:
    """The plain names of each field, with their paths; what is only contained, excluded or matched is not one."""
    if isinstance(where, list):
        for index, each in enumerate(where):
            yield from _names(each, (*path, index))
    for key, value in where.items() if isinstance(where, dict) else ():
        here = (*path, key)
        if key in {"any", "all"}:
            yield from _names(value, here)
        elif key in FIELDS:
            items = [((*here, index), each) for index, each in enumerate(value)] if isinstance(value, list) else []
            yield key, [(at, name) for at, name in items or [(here, value)] if isinstance(name, str)]


@dataclass(slots=True)
class _Book:
    """The names that the records hold, folded, by field; and what ``$name`` stands for."""

    data: Data
    actors: Mapping[str, Any]
    vocabulary: Mapping[str, tuple[str, ...]]
    _known: dict[str, dict[str, str]] = field(default_factory=dict)

    def missing(self, key: str, name: str) -> str:
        """What is wrong with a name; empty when a record carries it."""
        place = "actor" if FIELDS[key] == "actor" else key
        known = self._of(place)
        spellings = self._spellings(name)
        if not spellings or any(self._fold(place, each) in known for each in spellings):
            return ""
        what = f"no record names the {FIELDS[key]} {name!r}"
        if len(spellings) > 1:
            return f"{what}, by any of its {len(spellings)} names; {_LOOK[FIELDS[key]]}"
        # A country is one, or the file would not load.
        near = [] if key == "country" else difflib.get_close_matches(folded(spellings[0]), known, n=1)
        return f"{what}; {f'{_MEANT} {known[near[0]]!r}?' if near else _LOOK[FIELDS[key]]}"

    def _spellings(self, name: str) -> tuple[str, ...]:
        if not name.startswith("$"):
            return (name,)
        actor = self.actors.get(name[1:])
        if actor is not None:
            return tuple(spelling.name for spelling in actor)
        return self.vocabulary.get(name[1:], ())

    def _of(self, place: str) -> dict[str, str]:
        if place not in self._known:
            self._known[place] = {folded(value): value for value in self.data.values(place) if value}
        return self._known[place]

    @staticmethod
    def _fold(place: str, name: str) -> str:
        country = find_country(name) if place == "country" else None
        return folded(country.iso3 if country else name)
