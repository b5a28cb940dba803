"""A selector as SQL: every event that it picks, and perhaps more.

The database narrows down, the selector itself decides. Only what both engines understand alike is asked: equality, lists,
ranges and sub-selects. Texts are compared accent-folded, which SQL cannot do; only actors are stored folded. What cannot be
asked leaves every event in.

``not`` turns "perhaps more" into "perhaps fewer", so each node is bounded from both sides. No bound is ever null.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import singledispatch
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, false, not_, or_, select, true

from watcher.core.event import Role
from watcher.core.selector import Selector
from watcher.core.selector.node import (
    OPPONENTS,
    SIDES,
    Actors,
    All,
    AnyOf,
    Countries,
    Days,
    Dyad,
    Flag,
    Node,
    Not,
    Numbers,
    Range,
    Text,
    Within,
)
from watcher.core.selector.text import Either, Equals, Every, Present, TextTest
from watcher.store.schema import actor, event, event_actor

#: What an integer column of PostgreSQL holds.
_INTEGERS = range(-(2**31), 2**31)

#: Longer lists are not sent.
_LONGEST_LIST = 1_000


class Bounds(NamedTuple):
    """What SQL can say of a node."""

    #: True only where the node picks the event.
    least: ColumnElement[bool]
    #: True wherever the node picks the event.
    most: ColumnElement[bool]


def prefilter(selector: Selector) -> ColumnElement[bool]:
    """A condition over ``event`` that holds for every event that the selector picks."""
    return _bounds(selector.node).most


def _exactly(condition: ColumnElement[bool]) -> Bounds:
    return Bounds(condition, condition)


def _at_most(condition: ColumnElement[bool]) -> Bounds:
    return Bounds(false(), condition)


def _both(bounds: Iterable[Bounds]) -> Bounds:
    each = tuple(bounds)
    return Bounds(and_(true(), *(one.least for one in each)), and_(true(), *(one.most for one in each)))


def _one_of(bounds: Iterable[Bounds]) -> Bounds:
    each = tuple(bounds)
    return Bounds(or_(false(), *(one.least for one in each)), or_(false(), *(one.most for one in each)))


# --- nodes --------------------------------------------------------------------------------------------------------------


@singledispatch
def _bounds(node: Node) -> Bounds:  # noqa: ARG001 - of an unknown node nothing is known
    return _at_most(true())


@_bounds.register
def _(node: All) -> Bounds:
    return _both(_bounds(part) for part in node.parts)


@_bounds.register
def _(node: AnyOf) -> Bounds:
    return _one_of(_bounds(part) for part in node.parts)


@_bounds.register
def _(node: Not) -> Bounds:
    part = _bounds(node.part)
    return Bounds(not_(part.most), not_(part.least))


@_bounds.register
def _(node: Countries) -> Bounds:
    return _exactly(event.c.iso3.in_(sorted(node.codes)))


@_bounds.register
def _(node: Text) -> Bounds:
    if isinstance(node.test, Present):
        column = event.c[node.field]
        return _exactly(column != "" if node.test.wanted else column == "")
    return _at_most(true())


@_bounds.register
def _(node: Numbers) -> Bounds:
    column = event.c[node.field]
    if any(value not in _INTEGERS for value in node.values) or len(node.values) > _LONGEST_LIST:
        return _at_most(column.is_not(None))
    return _exactly(and_(column.is_not(None), column.in_(sorted(node.values))))


@_bounds.register
def _(node: Range) -> Bounds:
    column = event.c[node.field]
    known = column.is_not(None)
    above = None if node.above is None else math.floor(node.above)
    below = None if node.below is None else math.ceil(node.below)
    if any(bound not in _INTEGERS for bound in (above, below) if bound is not None):
        return _at_most(known)
    inside = [column > above] if above is not None else []
    inside += [column < below] if below is not None else []
    return _exactly(and_(known, *inside))


@_bounds.register
def _(node: Flag) -> Bounds:
    column = event.c[node.field]
    return _exactly(and_(column.is_not(None), column.in_(sorted(int(value) for value in node.values))))


@_bounds.register
def _(node: Days) -> Bounds:
    day = event.c.date_end
    after = day >= node.first if node.first else true()
    return _exactly(and_(after, day <= node.last if node.last else true()))


@_bounds.register
def _(node: Within) -> Bounds:
    box, latitude, longitude = node.circle.box, event.c.latitude, event.c.longitude
    known = and_(latitude.is_not(None), longitude.is_not(None))
    inside = latitude.between(box.south, box.north)
    return _at_most(and_(known, inside, longitude.between(*box.longitudes) if box.longitudes else true()))


@_bounds.register
def _(node: Actors) -> Bounds:
    roles = SIDES[node.side]
    found = _some_actor(_name(node.test, lenient=node.ambiguous), roles)
    if node.test.accepts(""):
        return _one_of([found, _exactly(not_(_stands(true(), roles)))])
    return found


@_bounds.register
def _(node: Dyad) -> Bounds:
    proven = true() if node.ambiguous else actor.c.ambiguous == 0
    first, second = (
        _both([_exactly(proven), _name(test, lenient=node.ambiguous)]) for test in (node.first, node.second)
    )
    side_a, side_b = OPPONENTS
    return _one_of(
        _both([_some_actor(one, side_a), _some_actor(other, side_b)])
        for one, other in ((first, second), (second, first))
    )


# --- actors -------------------------------------------------------------------------------------------------------------


def _some_actor(name: Bounds, roles: frozenset[Role]) -> Bounds:
    return Bounds(_stands(name.least, roles), _stands(name.most, roles))


def _stands(who: ColumnElement[bool], roles: frozenset[Role]) -> ColumnElement[bool]:
    rows = select(event_actor.c.event).join(actor, actor.c.id == event_actor.c.actor).where(who)
    if roles != frozenset(Role):
        rows = rows.where(event_actor.c.role.in_(sorted(roles)))
    return event.c.version.in_(rows)


def _name(test: TextTest, *, lenient: bool) -> Bounds:
    name = _name_bounds(test)
    return Bounds(name.least, or_(name.most, actor.c.ambiguous == 1)) if lenient else name


@singledispatch
def _name_bounds(test: TextTest) -> Bounds:  # noqa: ARG001 - of an unknown test nothing is known
    return _at_most(true())


@_name_bounds.register
def _(test: Equals) -> Bounds:
    if len(test.keys) > _LONGEST_LIST:
        return _at_most(true())
    return _exactly(actor.c.folded.in_(sorted(test.keys)))


@_name_bounds.register
def _(test: Present) -> Bounds:
    return _exactly(actor.c.name != "" if test.wanted else actor.c.name == "")


@_name_bounds.register
def _(test: Either) -> Bounds:
    return _one_of(_name_bounds(each) for each in test.tests)


@_name_bounds.register
def _(test: Every) -> Bounds:
    return _both(_name_bounds(each) for each in test.tests)
