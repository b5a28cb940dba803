"""`watcher facts`: what is known of rivalry, leadership, control, ..., as of any date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import click

from watcher import clock
from watcher.cli.opening import as_known_option, config_option, end_of, open_settings, open_store
from watcher.cli.rulebook import Rulebook, did_you_mean
from watcher.cli.table import LIST_FORMATS, Column, format_option, print_rows
from watcher.core.catalogue import Catalogue
from watcher.core.derivation import as_facts, derive, known_at
from watcher.core.errors import UsageError
from watcher.core.fact import DERIVED, DESK, Citation, Fact, FactVersion, KeyKind, StateDefinition, Verified
from watcher.core.label import fold
from watcher.core.snapshot import Snapshot
from watcher.core.timeline import by_key, effective, stale_days, value_on
from watcher.feeds import query_offsets
from watcher.store.citations import find_citations
from watcher.store.facts import find_facts
from watcher.store.snapshot import StoreSnapshot

#: What a state of named parts, such as [group, role], is a state of.
PARTS = "parts"

_PROOF = {
    Verified.TRUE: "confirmed",
    Verified.FALSE: "called unverified",
    Verified.PARTLY: "partly verified",
    Verified.UNSTATED: "not verified",
}
_COLUMNS = (
    Column("holds"),
    Column("state"),
    Column("key", gives=True),
    Column("is", gives=True),
    Column("from"),
    Column("until"),
    Column("said_by", gives=True),
    Column("grade"),
    Column("known"),
    Column("source", gives=True),
    Column("note", gives=True),
)
#: Columns without which a list is shorter when nothing stands in them.
_OPTIONAL = frozenset({"until", "note"})


@click.command()
@config_option
@click.argument("state", required=False)
@click.option("--key", metavar="TEXT", help="Only what is said about this actor, place, person or country.")
@as_known_option("As it was known at the end of this day, or at this moment.", "--as-of")
@click.option(
    "--kind",
    type=click.Choice([*(kind.value for kind in KeyKind), PARTS]),
    help="Only states of this: two actors, an area, ...",
)
@format_option(*LIST_FORMATS)
def command(
    config: Path | None, *, state: str | None, key: str | None, as_known: str | None, kind: str | None, style: str
) -> int:
    r"""What is known of rivalry, leadership, control, ...: who says so, how sure, since when.

    A claim is shown as a claim, and what is derived from records as derived. HOLDS says whether a fact holds on the day
    of --as-known (today if not given): yes, no, maybe, when its dates are too vague to tell, or stale, when it would but
    nobody has confirmed it for too long. KNOWN is the day from which it was known; what became known later is not
    shown. GRADE is the Admiralty grade of the publication, the desk's own judgement.

    \b
    watcher facts
    watcher facts rivalry --as-known 2020-05-01
    watcher facts --key jnim --format json
    watcher facts --kind area
    """
    settings = open_settings(config)
    moment = end_of(as_known) if as_known else clock.wall()
    book = Rulebook(settings)
    catalogue = book.rules.catalogue if book.rules else Catalogue()
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        asserted = find_facts(tx, as_known=moment)
        citations = find_citations(tx)
        snapshot = StoreSnapshot(tx, as_known=moment, offsets=query_offsets(settings))
        derived = list(_derived(asserted, catalogue, snapshot))
    if state is not None:
        _refuse_unknown(state, asserted, catalogue)
    standing = _standing(asserted, derived, catalogue, moment.date())
    wanted = [
        each for each in sorted([*asserted, *derived], key=_order) if _is_wanted(each, state, key, kind, catalogue)
    ]
    rows = [_row(each, standing, citations.get(each.fact.cite)) for each in wanted]
    print_rows(
        rows, _columns(rows), style, empty="no such fact was known then" if as_known else "no such fact is known"
    )
    return 0


def _refuse_unknown(state: str, versions: Iterable[FactVersion], catalogue: Catalogue) -> None:
    known = sorted({*catalogue.states, *(version.fact.state for version in versions)})
    if state not in known:
        raise UsageError(f"there is no state {state!r}", todo=did_you_mean(state, known))


def _is_wanted(
    version: FactVersion, state: str | None, key: str | None, kind: str | None, catalogue: Catalogue
) -> bool:
    fact = version.fact
    if state is not None and fact.state != state:
        return False
    if kind is not None and _kind(catalogue.states.get(fact.state)) != kind:
        return False
    return key is None or any(fold(key.removeprefix("$")) in fold(name) for name in _names(fact, catalogue))


def _names(fact: Fact, catalogue: Catalogue) -> Iterator[str]:
    """Every name that is known for what a fact is about and for what it says."""
    for text in (*fact.key, fact.value):
        actor, person = catalogue.actors.get(text), catalogue.people.get(text)
        yield text
        yield from actor.spellings if actor else ()
        yield from person.aliases if person else ()


def _kind(state: StateDefinition | None) -> str:
    if state is None:
        return ""
    return state.key if isinstance(state.key, str) else PARTS


def _derived(asserted: Sequence[FactVersion], catalogue: Catalogue, snapshot: Snapshot) -> Iterator[FactVersion]:
    """What the records say of each state that has derivations, known when its records were."""
    for state in catalogue.states.values():
        keys = [each.fact.key for each in asserted if each.fact.state == state.state]
        for made in derive(state, catalogue, snapshot, spelled=keys).values():
            for version, change in zip(as_facts(state, made), made, strict=True):
                yield version._replace(known_from=known_at(change, snapshot))


def _order(version: FactVersion) -> tuple[str, tuple[str, ...], date, bool]:
    fact = version.fact
    return (fact.state, fact.key, fact.since.first or date.min, version.source == DERIVED)


#: What tells facts and derived values apart.
Identity = tuple[str, tuple[str, ...], int]


class Standing(NamedTuple):
    """What holds on a day."""

    day: date
    #: The one of each state and key that says what holds.
    winners: set[Identity]
    #: Since when the stale ones are.
    stale: dict[Identity, date]

    def holds(self, version: FactVersion) -> str:
        """Yes, maybe, no or stale."""
        identity = _identity(version)
        if identity in self.stale:
            return "stale"
        if identity not in self.winners:
            return "no"
        return "yes" if version.fact.holds_on(self.day) else "maybe"


def _identity(version: FactVersion) -> Identity:
    return (version.fact.state, version.fact.key, version.version)


def _standing(
    asserted: Sequence[FactVersion], derived: Sequence[FactVersion], catalogue: Catalogue, day: date
) -> Standing:
    standing = Standing(day, set(), {})
    for name in sorted({version.fact.state for version in (*asserted, *derived)}):
        review = catalogue.states[name].review if name in catalogue.states else None
        told = dict(by_key(version for version in asserted if version.fact.state == name))
        counted = dict(by_key(version for version in derived if version.fact.state == name))
        for key in {*told, *counted}:
            found = value_on(effective(told.get(key, []), counted.get(key, []), review), day)
            if found is not None:
                standing.winners.add(_identity(found))
            stale = stale_days(told.get(key, []), review)
            standing.stale.update({(name, key, version): since for version, since in stale.items() if since <= day})
    return standing


def _row(version: FactVersion, standing: Standing, cite: Citation | None) -> dict[str, Any]:
    fact, is_derived = version.fact, version.source == DERIVED
    return {
        "holds": standing.holds(version),
        "state": fact.state,
        "key": key_text(fact.key),
        "is": f"{fact.value}{_extent(version)}",
        "from": str(fact.since),
        "until": " ".join(filter(None, (str(fact.until or ""), fact.ended))),
        "said_by": said_by(version, cite),
        "grade": cite.grade if cite else "",
        "known": version.known_from.date(),
        "source": version.source,
        "note": "" if is_derived else fact.note,
        "parts": list(fact.key),
        "value": fact.value,
        "ended": fact.ended,
        "extent": fact.extent,
        "at_least": fact.at_least,
        "claimed_by": fact.claimed_by,
        "verified": fact.verified.value,
        "cite": fact.cite,
        "reference": cite.reference if cite else "",
        "stale_since": standing.stale.get(_identity(version)),
        "basis": DERIVED if is_derived else version.basis.value,
        "recorded_at": None if is_derived else version.recorded_at,
        "version": None if is_derived else version.version,
    }


def _extent(version: FactVersion) -> str:
    fact = version.fact
    least = "at least " if fact.at_least else ""
    return f" ({least}{fact.extent or 'that'})" if least or fact.extent else ""


def key_text(key: tuple[str, ...]) -> str:
    """A key as `assert` and `confirm` take it: ``isgs, jnim``."""
    return ", ".join(key)


def said_by(version: FactVersion, cite: Citation | None) -> str:
    """Who stands behind a fact; a claim stays a claim, and what is derived has nobody behind it."""
    fact = version.fact
    if version.source == DERIVED:
        return f"derived: {fact.note}"
    if fact.claimed_by:
        return f"claim of {fact.claimed_by}, {_PROOF[fact.verified]}"
    author = "the desk" if version.source == DESK else (cite.author or cite.publisher) if cite else ""
    proof = "" if fact.verified is Verified.UNSTATED else f", {_PROOF[fact.verified]}"
    return f"{author or 'nobody is named'}{proof}"


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    return [column for column in _COLUMNS if column.name not in _OPTIONAL or any(row[column.name] for row in rows)]
