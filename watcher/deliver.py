"""Delivery: one worker per endpoint takes what is due from the outbox, sends it, and writes down the answer.

A claim is committed before the first byte leaves, so a crash can repeat a message, under the same key and with the
same bytes, and can never lose one.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple

from watcher.core.delivery import DeliveryState, Outcome, OutcomeClass, Outgoing
from watcher.core.errors import Locked, StoreError, WatcherError
from watcher.endpoint import Endpoint, Endpoints
from watcher.store.deliveries import due_endpoints
from watcher.store.engine import Store
from watcher.store.outbox import claim, settle
from watcher.store.standby import fall_back, is_standby_due
from watcher.store.sweep import expire, forget, interrupt, reap, release_crashed

#: An answer that cannot be written down is tried again so often.
PAUSE = timedelta(seconds=1)
#: This machine is short of something: that passes, and nobody has to change anything at the endpoint.
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})

Clock = Callable[[], datetime]

#: Called after each attempt, for the log: (what was sent, what became of it, how it stands now).
Report = Callable[[Outgoing, Outcome, DeliveryState], None]


class Delivered(NamedTuple):
    """What came of one round of sending."""

    delivered: int = 0
    #: Tried without success; due again later.
    waiting: int = 0
    #: Given up; somebody has to look.
    dead: int = 0
    #: "endpoint: what it said", where somebody must change something before it can take a message.
    refused: tuple[str, ...] = ()

    @property
    def attempts(self) -> int:
        """How many times something was sent."""
        return self.delivered + self.waiting + self.dead


class Couriers:
    """One worker per endpoint; a dead endpoint slows no other."""

    def __init__(
        self,
        store: Store,
        endpoints: Endpoints,
        *,
        boot: str,
        report: Report | None = None,
        patience: timedelta = timedelta(),
    ) -> None:
        """``patience`` is how long an answer is kept while the store cannot be written."""
        self._store = store
        self._endpoints = endpoints
        self._boot = boot
        self._report = report
        self._patience = patience
        self._fault: WatcherError | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._workers: dict[str, threading.Thread] = {}

    def recover(self, now: datetime) -> int:
        """Free what an earlier process had claimed when it died, and forget endpoints that are gone.

        On a SQLite file only while no other process sends.
        """
        self._store.announce(self._boot)
        with self._store.writing() as tx:
            forget(tx, set(self._endpoints))
            return release_crashed(tx, self._boot, now=now)

    def deliver(self, clock: Clock) -> Delivered:
        """Send everything that is due and wait for the answers.

        :raises WatcherError: when an answer could not be written down; what it was about is sent again, under its key.
        """
        tally = self.start(clock)
        self.join()
        if tally.fault is not None:
            self._fault = None
            raise tally.fault
        return tally.total

    def deliver_at(self, endpoint: str, clock: Clock) -> Delivered:
        """Send what is due at one endpoint, here and now."""
        tally = _Tally()
        self._work(self._endpoints[endpoint], clock, tally)
        return tally.total

    def start(self, clock: Clock) -> _Tally:
        """Set a worker on every endpoint that has something due and none at work.

        :raises WatcherError: what stopped a worker since the last time.
        """
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault
        tally = _Tally()
        for name in self._due(clock(), tally):
            with self._lock:
                worker = self._workers.get(name)
                if worker is not None and worker.is_alive():
                    continue
                arguments = (self._endpoints[name], clock, tally)
                self._workers[name] = threading.Thread(target=self._work, args=arguments, name=name, daemon=True)
                self._workers[name].start()
        return tally

    def join(self, timeout: float | None = None) -> bool:
        """Wait until every worker is done, all of them together no longer than this; False when some are not."""
        until = None if timeout is None else monotonic() + timeout
        for worker in list(self._workers.values()):
            worker.join(None if until is None else max(0.0, until - monotonic()))
        return not any(worker.is_alive() for worker in self._workers.values())

    def stop(self) -> None:
        """Claim nothing more; what is on the wire may finish."""
        self._stopping.set()

    def release(self, now: datetime) -> int:
        """Free what is still on the wire, because the process must end."""
        with self._store.writing() as tx:
            return interrupt(tx, self._boot, now=now)

    def _due(self, now: datetime, tally: _Tally) -> list[str]:
        """The endpoints to work on, after what nobody works on any more has been swept up."""
        with self._store.reading() as tx:
            due = due_endpoints(tx, now)
            is_late = is_standby_due(tx, now)
        if not (due or is_late):
            return []
        with self._store.writing() as tx:
            reap(tx, now)
            tally.bury(expire(tx, now, endpoints=set(self._endpoints)))
            if fall_back(tx, now):
                due = due_endpoints(tx, now)
        return [name for name in due if name in self._endpoints]

    def _work(self, endpoint: Endpoint, clock: Clock, tally: _Tally) -> None:
        try:
            while not self._stopping.is_set() and (outgoing := self._claim(endpoint, clock())) is not None:
                self._deliver(endpoint, outgoing, clock, tally)
        except WatcherError as error:
            tally.fault = self._fault = error

    def _deliver(self, endpoint: Endpoint, outgoing: Outgoing, clock: Clock, tally: _Tally) -> None:
        started_at = clock()
        outcome = send(endpoint, outgoing)
        state = self._write_down(outgoing, outcome, started_at, clock)
        tally.add(state)
        if outcome.kind is OutcomeClass.CONFIG:
            tally.refuse(f"{endpoint.name}: {outcome.code} {outcome.detail}".strip())
        if self._report is not None:
            self._report(outgoing, outcome, state)

    def _write_down(self, outgoing: Outgoing, outcome: Outcome, started_at: datetime, clock: Clock) -> DeliveryState:
        """Write down an answer; while the store cannot be written it is known only here, so it is tried again."""
        until = monotonic() + self._patience.total_seconds()
        while True:
            try:
                with self._store.writing() as tx:
                    return settle(tx, outgoing, outcome, boot=self._boot, started_at=started_at, now=clock())
            except (StoreError, Locked):
                if monotonic() >= until or self._stopping.wait(PAUSE.total_seconds()):
                    raise

    def _claim(self, endpoint: Endpoint, now: datetime) -> Outgoing | None:
        with self._store.writing() as tx:
            claimed = claim(tx, now, boot=self._boot, lease=endpoint.channel.LEASE, endpoint=endpoint.name, limit=1)
        return claimed[0] if claimed else None


def send(endpoint: Endpoint, outgoing: Outgoing) -> Outcome:
    """Send, and turn whatever goes wrong into an outcome: a claimed delivery must always be settled."""
    try:
        return endpoint.channel.send(outgoing, settings=endpoint.settings, access=endpoint.access)
    except Exception as error:  # noqa: BLE001 - an unforeseen fault is an outcome too, and must not take the worker along
        return _unforeseen(error)


def _unforeseen(error: Exception) -> Outcome:
    if isinstance(error, OSError) and error.errno in _EXHAUSTED:
        return Outcome(OutcomeClass.RECOVERABLE, code="system", detail=os.strerror(error.errno))
    return Outcome(OutcomeClass.CONFIG, code="bug", detail=f"unforeseen {type(error).__name__}; please report it")


class _Tally:
    """Counts of several workers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total = Delivered()
        #: Why a worker had to stop; None while all can go on.
        self.fault: WatcherError | None = None

    def bury(self, number: int) -> None:
        """Count deliveries that were given up without another attempt."""
        with self._lock:
            self.total = self.total._replace(dead=self.total.dead + number)

    def refuse(self, said: str) -> None:
        """Note what an endpoint said that somebody must change."""
        with self._lock:
            self.total = self.total._replace(refused=tuple(dict.fromkeys((*self.total.refused, said))))

    def add(self, state: DeliveryState) -> None:
        """Count one attempt by how the delivery stands after it."""
        with self._lock:
            total = self.total
            if state is DeliveryState.DELIVERED:
                self.total = total._replace(delivered=total.delivered + 1)
            elif state is DeliveryState.DEAD:
                self.total = total._replace(dead=total.dead + 1)
            else:
                self.total = total._replace(waiting=total.waiting + 1)
