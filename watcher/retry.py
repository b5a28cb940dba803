"""Retry: rows in quarantine are read again, under the header they stood under, and stored when they can be."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from watcher.core.errors import DataError
from watcher.core.event import Deletion, Event, Rejection
from watcher.core.rule import RuleSet
from watcher.ingest import CHUNK, Feed
from watcher.sources.lines import is_damage
from watcher.store.alerts import mark_dirty
from watcher.store.engine import Store
from watcher.store.events import record_events
from watcher.store.quarantine import Quarantined, keep, release
from watcher.store.schema import Tx
from watcher.store.series import fold


class Retried(NamedTuple):
    """What became of a row."""

    row: Quarantined
    #: Why it stays in quarantine; empty when it was read.
    problem: str

    @property
    def is_read(self) -> bool:
        """Whether it has left quarantine."""
        return not self.problem


def retry(store: Store, feed: Feed, rows: Sequence[Quarantined], rules: RuleSet, *, now: datetime) -> list[Retried]:
    """Read rows of one source again; those that are still bad stay, with what is wrong with them now."""
    waiting = iter(rows)
    done: list[Retried] = []
    while chunk := list(islice(waiting, CHUNK)):
        with store.writing(alone=True) as tx:
            done += _retry_chunk(tx, feed, chunk, rules, now)
    return done


def _retry_chunk(tx: Tx, feed: Feed, rows: Sequence[Quarantined], rules: RuleSet, now: datetime) -> Iterator[Retried]:
    good: list[Event | Deletion] = []
    for row in rows:
        found = _read(feed, row.rejection, now)
        if isinstance(found, Rejection):
            keep(tx, row.id, found)
            yield Retried(row, found.reason)
        else:
            good += found
            release(tx, row.id, how="retried", now=now)
            yield Retried(row, "")
    recorded, changes = record_events(tx, good, source=feed.name, now=now, **feed.recording)
    fold(tx, changes, rules.indicators)
    if recorded.known_from is not None:
        mark_dirty(tx, f"records:{feed.name}", recorded.known_from)


def _read(feed: Feed, rejection: Rejection, now: datetime) -> list[Event | Deletion] | Rejection:
    """The records of one row, or what is wrong with it."""
    if is_damage(rejection.reason):
        return rejection
    lines = [line.rstrip("\r\n") for line in (rejection.header, rejection.raw) if line]
    stream = io.BytesIO("".join(f"{line}\n" for line in lines).encode())
    try:
        records = list(feed.source.read(stream, source=feed.name, today=now.date(), settings=feed.settings))
    except DataError as error:
        return rejection._replace(column="", reason=error.what)
    good = [record for record in records if not isinstance(record, Rejection)]
    bad = next((record for record in records if isinstance(record, Rejection)), None)
    if bad is not None:
        return bad
    return good or rejection._replace(column="", reason="there is no record in it")
