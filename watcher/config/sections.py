"""The sections of rule files, but for the rules: what they speak about becomes one catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from watcher.config.document import KeyPath
from watcher.config.facts import KEYS as FACT_KEYS
from watcher.config.facts import read_fact
from watcher.config.names import Register
from watcher.config.page import Page
from watcher.config.problem import Mistake, near, unknown_key
from watcher.core.baseline import Baseline
from watcher.core.catalogue import ActorEntry, Catalogue, PersonEntry
from watcher.core.detectors.frame import unknown_name
from watcher.core.fact import Citation, Fact, KeyKind, StateDefinition
from watcher.core.indicator import Indicator
from watcher.core.label import fold
from watcher.core.period import UNKNOWN, duration
from watcher.core.selector import Names
from watcher.core.selector.place import Place

#: Everything that may stand at the top of a rule file.
SECTIONS = (
    *("version", "citations", "actors", "people", "places", "vocabulary", "indicators", "baselines"),
    *("states", "facts", "rules", "groups"),
)
VERSION = 1

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
#: What `$name` may refer to.
_REFERENCE = "actor, place or list"
Item = TypeVar("Item")


class Sections:
    """Collects the sections of all files: first what has a name, then what refers to names."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.citations: dict[str, Citation] = {}
        self.actors: dict[str, ActorEntry] = {}
        self.people: dict[str, PersonEntry] = {}
        self.places: dict[str, Place] = {}
        self.vocabulary: dict[str, tuple[str, ...]] = {}
        self.indicators: dict[str, Indicator] = {}
        self.states: dict[str, StateDefinition] = {}
        self.baselines: dict[str, tuple[Baseline, ...]] = {}
        self.facts: dict[str, tuple[Fact, ...]] = {}

    @property
    def catalogue(self) -> Catalogue:
        """What was read so far; it grows as reading goes on."""
        return Catalogue(
            citations=self.citations,
            actors=self.actors,
            people=self.people,
            places=self.places,
            vocabulary=self.vocabulary,
            indicators=self.indicators,
            states=self.states,
            baselines=self.baselines,
            facts=self.facts,
        )

    @property
    def names(self) -> Names:
        """What ``$name`` refers to in selectors."""
        return self.catalogue.names

    def read_names(self, page: Page) -> None:
        """Everything that others refer to by a name and that refers to nothing itself."""
        page.report(_top_mistakes(page.sections))
        for path, citation in page.models("citations", Citation, stub=_citation):
            self._enter(self.citations, citation.citation, citation, kind="citation", page=page, path=path)
        for path, actor in page.models("actors", ActorEntry, stub=_actor):
            self._enter(self.actors, actor.actor, actor, kind=_REFERENCE, page=page, path=path)
        for path, person in page.models("people", PersonEntry):
            self._enter_person(person, page, path)
        for path, place in page.models("places", Place):
            self._enter(self.places, place.place, place, kind=_REFERENCE, page=page, path=path)
        for path, words in _lists(page):
            self._enter(self.vocabulary, str(path[-1]), words, kind=_REFERENCE, page=page, path=path)
        for path, state in page.models("states", StateDefinition, stub=_state):
            page.report(mistake.below(path) for mistake in _state_mistakes(state))
            if state.state not in FACT_KEYS:
                self._enter(self.states, state.state, state, kind="state", page=page, path=path)

    def read_indicators(self, page: Page, context: Mapping[str, Any]) -> None:
        """The indicators, whose selectors need all names."""
        for path, indicator in page.models("indicators", Indicator, context=context, stub=_indicator):
            self._enter(self.indicators, indicator.indicator, indicator, kind="indicator", page=page, path=path)

    def read_statements(self, page: Page) -> None:
        """Stated numbers and facts, filed under the file's name, once everything they refer to is known."""
        baselines: dict[str, Baseline] = {}
        for path, baseline in page.models("baselines", Baseline):
            page.report(mistake.below(path) for mistake in self._baseline_mistakes(baseline))
            self._enter(baselines, baseline.baseline, baseline, kind="baseline", page=page, path=path)
        facts = tuple(self._facts(page))
        if baselines:
            self.baselines[page.name] = tuple(baselines.values())
        if facts:
            self.facts[page.name] = facts

    def _enter(self, shelf: dict[str, Item], name: str, item: Item, *, kind: str, page: Page, path: KeyPath) -> None:
        """Put a named item on its shelf, unless the name is taken or cannot be referred to."""
        if not _NAME.fullmatch(name):
            page.report([Mistake(path, f"{name!r} is no name", "letters, digits and '_', not beginning with a digit")])
        elif self.register.add(kind, name, page, path):
            shelf[name] = item

    def _enter_person(self, person: PersonEntry, page: Page, path: KeyPath) -> None:
        """A person, whose spellings belong to nobody else."""
        spellings = {fold(name): name for name in (*reversed(person.aliases), person.person)}
        new = [self.register.add("person", name, page, path, key=key) for key, name in spellings.items()]
        if all(new):
            self.people[person.person] = person

    def _facts(self, page: Page) -> Iterator[Fact]:
        catalogue = self.catalogue
        for path, raw in page.items("facts"):
            fact = read_fact(raw, path, page.document, catalogue)
            if not isinstance(fact, Fact):
                page.report(fact)
            elif self.register.add("fact", f"{fact.state} of {'-'.join(fact.key)} from {fact.since}", page, path):
                yield fact

    def _baseline_mistakes(self, baseline: Baseline) -> Iterator[Mistake]:
        if baseline.cite not in self.citations:
            yield Mistake.of(("cite",), unknown_name("citation", baseline.cite, self.citations))
        for index, indicator in enumerate(baseline.indicators):
            if indicator not in self.indicators:
                yield Mistake.of(("indicators", index), unknown_name("indicator", indicator, self.indicators))


