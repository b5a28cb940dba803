"""An article of GDELT: what the rows that were read out of it, in one export or in several, make together."""

from __future__ import annotations

from typing import Any

from watcher.core.event import Actor, Event, Role

_BESIDE = {Role.A: Role.WITH_A, Role.B: Role.WITH_B}


def joined(one: Event, other: Event) -> Event:
    """Two rows of an article, or what was made of several: the graver one, with the names of all beside its own sides.

    CAMEO's codes ascend from a statement to mass violence. Only the sides of one row stand against each other. Whatever is
    joined in whatever order, the same comes out: an export may be missing, and come late.
    """
    lead = max(one, other, key=_gravity)
    sides = tuple(actor for actor in lead.actors if actor.role in _BESIDE)
    named = (_beside(one) | _beside(other)) - {_stood_beside(actor) for actor in sides}
    return lead._replace(actors=(*sides, *sorted(named)))


def _gravity(event: Event) -> tuple[Any, ...]:
    """By what a row leads: its codes, how well its place is known, and then anything that is the same every time."""
    sides = [actor for actor in event.actors if actor.role in _BESIDE]
    place = (event.location, event.admin1, event.latitude, event.longitude)
    return (
        event.event_type,
        event.sub_event_type,
        -(event.geo_precision or 0),
        repr((place, event.disorder_type, sides)),
    )


def _beside(event: Event) -> set[Actor]:
    return {_stood_beside(actor) for actor in event.actors}


def _stood_beside(actor: Actor) -> Actor:
    return actor._replace(role=_BESIDE.get(actor.role, actor.role))
