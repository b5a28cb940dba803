"""``transition``: whether the state of an entity has changed.

The states and their facts are the catalogue's; which changes a fact makes is decided in :mod:`watcher.core.timeline`,
and what follows from records that nobody states in :mod:`watcher.core.derivation`. Each key that ever changed has one
reading, about its newest change. A claim is told as a claim: who says so, and whether anybody confirmed it; and what is
derived as derived.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Annotated, NamedTuple

from pydantic import ConfigDict, Field, model_validator

from watcher.core.catalogue import Catalogue
from watcher.core.derivation import Derived, Key, as_facts, derive, known_at, state_indicators
from watcher.core.detectors.frame import Defaults, Place, by_name, counted, period_text, record_sources
from watcher.core.detectors.state_key import KeyFilter, is_watched, key_problems
from watcher.core.document import Document
from watcher.core.fact import DERIVED, DESK, Fact, FactVersion, KeyKind, StateDefinition, Verified
from watcher.core.indicator import Indicator
from watcher.core.label import Labels, labels
from watcher.core.period import DAY, PartialDate
from watcher.core.picture import Lane, Span, StatePicture
from watcher.core.reading import Kind, Output, Reading, Telling, Value, day_text
from watcher.core.snapshot import Snapshot
from watcher.core.timeline import Change, by_key, changes, confirmed_on, effective, spans_of, stale_days, timeline

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
        Output("basis", Kind.TEXT, "asserted by somebody, or derived from records."),
        Output("state", Kind.TEXT, "The state's name."),
        Output("key", Kind.TEXT, "What it is a state of, the parts joined by '-'."),
    )
}
EVENT_LIKE = True

KEEP_FIRING_FOR = timedelta(days=14)

#: Records that are named behind a derived change.
_NAMED = 10

_PROOF = {
    Verified.TRUE: "confirmed by others",
    Verified.PARTLY: "partly verified",
    Verified.FALSE: "called unverified",
}


class Parameters(Document):
    """What stands under ``transition``: one state's name with the keys to watch, and ``at_least``."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, KeyFilter] = Field(init=False)

    at_least: Annotated[str, Field(pattern="^([A-F][1-6])?$")] = ""
    """Only facts whose citation has this Admiralty grade or a better one, in both letters: B2; nothing derived."""

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


def problems(parameters: Parameters, catalogue: Catalogue) -> Iterable[tuple[Place, str]]:
    """A state, a part of its key or an actor that the catalogue does not know."""
    name = parameters.state
    yield from (((name,), text) for _, text in by_name(catalogue.states, "state", name, name))
    if name in catalogue.states:
        yield from key_problems(parameters.keys, catalogue.states[name], catalogue)


def indicators(parameters: Parameters, catalogue: Catalogue) -> tuple[Indicator, ...]:
    """What the derivations of the state count; none where it is only ever stated."""
    state = catalogue.states.get(parameters.state)
    return state_indicators(state, catalogue) if state else ()


class Account(NamedTuple):
    """Everything that is known of one key of a state, as of a day."""

    state: StateDefinition
    asserted: Sequence[FactVersion]
    derived: Sequence[Derived]
    today: date

    @property
    def changes(self) -> list[Change]:
        """The changes of what counts: facts, and what is derived where no fact does."""
        counts = effective(self.asserted, as_facts(self.state, self.derived), self.state.review)
        return changes(counts, self.today)

    def behind(self, change: Change) -> Derived | None:
        """What a change was derived from; None when somebody asserts it."""
        return self.derived[-1 - change.fact.version] if change.is_derived else None

    @property
    def stale(self) -> dict[int, date]:
        """Since when a fact is stale, by its version."""
        days = stale_days(self.asserted, self.state.review)
        return {version: day for version, day in days.items() if day <= self.today}