def _citation(name: str) -> Citation:
    return Citation(citation=name, title="", published=UNKNOWN)


def _actor(name: str) -> ActorEntry:
    return ActorEntry(actor=name)


def _state(name: str) -> StateDefinition:
    return StateDefinition(state=name)


def _indicator(name: str) -> Indicator:
    return Indicator(indicator=name, count="events")


def _lists(page: Page) -> Iterator[tuple[KeyPath, tuple[str, ...]]]:
    raw = page.sections.get("vocabulary")
    if not isinstance(raw, dict | None):
        page.report([Mistake(("vocabulary",), "expected a map of lists", "write name: [one, two]")])
        return
    for name, words in (raw or {}).items():
        path = ("vocabulary", name)
        if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
            yield path, tuple(words)
        else:
            page.report([Mistake(path, "expected a list of texts", f"write {name}: [one, two]")])


def _top_mistakes(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    for key in raw:
        if key not in SECTIONS:
            yield unknown_key((key,), SECTIONS)
    if raw.get("version", VERSION) != VERSION:
        yield Mistake(("version",), f"this version of watcher reads version {VERSION} of the rule language")


def _state_mistakes(state: StateDefinition) -> Iterator[Mistake]:
    if state.state in FACT_KEYS:
        yield Mistake(("state",), f"{state.state!r} is a key of every fact", "call the state something else")
    if isinstance(state.key, str) and state.key not in set(KeyKind):
        yield Mistake(
            ("key",), f"no kind of key {state.key!r}", near(state.key, KeyKind) or f"one of: {', '.join(KeyKind)}"
        )
    for index, value in enumerate(state.order):
        if isinstance(state.values, tuple) and value not in state.values:
            yield Mistake.of(("order", index), unknown_name("value", value, state.values))
    if state.review_after:
        try:
            duration(state.review_after)
        except ValueError as error:
            yield Mistake.of(("review_after",), str(error))
