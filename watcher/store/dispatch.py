"""Dispatch: which scopes an event may belong to, by what their selectors ask to be equal.

A selector that asks for a country, a type or a name need not be asked about events that have another: a thousand rules
cost about as much as ten. It only narrows down, the selector itself decides; property: whatever a selector picks, it is
asked about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import singledispatch
from operator import attrgetter
from typing import Any, NamedTuple

from watcher.core.event import Event
from watcher.core.indicator import Indicator
from watcher.core.selector.node import Actors, All, AnyOf, Countries, Dyad, Node, Text
from watcher.core.selector.text import Either, Equals, Every, TextTest, folded, members

ACTOR = "actor"
#: About which share of all events has one value of a field: by the least of these a scope is found. Longer texts are
#: no names, and are not looked at.
_SHARES: Mapping[str, float] = {
    "location": 0.001,
    "admin3": 0.001,
    ACTOR: 0.002,
    "admin2": 0.003,
    "admin1": 0.005,
    "iso3": 0.02,
    "sub_event_type": 0.04,
    "event_type": 0.17,
    "disorder_type": 0.3,
    "source": 0.5,
}
#: Entries that one scope may have, unless it names more values of its one field.
_MOST_ENTRIES = 256
#: Combinations of values, as sources write them, that are remembered.
_REMEMBERED = 65_536

#: What must be equal, all of it: by field, the values one of which an event must have.
Wanted = Mapping[str, frozenset[str]]
#: Nothing has to be equal.
_ANYTHING: Wanted = {}


class Scope(NamedTuple):
    """A scope of the ledger, with an indicator that measures it."""

    id: int
    indicator: Indicator


class Dispatch:
    """Finds the scopes that an event may belong to."""

    def __init__(self, scopes: Iterable[Scope]) -> None:
        self._everywhere: list[Scope] = []
        tables: dict[tuple[str, ...], _Table] = {}
        for scope in scopes:
            for wanted in _wanted_by(scope.indicator):
                if not wanted:
                    self._everywhere.append(scope)
                    continue
                fields = tuple(sorted(wanted.keys() - {ACTOR}))
                tables.setdefault(fields, _Table(fields)).add(scope, wanted)
        self._tables = tuple(tables.values())
        self._looks_at_actors = any(table.looks_at_actors for table in self._tables)

    def candidates(self, event: Event) -> Collection[Scope]:
        """Every scope that the event may belong to, each once, and perhaps more."""
        found = list(self._everywhere)
        actors = _actor_keys(event) if self._looks_at_actors else ()
        for table in self._tables:
            by_actor = table.find(event)
            if by_actor:
                found += by_actor.get("", ())
                for key in actors if table.looks_at_actors else ():
                    found += by_actor.get(key, ())
        return found if len(found) < 2 else {scope.id: scope for scope in found}.values()  # noqa: PLR2004 - one is no repetition


#: By the actor that a scope asks for; under '' those that ask for none.
_ByActor = dict[str, list[Scope]]


class _Table:
    """The scopes that ask for the same fields."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        self.looks_at_actors = False
        self._fields = fields
        self._entries: dict[tuple[str, ...], _ByActor] = {}
        self._values: Callable[[Event], Any] = attrgetter(*fields) if fields else lambda _: ()
        #: What values as a source writes them lead to, so that names are folded once.
        self._known: dict[Any, _ByActor | None] = {}

    def add(self, scope: Scope, wanted: Wanted) -> None:
        """Enter a scope under every combination of the values it asks for."""
        actors = wanted.get(ACTOR)
        self.looks_at_actors = self.looks_at_actors or actors is not None
        combinations: list[tuple[str, ...]] = [()]
        for field in self._fields:
            combinations = [(*before, value) for before in combinations for value in wanted[field]]
        for values in combinations:
            by_actor = self._entries.setdefault(values, defaultdict(list))
            for key in actors if actors is not None else ("",):
                by_actor[key].append(scope)

    def find(self, event: Event) -> _ByActor | None:
        """The scopes that ask for what the event has in the fields."""
        written = self._values(event)
        try:
            return self._known[written]
        except KeyError:
            return self._look_up(written)

    def _look_up(self, written: Any) -> _ByActor | None:
        texts = written if isinstance(written, tuple) else (written,)
        values = tuple(
            text if field == "iso3" else folded(text) for field, text in zip(self._fields, texts, strict=True)
        )
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[written] = found = self._entries.get(values)
        return found


