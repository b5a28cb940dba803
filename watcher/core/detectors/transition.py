"""``transition``: whether the state of an entity has changed.

The states and their facts are the catalogue's; which changes a fact makes is decided in :mod:`watcher.core.timeline`.
Each key that ever changed has one reading, about its newest change. A claim is told as a claim: who says so, and
whether anybody confirmed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from watcher.core.catalogue import Catalogue
from watcher.core.country import find_country, suggest
from watcher.core.detectors.frame import Defaults, by_name, unknown_name
from watcher.core.document import Document
from watcher.core.fact import DESK, Fact, FactVersion, KeyKind, StateDefinition, Verified
from watcher.core.label import Labels, fold, labels
from watcher.core.period import PartialDate
from watcher.core.reading import Kind, Output, Reading, Value, day_text
from watcher.core.snapshot import Snapshot
from watcher.core.timeline import Change, by_key, changes, timeline

OUTPUTS: Mapping[str, Output] = {
    output.name: output
    for output in (
        Output("from", Kind.TEXT, "The value before; empty when it was not known or nothing held."),
        Output("to", Kind.TEXT, "The value after; empty when it ended without a successor."),
        Output("since", Kind.DATE, "First possible day of the change; the sentence has the date as it was written."),
        Output("known", Kind.DATE, "The day on which it became known."),
        Output(
            "held_days", Kind.DAYS, "Days the value before had held; none when one of the dates is not a known day."
        ),
        Output("ended", Kind.TEXT, "How the value before ended: killed, captured, replaced, ...; empty when not said."),
        Output("claimed_by", Kind.TEXT, "Who claims it; empty when the cited author states it."),
        Output("verified", Kind.TEXT, "Whether somebody else confirmed it: true, false, partly, unstated."),
        Output("state", Kind.TEXT, "The state's name."),
        Output("key", Kind.TEXT, "What it is a state of, the parts joined by '-'."),
    )
}
EVENT_LIKE = True

KEEP_FIRING_FOR = timedelta(days=14)

#: Every key of the state.
ANY = "any"
Names = str | tuple[str, ...]
#: What stands after the state's name: ``any``, one key, a list, or named parts.
KeyFilter = str | tuple[str, ...] | dict[str, Names]

_PROOF = {Verified.TRUE: "confirmed by others", Verified.PARTLY: "partly verified"}


class Parameters(Document):
    """What stands under ``transition``: one state's name with the keys to watch, and ``at_least``."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, KeyFilter] = Field(init=False)

    at_least: Annotated[str, Field(pattern="^([A-F][1-6])?$")] = ""
    """Only facts whose citation has this Admiralty grade or a better one, in both letters: B2."""

    @model_validator(mode="after")
    def _names_one_state(self) -> Parameters:
        if len(self.__pydantic_extra__) != 1:
            named = ", ".join(self.__pydantic_extra__) or "none"
            msg = f"expected exactly one state with the keys to watch, e.g. {{rivalry: [$isgs, $jnim]}}; found: {named}"
            raise ValueError(msg)
        return self

    @property
    def state(self) -> str:
        """The state's name."""
        return next(iter(self.__pydantic_extra__))

    @property
    def keys(self) -> KeyFilter:
        """Which keys of the state are watched."""
        return self.__pydantic_extra__[self.state]


def defaults(_parameters: Parameters, _catalogue: Catalogue) -> Defaults:
    """No condition: every change is one. It fires for 14 days after becoming known."""
    return Defaults(keep_firing_for=KEEP_FIRING_FOR)


