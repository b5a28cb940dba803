"""`watcher facts`: what is known of rivalry, leadership, control, ..., as of any date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from watcher import clock
from watcher.cli.opening import config_option, end_of, open_settings, open_store
from watcher.cli.rulebook import Rulebook, did_you_mean
from watcher.cli.table import LIST_FORMATS, Column, format_option, print_rows
from watcher.core.catalogue import Catalogue
from watcher.core.errors import UsageError
from watcher.core.fact import DESK, Citation, FactVersion, KeyKind, StateDefinition, Verified
from watcher.core.label import fold
from watcher.core.timeline import by_key, value_on
from watcher.store.citations import find_citations
from watcher.store.facts import find_facts

#: What a state of named parts, such as [group, role], is a state of.
PARTS = "parts"

_PROOF = {
    Verified.TRUE: "confirmed",
    Verified.FALSE: "not verified",
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
@click.option("--as-of", metavar="DATE", help="As it was known at the end of this day.")
@click.option(
    "--kind",
    type=click.Choice([*(kind.value for kind in KeyKind), PARTS]),
    help="Only states of this: two actors, an area, ...",
)
@format_option(*LIST_FORMATS)
def command(
    config: Path | None, *, state: str | None, key: str | None, as_of: str | None, kind: str | None, style: str
) -> int:
    r"""What is known of rivalry, leadership, control, ...: who says so, how sure, since when.

    A claim is shown as a claim. HOLDS says whether a fact holds on the day of --as-of (today if not given): yes, no, or
    maybe, when its dates are too vague to tell. KNOWN is the day from which it was known; what became known later is
    not shown. GRADE is the Admiralty grade of the publication, the desk's own judgement.

    \b
    watcher facts
    watcher facts rivalry --as-of 2020-05-01
    watcher facts --key jnim --format json
    watcher facts --kind area
    """
    settings = open_settings(config)
    moment = end_of(as_of) if as_of else clock.wall()
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        versions = find_facts(tx, as_known=moment)
        citations = find_citations(tx)
    book = Rulebook(settings)
    catalogue = book.rules.catalogue if book.rules else Catalogue()
    if state is not None:
        _refuse_unknown(state, versions, catalogue)
    wanted = [each for each in versions if _is_wanted(each, state, key, kind, catalogue)]
    rows = list(_rows(wanted, versions, citations, moment))
    print_rows(rows, _columns(rows), style, empty="no such fact was known then" if as_of else "no such fact is known")
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
    names = [*fact.key, fact.value, *(catalogue.actor_name(each) for each in (*fact.key, fact.value))]
    return key is None or any(fold(key.removeprefix("$")) in fold(name) for name in names)


def _kind(state: StateDefinition | None) -> str:
    if state is None:
        return ""
    return state.key if isinstance(state.key, str) else PARTS


def _rows(
    wanted: Sequence[FactVersion],
    versions: Sequence[FactVersion],
    citations: Mapping[str, Citation],
    moment: datetime,
) -> Iterator[dict[str, Any]]:
    winners = _winners(versions, moment.date())
    for version in wanted:
        fact, cite = version.fact, citations.get(version.fact.cite)
        yield {
            "holds": _holds(version, winners, moment.date()),
            "state": fact.state,
            "key": key_text(fact.key),
            "is": f"{fact.value}{_extent(version)}",
            "from": str(fact.since),
            "until": " ".join(filter(None, (str(fact.until or ""), fact.ended))),
            "said_by": said_by(version, cite),
            "grade": cite.grade if cite else "",
            "known": version.known_from.date(),
            "source": version.source,
            "note": fact.note,
            "parts": list(fact.key),
            "value": fact.value,
            "ended": fact.ended,
            "extent": fact.extent,
            "at_least": fact.at_least,
            "claimed_by": fact.claimed_by,
            "verified": fact.verified.value,
            "cite": fact.cite,
            "reference": cite.reference if cite else "",
            "basis": version.basis.value,
            "recorded_at": version.recorded_at,
            "version": version.version,
        }


def _winners(versions: Iterable[FactVersion], day: date) -> set[int]:
    """The version of each state and key that says what holds on a day."""
    winners: set[int] = set()
    for state in {version.fact.state for version in versions}:
        for _, each in by_key(version for version in versions if version.fact.state == state):
            found = value_on(each, day)
            if found is not None:
                winners.add(found.version)
    return winners


def _holds(version: FactVersion, winners: set[int], day: date) -> str:
    holds = version.fact.holds_on(day)
    if version.version in winners:
        return "yes" if holds else "maybe"
    return "no"


def _extent(version: FactVersion) -> str:
    fact = version.fact
    least = "at least " if fact.at_least else ""
    return f" ({least}{fact.extent or 'that'})" if least or fact.extent else ""


def key_text(key: tuple[str, ...]) -> str:
    """A key as `assert` and `confirm` take it: ``isgs, jnim``."""
    return ", ".join(key)


def said_by(version: FactVersion, cite: Citation | None) -> str:
    """Who stands behind a fact; a claim stays a claim."""
    fact = version.fact
    if fact.claimed_by:
        return f"claim of {fact.claimed_by}, {_PROOF[fact.verified]}"
    author = "the desk" if version.source == DESK else (cite.author or cite.publisher) if cite else ""
    proof = "" if fact.verified is Verified.UNSTATED else f", {_PROOF[fact.verified]}"
    return f"{author or 'nobody is named'}{proof}"


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    return [column for column in _COLUMNS if column.name not in _OPTIONAL or any(row[column.name] for row in rows)]
