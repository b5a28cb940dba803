"""Books that people write, facts and stated baselines, kept like records: versions are closed, never overwritten.

A YAML file is a snapshot of its part of a book. A first version is known from the day its author names; a later one
is never known before it was written, so that a correction does not rewrite what was known.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Table, insert, or_, select, update

from watcher.core.document import Document
from watcher.core.event import Basis
from watcher.core.period import PartialDate, day_start
from watcher.store.order import Bound, book_known, newest_transition


class Changes(NamedTuple):
    """What a synchronisation changed."""

    added: int = 0
    revised: int = 0
    closed: int = 0
    #: The least knowledge time of what changed; None when nothing did.
    known_from: datetime | None = None

    def and_also(self, other: Changes) -> Changes:
        """Both together."""
        moments = [moment for moment in (self.known_from, other.known_from) if moment is not None]
        return Changes(
            self.added + other.added,
            self.revised + other.revised,
            self.closed + other.closed,
            min(moments, default=None),
        )


class Draft(NamedTuple):
    """One entry as it is written now."""

    #: Values of the book's identity columns.
    identity: tuple[str, ...]
    entry: Document
    #: The day it says it was known; None when nothing says so.
    stated: PartialDate | None


@dataclass(frozen=True, slots=True)
class Book:
    """A table of versions, and what makes two of them the same entry."""

    table: Table
    model: type[Document]
    #: Columns that identify an entry.
    identity: tuple[str, ...]
    #: Whether two sources may each hold an entry of the same identity.
    per_source: bool

    def identify(self, row: Row[Any]) -> tuple[str, ...]:
        """The identity of a stored version."""
        return tuple(getattr(row, column) for column in self.identity)


def sync(tx: Connection, book: Book, *, source: str, drafts: Sequence[Draft], now: datetime) -> Changes:
    """Make a source's entries equal to the drafts: new ones open, changed ones are revised, missing ones are closed."""
    live = {book.identify(row): row for row in _live(tx, book, source)}
    seen = _identities(tx, book)
    changes = Changes()
    for draft in drafts:
        current = live.get(draft.identity)
        if current is None or current.source != source or not is_same(book, current, draft):
            first = draft.identity not in seen
            moment = put(tx, book, source=source, draft=draft, current=current, first=first, now=now)
            changes = changes.and_also(
                Changes(added=int(current is None), revised=int(current is not None), known_from=moment)
            )
    wanted = {draft.identity for draft in drafts}
    for identity, row in live.items():
        if row.source == source and identity not in wanted:
            close(tx, book, row, at=now, now=now)
            changes = changes.and_also(Changes(closed=1, known_from=now))
    return changes


def put(
    tx: Connection, book: Book, *, source: str, draft: Draft, current: Row[Any] | None, first: bool, now: datetime
) -> datetime:
    """Open a version, close the one it replaces, and return from when the new one is known."""
    known_from, basis = _known_from(draft.stated, first=first, now=now)
    if current is not None:
        close(tx, book, current, at=known_from, now=now)
    row = {
        **dict(zip(book.identity, draft.identity, strict=True)),
        "source": source,
        "known_from": known_from,
        "basis": basis.value,
        "recorded_at": now,
        "recorded_after": newest_transition(tx),
        "body": draft.entry.model_dump_json(by_alias=True),
    }
    tx.execute(insert(book.table).values(row))
    return known_from


def close(tx: Connection, book: Book, row: Row[Any], *, at: datetime, now: datetime) -> datetime:
    """Close a version at a knowledge time, or where it would begin if that is later, and return that time."""
    known_to: datetime = max(at, row.known_from)
    closing = {"known_to": known_to, "closed_at": now, "closed_after": newest_transition(tx)}
    tx.execute(update(book.table).where(book.table.c.version == row.version).values(closing))
    return known_to


def is_same(book: Book, row: Row[Any], draft: Draft) -> bool:
    """Whether a stored version says what the draft says; a field that a newer watcher added is no difference."""
    return book.model.model_validate_json(row.body) == draft.entry


def is_stored(tx: Connection, book: Book, identity: tuple[str, ...]) -> bool:
    """Whether any version of an entry was ever stored, whoever wrote it."""
    return tx.execute(select(book.table.c.version).where(*_identified(book, identity)).limit(1)).first() is not None


def find(
    tx: Connection,
    book: Book,
    *,
    as_known: datetime | None,
    where: Collection[ColumnElement[bool]] = (),
    bound: Bound | None = None,
) -> Sequence[Row[Any]]:
    """The versions known at a moment, or the current ones, in the order of recording.

    :param bound: what was recorded later is not seen; only with a moment.
    """
    columns = book.table.c
    known: list[ColumnElement[bool]]
    if as_known is None:
        known = [columns.known_to.is_(None)]
    elif bound is not None:
        known = [book_known(book.table, as_known, bound)]
    else:
        known = [columns.known_from <= as_known, or_(columns.known_to.is_(None), columns.known_to > as_known)]
    return tx.execute(select(book.table).where(*known, *where).order_by(columns.version)).all()


def moments_of(tx: Connection, book: Book) -> list[datetime]:
    """The moments at which what is known changes, ascending."""
    columns = book.table.c
    rows = tx.execute(select(columns.known_from, columns.known_to))
    return sorted({moment for row in rows for moment in row if moment is not None})


def current_of(tx: Connection, book: Book, identity: tuple[str, ...]) -> dict[str, Row[Any]]:
    """The current versions of one entry, by source."""
    return {row.source: row for row in find(tx, book, as_known=None, where=_identified(book, identity))}


def live_sources(tx: Connection, book: Book) -> set[str]:
    """The sources that have a current version."""
    columns = book.table.c
    return set(tx.execute(select(columns.source).where(columns.known_to.is_(None)).distinct()).scalars())


def _identified(book: Book, identity: tuple[str, ...]) -> list[ColumnElement[bool]]:
    return [book.table.c[column] == value for column, value in zip(book.identity, identity, strict=True)]


def _live(tx: Connection, book: Book, source: str) -> Sequence[Row[Any]]:
    where = [book.table.c.source == source] if book.per_source else []
    return find(tx, book, as_known=None, where=where)


def _identities(tx: Connection, book: Book) -> set[tuple[str, ...]]:
    return {tuple(row) for row in tx.execute(select(*(book.table.c[name] for name in book.identity)).distinct())}


def _known_from(stated: PartialDate | None, *, first: bool, now: datetime) -> tuple[datetime, Basis]:
    if stated is None or stated.last is None:
        return now, Basis.LOAD
    moment = day_start(stated.last)
    # Only a first version may reach back: whatever was answered before a correction was answered without it.
    return (moment, Basis.STAMP) if first or moment >= now else (now, Basis.LOAD)
