"""Nodes: a yes or no to a whole event. A selector is a tree of them.

``document(spell)`` gives what a person would write in YAML; see :mod:`watcher.core.selector.text`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Protocol

from watcher.core.country import by_iso3
from watcher.core.event import Actor, Event, Role
from watcher.core.selector.place import Circle, Place
from watcher.core.selector.text import Equals, Spell, TextTest, canonical, folded, members, one_or_list

#: The roles that each key looks at.
SIDES: Mapping[str, frozenset[Role]] = {
    "actor": frozenset(Role),
    "side_a": frozenset({Role.A, Role.WITH_A}),
    "side_b": frozenset({Role.B, Role.WITH_B}),
}

#: Who stands against whom in a dyad: the sides' first names. That an ally of one side is named proves no clash with it.
OPPONENTS = (frozenset({Role.A}), frozenset({Role.B}))

#: The keys that speak of actors: ``ambiguous`` stands beside these.
ACTOR_KEYS = frozenset({*SIDES, "dyad"})


class Node(Protocol):
    """A yes or no to an event."""

    #: Cheap nodes are asked first.
    COST: ClassVar[int]

    def matches(self, event: Event) -> bool:
        """Whether the event is picked."""

    def document(self, spell: Spell) -> dict[str, Any]:
        """The node as a person would write it."""


@dataclass(frozen=True, slots=True)
class All:
    """Every part picks the event; without parts, every event is picked."""

    COST: ClassVar[int] = 5
    parts: tuple[Node, ...]

    def matches(self, event: Event) -> bool:
        """Whether every part picks it."""
        return all(part.matches(event) for part in self.parts)

    def document(self, spell: Spell) -> dict[str, Any]:
        """One map where the parts' keys allow it, else ``{all: [...]}``."""
        documents = [part.document(spell) for part in self.parts]
        keys = [key for each in documents for key in each if key != "ambiguous"]
        about_actors = [each for each in documents if not ACTOR_KEYS.isdisjoint(each)]
        lenient = sum("ambiguous" in each for each in about_actors)
        if len(keys) == len(set(keys)) and lenient in {0, len(about_actors)}:
            return {key: value for each in documents for key, value in each.items()}
        return {"all": documents}


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part picks the event."""

    COST: ClassVar[int] = 5
    parts: tuple[Node, ...]

    def matches(self, event: Event) -> bool:
        """Whether any part picks it."""
        return any(part.matches(event) for part in self.parts)

    def document(self, spell: Spell) -> dict[str, Any]:
        """``{any: [...]}``."""
        return {"any": [part.document(spell) for part in self.parts]}


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not pick the event."""

    COST: ClassVar[int] = 6
    part: Node

    def matches(self, event: Event) -> bool:
        """Whether the part leaves it."""
        return not self.part.matches(event)

    def document(self, spell: Spell) -> dict[str, Any]:
        """``{not: {...}}``, a list when it is none of several."""
        document = self.part.document(spell)
        return {"not": document["any"] if isinstance(self.part, AnyOf) else document}


