"""Actors: names as sources write them, each stored once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from watcher.core.event import Actor, Role
from watcher.core.label import fold
from watcher.store.bulk import insert_missing, select_among, select_rows, update_rows
from watcher.store.schema import actor

_ROLES = {role.value: role for role in Role}
_BY_NAME = "select name, id from actor where name in (??)"
_BY_EVENT = (
    "select x.event, x.role, a.name, a.ambiguous from event_actor x join actor a on a.id = x.actor "
    "where x.event in (??) order by x.event, x.position"
)


def intern_actors(tx: Connection, actors: Iterable[Actor]) -> dict[str, int]:
    """The numbers of actors by name; new names are stored."""
    wanted = {each.name: each.ambiguous for each in actors}
    known: dict[str, int] = dict(select_among(tx, _BY_NAME, list(wanted)))
    # Sorted, so that two processes that store the same names do not wait for each other in a circle.
    missing = sorted(wanted.keys() - known.keys())
    rows = [(name, fold(name), int(wanted[name])) for name in missing]
    insert_missing(tx, actor, ("name", "folded", "ambiguous"), rows)
    known.update(select_among(tx, _BY_NAME, missing))
    return known


def name_actors(tx: Connection, spellings: Mapping[str, Iterable[str]]) -> int:
    """Give every actor the name by which the rules know it, or none; how many changed.

    :param spellings: by the rules' name, how sources write it.
    """
    names = {fold(spelling): name for name, each in spellings.items() for spelling in each}
    stored = select_rows(tx, "select id, folded, canonical from actor")
    changed = [(name, number) for number, folded, before in stored if (name := names.get(folded, "")) != before]
    update_rows(tx, actor, ("canonical",), changed, key="id")
    return len(changed)


def actors_of(tx: Connection, versions: Sequence[int]) -> dict[int, list[Actor]]:
    """The actors of record versions, in the order of the source's row."""
    found: dict[int, list[Actor]] = {}
    for version, role, name, ambiguous in select_among(tx, _BY_EVENT, versions):
        found.setdefault(version, []).append(Actor(_ROLES[role], name, bool(ambiguous)))
    return found
