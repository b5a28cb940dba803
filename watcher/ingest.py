"""Ingest: records from a source into the store, whole or not at all, and never twice.

A file is hashed first: one that was read to its end before is not read again. Then it is read through once to count
what cannot be read, so that a file with too many bad rows is refused whole, and what it would revise or delete, so that
one that would change too much is held for a person; only then is it stored, in chunks of one transaction each. A load that
was cut off goes on where it stopped. What was pulled over the network lies in files, too, and goes the same way.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from watcher.core.errors import DataError, SourceUnavailable, WatcherError
from watcher.core.event import Deletion, Event, Record, Rejection
from watcher.core.rule import RuleSet
from watcher.sources import Source
from watcher.sources.pull import Access, Pull
from watcher.spool import Batch, Spool
from watcher.store.alerts import mark_dirty
from watcher.store.engine import Store
from watcher.store.events import Recorded, count_current, foresee, record_events
from watcher.store.held import RELEASED, Held, held_before, hold
from watcher.store.quarantine import add_rejections, count_waiting
from watcher.store.revision import Join
from watcher.store.series import fold
from watcher.store.sources import (
    LoadState,
    advance_load,
    ensure_source,
    find_sources,
    finish_load,
    is_superseded,
    loaded_before,
    source_failed,
    source_read,
    start_load,
)
from watcher.vanished import vanished

#: Records per transaction.
CHUNK = 1_000
#: A file of no more rows than this is kept in memory between inspecting and storing it.
KEPT = 10_000
#: So many revisions and deletions in one file are never too many.
FEW = 20
#: So many bad rows refuse no file, as long as there are as many good ones.
FEW_BAD = 3
_CHANGES = {"revised": "revise", "deleted": "delete"}
_BLOCK = 1 << 20

#: Called with (rows done, rows in all) while a load goes on.
Progress = Callable[[int, int], None]


class Recording(TypedDict):
    """How the records of a source are stored; see `record_events`."""

    lag: timedelta | None
    trust_stamp: bool
    join: Join | None


@dataclass(frozen=True, slots=True)
class Feed:
    """One source as the settings have it: a name, a kind and what the kind needs to know."""

    name: str
    source: Source
    settings: Any
    paths: tuple[Path, ...]
    query_offset: timedelta
    lag: timedelta | None
    trust_stamp: bool
    #: The share of bad rows above which a file is refused whole; see `refuses`.
    bad_rows: float
    #: How often its paths are looked at, or it is asked.
    every: timedelta = timedelta()
    #: A file that would revise or delete a larger share of the stored records is held for a person.
    hold_above: float = 1.0
    #: How it is asked over the network; None for files only.
    pull: Pulling | None = None
    #: After how long without anything new something is wrong; None where silence means nothing.
    stale_after: timedelta | None = None

    @property
    def recording(self) -> Recording:
        """How its records are stored."""
        return {"lag": self.lag, "trust_stamp": self.trust_stamp, "join": self.source.DEFAULTS.joined}

    def refuses(self, rows: int, *, bad: int) -> bool:
        """Whether so many of its rows are bad that the others are not to be trusted either.

        A few are none of that, of however few rows, unless they are the larger part.
        """
        if bad <= self.bad_rows * rows:
            return False
        return self.bad_rows == 0 or bad > FEW_BAD or 2 * bad > rows


@dataclass(frozen=True, slots=True)
class Pulling:
    """How a source is asked over the network."""

    module: Pull
    settings: Any
    access: Access
    #: When it is asked next, after this moment.
    following: Callable[[datetime], datetime]
    #: What is asked, as text: another question begins another pull.
    asked: str


class Ingested(NamedTuple):
    """What became of one file."""

    name: str
    source: str
    rows: int = 0
    added: int = 0
    revised: int = 0
    unchanged: int = 0
    #: Older than what is stored, so left out.
    older: int = 0
    deleted: int = 0
    quarantined: int = 0
    #: Whether the very same file had been read before.
    seen: bool = False
    #: Whether it has just as many rows as a page of its source, so that others may be missing.
    is_page: bool = False
    #: Why it is held for a person; nothing of it is stored then.
    held: str = ""

    @property
    def changed(self) -> int:
        """Records that are new, revised or deleted."""
        return self.added + self.revised + self.deleted

    @property
    def warning(self) -> str:
        """What somebody should look at although nothing failed; empty when there is nothing."""
        if self.held:
            return f"{self.name} is held: {self.held} (look at it, and then: watcher release)"
        if not self.is_page:
            return ""
        todo = "compare with the number that the site shows"
        return f"{self.name}: exactly {self.rows} rows, which is a page and may not be the whole ({todo})"


def ingest_file(
    store: Store,
    feed: Feed,
    path: Path,
    rules: RuleSet,
    *,
    now: datetime,
    progress: Progress | None = None,
    batch: Batch | None = None,
) -> Ingested:
    """Store what one file says.

    :param batch: what the file is, when it was pulled.
    :raises SourceUnavailable: when the file cannot be opened.
    :raises DataError: when it is refused as a whole; nothing of it is stored.
    """
    file = _File(path, path.name if batch is None else batch.name, _hash(path), batch)
    with store.reading() as tx:
        before = loaded_before(tx, feed.name, sha256=file.sha256)
        # Who undoes an edit, or is asked once more, says again what was said before last.
        if before is not None and is_superseded(tx, before, path=file.place):
            before = None
        held = held_before(tx, feed.name, sha256=file.sha256)
        failed = any(source.failure for source in find_sources(tx) if source.name == feed.name)
    if before is not None or (held is not None and held.decided != RELEASED):
        return _seen(store, feed, file, before, held, now=now, failed=failed)
    inspected = _inspect(feed, path, now.date())
    gone = _gone(store, feed, file, inspected, now.date())
    if held is None and (why := _too_much(store, feed, path, inspected, now, gone=len(gone))):
        with store.writing(alone=True) as tx:
            hold(tx, feed.name, name=file.name, sha256=file.sha256, path=file.at, why=why, now=now)
        return Ingested(file.name, feed.name, rows=inspected.rows, held=why)
    with store.writing(alone=True) as tx:
        ensure_source(tx, feed.name, kind=feed.source.KIND, now=now)
        load = start_load(tx, feed.name, name=file.name, sha256=file.sha256, path=file.at, now=now)
    return _store(store, _Load(feed, file, load.id, load.rows, inspected, gone), rules, now, progress)


def ingest_batch(store: Store, feed: Feed, batch: Batch, rules: RuleSet, *, spool: Spool, now: datetime) -> Ingested:
    """Store what a pull brought, and let go of it; what is held waits, and what is refused is kept to be looked into.

    :raises DataError: when it is refused as a whole.
    """
    try:
        done = ingest_file(store, feed, batch.path, rules, now=now, batch=batch)
    except DataError:
        spool.refuse(batch)
        raise
    if not done.held:
        spool.drop(batch)
    return done


def _seen(
    store: Store, feed: Feed, file: _File, before: LoadState | None, held: Held | None, *, now: datetime, failed: bool
) -> Ingested:
    """What there is to say of a file that was read before, or that is held or was thrown away."""
    if held is not None and held.decided_at is None:
        return Ingested(file.name, feed.name, held=held.held, seen=True)
    if failed or file.batch is not None:
        with store.writing(alone=True) as tx:
            source_read(tx, feed.name, now=now, cursor=file.cursor)
    return Ingested(file.name, feed.name, rows=0 if before is None else before.rows, seen=True)


def note_failure(store: Store, feed: Feed, error: WatcherError, *, now: datetime) -> None:
    """Note what stands in the way of a source, where `watcher status` shows it and its own alert is made of it."""
    with store.writing() as tx:
        ensure_source(tx, feed.name, kind=feed.source.KIND, now=now)
        # A file that is refused is no better at the next look.
        source_failed(tx, feed.name, why=error.what, now=now, needs_person=isinstance(error, DataError))


def rows_waiting(store: Store, feed: Feed, path: Path, *, today: date) -> int:
    """How many rows of a file that was read before still wait in quarantine.

    A row that an earlier file had brought already waits there as a row of that one, so the file is read again for it.
    """
    with store.reading() as tx:
        load = loaded_before(tx, feed.name, sha256=_hash(path))
    if load is None or not load.quarantined:
        return 0
    bad = [record for record in _read(feed, path, today) if isinstance(record, Rejection)]
    with store.reading() as tx:
        return count_waiting(tx, bad, source=feed.name, load=load.id)


class _Inspected(NamedTuple):
    rows: int
    #: All of them, when they are few.
    kept: list[Record]

    def records(self, feed: Feed, path: Path, today: date) -> Iterable[Record]:
        """All of them, from memory or read once more."""
        return self.kept or _read(feed, path, today)


class _File(NamedTuple):
    path: Path
    #: What people call it.
    name: str
    sha256: str
    #: None for a file that somebody put there.
    batch: Batch | None

    @property
    def at(self) -> str:
        """Where it lies."""
        return str(self.path.absolute())

    @property
    def place(self) -> str | None:
        """Where the next file stands for this one; None for an answer, after which any load of the source does."""
        return self.at if self.batch is None else None

    @property
    def cursor(self) -> str | None:
        """How far its source has been read when it is stored; None where that is nothing to say."""
        return None if self.batch is None else self.batch.cursor


class _Load(NamedTuple):
    feed: Feed
    file: _File
    id: int
    #: Rows stored by an earlier, cut-off attempt.
    done: int
    inspected: _Inspected
    #: What the source no longer tells.
    gone: Sequence[Deletion]


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise SourceUnavailable(f"cannot be read: {error.strerror}", where=str(path)) from None
    return digest.hexdigest()


def _read(feed: Feed, path: Path, today: date) -> Iterator[Record]:
    with path.open("rb") as stream:
        yield from feed.source.read(stream, source=feed.name, today=today, settings=feed.settings)


def _inspect(feed: Feed, path: Path, today: date) -> _Inspected:
    """Read a file through, and refuse it when too many of its rows are bad."""
    rows = 0
    kept: list[Record] = []
    bad: Counter[str] = Counter()
    examples: dict[str, str] = {}
    try:
        for record in _read(feed, path, today):
            rows += 1
            if rows <= KEPT:
                kept.append(record)
            if isinstance(record, Rejection):
                bad[record.column] += 1
                examples.setdefault(record.column, record.reason)
    except DataError as error:
        raise DataError(error.what, where=str(path), todo=error.todo) from None
    if feed.refuses(rows, bad=bad.total()):
        column, times = bad.most_common(1)[0]
        place = f"in column {column!r}" if column else "over the whole row"
        raise DataError(
            f"{bad.total()} of {rows} rows cannot be read, more than the {feed.bad_rows:.0%} that are allowed; "
            f"nothing was stored. Most of it, {'once' if times == 1 else f'{times} times'}, is {place}: {examples[column]}",
            where=str(path),
            todo=f"is it a file of the kind '{feed.source.KIND}'? see also bad_rows in watcher.yaml",
        )
    return _Inspected(rows, kept if rows <= KEPT else [])


def _gone(store: Store, feed: Feed, file: _File, inspected: _Inspected, today: date) -> list[Deletion]:
    """What a pull should have brought again, and did not; a file that somebody put there may be a part of anything."""
    part_of = feed.source.DEFAULTS.part_of
    if part_of is None or file.batch is None or not file.batch.is_pulled:
        return []
    with store.reading() as tx:
        return vanished(tx, feed.name, lambda: inspected.records(feed, file.path, today), part_of)


def _too_much(store: Store, feed: Feed, path: Path, inspected: _Inspected, now: datetime, *, gone: int) -> str:
    """Why a file has to be held: it would revise or delete too much at once; empty when it may go in.

    :param gone: how many records it takes back by not telling of them.
    """
    if feed.hold_above >= 1:
        return ""
    with store.reading() as tx:
        stored = count_current(tx, feed.name)
        most = max(FEW, feed.hold_above * stored)
        if stored <= most:
            return ""
        records = (each for each in inspected.records(feed, path, now.date()) if not isinstance(each, Rejection))
        changes: Counter[str] = Counter(deleted=gone)
        while chunk := list(islice(records, CHUNK)):
            foreseen = foresee(tx, chunk, source=feed.name, now=now, **feed.recording)
            changes.update(revised=foreseen.revised, deleted=foreseen.deleted)
    if changes.total() <= most:
        return ""
    what = " and ".join(f"{verb} {changes[key]:,}" for key, verb in _CHANGES.items() if changes[key])
    share = changes.total() / stored
    return f"it would {what} of {stored:,} stored records ({share:.0%}), more than the {feed.hold_above:.0%} allowed at once"


def _store(store: Store, load: _Load, rules: RuleSet, now: datetime, progress: Progress | None) -> Ingested:
    """Store a file that was inspected: a short one from memory, a long one by reading it again."""
    totals: Counter[str] = Counter()
    inspected = load.inspected
    records = islice(inspected.records(load.feed, load.file.path, now.date()), load.done, None)
    done = load.done
    while chunk := list(islice(records, CHUNK)):
        done += len(chunk)
        totals.update(_store_chunk(store, load, chunk, rules, now=now, done=done))
        if progress:
            progress(done, inspected.rows)
    for first in range(0, len(load.gone), CHUNK):
        totals.update(_store_chunk(store, load, load.gone[first : first + CHUNK], rules, now=now, done=done))
    with store.writing(alone=True) as tx:
        finish_load(tx, load.id, now=now, cursor=load.file.cursor)
    told: dict[str, Any] = dict(totals)
    is_page = load.file.batch is None and inspected.rows in load.feed.source.DEFAULTS.page_sizes
    return Ingested(load.file.name, load.feed.name, rows=inspected.rows, is_page=is_page, **told)


def _store_chunk(
    store: Store, load: _Load, chunk: Sequence[Record], rules: RuleSet, *, now: datetime, done: int
) -> dict[str, int]:
    feed = load.feed
    events: list[Event | Deletion] = [record for record in chunk if not isinstance(record, Rejection)]
    rejections = [record for record in chunk if isinstance(record, Rejection)]
    with store.writing(alone=True) as tx:
        recorded, changes = record_events(tx, events, source=feed.name, now=now, **feed.recording)
        fold(tx, changes, rules.indicators)
        add_rejections(tx, rejections, source=feed.name, load=load.id, now=now)
        advance_load(tx, load.id, rows=done, recorded=recorded, quarantined=len(rejections))
        if recorded.known_from is not None:
            mark_dirty(tx, f"records:{feed.name}", recorded.known_from)
    return _counts(recorded, len(rejections))


def _counts(recorded: Recorded, quarantined: int) -> dict[str, int]:
    counts = recorded._asdict()
    counts.pop("known_from")
    return {**counts, "quarantined": quarantined}