@dataclass(frozen=True, slots=True)
class Countries:
    """The event happened in one of these countries."""

    COST: ClassVar[int] = 0
    #: ISO3.
    codes: frozenset[str]

    def matches(self, event: Event) -> bool:
        """Whether its country is one of them."""
        return event.iso3 in self.codes

    def document(self, spell: Spell) -> dict[str, Any]:
        """``{country: Mali}``: by name, for people."""
        names = [country.name for code in sorted(self.codes) if (country := by_iso3(code))]
        return {"country": one_or_list(spell(name) for name in names)}


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the event passes a test."""

    COST: ClassVar[int] = 1
    field: str
    test: TextTest

    def matches(self, event: Event) -> bool:
        """Whether it passes."""
        return self.test.accepts(getattr(event, self.field))

    def document(self, spell: Spell) -> dict[str, Any]:
        """``{admin1: ...}``."""
        return {self.field: self.test.document(spell)}


@dataclass(frozen=True, slots=True)
class Listed:
    """One of the texts in a list of the event (";" between them) passes a test."""

    COST: ClassVar[int] = 3
    field: str
    test: TextTest

    def matches(self, event: Event) -> bool:
        """Whether one of them passes; an empty list counts as one empty text."""
        texts = [text.strip() for text in getattr(event, self.field).split(";")]
        return any(self.test.accepts(text) for text in [text for text in texts if text] or [""])

    def document(self, spell: Spell) -> dict[str, Any]:
        """``{publishers: ...}``."""
        return {self.field: self.test.document(spell)}


@dataclass(frozen=True, slots=True)
class Actors:
    """An actor on one of the sides passes a test.

    A name recorded as "A and/or B" is a text like any other: it equals neither A nor B, and contains both.
    """

    COST: ClassVar[int] = 2
    #: ``actor``, ``side_a`` or ``side_b``.
    side: str
    test: TextTest
    #: "A and/or B" counts as A, and as B.
    ambiguous: bool = False

    def matches(self, event: Event) -> bool:
        """Whether one of them passes; a side without actors counts as one empty text."""
        roles = SIDES[self.side]
        actors = [actor for actor in event.actors if actor.role in roles]
        if not actors:
            return self.test.accepts("")
        return any(_accepts(self.test, actor, lenient=self.ambiguous) for actor in actors)

    def document(self, spell: Spell) -> dict[str, Any]:
        """``{actor: ...}``."""
        return {self.side: self.test.document(spell)} | ({"ambiguous": "include"} if self.ambiguous else {})


@dataclass(frozen=True, slots=True)
class Dyad:
    """Two actors stand against each other, in either order, as the first names of the two sides.

    Who is recorded as "A and/or B" proves neither, and stands on no side unless ``ambiguous`` is set.
    """

    COST: ClassVar[int] = 3
    first: TextTest
    second: TextTest
    ambiguous: bool = False

    def matches(self, event: Event) -> bool:
        """Whether one is on side A and the other on side B."""
        one_side, other_side = OPPONENTS
        first_a, second_a = self._found(event.actors, one_side)
        if not (first_a or second_a):
            return False
        first_b, second_b = self._found(event.actors, other_side)
        return (first_a and second_b) or (first_b and second_a)

    def _found(self, actors: Iterable[Actor], roles: Collection[Role]) -> tuple[bool, bool]:
        stands = [actor for actor in actors if actor.role in roles and (self.ambiguous or not actor.ambiguous)]
        return (
            any(_accepts(self.first, actor, lenient=self.ambiguous) for actor in stands),
            any(_accepts(self.second, actor, lenient=self.ambiguous) for actor in stands),
        )

    def document(self, spell: Spell) -> dict[str, Any]:
        """``{dyad: [..., ...]}``."""
        sides = sorted([self.first.document(spell), self.second.document(spell)], key=canonical)
        return {"dyad": sides} | ({"ambiguous": "include"} if self.ambiguous else {})


def _accepts(test: TextTest, actor: Actor, *, lenient: bool) -> bool:
    if test.accepts(actor.name):
        return True
    return lenient and actor.ambiguous and any(test.accepts(member) for member in members(actor.name))


@dataclass(frozen=True, slots=True)
class Numbers:
    """A number of the event is one of these; an unknown number is none of them."""

    COST: ClassVar[int] = 0
    field: str
    values: frozenset[int]

    def matches(self, event: Event) -> bool:
        """Whether it is one of them."""
        return getattr(event, self.field) in self.values

    def document(self, spell: Spell) -> dict[str, Any]:  # noqa: ARG002 - it holds no text
        """``{time_precision: [1, 2]}``."""
        return {self.field: one_or_list(sorted(self.values))}


@dataclass(frozen=True, slots=True)
class Range:
    """A number of the event is known, and lies above and below these bounds, themselves left out."""

    COST: ClassVar[int] = 0
    field: str
    above: float | None = None
    below: float | None = None

    def matches(self, event: Event) -> bool:
        """Whether it lies inside."""
        value = getattr(event, self.field)
        if value is None:
            return False
        return (self.above is None or value > self.above) and (self.below is None or value < self.below)

    def document(self, spell: Spell) -> dict[str, Any]:  # noqa: ARG002 - it holds no text
        """``{fatalities: {above: 9}}``."""
        bounds = {"above": self.above, "below": self.below}
        return {self.field: {key: value for key, value in bounds.items() if value is not None} or {"exists": True}}


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes or no of the event is one of these; unknown is neither."""

    COST: ClassVar[int] = 0
    field: str
    values: frozenset[bool]

    def matches(self, event: Event) -> bool:
        """Whether it is one of them."""
        return getattr(event, self.field) in self.values

    def document(self, spell: Spell) -> dict[str, Any]:  # noqa: ARG002 - it holds no text
        """``{civilian_targeting: true}``."""
        return {self.field: one_or_list(sorted(self.values))}