def problems(parameters: Parameters, catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """A state, a part of its key or an actor that the catalogue does not know."""
    name = parameters.state
    yield from by_name(catalogue.states, "state", name, name)
    if name in catalogue.states:
        yield from _key_problems(parameters.keys, catalogue.states[name], catalogue)


def _key_problems(keys: KeyFilter, state: StateDefinition, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    parts = state.key if isinstance(state.key, tuple) else ()
    for part in keys if isinstance(keys, dict) else ():
        if part not in parts:
            yield state.state, unknown_name("key part", part, parts)
    for name in _named(keys):
        if name != ANY:
            yield from ((state.state, text) for text in _name_problems(name, state, catalogue))


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
    if isinstance(keys, str):
        yield keys
    else:
        for each in keys.values() if isinstance(keys, dict) else keys:
            yield from _named(each)


def read(parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per key that ever changed, about its newest change, in the order of the keys."""
    state, today = catalogue.states[parameters.state], snapshot.as_known.date()
    trusted = [each for each in snapshot.facts(state.state) if _is_trusted(each.fact, parameters.at_least, catalogue)]
    for key, versions in by_key(trusted):
        made = changes(versions, today) if _is_watched(key, parameters.keys, state) else []
        if made:
            yield _reading(made[-1], versions, state, catalogue, snapshot)


def _is_trusted(fact: Fact, at_least: str, catalogue: Catalogue) -> bool:
    """Whether a fact's citation has the grade asked for; without a citation it has none."""
    citation = catalogue.citations.get(fact.cite)
    if not at_least:
        return True
    return citation is not None and citation.reliability <= at_least[0] and citation.credibility <= int(at_least[1])


def _is_watched(key: tuple[str, ...], keys: KeyFilter, state: StateDefinition) -> bool:
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


def _reading(
    change: Change, versions: Sequence[FactVersion], state: StateDefinition, catalogue: Catalogue, snapshot: Snapshot
) -> Reading:
    fact, citation = change.fact.fact, catalogue.citations.get(change.fact.fact.cite)
    said, told = _change_words(change, catalogue), _attribution(change.fact, catalogue)
    headline = f"{_key_title(fact.key, state, catalogue)}: {said} ({told})"
    key = "-".join(fact.key)
    return Reading(
        labels=_labels(fact.key, state),
        values=_values(change, key),
        occurrence="|".join((state.state, key, change.after, str(change.since), change.ended)),
        known_at=change.known_at,
        headline=headline,
        sentence=f"{headline}.",
        what=" ".join(_what(change, catalogue)),
        sure=_sure(change, told, catalogue),
        unknown=tuple(_unknown(change, catalogue)),
        source=(citation.reference,) if citation else (),
        arithmetic=tuple(_history(versions, catalogue)),
        watermark=snapshot.as_known.date(),
        cites=(fact.cite,) if fact.cite else (),
    )


def _labels(key: tuple[str, ...], state: StateDefinition) -> Labels:
    parts = dict(zip(state.key, key, strict=False)) if isinstance(state.key, tuple) else {"key": "-".join(key)}
    return labels({"state": state.state, **parts})


def _values(change: Change, key: str) -> dict[str, Value]:
    fact = change.fact.fact
    return {
        "from": change.before,
        "to": change.after,
        "since": change.since.first,
        "known": change.known_at.date(),
        "held_days": change.held_days,
        "ended": change.ended,
        "claimed_by": fact.claimed_by,
        "verified": fact.verified.value,
        "state": fact.state,
        "key": key,
    }


def _key_title(key: tuple[str, ...], state: StateDefinition, catalogue: Catalogue) -> str:
    names = [_name(part, catalogue) for part in key]
    if state.key == KeyKind.DYAD:
        return " and ".join(names)
    return ", ".join(names) if isinstance(state.key, tuple) else f"{', '.join(names)} ({state.title or state.state})"


def _name(text: str, catalogue: Catalogue) -> str:
    """What messages call an actor or a place; any other text stands for itself."""
    place = catalogue.places.get(text)
    return (place.title or text) if place and text not in catalogue.actors else catalogue.actor_name(text)


def _change_words(change: Change, catalogue: Catalogue) -> str:
    """``strained -> clashing since 17 Apr 2020``, or ``Abdelmalek Droukdel killed, 3 Jun 2020``."""
    before = _value_words(change.previous.fact, catalogue) if change.previous and change.before else ""
    if not change.after:
        return f"{before} {change.ended}, {_date_words(change.since)}"
    after = _value_words(change.fact.fact, catalogue)
    ended = f" ({_ended_words(change)})" if change.ended else ""
    since = f"since {_date_words(change.since)}"
    return f"{before}{ended} -> {after} {since}" if before else f"{after} {since}, not known before"


def _ended_words(change: Change) -> str:
    """How the value before ended; a claim of the earlier fact stays one beside the later fact."""
    fact = change.previous.fact if change.previous else change.fact.fact
    claimed = fact.claimed_by and fact.verified is not Verified.TRUE
    return f"{change.ended}, as {fact.claimed_by} claims" if claimed else change.ended


def _value_words(fact: Fact, catalogue: Catalogue) -> str:
    at_least = "at least " if fact.at_least else ""
    extent = f" ({fact.extent} of it)" if fact.extent else ""
    return f"{at_least}{_name(fact.value, catalogue)}{extent}"


def _date_words(day: PartialDate) -> str:
    return day_text(day.first) if day.is_exact and day.first else str(day)


def _attribution(version: FactVersion, catalogue: Catalogue) -> str:
    """Who says so: ``claimed by al-Naba, not verified``; a claim is never told as anything else."""
    fact, citation = version.fact, catalogue.citations.get(version.fact.cite)
    proof = _PROOF.get(fact.verified, "not verified")
    if fact.claimed_by:
        return f"claimed by {fact.claimed_by}, {proof}"
    author = (citation.author or citation.publisher or citation.citation) if citation else fact.cite
    by = f"stated by {author}" if author else "asserted by the desk" if version.source == DESK else "no source stated"
    return by if fact.verified is Verified.UNSTATED else f"{by}, {proof}"


def _what(change: Change, catalogue: Catalogue) -> Iterator[str]:
    yield f"Known since {day_text(change.known_at.date())}."
    if change.previous is not None and change.held_days is not None:
        yield f"{_value_words(change.previous.fact, catalogue)} had held for {change.held_days} days."
    if change.fact.fact.note:
        yield f"Note of the desk: {change.fact.fact.note.removesuffix('.')}."


def _sure(change: Change, told: str, catalogue: Catalogue) -> str:
    fact, citation = change.fact.fact, catalogue.citations.get(change.fact.fact.cite)
    opening = "A claim, not an established fact: " if fact.claimed_by and fact.verified is not Verified.TRUE else ""
    grade = f"; source graded {citation.grade} by the desk" if citation else ""
    said = f"{opening}{told}{grade}."
    return said[0].upper() + said[1:]


def _unknown(change: Change, catalogue: Catalogue) -> Iterator[str]:
    if not change.since.is_exact:
        yield f"The day of the change; known is only {change.since}."
    if change.after and not change.before:
        yield "What held before."
    elif change.previous is not None and not change.previous.fact.since.is_exact:
        yield f"From which day {_value_words(change.previous.fact, catalogue)} held (stated: {change.previous.fact.since})."


def _history(versions: Sequence[FactVersion], catalogue: Catalogue) -> Iterator[str]:
    """Every fact of the key, in order, as ``watcher explain`` prints them."""
    for version in timeline(versions):
        fact = version.fact
        until = f" until {_date_words(fact.until)}" if fact.until else ""
        ended = f", {fact.ended}" if fact.ended else ""
        known = f"known {day_text(version.known_from.date())}"
        yield (
            f"From {_date_words(fact.since)}{until}: {_value_words(fact, catalogue)}{ended} "
            f"({_attribution(version, catalogue)}; {known})"
        )
