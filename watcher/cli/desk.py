"""What the desk says in its own name: facts on the command line, read and checked as those in files are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from watcher.cli.facts import key_text, said_by
from watcher.cli.opening import open_settings, open_store
from watcher.cli.rulebook import did_you_mean
from watcher.cli.table import safe
from watcher.config.document import load_document
from watcher.config.facts import read_fact
from watcher.core.catalogue import Catalogue
from watcher.core.country import find_country
from watcher.core.errors import ConfigError, UsageError
from watcher.core.event import Basis
from watcher.core.fact import DESK, Fact, FactVersion, KeyKind, StateDefinition
from watcher.core.label import fold
from watcher.core.rule import RuleSet
from watcher.core.timeline import forbidden
from watcher.store.citations import find_citations
from watcher.store.engine import Store
from watcher.store.facts import Identity, find_facts
from watcher.store.schema import Tx
from watcher.wiring import load_rule_set

#: What a part of a fact is called on the command line, where that is no option of the same name.
_PLACES = {"is": "VALUE", "from": "--from"}


class Desk:
    """The rules and the store, opened for whoever speaks for the desk."""

    def __init__(self, config: Path | None) -> None:
        settings = open_settings(config)
        self.rules: RuleSet = load_rule_set(settings)
        self.store: Store = open_store(settings)

    def state(self, name: str) -> StateDefinition:
        """A state by its name.

        :raises UsageError: when there is none.
        """
        states = self.rules.catalogue.states
        if name not in states:
            raise UsageError(f"there is no state {name!r}", todo=did_you_mean(name, states))
        return states[name]

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def open_desk(config: Path | None) -> closing[Desk]:
    """Open the desk, to be closed at the end of a ``with``."""
    return closing(Desk(config))


def read(state: StateDefinition, key: str, value: str, rest: Mapping[str, Any], catalogue: Catalogue) -> Fact:
    """A fact as it stands on the command line, checked as one in a file would be.

    :raises UsageError: with what is wrong, and what to write instead.
    """
    given = {name: each for name, each in rest.items() if each not in {None, "", False}}
    raw = {state.state: _raw_key(key, state, catalogue), "is": _raw_value(value, state, catalogue), **given}
    try:
        # JSON is YAML, and a document knows the places that the checks speak of.
        document = load_document(json.dumps(raw, ensure_ascii=False))
    except ConfigError as error:
        raise UsageError(error.problems[0].summary, todo=error.problems[0].hint) from None
    fact = read_fact(document.value, (), document, catalogue)
    if isinstance(fact, Fact):
        return fact
    step = str(fact[0].path[0]) if fact[0].path else ""
    place = "KEY" if step == state.state else _PLACES.get(step, f"--{step.replace('_', '-')}" if step else "")
    summary, hint = (text.replace("$", "").replace("'from'", "'--from'") for text in (fact[0].summary, fact[0].hint))
    raise UsageError(summary, where=place, todo=hint)


def identify(tx: Tx, state: StateDefinition, key: str, since: str | None, *, ours: bool = False) -> Identity:
    """The current fact that is meant; its date may be left out where there is only one.

    :param ours: whether only what the desk asserted or confirmed can be meant, where it did so for this key.

    :raises UsageError: when there is none, or more than one.
    """
    current = find_facts(tx, state=state.state)
    wanted = _plain_key(key, state)
    meant = [version for version in current if _comparable(version.fact.key, state) == wanted]
    mine = [version for version in meant if version.source == DESK] if ours else []
    found = [version.fact for version in mine or meant]
    if not found:
        raise _unknown_key(key, state, sorted({key_text(version.fact.key) for version in current}))
    dates = sorted({str(fact.since) for fact in found})
    if since is None and len(dates) > 1:
        raise UsageError(
            f"there are {len(dates)} facts on {state.state} of {key_text(found[0].key)}",
            todo=f"say which with --from: {', '.join(dates)}",
        )
    if since is not None and since not in dates:
        raise UsageError(
            f"no fact on {state.state} of {key_text(found[0].key)} is from {since!r}",
            where="--from",
            todo=f"from: {', '.join(dates)}",
        )
    return (state.state, found[0].key, since or dates[0])


def _unknown_key(key: str, state: StateDefinition, known: Sequence[str]) -> UsageError:
    hint = did_you_mean(key, known)
    if state.derived and not hint.startswith("did you mean"):
        what = (
            f"nobody asserts {state.state} of {key!r}, and what is derived from records is not confirmed or withdrawn"
        )
        return UsageError(what, todo=f"to state it yourself: watcher assert {state.state}")
    return UsageError(f"nothing is known of {state.state} of {key!r}", todo=hint)


def refuse_transition(tx: Tx, state: StateDefinition, fact: Fact, now: datetime) -> None:
    """Hold a new fact against those before and after it on the timeline of its key.

    :raises UsageError: when the state does not go that way.
    """
    current = find_facts(tx, state=state.state, key=fact.key)
    others = [each for each in current if each.source != DESK or str(each.fact.since) != str(fact.since)]
    stated = FactVersion(0, DESK, fact, now, None, Basis.LOAD, now)
    for before, after in forbidden(state, [*others, stated]):
        if stated is before or stated is after:
            first, second = before.fact, after.fact
            dates = {"since": str(first.since), "then": str(second.since)}
            why, _, may = state.refusal(first.value, second.value, **dates).partition("; ")
            raise UsageError(why, where="VALUE", todo=may)


def sentence(version: FactVersion, tx: Tx) -> str:
    """A fact on one line: what it says, who says so, and from when it was known."""
    fact = version.fact
    until = f" until {fact.until}" if fact.until else ""
    ended = f", {fact.ended}" if fact.ended else ""
    cite = find_citations(tx).get(fact.cite)
    known = f"known from {version.known_from:%Y-%m-%d}"
    text = f"{fact.state} of {key_text(fact.key)} is {fact.value} from {fact.since}{until}{ended}"
    return safe(f"{text}; {said_by(version, cite)}; {known}")


# --- the key and the value ----------------------------------------------------------------------------------------------


def _parts(key: str, state: StateDefinition) -> Any:
    """A key as YAML would have it: a list for two actors, a map for named parts, else text."""
    if key.startswith(("[", "{")):
        try:
            return load_document(key).value
        except ConfigError as error:
            raise UsageError(error.problems[0].summary, where="KEY", todo=error.problems[0].hint) from None
    if state.key == KeyKind.DYAD:
        return [each.strip() for each in re.split("[,-]", key)]
    if isinstance(state.key, tuple):
        pieces = [each.strip() for each in key.split(",")]
        if all("=" in each for each in pieces):
            return dict(each.split("=", 1) for each in pieces)
        return dict(zip(state.key, pieces, strict=False)) if len(pieces) == len(state.key) else key
    return key


def _raw_key(key: str, state: StateDefinition, catalogue: Catalogue) -> Any:
    parts = _parts(key, state)
    if state.key == KeyKind.ACTOR:
        return _marked(parts)
    if state.key == KeyKind.DYAD and isinstance(parts, list):
        return [_marked(each) for each in parts]
    if isinstance(parts, dict):
        return {name: _marked(each) if each in catalogue.actors else each for name, each in parts.items()}
    return parts


def _raw_value(value: str, state: StateDefinition, catalogue: Catalogue) -> str:
    takes_actor = state.values == "actor" or ("actor" in state.values and isinstance(state.values, tuple))
    is_other = isinstance(state.values, tuple) and value in state.values
    return (
        _marked(value)
        if takes_actor and not is_other and (value in catalogue.actors or state.values == "actor")
        else value
    )


def _marked(name: object) -> Any:
    """An actor's name with the ``$`` that files write; a shell would take it for a variable."""
    return f"${name.removeprefix('$')}" if isinstance(name, str) else name


def _plain_key(key: str, state: StateDefinition) -> tuple[str, ...]:
    parts = _parts(key, state)
    names: Sequence[Any]
    if isinstance(parts, dict):
        names = [parts.get(name, "") for name in state.key]
    else:
        names = parts if isinstance(parts, list) else [parts]
    plain = [str(name).removeprefix("$") for name in names]
    if state.key == KeyKind.COUNTRY and (country := find_country(plain[0])) is not None:
        plain = [country.name]
    return _comparable(plain, state)


def _comparable(names: Iterable[str], state: StateDefinition) -> tuple[str, ...]:
    """A key for comparison: without case and accents, two actors in either order."""
    folded = list(map(fold, names))
    return tuple(sorted(folded) if state.key == KeyKind.DYAD else folded)