@dataclass(frozen=True, slots=True)
class Days:
    """The event's day lies between these, both included; a longer event counts on its last day."""

    COST: ClassVar[int] = 0
    first: date | None = None
    last: date | None = None

    def matches(self, event: Event) -> bool:
        """Whether it lies between them."""
        day = event.date_end
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)

    def document(self, spell: Spell) -> dict[str, Any]:  # noqa: ARG002 - it holds no text
        """``{date: {from: ..., until: ...}}``."""
        days = {"from": self.first, "until": self.last}
        return {"date": {key: day.isoformat() for key, day in days.items() if day is not None}}


@dataclass(frozen=True, slots=True)
class Within:
    """The event happened within a circle; one without coordinates did not."""

    COST: ClassVar[int] = 1
    circle: Circle

    def matches(self, event: Event) -> bool:
        """Whether its coordinates lie inside."""
        if event.latitude is None or event.longitude is None:
            return False
        return self.circle.contains(event.latitude, event.longitude)

    def document(self, spell: Spell) -> dict[str, Any]:  # noqa: ARG002 - it holds no text
        """``{within: {km: 50, of: [latitude, longitude]}}``."""
        return {"within": self.circle.model_dump(mode="json")}


def key_of(node: Node) -> str:
    """Canonical text: nodes of the same parts have the same."""
    return canonical(node.document(folded))


def all_of(parts: Iterable[Node]) -> Node:
    """A node that asks for all parts: flat, without repetition, cheap parts first."""
    flat = [each for part in parts for each in (part.parts if isinstance(part, All) else (part,))]
    refused = [each.part for each in flat if isinstance(each, Not)]
    kept = [each for each in flat if not isinstance(each, Not)]
    ordered = _ordered([*kept, Not(any_of(refused))] if refused else kept)
    return ordered[0] if len(ordered) == 1 else All(ordered)


def any_of(parts: Iterable[Node]) -> Node:
    """A node that asks for any part: flat, without repetition, cheap parts first."""
    ordered = _ordered(each for part in parts for each in (part.parts if isinstance(part, AnyOf) else (part,)))
    return ordered[0] if len(ordered) == 1 else AnyOf(ordered)


def none_of(parts: Iterable[Node]) -> Node:
    """A node that asks for no part; twice no is yes."""
    node = any_of(parts)
    return node.part if isinstance(node, Not) else Not(node)


def place_node(place: Place) -> Node:
    """A place as a node: what is given must all hold."""
    nodes: list[Node] = [
        Text(key, Equals(getattr(place, key)))
        for key in ("admin1", "admin2", "admin3", "location")
        if getattr(place, key)
    ]
    if place.country:
        nodes.append(Countries(frozenset(place.country)))
    if place.within:
        nodes.append(Within(place.within))
    return all_of(nodes)


def _ordered(nodes: Iterable[Node]) -> tuple[Node, ...]:
    unique = {(node.COST, key_of(node)): node for node in nodes}
    return tuple(unique[rank] for rank in sorted(unique))
