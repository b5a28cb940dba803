"""Trying a source: its first page, or its newest file, read and not stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from watcher.core.errors import DataError, SourceUnavailable
from watcher.core.event import Deletion, Event, Record, Rejection
from watcher.inbox import files_of
from watcher.ingest import Feed, Pulling
from watcher.sources.pull import Page, Request

#: Rows of a file that are looked at.
_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Tried:
    """What was seen of a source."""

    #: What was looked at: ``the first page``, or the name of a file.
    what: str
    #: Whether there is more behind it.
    is_all: bool
    events: int
    deletions: int
    #: The newest day of an event; None where there is none.
    newest: date | None
    rejections: tuple[Rejection, ...]
    #: Keys of its rows that nobody knows.
    unknown: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows were looked at."""
        return self.events + self.deletions + len(self.rejections)


def try_pull(feed: Feed, pulling: Pulling, *, now: datetime, since: date | None) -> Tried:
    """Ask for the first page, and read it.

    :raises SourceUnavailable: with what is wrong, in the operator's words.
    """
    page = next(iter(pulling.module.pull(Request(pulling.settings, pulling.access, since=since))), None)
    if page is None:
        raise SourceUnavailable("it answers, and with nothing at all; please report it", where=feed.name)
    return _tried("the first page", _read(feed, BytesIO(page.lines), now), page=page)


def try_files(feed: Feed, *, now: datetime) -> Tried:
    """Read the beginning of the newest file.

    :raises SourceUnavailable: when there is none, or it cannot be read.
    """
    found = files_of(feed)
    if not found:
        paths = ", ".join(str(path) for path in feed.paths)
        raise SourceUnavailable("there is no file yet", where=paths, todo="what appears there is read at the next turn")
    newest = max(found, key=_changed)
    try:
        with newest.open("rb") as stream:
            return _tried(newest.name, _read(feed, stream, now))
    except OSError as error:
        raise SourceUnavailable(f"cannot be read: {error.strerror}", where=str(newest)) from None


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _read(feed: Feed, stream: BinaryIO, now: datetime) -> Iterator[Record]:
    try:
        yield from feed.source.read(stream, source=feed.name, today=now.date(), settings=feed.settings)
    except DataError as error:
        raise SourceUnavailable(error.what, where=feed.name, todo=error.todo, needs_person=True) from None


def _tried(what: str, records: Iterable[Record], *, page: Page | None = None) -> Tried:
    if page is not None and not page.lines.strip():
        return Tried(what, bool(page.cursor), 0, 0, None, ())
    looked_at = list(islice(records, _ROWS if page is None else None))
    events = [record for record in looked_at if isinstance(record, Event)]
    return Tried(
        what,
        is_all=len(looked_at) < _ROWS if page is None else bool(page.cursor),
        events=len(events),
        deletions=sum(isinstance(record, Deletion) for record in looked_at),
        newest=max((event.date_end for event in events), default=None),
        rejections=tuple(record for record in looked_at if isinstance(record, Rejection)),
        unknown=() if page is None else tuple(sorted(page.unknown)),
    )
