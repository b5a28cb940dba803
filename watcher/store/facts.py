"""Facts in the store: what the files say, what the desk asserts, and what of it was known when."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row

from watcher.core.errors import DataError, UsageError
from watcher.core.event import Basis
from watcher.core.fact import DESK, Citation, Fact, FactVersion, Verified, known_on
from watcher.core.period import partial_date
from watcher.store import schema, versions
from watcher.store.citations import find_citations
from watcher.store.order import Bound
from watcher.store.versions import Book, Changes, Draft

_BOOK = Book(schema.fact, Fact, ("state", "key", "since"), per_source=True)

#: What makes two facts the same: state, key, and ``from`` as written.
Identity = tuple[str, tuple[str, ...], str]


def sync_facts(
    tx: Connection, source: str, facts: Sequence[Fact], citations: Mapping[str, Citation], *, now: datetime
) -> Changes:
    """Make a file's facts equal to what it says now; what it no longer says is closed at ``now``.

    :raises DataError: when two facts have the same identity, for one would silently replace the other.
    """
    _refuse_twins(source, facts)
    drafts = [_draft(fact, citations) for fact in facts]
    return versions.sync(tx, _BOOK, source=source, drafts=drafts, now=now)


def sync_fact_files(
    tx: Connection, files: Mapping[str, Sequence[Fact]], citations: Mapping[str, Citation], *, now: datetime
) -> Changes:
    """Make the facts of all files equal to what they say now; a file that is gone says nothing.

    The names are sources: ``file:`` and the file's name. What the desk asserted is left alone.
    """
    changes = Changes()
    for source in sorted((versions.live_sources(tx, _BOOK) - {DESK}) | set(files)):
        changes = changes.and_also(sync_facts(tx, source, files.get(source, ()), citations, now=now))
    return changes


def assert_fact(tx: Connection, fact: Fact, *, now: datetime) -> FactVersion:
    """Store what the desk asserts, as a new fact or as a revision of what it asserted before."""
    draft = _draft(fact, find_citations(tx))
    current = versions.current_of(tx, _BOOK, draft.identity).get(DESK)
    if current is None or not versions.is_same(_BOOK, current, draft):
        first = not versions.is_stored(tx, _BOOK, draft.identity)
        versions.put(tx, _BOOK, source=DESK, draft=draft, current=current, first=first, now=now)
    return _version(versions.current_of(tx, _BOOK, draft.identity)[DESK])


def confirm_fact(tx: Connection, identity: Identity, *, now: datetime, note: str = "") -> FactVersion:
    """Store that the desk has checked a fact today, whoever said it first; a file's own fact stays as it is.

    :raises UsageError: when there is no such fact.
    """
    found = versions.current_of(tx, _BOOK, _columns(identity))
    if not found:
        raise _no_such_fact(identity)
    fact = _version(found.get(DESK) or max(found.values(), key=lambda row: row.version)).fact
    today = partial_date(now.date().isoformat())
    confirmed = fact.model_copy(update={"known": today, "verified": Verified.TRUE, "note": note or fact.note})
    return assert_fact(tx, confirmed, now=now)


def withdraw_fact(tx: Connection, identity: Identity, *, now: datetime) -> FactVersion:
    """Close what the desk asserted; it stays visible as known before.

    :raises UsageError: when the desk asserts no such fact.
    """
    found = versions.current_of(tx, _BOOK, _columns(identity))
    if DESK not in found:
        raise _no_such_fact(identity, stands_in=sorted(found))
    row = found[DESK]
    known_to = versions.close(tx, _BOOK, row, at=now, now=now)
    return _version(row)._replace(known_to=known_to)


def find_facts(
    tx: Connection,
    *,
    as_known: datetime | None = None,
    state: str | None = None,
    key: tuple[str, ...] | None = None,
    bound: Bound | None = None,
) -> list[FactVersion]:
    """The facts known at a moment, or the current ones, by state, key and first possible day.

    :param bound: what was recorded later is not seen; only with a moment.
    """
    columns = schema.fact.c
    where = [] if state is None else [columns.state == state]
    if key is not None:
        where.append(columns.key == _key_text(key))
    return sorted(map(_version, versions.find(tx, _BOOK, as_known=as_known, where=where, bound=bound)), key=_order)


def _order(version: FactVersion) -> tuple[str, tuple[str, ...], date, str, int]:
    fact = version.fact
    return (fact.state, fact.key, fact.since.first or date.min, version.source, version.version)


def _draft(fact: Fact, citations: Mapping[str, Citation]) -> Draft:
    return Draft(_columns(fact.identity), fact, known_on(fact, citations.get(fact.cite)))


def _columns(identity: Identity) -> tuple[str, str, str]:
    state, key, since = identity
    return (state, _key_text(key), since)


def _key_text(key: tuple[str, ...]) -> str:
    return json.dumps(key, ensure_ascii=False)


def _version(row: Row[Any]) -> FactVersion:
    fact = Fact.model_validate_json(row.body)
    return FactVersion(row.version, row.source, fact, row.known_from, row.known_to, Basis(row.basis), row.recorded_at)


def _refuse_twins(source: str, facts: Sequence[Fact]) -> None:
    seen: set[Identity] = set()
    for fact in facts:
        if fact.identity in seen:
            what = f"two facts say {_words(fact.identity)}"
            raise DataError(what, where=source, todo="give one of them another 'from', or remove it")
        seen.add(fact.identity)


def _no_such_fact(identity: Identity, *, stands_in: Sequence[str] = ()) -> UsageError:
    if stands_in:
        where = ", ".join(stands_in)
        return UsageError(
            f"the desk does not assert {_words(identity)}", where=where, todo="edit the file it stands in"
        )
    return UsageError(f"no fact says {_words(identity)}", todo="watcher facts lists them")


def _words(identity: Identity) -> str:
    state, key, since = identity
    return f"{state} of {', '.join(key)} from {since}"