def _actor_keys(event: Event) -> set[str]:
    """The names of the actors, and of those who "A and/or B" may stand for, as selectors compare them."""
    names = {folded(actor.name) for actor in event.actors}
    ambiguous = [actor.name for actor in event.actors if actor.ambiguous]
    return names.union(*(map(folded, members(name)) for name in ambiguous)) if ambiguous else names


# --- what a selector asks to be equal ---------------------------------------------------------------------------------


def _wanted_by(indicator: Indicator) -> list[Wanted]:
    """The alternatives of what an indicator asks for, each by few fields with few combinations."""
    sources = frozenset(folded(name) for name in indicator.sources)
    limit = {"source": sources} if sources else _ANYTHING
    return [_few(_merged(each, limit)) for each in _asked(indicator.where.node)]


def _few(wanted: Wanted) -> Wanted:
    """The most selective fields, as long as their combinations are not too many."""
    ranked = sorted(wanted, key=lambda field: (len(wanted[field]) * _SHARES[field], field))
    taken, entries = ranked[:1], len(wanted[ranked[0]]) if ranked else 0
    for field in ranked[1:]:
        if entries * len(wanted[field]) <= _MOST_ENTRIES:
            taken.append(field)
            entries *= len(wanted[field])
    return {field: wanted[field] for field in taken}


@singledispatch
def _asked(node: Node) -> tuple[Wanted, ...]:  # noqa: ARG001 - of other nodes nothing need be equal
    """The alternatives of what a node asks to be equal; it picks no event that has none of them."""
    return (_ANYTHING,)


@_asked.register
def _(node: Countries) -> tuple[Wanted, ...]:
    return ({"iso3": node.codes},)


@_asked.register
def _(node: Text) -> tuple[Wanted, ...]:
    keys = _keys(node.test) if node.field in _SHARES else None
    return (_ANYTHING if keys is None else {node.field: keys},)


@_asked.register
def _(node: Actors) -> tuple[Wanted, ...]:
    return (_actor(node.test),)


@_asked.register
def _(node: Dyad) -> tuple[Wanted, ...]:
    return (_merged(_actor(node.first), _actor(node.second)),)


@_asked.register
def _(node: All) -> tuple[Wanted, ...]:
    found: tuple[Wanted, ...] = (_ANYTHING,)
    for part in node.parts:
        more = _asked(part)
        if len(found) * len(more) <= _MOST_ENTRIES:
            found = tuple(_merged(one, other) for one in found for other in more)
    return found


@_asked.register
def _(node: AnyOf) -> tuple[Wanted, ...]:
    return tuple(each for part in node.parts for each in _asked(part))


def _merged(one: Wanted, other: Wanted) -> Wanted:
    """What must be equal when both are asked for. An event has several actors: there the shorter list is enough."""
    merged = {**one, **other}
    for field in one.keys() & other.keys():
        merged[field] = min(one[field], other[field], key=len) if field == ACTOR else one[field] & other[field]
    return merged


def _actor(test: TextTest) -> Wanted:
    keys = _keys(test)
    return _ANYTHING if keys is None else {ACTOR: keys}


def _keys(test: TextTest) -> frozenset[str] | None:
    """The folded texts one of which must be there; None when other texts may pass as well."""
    if isinstance(test, Equals):
        return test.keys
    if isinstance(test, Every):
        return next((keys for each in test.tests if (keys := _keys(each)) is not None), None)
    if isinstance(test, Either):
        keys_of_all = [_keys(each) for each in test.tests]
        return None if None in keys_of_all else frozenset().union(*filter(None, keys_of_all))
    return None