def read(parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per key that ever changed, about its newest change, in the order of the keys."""
    state = catalogue.states[parameters.state]
    for key, account in _accounts(parameters, state, catalogue, snapshot):
        made = account.changes if is_watched(key, parameters.keys, state) else []
        if made:
            yield replace(
                _reading(made[-1], account, catalogue, snapshot), stated=tuple(_occurrence(each) for each in made)
            )


def _accounts(
    parameters: Parameters, state: StateDefinition, catalogue: Catalogue, snapshot: Snapshot
) -> Iterator[tuple[Key, Account]]:
    trusted = [each for each in snapshot.facts(state.state) if _is_trusted(each.fact, parameters.at_least, catalogue)]
    told = dict(by_key(trusted))
    # A grade is asked for, and nobody grades what is derived.
    derived = {} if parameters.at_least else derive(state, catalogue, snapshot, spelled=told)
    for key in sorted({*told, *derived}):
        yield key, Account(state, told.get(key, []), derived.get(key, []), snapshot.as_known.date())


def _is_trusted(fact: Fact, at_least: str, catalogue: Catalogue) -> bool:
    """Whether a fact's citation has the grade asked for; without a citation it has none."""
    citation = catalogue.citations.get(fact.cite)
    if not at_least:
        return True
    return citation is not None and citation.reliability <= at_least[0] and citation.credibility <= int(at_least[1])


def _occurrence(change: Change) -> str:
    fact = change.fact.fact
    return "|".join((fact.state, "-".join(fact.key), change.after, str(change.since), change.ended))


def _reading(change: Change, account: Account, catalogue: Catalogue, snapshot: Snapshot) -> Reading:
    fact, derived = change.fact.fact, account.behind(change)
    if derived is not None:
        change = change._replace(known_at=max(change.known_at, known_at(derived, snapshot)))
    key = "-".join(fact.key)
    return Reading(
        labels=_labels(fact.key, account.state),
        values=_values(change, key),
        occurrence=_occurrence(change),
        known_at=change.known_at,
        watermark=account.today,
        tell=partial(_telling, change, account, catalogue, snapshot),
    )


def _telling(change: Change, account: Account, catalogue: Catalogue, snapshot: Snapshot) -> Telling:
    fact, citation = change.fact.fact, catalogue.citations.get(change.fact.fact.cite)
    said, told = _change_words(change, catalogue), _attribution(change.fact, catalogue)
    headline = f"{_key_title(fact.key, account.state, catalogue)}: {said} ({told})"
    counted_in, source = _counted(account.behind(change), snapshot)
    return Telling(
        headline=headline,
        sentence=f"{headline}.",
        what=" ".join(_what(change, catalogue)),
        sure=_sure(change, told, catalogue),
        unknown=(*_unknown(change, catalogue), *_doubts(change, account, catalogue)),
        source=(citation.reference,) if citation else source,
        arithmetic=(*_history(account, catalogue), *counted_in),
        cites=(fact.cite,) if fact.cite else (),
        picture=_picture(change, account, catalogue),
    )


def _picture(change: Change, account: Account, catalogue: Catalogue) -> StatePicture:
    """The key's values over time, as far back as a day is known."""
    lane = Lane(_key_title(change.fact.fact.key, account.state, catalogue), tuple(_lane(account, catalogue)))
    begun = min(span.first for span in lane.spans if span.first) if any(span.first for span in lane.spans) else None
    first = min(begun or account.today, account.today)
    margin = max(timedelta(days=30), (account.today - first) / 10)
    return StatePicture(account.state.title or account.state.state, (lane,), first - margin, account.today)


def _lane(account: Account, catalogue: Catalogue) -> Iterator[Span]:
    """The values that count, one after the other."""
    counts = effective(account.asserted, as_facts(account.state, account.derived), account.state.review)
    for version, _, over in spans_of(counts):
        first = version.fact.since.first
        if first is not None and first > account.today:
            return
        last = over - DAY if over <= account.today else None
        yield Span(_value_words(version.fact, catalogue), first, last, version.source == DERIVED)


def _counted(derived: Derived | None, snapshot: Snapshot) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was counted behind a derived change, and where the records are from."""
    if derived is None:
        return (), ()
    indicator = derived.series.indicator
    records = snapshot.events(indicator, derived.series.group, derived.period)
    names = [f"{each.event.external_id} ({day_text(each.event.date_end)})" for each in records[-_NAMED:]]
    more = ["..."] if len(records) > _NAMED else []
    listed = f": {', '.join([*more, *names])}" if names else ""
    total = f"Counted: {counted(derived.total, indicator.noun)}, {period_text(derived.period)}{listed}"
    return (total,), (record_sources(indicator, records),)


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
        "basis": "derived" if change.is_derived else "asserted",
        "state": fact.state,
        "key": key,
    }


def _key_title(key: tuple[str, ...], state: StateDefinition, catalogue: Catalogue) -> str:
    names = [_name(part, catalogue) for part in key]
    if state.key == KeyKind.DYAD:
        return " and ".join(names)
    # Of a key in parts, the short name: "AQIM, head (leader)", "Islamic State, South Africa (threat)".
    what = state.state if isinstance(state.key, tuple) else state.title or state.state
    return f"{', '.join(names)} ({what})"


def _name(text: str, catalogue: Catalogue) -> str:
    """What messages call an actor or a place; any other text stands for itself."""
    place = catalogue.places.get(text)
    return (place.title or text) if place and text not in catalogue.actors else catalogue.actor_name(text)


def _change_words(change: Change, catalogue: Catalogue) -> str:
    """``strained -> clashing since 17 Apr 2020``, or ``Abdelmalek Droukdel killed, 3 Jun 2020``."""
    before = _value_words(change.previous.fact, catalogue) if change.previous and change.before else ""
    if before and change.previous and change.previous.source == DERIVED:
        before += " (derived)"
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
    if version.source == DERIVED:
        return f"derived from {fact.note}"
    proof = _PROOF.get(fact.verified, "not verified")
    if fact.claimed_by:
        return f"claimed by {fact.claimed_by}, {proof}"
    author = (citation.author or citation.publisher or citation.citation) if citation else fact.cite
    by = f"stated by {author}" if author else "asserted by the desk" if version.source == DESK else "no source stated"
    return by if fact.verified is Verified.UNSTATED else f"{by}, {proof}"


def _what(change: Change, catalogue: Catalogue) -> Iterator[str]:
    yield f"Known since {day_text(change.known_at.date())}."
    if change.previous is not None and change.held_days is not None:
        yield f"{_value_words(change.previous.fact, catalogue)} had held for {counted(change.held_days, 'days')}."
    if change.fact.fact.note and not change.is_derived:
        yield f"Note of the desk: {change.fact.fact.note.removesuffix('.')}."


def _sure(change: Change, told: str, catalogue: Catalogue) -> str:
    if change.is_derived:
        return "Derived from records by the state's own rule; nobody asserts it."
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


def _doubts(change: Change, account: Account, catalogue: Catalogue) -> Iterator[str]:
    """Facts that nobody has confirmed for too long, and records that say something else than the facts."""
    for version in account.asserted:
        if stale := account.stale.get(version.version):
            since = day_text(confirmed_on(version, account.asserted))
            value = _value_words(version.fact, catalogue)
            yield f"Whether {value} still holds: not confirmed since {since}, stale since {day_text(stale)}."
    newest = account.derived[-1] if account.derived else None
    if newest is not None and newest.value != change.after:
        yield f"The records say {newest.value} since {day_text(newest.day)} (derived from {newest.reason})."


def _history(account: Account, catalogue: Catalogue) -> Iterator[str]:
    """Every fact of the key, and everything derived, in order, as ``watcher explain`` prints them."""
    derived = as_facts(account.state, account.derived)
    for version in sorted((*timeline(account.asserted), *derived), key=lambda each: each.fact.since.first or date.min):
        fact, stale = version.fact, account.stale.get(version.version)
        until = f" until {_date_words(fact.until)}" if fact.until else ""
        ended = f", {fact.ended}" if fact.ended else ""
        known = "" if version.source == DERIVED else f"; known {day_text(version.known_from.date())}"
        old = f"; stale since {day_text(stale)}" if stale else ""
        yield (
            f"From {_date_words(fact.since)}{until}: {_value_words(fact, catalogue)}{ended} "
            f"({_attribution(version, catalogue)}{known}{old})"
        )
