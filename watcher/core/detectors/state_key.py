"""What a ``transition`` rule names: the keys of a state that it watches, and the values that it compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from watcher.core.catalogue import Catalogue
from watcher.core.country import find_country, suggest
from watcher.core.detectors.frame import Place, unknown_name
from watcher.core.fact import KeyKind, StateDefinition, Verified
from watcher.core.label import fold

#: Every key of the state.
ANY = "any"
Names = str | tuple[str, ...]
#: What stands after the state's name: ``any``, one key, a list, or named parts.
KeyFilter = str | tuple[str, ...] | dict[str, Names]


def key_problems(keys: KeyFilter, state: StateDefinition, catalogue: Catalogue) -> Iterator[tuple[Place, str]]:
    """Parts of a key that the state does not have, and names that the catalogue does not know, each with its place."""
    parts = state.key if isinstance(state.key, tuple) else ()
    for part in keys if isinstance(keys, dict) else ():
        if part not in parts:
            yield (state.state, part), unknown_name("key part", part, parts)
    for place, name in _placed(keys, (state.state,)):
        if name != ANY:
            yield from ((place, text) for text in _name_problems(name, state, catalogue))


def words_of(state: StateDefinition, catalogue: Catalogue) -> Mapping[str, tuple[str, ...]]:
    """By output, every value that it can have, where a state's definition or this detector says which these are."""
    found = {"basis": ("asserted", "derived"), "verified": tuple(Verified)}
    values = state.values
    if isinstance(values, tuple):
        actors = tuple(catalogue.actors) if KeyKind.ACTOR in values else ()
        known = tuple(dict.fromkeys((*values, *actors, "")))
    elif values == "actor":
        known = (*catalogue.actors, "")
    else:
        return found
    return {**found, "from": known, "to": known}


def _name_problems(name: str, state: StateDefinition, catalogue: Catalogue) -> Iterator[str]:
    """What is wrong with one name in a key: ``$name`` is an actor, or a place where the key is no actor's."""
    actors_only = state.key in {KeyKind.DYAD, KeyKind.ACTOR}
    known = catalogue.actors if actors_only else {**catalogue.actors, **catalogue.places}
    if name.startswith("$") and name[1:] not in known:
        yield unknown_name("actor" if actors_only else "actor or place", name, [f"${each}" for each in known])
    elif actors_only and not name.startswith("$"):
        yield f"{name!r} stands where an actor is expected; write ${name}, an entry of 'actors'"
    elif state.key == KeyKind.COUNTRY and find_country(name) is None:
        near = suggest(name)
        yield f"unknown country {name!r}{f'; did you mean {near!r}?' if near else ''}"


def _named(keys: KeyFilter | Names) -> Iterable[str]:
    return (name for _, name in _placed(keys, ()))


def _placed(keys: KeyFilter | Names, place: Place) -> Iterator[tuple[Place, str]]:
    """Every name in a key, with the way to it."""
    if isinstance(keys, str):
        yield place, keys
    else:
        for step, each in keys.items() if isinstance(keys, dict) else enumerate(keys):
            yield from _placed(each, (*place, step))


def is_watched(key: tuple[str, ...], keys: KeyFilter, state: StateDefinition) -> bool:
    """Whether a rule that names these keys watches a key of the state."""
    if keys == ANY:
        return True
    if isinstance(keys, dict) and isinstance(state.key, tuple):
        parts = dict(zip(state.key, key, strict=False))
        return all(fold(parts.get(part, "")) in _folded(names, state) for part, names in keys.items())
    watched = _folded(keys, state)
    if state.key == KeyKind.DYAD and len(watched) > 1:
        return {fold(part) for part in key} <= watched
    return any(fold(part) in watched for part in (key if state.key == KeyKind.DYAD else key[:1]))


def _folded(keys: KeyFilter | Names, state: StateDefinition) -> set[str]:
    return {fold(_written(name, state)) for name in _named(keys)}


def _written(name: str, state: StateDefinition) -> str:
    """A name as facts have it: without the sign of a reference, and countries by their one name."""
    country = find_country(name) if state.key == KeyKind.COUNTRY else None
    return country.name if country else name.removeprefix("$")
