"""Facts as people write them, with the state's name as their key: ``{rivalry: [$isgs, $jnim], is: clashing, ...}``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from watcher.config.document import KeyPath, MarkedDocument
from watcher.config.problem import Mistake, mistakes, near, unknown_key
from watcher.core.catalogue import Catalogue
from watcher.core.country import find_country, suggest
from watcher.core.detectors.frame import unknown_name
from watcher.core.event import Basis
from watcher.core.fact import Fact, FactVersion, KeyKind, StateDefinition
from watcher.core.label import fold
from watcher.core.timeline import forbidden

#: How the keys of YAML are called in :class:`watcher.core.fact.Fact`.
_FIELDS: Mapping[str, str] = {"is": "value", "from": "since"} | {
    name: name for name in ("until", "known", "ended", "extent", "at_least", "claimed_by", "verified", "note", "cite")
}
KEYS = tuple(_FIELDS)
_KEYS = {field: key for key, field in _FIELDS.items()}
#: The facts of a set are compared as they stand, whenever they were known.
_ANY_TIME = datetime.min.replace(tzinfo=UTC)


class FactError(ValueError):
    """A part of a fact that means nothing: where in it, what is wrong, and what to write instead."""

    def __init__(self, path: KeyPath, summary: str, hint: str = "", *, at_key: bool = False) -> None:
        super().__init__(summary)
        self.mistake = Mistake(path, summary, hint, at_key)


def read_fact(raw: object, path: KeyPath, document: MarkedDocument, catalogue: Catalogue) -> Fact | list[Mistake]:
    """A fact, or what is wrong with it."""
    if not isinstance(raw, dict):
        return [
            Mistake(
                path, "expected a map that begins with a state", "write {rivalry: [$isgs, $jnim], is: ..., from: ...}"
            )
        ]
    try:
        state = _state(raw, catalogue)
    except FactError as error:
        return [error.mistake.below(path)]
    found = list(_key_mistakes(raw, state))
    fields: dict[str, Any] = {_FIELDS[key]: value for key, value in raw.items() if key in _FIELDS}
    fields["state"] = state.state
    for field, key, read in (("key", state.state, read_key), ("value", "is", _value)):
        try:
            fields[field] = read(raw[key], state, catalogue) if key in raw else ""
        except FactError as error:
            found.append(error.mistake)
    if found:
        return [mistake.below(path) for mistake in found]
    return _checked(fields, path, document, catalogue)


def _key_mistakes(raw: Mapping[str, object], state: StateDefinition) -> Iterator[Mistake]:
    unknown = [unknown_key((key,), (state.state, *KEYS)) for key in raw if key not in _FIELDS and key != state.state]
    yield from unknown
    for key, advice in (("is", f"is: what {state.state!r} was"), ("from", "write from: unknown when nobody says")):
        if key not in raw and not any(repr(key) in mistake.hint for mistake in unknown):
            yield Mistake((), f"the key {key!r} is missing", advice)


def _state(raw: Mapping[str, object], catalogue: Catalogue) -> StateDefinition:
    named = [key for key in raw if key in catalogue.states]
    if len(named) == 1:
        return catalogue.states[named[0]]
    if named:
        summary = f"a fact is about one state; this one is about {' and '.join(named)}"
        raise FactError((named[1],), summary, at_key=True)
    unknown = next((key for key in raw if key not in _FIELDS), None)
    known = ", ".join(catalogue.states) or "none"
    if unknown is None:
        raise FactError((), "a fact begins with a state's name", f"states: {known}")
    hint = near(unknown, catalogue.states) or f"states: {known}"
    raise FactError((unknown,), f"no state {unknown!r}", hint, at_key=True)


# --- what it is about ---------------------------------------------------------------------------------------------------


def read_key(value: object, state: StateDefinition, catalogue: Catalogue) -> tuple[str, ...]:
    """What a fact is about.

    :raises FactError: when it means nothing, with the state's name at the beginning of the path.
    """
    path: KeyPath = (state.state,)
    if isinstance(state.key, tuple):
        return _parts(value, path, state.key, catalogue)
    if state.key == KeyKind.DYAD:
        if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a dyad is two
            raise FactError(path, f"{state.state!r} is about two actors", "write [$isgs, $jnim]")
        return tuple(sorted(_actor(each, (*path, index), catalogue) for index, each in enumerate(value)))
    if state.key == KeyKind.ACTOR:
        return (_actor(value, path, catalogue),)
    if state.key == KeyKind.COUNTRY:
        return (_country(value, path),)
    return (_plain(value, path, catalogue),)


def _parts(value: object, path: KeyPath, names: tuple[str, ...], catalogue: Catalogue) -> tuple[str, ...]:
    if not isinstance(value, dict) or set(value) != set(names):
        shape = ", ".join(f"{name}: ..." for name in names)
        raise FactError(path, f"expected a map of {', '.join(names)}", f"write {{{shape}}}")
    return tuple(_plain(value[name], (*path, name), catalogue) for name in names)


def _actor(value: object, path: KeyPath, catalogue: Catalogue) -> str:
    text = _text(value, path)
    name = text.removeprefix("$")
    if name not in catalogue.actors:
        raise FactError(path, f"no actor {text!r}", _near_name(name, catalogue.actors, "add it to 'actors'"))
    if name == text:
        raise FactError(path, f"an actor is written with a '$': ${name}")
    return name


def _country(value: object, path: KeyPath) -> str:
    text = _text(value, path)
    country = find_country(text)
    if country is None:
        suggestion = suggest(text)
        raise FactError(path, f"unknown country {text!r}", f"did you mean {suggestion!r}?" if suggestion else "")
    return country.name


def _plain(value: object, path: KeyPath, catalogue: Catalogue) -> str:
    """Text; ``$name`` is an actor or a place."""
    text = _text(value, path)
    if not text.startswith("$"):
        return text
    known = {**catalogue.actors, **catalogue.places}
    if text[1:] not in known:
        raise FactError(
            path, f"no actor or place {text!r}", _near_name(text[1:], known, "add it to 'actors' or 'places'")
        )
    return text[1:]


def _near_name(name: str, known: Iterable[str], otherwise: str) -> str:
    hint = near(name, known)
    return hint.replace("'", "'$", 1) if hint else otherwise


def _text(value: object, path: KeyPath) -> str:
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if not isinstance(value, str) or not value.strip():
        raise FactError(path, "expected text")
    return value


# --- what it is ---------------------------------------------------------------------------------------------------------


def _value(value: object, state: StateDefinition, catalogue: Catalogue) -> str:
    path: KeyPath = ("is",)
    text = _text(value, path)
    if state.values == "actor":
        return _actor(text, path, catalogue)
    if state.values == "person":
        return _person(text, catalogue)
    if state.values == "text" or text in state.values:
        return text
    if "actor" in state.values and text.startswith("$"):
        return _actor(text, path, catalogue)
    hint = near(text, state.values) or f"one of: {', '.join(state.values)}"
    raise FactError(path, f"{state.state!r} is never {text!r}", hint)


def _person(text: str, catalogue: Catalogue) -> str:
    """The name that messages use for a person; a person that nobody listed keeps the name as written."""
    folded = fold(text)
    for person in catalogue.people.values():
        if folded in {fold(name) for name in (person.person, *person.aliases)}:
            return person.person
    return text


# --- the rest -----------------------------------------------------------------------------------------------------------


def _checked(
    fields: Mapping[str, Any], path: KeyPath, document: MarkedDocument, catalogue: Catalogue
) -> Fact | list[Mistake]:
    try:
        fact = Fact.model_validate(fields)
    except ValidationError as error:
        return mistakes(error, document, Fact, path, spelled={**_KEYS, "key": fields["state"]})
    return [mistake.below(path) for mistake in _sense(fact, catalogue)] or fact


def _sense(fact: Fact, catalogue: Catalogue) -> Iterator[Mistake]:
    if fact.cite and fact.cite not in catalogue.citations:
        yield Mistake.of(("cite",), unknown_name("citation", fact.cite, catalogue.citations))
    last = fact.until.last if fact.until else None
    if last is not None and fact.since.first is not None and last < fact.since.first:
        yield Mistake(("until",), "'until' lies before 'from'")


# --- facts among each other -------------------------------------------------------------------------------------------


def forbidden_facts(facts: Sequence[Fact], states: Mapping[str, StateDefinition]) -> Iterator[tuple[int, str]]:
    """The position of each fact that may not follow the one before it on the timeline of its key, and why."""
    told = (FactVersion(n, "", fact, _ANY_TIME, None, Basis.STAMP, _ANY_TIME) for n, fact in enumerate(facts))
    about: defaultdict[tuple[str, tuple[str, ...]], list[FactVersion]] = defaultdict(list)
    for version in told:
        about[version.fact.state, version.fact.key].append(version)
    for (name, _), versions in about.items():
        for before, after in forbidden(states[name], versions):
            yield (
                after.version,
                states[name].refusal(before.fact.value, after.fact.value, since=str(before.fact.since)),
            )
