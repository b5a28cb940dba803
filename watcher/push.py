"""Pushing: records that a desk's own tool sends us, read at once and kept in the spool for the next turn.

Whoever sends is told what became of every row. What is accepted is on the disk before the answer goes out, and what is
sent again under the same key, because the answer was lost, is accepted once.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any, NamedTuple

from pydantic import SecretStr

from watcher.core.errors import DataError, StoreError
from watcher.core.event import Rejection
from watcher.ingest import Feed
from watcher.spool import Spool
from watcher.store.engine import Store
from watcher.store.pulls import cursor_of

_MINUTE = timedelta(minutes=1)
_SHOWN = 20
#: Keys that are remembered after their records were stored.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Inlet:
    """One source that may be pushed to."""

    feed: Feed
    token: SecretStr
    #: The most bytes at once, and the most requests in a minute.
    max_bytes: int
    per_minute: int


class Answer(NamedTuple):
    """What whoever sends is told."""

    status: HTTPStatus
    said: Mapping[str, Any]
    #: Seconds to wait, where we were sent too much.
    retry_after: int = 0


_ANOTHER = Answer(
    HTTPStatus.UNPROCESSABLE_ENTITY,
    {
        "error": "other bytes came under this Idempotency-Key before, so nothing of these is taken",
        "todo": "send them under a key of their own",
    },
)


@dataclass(slots=True)
class Inlets:
    """All sources that may be pushed to."""

    inlets: Mapping[str, Inlet]
    spool: Spool
    store: Store
    clock: Callable[[], datetime]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _sent: dict[str, list[datetime]] = field(default_factory=dict)
    #: By source and key, a digest of what came and what was answered.
    _known: dict[tuple[str, str], tuple[str, Answer]] = field(default_factory=dict)

    def most_bytes(self) -> int:
        """The most bytes that any of them takes."""
        return max((inlet.max_bytes for inlet in self.inlets.values()), default=0)

    def admit(self, source: str, token: str, length: int) -> Answer | None:
        """Why something is not taken, before a byte of it is read; None when it is."""
        inlet = self.inlets.get(source)
        known = "" if inlet is None else inlet.token.get_secret_value()
        # Compared also where there is no such source, so that the time it takes tells nothing.
        if not hmac.compare_digest(token.encode(), known.encode()) or inlet is None or not known:
            return Answer(HTTPStatus.UNAUTHORIZED, {"error": "no such source, or not its token"})
        if length > inlet.max_bytes:
            what = f"more than the {inlet.max_bytes:,} bytes that are taken at once; send it in parts"
            return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": what})
        return self._too_often(source, inlet)

    def take(self, source: str, body: bytes, key: str) -> Answer:
        """Read the rows, keep them, and say what became of each."""
        feed = self.inlets[source].feed
        content = hashlib.sha256(body).hexdigest()[:32]
        key = hashlib.sha256(f"{source}\0{key}".encode()).hexdigest()[:32] if key else content
        with self._lock:
            if (before := self._known.get((source, key))) is not None:
                return before[1]._replace(status=HTTPStatus.OK) if before[0] == content else _ANOTHER
        now = self.clock()
        try:
            answer = self._kept(feed, body, key, now)
        except DataError as error:
            return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"error": error.what, "todo": error.todo})
        except StoreError as error:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": error.what}, retry_after=30)
        if answer.status is HTTPStatus.ACCEPTED:
            with self._lock:
                self._known[source, key] = content, answer
                while len(self._known) > _REMEMBERED:
                    del self._known[next(iter(self._known))]
        return answer

    def _kept(self, feed: Feed, body: bytes, key: str, now: datetime) -> Answer:
        records = list(feed.source.read(BytesIO(body), source=feed.name, today=now.date(), settings=feed.settings))
        bad = [record for record in records if isinstance(record, Rejection)]
        rows = [{"row": each.row, "column": each.column, "reason": each.reason} for each in bad[:_SHOWN]]
        said = {"rows": len(records), "unreadable": len(bad), "first_unreadable": rows}
        if feed.refuses(len(records), bad=len(bad)):
            return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"error": "too many rows cannot be read", **said})
        with self.store.reading() as tx:
            cursor = cursor_of(tx, feed.name)
        is_new = self.spool.put(feed.name, body, rows=len(records), key=key, cursor=cursor, now=now)
        if not is_new and self.spool.sent(feed.name, key) not in {body, None}:
            return _ANOTHER
        return Answer(HTTPStatus.ACCEPTED, {"id": key, **said})

    def _too_often(self, source: str, inlet: Inlet) -> Answer | None:
        now = self.clock()
        with self._lock:
            recent = [moment for moment in self._sent.get(source, []) if now - _MINUTE < moment <= now]
            if len(recent) >= inlet.per_minute:
                wait = int((recent[0] + _MINUTE - now).total_seconds()) + 1
                what = f"more than {inlet.per_minute} requests in a minute"
                return Answer(HTTPStatus.TOO_MANY_REQUESTS, {"error": what}, retry_after=wait)
            self._sent[source] = [*recent, now]
        return None
