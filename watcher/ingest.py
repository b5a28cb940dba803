"""Ingest: records from a source into the store, whole or not at all, and never twice.

A file is hashed first: one that was read to its end before is not read again. Then it is read through once to count
what cannot be read, so that a file with too many bad rows is refused whole; only then is it stored, in chunks of one
transaction each. A load that was cut off goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from watcher.core.errors import DataError, SourceUnavailable
from watcher.core.event import Deletion, Event, Record, Rejection
from watcher.core.rule import RuleSet
from watcher.sources import Source
from watcher.store.alerts import mark_dirty
from watcher.store.engine import Store
from watcher.store.events import Recorded, record_events
from watcher.store.quarantine import add_rejections, count_waiting
from watcher.store.series import fold
from watcher.store.sources import (
    advance_load,
    ensure_source,
    find_sources,
    finish_load,
    loaded_before,
    source_read,
    start_load,
)

#: Records per transaction.
CHUNK = 1_000
#: A file of no more rows than this is kept in memory between inspecting and storing it.
KEPT = 10_000
_BLOCK = 1 << 20
_PATTERN = re.compile(r"[*?\[]")

#: Called with (rows done, rows in all) while a load goes on.
Progress = Callable[[int, int], None]
#: Size and time of the last change: by these a file is known again without reading it.
Shape = tuple[int, int]


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
    #: The share of bad rows above which a file is refused whole.
    bad_rows: float
    #: How often its paths are looked at.
    every: timedelta = timedelta()


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

    @property
    def changed(self) -> int:
        """Records that are new, revised or deleted."""
        return self.added + self.revised + self.deleted

    @property
    def warning(self) -> str:
        """What somebody should look at although the file was read; empty when there is nothing."""
        if not self.is_page:
            return ""
        todo = "compare with the number that the site shows"
        return f"{self.name}: exactly {self.rows} rows, which is a page and may not be the whole ({todo})"


class Lookout:
    """Remembers what a running process has seen, so that a look at a folder costs no more than the look."""

    def __init__(self) -> None:
        self._looked: dict[str, datetime] = {}
        self._found: dict[Path, Shape] = {}
        self._seen: dict[Path, Shape] = {}

    def is_due(self, feed: Feed, now: datetime) -> bool:
        """Whether it is time to look at a source again; a clock that was set back makes it time."""
        looked = self._looked.get(feed.name)
        return looked is None or not looked <= now < looked + feed.every

    def new_files(self, feed: Feed, now: datetime) -> list[Path]:
        """The files of a source that were not there, or not like this, at the last look.

        :raises SourceUnavailable: when one of its folders cannot be looked into.
        """
        self._looked[feed.name] = now
        # Before they are read: what is written to a file while it is read makes it new again.
        self._found = {path: _shape(path) for path in files_of(feed)}
        return [path for path, shape in self._found.items() if self._seen.get(path) != shape]

    def note(self, path: Path) -> None:
        """Note that a file was read to its end, or refused: either way there is nothing new to learn from it."""
        self._seen[path] = self._found[path]


def _shape(path: Path) -> Shape:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)


def files_of(feed: Feed) -> list[Path]:
    """The files of a source: each path is a file, a folder, or a pattern of names.

    Names that begin with a dot or end in ``.part`` or ``.tmp`` are files still being written.

    :raises SourceUnavailable: when one of them is not there, or cannot be looked into: a folder that is not mounted is no
        quiet week.
    """
    found: set[Path] = set()
    for path in feed.paths:
        try:
            found.update(each for each in _candidates(path) if each.is_file() and _is_complete(each))
        except OSError as error:
            raise SourceUnavailable(f"cannot be looked into: {error.strerror}", where=str(path)) from None
    return sorted(found)


def _candidates(path: Path) -> Iterator[Path]:
    if not _PATTERN.search(path.name) and not path.exists():
        raise SourceUnavailable("there is no such file or folder", where=str(path), todo="see paths in watcher.yaml")
    return path.iterdir() if path.is_dir() else path.parent.glob(path.name)


def _is_complete(path: Path) -> bool:
    return not path.name.startswith(".") and path.suffix not in {".part", ".tmp"}


def ingest_file(
    store: Store, feed: Feed, path: Path, rules: RuleSet, *, now: datetime, progress: Progress | None = None
) -> Ingested:
    """Store what one file says.

    :raises SourceUnavailable: when the file cannot be opened.
    :raises DataError: when it is refused as a whole; nothing of it is stored.
    """
    sha256 = _hash(path)
    with store.reading() as tx:
        before = loaded_before(tx, feed.name, sha256=sha256)
        failed = any(source.failure for source in find_sources(tx) if source.name == feed.name)
    if before is not None:
        if failed:
            with store.writing(alone=True) as tx:
                source_read(tx, feed.name, now=now)
        return Ingested(path.name, feed.name, rows=before.rows, seen=True)
    inspected = _inspect(feed, path, now.date())
    with store.writing(alone=True) as tx:
        ensure_source(tx, feed.name, kind=feed.source.KIND)
        load = start_load(tx, feed.name, name=path.name, sha256=sha256, now=now)
    return _store(store, _Load(feed, path, load.id, load.rows, inspected), rules, now, progress)


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
    records: list[Record]


class _Load(NamedTuple):
    feed: Feed
    path: Path
    id: int
    #: Rows stored by an earlier, cut-off attempt.
    done: int
    inspected: _Inspected


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
    if rows and bad.total() / rows > feed.bad_rows:
        column, times = bad.most_common(1)[0]
        place = f"in column {column!r}" if column else "over the whole row"
        raise DataError(
            f"{bad.total()} of {rows} rows cannot be read, more than the {feed.bad_rows:.0%} that are allowed; "
            f"nothing was stored. Most of it, {'once' if times == 1 else f'{times} times'}, is {place}: {examples[column]}",
            where=str(path),
            todo=f"is it a file of the kind '{feed.source.KIND}'? see also bad_rows in watcher.yaml",
        )
    return _Inspected(rows, kept if rows <= KEPT else [])


def _store(store: Store, load: _Load, rules: RuleSet, now: datetime, progress: Progress | None) -> Ingested:
    """Store a file that was inspected: a short one from memory, a long one by reading it again."""
    totals: Counter[str] = Counter()
    inspected = load.inspected
    records = islice(inspected.records or _read(load.feed, load.path, now.date()), load.done, None)
    done = load.done
    while chunk := list(islice(records, CHUNK)):
        done += len(chunk)
        totals.update(_store_chunk(store, load, chunk, rules, now=now, done=done))
        if progress:
            progress(done, inspected.rows)
    with store.writing(alone=True) as tx:
        finish_load(tx, load.id, now=now)
    told: dict[str, Any] = dict(totals)
    is_page = inspected.rows in load.feed.source.DEFAULTS.page_sizes
    return Ingested(load.path.name, load.feed.name, rows=inspected.rows, is_page=is_page, **told)


def _store_chunk(
    store: Store, load: _Load, chunk: Sequence[Record], rules: RuleSet, *, now: datetime, done: int
) -> dict[str, int]:
    feed = load.feed
    events: list[Event | Deletion] = [record for record in chunk if not isinstance(record, Rejection)]
    rejections = [record for record in chunk if isinstance(record, Rejection)]
    with store.writing(alone=True) as tx:
        recorded, changes = record_events(
            tx, events, source=feed.name, now=now, lag=feed.lag, trust_stamp=feed.trust_stamp
        )
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
