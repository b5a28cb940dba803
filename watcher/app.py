"""The turn: ingest, evaluate, deliver. `check` is one, `run` is turns on a timetable, the demo is turns of 2020.

::

    source → record → store → indicator → rule → alert → delivery
    ╰────── ingest ──────╯   ╰────── evaluate ───────╯  ╰ deliver
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

from watcher import alive, withdrawal
from watcher.alive import Signs
from watcher.bench import Bench
from watcher.core.errors import DataError, SourceUnavailable, WatcherError
from watcher.core.rule import RuleSet
from watcher.delay_troubles import delay_troubles, look_at_delays
from watcher.deliver import Couriers, Delivered
from watcher.endpoint_troubles import endpoint_troubles
from watcher.evaluate import NOTHING_EVALUATED, Evaluated, is_due
from watcher.evaluate import evaluate as judge_what_is_due
from watcher.inbox import Inbox
from watcher.ingest import Feed, Ingested, ingest_batch, ingest_file, note_failure
from watcher.notify import is_due as is_telling_due
from watcher.notify import tell
from watcher.own_alerts import Trouble, further_series, has_news, over_limit, tell_of
from watcher.pull import Pullers
from watcher.source_troubles import source_troubles
from watcher.store.engine import Store
from watcher.store.schema import Tx
from watcher.switchboard import Switchboard

#: A turn that waits for sources waits no longer: a long history is pulled on, and what is there is judged.
PATIENCE = timedelta(minutes=2)
#: What is on the wire may finish its page when everything is closed.
_LAST_PAGE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class App:
    """One installation, opened: its store, its rules, its sources and whom it tells."""

    store: Store
    rules: RuleSet
    feeds: Mapping[str, Feed]
    board: Switchboard
    couriers: Couriers
    #: The moment it is, for the outbox and the wire; rules are judged by the turn's own ``now``.
    clock: Callable[[], datetime]
    inbox: Inbox
    #: How many of the newest days of each source are not complete yet; also of sources that are fed by hand only.
    offsets: Mapping[str, timedelta]
    #: What is wrong with ourselves, beside what the store knows of.
    troubles: tuple[Trouble, ...] = ()
    #: Who wants a sign of life once a week.
    signs: Signs = field(default_factory=Signs)
    #: Who asks the sources that are asked over the network; None where nobody does.
    pullers: Pullers | None = None

    def close(self) -> None:
        """Ask nothing more, and close the store."""
        if self.pullers is not None:
            self.pullers.stop()
            self.pullers.join(_LAST_PAGE.total_seconds())
        self.store.close()


class Turn(NamedTuple):
    """What one turn did."""

    now: datetime
    ingested: tuple[Ingested, ...]
    evaluated: Evaluated
    messages: int
    delivered: Delivered
    #: Sources that could not be read; the turn went on without them.
    failures: tuple[WatcherError, ...] = ()

    @property
    def did_something(self) -> bool:
        """Whether anything was read, judged or sent."""
        read = any(not each.seen for each in self.ingested)
        return read or bool(self.evaluated.judged or self.messages or self.delivered.attempts)


def turn(
    app: App, now: datetime, *, notify: bool = True, wait: bool = True, eager: bool = False, patient: bool = False
) -> Turn:
    """Read what is new, judge what is due, tell who is to be told.

    :param notify: False records everything and sends nothing.
    :param wait: False sets the workers going and does not wait for the answers.
    :param eager: True looks at every source, whether it is due or not.
    :param patient: True lets the first alert of a group wait for others, because another turn follows soon.
    """
    pull(app, wait=wait)
    ingested, failures = ingest(app, now, eager=eager)
    evaluated, messages = evaluate(app, now, notify=notify, patient=patient)
    delivered = deliver(app, wait=wait) if notify else Delivered()
    return Turn(now, ingested, evaluated, messages, delivered, failures)


def pull(app: App, *, wait: bool = True) -> None:
    """Ask the sources that are due, each in its own worker; what is not there in time is read at a later turn."""
    if app.pullers is not None:
        app.pullers.start()
        if wait:
            app.pullers.join(PATIENCE.total_seconds())


def recover_pulls(app: App) -> None:
    """Ask again what an earlier process was asking when it died; only while no other process asks."""
    if app.pullers is not None:
        app.pullers.recover()


def resume(app: App, now: datetime) -> None:
    """Send what an earlier process left, before anything is read; only while no other process sends.

    Where something of it has been muted meanwhile nothing goes out yet: the next turn takes it back first.
    """
    with app.store.reading() as tx:
        is_muted = withdrawal.is_due(tx, rules=app.rules, board=app.board, now=now)
    if not is_muted:
        app.couriers.start(app.clock)


def ingest(app: App, now: datetime, *, eager: bool = False) -> tuple[tuple[Ingested, ...], tuple[WatcherError, ...]]:
    """Read what is new of every source; what cannot be read stops nothing else."""
    done: list[Ingested] = []
    failures: list[WatcherError] = [] if app.pullers is None else _of_pulls(app.pullers.failures())
    for feed in app.feeds.values():
        for outcome in chain(_ingest_batches(app, feed, now), _ingest_files(app, feed, now, eager=eager)):
            if isinstance(outcome, Ingested):
                done.append(outcome)
            else:
                failures.append(outcome)
                note_failure(app.store, feed, outcome, now=now)
    return tuple(done), tuple(failures)


def _of_pulls(failures: Mapping[str, WatcherError]) -> list[WatcherError]:
    """What stood in the way of pulls, with the name of the source; it has been noted already."""
    for name, error in failures.items():
        error.where = f"{name}: {error.where}" if error.where else name
    return list(failures.values())


def _ingest_batches(app: App, feed: Feed, now: datetime) -> Iterator[Ingested | WatcherError]:
    """What became of what was pulled from a source; behind what is held for a person everything waits."""
    if app.pullers is None:
        return
    spool = app.pullers.spool
    for batch in spool.batches(feed.name):
        if app.inbox.has_seen(feed, batch.path):
            return
        try:
            done = ingest_batch(app.store, feed, batch, app.rules, spool=spool, now=now)
        except DataError as error:
            yield error
            return
        yield done
        if done.held:
            app.inbox.remember(feed, batch.path)
            return


def _ingest_files(app: App, feed: Feed, now: datetime, *, eager: bool) -> Iterator[Ingested | WatcherError]:
    """What became of each new file of a source; one that could not be opened is tried again at the next look."""
    if not feed.paths or not (eager or app.inbox.is_due(feed, now)):
        return
    try:
        paths = app.inbox.new_files(feed, now)
    except SourceUnavailable as error:
        yield error
        return
    for path in paths:
        try:
            yield ingest_file(app.store, feed, path, app.rules, now=now)
        except SourceUnavailable as error:
            yield error
            continue
        except DataError as error:
            yield error
        app.inbox.note(feed, path)


def evaluate(app: App, now: datetime, *, notify: bool = True, patient: bool = False) -> tuple[Evaluated, int]:
    """Judge what is due and store what is to be told, in one transaction."""
    with app.store.reading() as tx:
        due = is_due(tx, app.rules, now)
        to_tell = notify and is_telling_due(tx, rules=app.rules, board=app.board, now=now, patient=patient)
        sign_of_life = notify and alive.is_due(tx, app.signs, now)
        news = has_news(tx, _troubles(app, tx))
    if not (due or to_tell or news or sign_of_life):
        return NOTHING_EVALUATED, 0
    with app.store.writing(alone=True) as tx:
        bench = Bench(tx, app.rules, app.offsets, now)
        look_at_delays(tx, now)
        evaluated = judge_what_is_due(bench)
        of_ourselves = tell_of(bench, _troubles(app, tx))
        evaluated = evaluated._replace(told=(*evaluated.told, *of_ourselves))
        messages = _write_messages(app, bench, evaluated, patient=patient) if notify else 0
    return evaluated, messages


def _write_messages(app: App, bench: Bench, evaluated: Evaluated, *, patient: bool) -> int:
    clock = app.clock()
    told = tell(bench, evaluated.told, board=app.board, clock=clock, patient=patient)
    return told + alive.tell(bench.tx, app.signs, rules=app.rules, now=bench.now, clock=clock)


def _troubles(app: App, tx: Tx) -> list[Trouble]:
    """Everything that is wrong with ourselves now."""
    ours = [*over_limit(tx, app.rules), *further_series(tx, app.rules), *endpoint_troubles(tx, app.clock())]
    return [*app.troubles, *ours, *source_troubles(tx, app.feeds, app.clock()), *delay_troubles(tx)]


def deliver(app: App, *, wait: bool = True) -> Delivered:
    """Send what is due, every endpoint in its own worker."""
    if wait:
        return app.couriers.deliver(app.clock)
    app.couriers.start(app.clock)
    return Delivered()
