"""The sections of rule files, but for the rules: what they speak about becomes one catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from watcher.config.document import KeyPath
from watcher.config.facts import KEYS as FACT_KEYS
from watcher.config.facts import forbidden_facts, read_fact
from watcher.config.names import Register
from watcher.config.page import Page
from watcher.config.problem import Mistake, unknown_key
from watcher.config.states import resolve_keys, state_mistakes
from watcher.core.baseline import Baseline
from watcher.core.catalogue import ActorEntry, Catalogue, PersonEntry
from watcher.core.detectors.frame import unknown_name
from watcher.core.fact import Citation, Fact, StateDefinition
from watcher.core.indicator import Indicator
from watcher.core.label import fold
from watcher.core.period import UNKNOWN
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


class Site(NamedTuple, Generic[Item]):
    """Something that was read, and where it stands."""

    page: Page
    path: KeyPath
    item: Item


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
        self._pages: list[Page] = []
        self._stated: list[Site[StateDefinition]] = []
        self._told: list[Site[Fact]] = []
        #: What stands under ``where: dyad`` of indicators, by their names.
        self._dyads: dict[str, object] = {}
        #: Indicators that are not what their file says, because it could not be read.
        self._broken: set[str] = set()

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
            found = [mistake.below(path) for mistake in state_mistakes(state)]
            page.report(found)
            if state.state not in FACT_KEYS:
                self._enter(self.states, state.state, state, kind="state", page=page, path=path)
                if not found:
                    self._stated.append(Site(page, path, state))
        self._pages.append(page)

    def read_indicators(self, page: Page, context: Mapping[str, Any]) -> None:
        """The indicators, whose selectors need all names."""
        for path, indicator in page.models("indicators", Indicator, context=context, stub=self._unreadable):
            self._enter(self.indicators, indicator.indicator, indicator, kind="indicator", page=page, path=path)
            self._dyads[indicator.indicator] = page.document.at((*path, "where", "dyad"))

    def read_statements(self, page: Page) -> None:
        """Stated numbers and facts, filed under the file's name, once everything they refer to is known."""
        for site in self._stated:
            if site.page is page:
                self._resolve(site)
        baselines: dict[str, Baseline] = {}
        for path, baseline in page.models("baselines", Baseline):
            page.report(mistake.below(path) for mistake in self._baseline_mistakes(baseline))
            self._enter(baselines, baseline.baseline, baseline, kind="baseline", page=page, path=path)
        facts = tuple(self._facts(page))
        if baselines:
            self.baselines[page.name] = tuple(baselines.values())
        if facts:
            self.facts[page.name] = facts
        if page is self._pages[-1]:
            # A fact may follow one of another file, so that all must have been read.
            self._check_transitions()

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
                self._told.append(Site(page, path, fact))
                yield fact

    def _check_transitions(self) -> None:
        for index, why in forbidden_facts([site.item for site in self._told], self.states):
            site = self._told[index]
            site.page.report([Mistake.of((*site.path, "is"), why)])

    def _resolve(self, site: Site[StateDefinition]) -> None:
        """A state's derivations, once the indicators are known; not those of an indicator that is broken itself."""
        if self._broken.isdisjoint(each.when.indicator for each in site.item.derived):
            state, found = resolve_keys(site.item, self.catalogue, self._dyads)
            site.page.report(mistake.below(site.path) for mistake in found)
            self.states[state.state] = state

    def _unreadable(self, name: str) -> Indicator:
        self._broken.add(name)
        return Indicator(indicator=name, count="events")

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


def _lists(page: Page) -> Iterator[tuple[KeyPath, tuple[str, ...]]]:
    raw = page.sections.get("vocabulary")
    if not isinstance(raw, dict | None):
        page.unread.add("vocabulary")
        page.report([Mistake(("vocabulary",), "expected a map of lists", "write name: [one, two]")])
        return
    for name, words in (raw or {}).items():
        path = ("vocabulary", name)
        if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
            yield path, tuple(words)
        else:
            page.unread.add("vocabulary")
            page.report([Mistake(path, "expected a list of texts", f"write {name}: [one, two]")])


def _top_mistakes(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    for key in raw:
        if key not in SECTIONS:
            yield unknown_key((key,), SECTIONS)
    if raw.get("version", VERSION) != VERSION:
        hint = f"write version: {VERSION}, without quotes" if raw["version"] == str(VERSION) else ""
        yield Mistake(("version",), f"this version of watcher reads version {VERSION} of the rule language", hint)
