"""The order of recording: what was in the store when a transition was written, and what came in later.

Clocks cannot tell it: two things happen in one millisecond, and a clock is set back. Transitions are numbered, and what is
written beside them notes the newest number there was: whatever has a transition's own number or a later one was written
after it.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, or_

from watcher.store.bulk import select_rows
from watcher.store.schema import event as events
from watcher.store.schema import to_ms

_NEWEST = "select max(id) from transition"
_NEXT = "select min(id) from transition where recorded_at > ?"
_RECORDED = "select max(version) from event where recorded_at <= ?"


class Bound(NamedTuple):
    """A place in the order of recording: just before a transition was written."""

    #: The transition's id.
    transition: int
    #: The newest record version there was.
    version: int
    #: Our own clock then.
    recorded_at: datetime


def newest_transition(tx: Connection) -> int:
    """The id of the newest transition; 0 before there is any."""
    return int(select_rows(tx, _NEWEST)[0][0] or 0)


def events_known(moment: datetime, bound: Bound) -> ColumnElement[bool]:
    """The condition that a record version was the one known at a moment, by what was recorded up to a place."""
    column = events.c
    recorded = and_(column.version <= bound.version, column.known_from <= moment)
    return and_(recorded, _still_open(events, moment, bound))


def book_known(table: Table, moment: datetime, bound: Bound) -> ColumnElement[bool]:
    """The same of a version of a fact or of a stated baseline."""
    recorded = and_(table.c.recorded_after < bound.transition, table.c.known_from <= moment)
    return and_(recorded, _still_open(table, moment, bound))


def _still_open(table: Table, moment: datetime, bound: Bound) -> ColumnElement[bool]:
    column = table.c
    return or_(column.known_to.is_(None), column.known_to > moment, column.closed_after >= bound.transition)


def bound_at(tx: Connection, moment: datetime) -> Bound:
    """The place that our own clock passed at a moment; as exact as the clock."""
    later = select_rows(tx, _NEXT, to_ms(moment))[0][0]
    newest = select_rows(tx, _RECORDED, to_ms(moment))[0][0]
    return Bound(int(later or newest_transition(tx) + 1), int(newest or 0), moment)
