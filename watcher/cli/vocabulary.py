"""`watcher vocabulary`: what the store really holds, so that nobody guesses a spelling."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import click

from watcher.cli.number import Whole
from watcher.cli.opening import config_option, open_settings, open_store
from watcher.cli.table import LIST_FORMATS, Column, format_option, print_rows
from watcher.core.label import fold
from watcher.store.sources import find_sources
from watcher.store.vocabulary import KINDS, Entry, find_vocabulary

#: So many names that may have been meant.
_SHOWN = 5
_COUNTS = (Column("events", right=True), Column("first"), Column("last"))
_NAMES = {
    "actors": (Column("actor", gives=True), Column("known_as")),
    "countries": (Column("country"), Column("iso3")),
    "admin1": (Column("admin1"), Column("country")),
    "types": (Column("sub_event_type"), Column("event_type")),
}
_CALLED = {"admin1": "first-level units"}


@click.command()
@config_option
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("search", nargs=-1)
@click.option(
    "--source", "sources", multiple=True, metavar="NAME", help="Only records of this source; may be repeated."
)
@click.option("--limit", type=Whole(), metavar="N", help="At most so many, the most frequent first.")
@format_option(*LIST_FORMATS)
def command(
    config: Path | None, *, kind: str, search: tuple[str, ...], sources: tuple[str, ...], limit: int | None, style: str
) -> int:
    r"""The names that the records hold, with how many events, and from when to when; the most frequent first.

    With SEARCH only those in whose names each of the words stands, accents and case aside. KNOWN AS is the actor of the
    rules whose aliases list the name, as it was when the rules were last in force.

    \b
    watcher vocabulary actors greater sahara
    watcher vocabulary admin1 --source acled
    watcher vocabulary types
    """
    settings = open_settings(config)
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        known = find_vocabulary(tx, kind, sources=sources)
        loaded = [source.name for source in find_sources(tx)]
    words = [fold(word) for word in search]
    found = [entry for entry in known if _contains(entry, words)]
    rows = [{**entry.names, "events": entry.events, "first": entry.first, "last": entry.last} for entry in found]
    empty = _nothing_like(kind, " ".join(search), known) if known else _no_records(sources, loaded)
    print_rows(islice(rows, limit), (*_NAMES[kind], *_COUNTS), style, empty=empty)
    return 0


def _contains(entry: Entry, words: Sequence[str]) -> bool:
    names = fold(" ".join(entry.names.values()))
    return all(word in names for word in words)


def _no_records(sources: Sequence[str], loaded: Sequence[str]) -> str:
    if not sources or not loaded:
        return "there are no records (see: watcher ingest)"
    return f"there are no records of {' or '.join(sources)}; sources: {', '.join(loaded)}"


def _nothing_like(kind: str, search: str, known: Sequence[Entry]) -> str:
    names = {fold(name): name for entry in known for name in entry.names.values() if name}
    near = [names[each] for each in difflib.get_close_matches(fold(search), names, n=_SHOWN)]
    near += [name for each, name in names.items() if difflib.get_close_matches(fold(search), each.split(), n=1)]
    near = list(dict.fromkeys(near))[:_SHOWN]
    hint = f"did you mean: {', '.join(near)}?" if near else "without SEARCH, all are listed"
    return f"there are no {_CALLED.get(kind, kind)} like {search!r}; {hint}"
