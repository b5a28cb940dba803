"""Pulling: one worker per source asks it for what is new, and keeps the answer in the spool for the next turn.

Nothing that was pulled is judged before it is whole and in the store; a source that hangs holds up no other, and no turn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from time import monotonic

from watcher.core.errors import SourceUnavailable, WatcherError
from watcher.ingest import Feed, Pulling
from watcher.sources.pull import Request
from watcher.spool import Part, Spool
from watcher.store.engine import Store
from watcher.store.pulls import claim_pull, cursor_of, end_pull, failures_of, forget_leases, is_pull_due, unknown_of
from watcher.store.sources import ensure_source, source_failed, source_read

#: Nobody else asks a source for so long; each page takes the lease anew.
LEASE = timedelta(minutes=10)
#: After a first failure, doubled with every further one.
_FIRST = timedelta(minutes=1)
_LONGEST = timedelta(hours=1)
#: Doublings beyond this change nothing.
_DOUBLINGS = 10

Clock = Callable[[], datetime]


class Pullers:
    """One worker per source that is asked over the network."""

    def __init__(
        self, store: Store, feeds: Iterable[Feed], spool: Spool, *, boot: str, clock: Clock, ending: threading.Event
    ) -> None:
        """Workers for those of the sources that are asked.

        :param boot: a word for this process, by which others see who asks a source.
        :param ending: set when nothing more is to be asked.
        """
        self._store = store
        self._feeds = {feed.name: feed for feed in feeds if feed.pull is not None}
        #: Where what they are told is kept.
        self.spool = spool
        self._boot = boot
        self._clock = clock
        self._stopping = ending
        self._lock = threading.Lock()
        self._workers: dict[str, threading.Thread] = {}
        self._failures: dict[str, WatcherError] = {}

    def recover(self) -> None:
        """Let go of the sources that an earlier process was asking when it died.

        On a SQLite file one process asks at a time; on a server another may be at work, and a lease has to run out.
        """
        if self._feeds and self._store.is_sqlite:
            with self._store.writing() as tx:
                forget_leases(tx)

    def start(self) -> None:
        """Set a worker on every source that is due and has none at work."""
        if not self._feeds or self._stopping.is_set():
            return
        now = self._clock()
        with self._store.reading() as tx:
            due = [feed for feed in self._feeds.values() if is_pull_due(tx, feed.name, now)]
        for feed in due:
            # What waits in the spool, perhaps for a person, comes first: behind it nobody knows the cursor.
            if not self._is_at_work(feed.name) and not self.spool.batches(feed.name):
                worker = threading.Thread(target=self._work, args=(feed,), name=f"pull {feed.name}", daemon=True)
                self._workers[feed.name] = worker
                worker.start()

    def pull(self, feed: Feed, *, since: date | None = None) -> bool:
        """Ask one source, here and now, due or not; False when somebody else asks it.

        :raises SourceUnavailable: when it cannot be had, or not whole.
        """
        return self._pull(feed, since)

    def join(self, timeout: float | None = None) -> bool:
        """Wait until every worker is done, all of them together no longer than this; False when some are not."""
        until = None if timeout is None else monotonic() + timeout
        for worker in list(self._workers.values()):
            worker.join(None if until is None else max(0.0, until - monotonic()))
        return not any(worker.is_alive() for worker in self._workers.values())

    def stop(self) -> None:
        """Ask nothing more; what is on the wire may finish its page."""
        self._stopping.set()

    def failures(self) -> dict[str, WatcherError]:
        """What stood in the way since the last time this was asked, by source."""
        with self._lock:
            found, self._failures = self._failures, {}
        return found

    def _is_at_work(self, source: str) -> bool:
        worker = self._workers.get(source)
        return worker is not None and worker.is_alive()

    def _work(self, feed: Feed) -> None:
        try:
            self._pull(feed, None)
        except WatcherError as error:
            with self._lock:
                self._failures[feed.name] = error

    def _pull(self, feed: Feed, since: date | None) -> bool:
        now = self._clock()
        with self._store.writing() as tx:
            ensure_source(tx, feed.name, kind=feed.source.KIND, now=now)
            if not claim_pull(tx, feed.name, token=self._boot, now=now, lease=LEASE):
                return False
            cursor = cursor_of(tx, feed.name)
        try:
            self._ask(feed, _pulling(feed), cursor, since)
        except SourceUnavailable as error:
            self._note_failure(feed, error)
            raise
        except WatcherError:
            self._let_go(feed)
            raise
        except Exception as error:  # noqa: BLE001 - an unforeseen answer must not take the worker along without a word
            fault = SourceUnavailable(f"unforeseen {type(error).__name__} while it was read; please report it")
            self._note_failure(feed, fault)
            raise fault from None
        return True

    def _ask(self, feed: Feed, pulling: Pulling, cursor: str, since: date | None) -> None:
        """Ask page after page, and keep each before the next."""
        asked = f"{pulling.asked} {since or ''}"
        part = self.spool.begin(feed.name, asked=asked, before=cursor, now=self._clock())
        request = Request(pulling.settings, pulling.access, cursor=cursor, position=part.position, since=since)
        for page in pulling.module.pull(request):
            part.add(page)
            if page.cursor:
                self._finish(feed, pulling, part, page.cursor)
                return
            self._renew(feed)
            if self._stopping.is_set():
                raise SourceUnavailable("watcher was stopped meanwhile")
        raise SourceUnavailable("its last page says nothing of how far it was read; please report it")

    def _finish(self, feed: Feed, pulling: Pulling, part: Part, cursor: str) -> None:
        batch = part.finish(feed.name, cursor)
        now = self._clock()
        with self._store.writing() as tx:
            if not batch.rows:
                source_read(tx, feed.name, now=now, cursor=cursor)
            # Without a row it says nothing of its layout.
            unknown = part.unknown if batch.rows else unknown_of(tx, feed.name)
            end_pull(tx, feed.name, token=self._boot, due_at=pulling.following(now), unknown=unknown)
        if not batch.rows:
            self.spool.drop(batch)

    def _renew(self, feed: Feed) -> None:
        with self._store.writing() as tx:
            claim_pull(tx, feed.name, token=self._boot, now=self._clock(), lease=LEASE)

    def _note_failure(self, feed: Feed, error: SourceUnavailable) -> None:
        now = self._clock()
        with self._store.writing() as tx:
            pause = max(_backoff(failures_of(tx, feed.name)), error.wait or timedelta())
            if error.needs_person:
                pause = max(pause, _LONGEST)
            due_at = max(now + (error.wait or timedelta()), min(now + pause, _pulling(feed).following(now)))
            end_pull(tx, feed.name, token=self._boot, due_at=due_at)
            source_failed(tx, feed.name, why=str(error), now=now, needs_person=error.needs_person)

    def _let_go(self, feed: Feed) -> None:
        """After a fault of our own, a full disk for one: the source has not failed, and is asked again soon."""
        with self._store.writing() as tx:
            end_pull(tx, feed.name, token=self._boot, due_at=self._clock() + _FIRST, unknown=())


def _pulling(feed: Feed) -> Pulling:
    if feed.pull is None:
        msg = f"{feed.name} is not asked over the network"
        raise ValueError(msg)
    return feed.pull


def _backoff(failures: int) -> timedelta:
    return min(_FIRST * (1 << min(failures, _DOUBLINGS)), _LONGEST)
