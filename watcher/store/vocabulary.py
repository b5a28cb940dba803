"""The vocabulary of the records: which names the store really holds, with how many events, so that nobody guesses one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection

from watcher.store.bulk import select_rows

_COUNTS = "count(*) as events, min(e.date_end), max(e.date_end)"
_CURRENT = "from event e where e.known_to is null"
#: By kind: the columns that name an entry, and what they are counted from.
_KINDS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "countries": (("country", "iso3"), f"select e.country, e.iso3, {_COUNTS} {_CURRENT}"),
    "admin1": (("admin1", "country"), f"select e.admin1, e.country, {_COUNTS} {_CURRENT}"),
    "types": (("sub_event_type", "event_type"), f"select e.sub_event_type, e.event_type, {_COUNTS} {_CURRENT}"),
    "actors": (
        ("actor", "known_as"),
        (
            "select a.name, a.canonical, count(distinct e.version) as events, min(e.date_end), max(e.date_end) "
            "from event e join event_actor x on x.event = e.version join actor a on a.id = x.actor "
            "where e.known_to is null"
        ),
    ),
}
KINDS = tuple(_KINDS)
_BY = {"countries": "e.country, e.iso3", "admin1": "e.admin1, e.country", "types": "e.sub_event_type, e.event_type"}


class Entry(NamedTuple):
    """One name of the vocabulary, with the events that are current."""

    #: What it is called, by the names of its columns: ``{"admin1": "Sahel", "country": "Burkina Faso"}``.
    names: Mapping[str, str]
    events: int
    first: date
    last: date


def find_vocabulary(tx: Connection, kind: str, *, sources: Sequence[str] = ()) -> list[Entry]:
    """Every name of a kind, the most frequent first.

    :param kind: one of :data:`KINDS`.
    :param sources: only records of these; empty for all.
    """
    columns, statement = _KINDS[kind]
    limited = f" and e.source in ({', '.join('?' * len(sources))})" if sources else ""
    grouping = _BY.get(kind, "a.name, a.canonical")
    rows = select_rows(tx, f"{statement}{limited} group by {grouping} order by events desc, 1, 2", *sources)
    return [_entry(columns, row) for row in rows if row[0] or row[1]]


def _entry(columns: tuple[str, ...], row: Sequence[Any]) -> Entry:
    *names, events, first, last = row
    return Entry(dict(zip(columns, names, strict=True)), int(events), _day(first), _day(last))


def _day(text: str) -> date:
    return date.fromisoformat(text)
