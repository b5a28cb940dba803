"""The stage of a story: an installation in memory, into which records come as they became known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Self

from watcher.app import App, evaluate
from watcher.config.notify import Notify
from watcher.core.message import Desk
from watcher.core.route import EVERY_LABEL, Route
from watcher.core.rule import RuleSet
from watcher.deliver import Couriers
from watcher.endpoint import Endpoint
from watcher.inbox import Inbox
from watcher.net import Egress
from watcher.receivers import Access
from watcher.ruletest.document import DESK_RECEIVER
from watcher.ruletest.events import Known
from watcher.ruletest.story import KnownFact
from watcher.ruletest.tape import Tape
from watcher.sources import SOURCES
from watcher.store.alerts import mark_dirty, rule_states, save_rule_state
from watcher.store.events import record_events
from watcher.store.facts import assert_fact, withdraw_fact
from watcher.store.migrate import create
from watcher.store.schema import Tx
from watcher.store.series import fold
from watcher.store.sources import ensure_source
from watcher.switchboard import TEST_RECEIVER, Switchboard
from watcher.wiring import endpoint_of, slots_of

#: Reminders would repeat every few hours what a test says once.
_NEVER_AGAIN = timedelta(days=36_500)


class Stage:
    """An installation in memory, with rules, routes and a clock of its own."""

    def __init__(
        self, rules: RuleSet, routing: Notify | None, *, sources: Sequence[str], query_offset: timedelta
    ) -> None:
        self.now = datetime.fromtimestamp(0, UTC)
        desk = Desk(instance="test")
        self.tape = Tape(desk)
        store = create("sqlite://")
        board = _board(routing, self.tape, desk)
        self.app = App(
            store=store,
            rules=rules,
            feeds={},
            board=board,
            couriers=Couriers(store, board.endpoints, boot="test"),
            clock=lambda: self.now,
            inbox=Inbox(),
            offsets=dict.fromkeys(sources, query_offset),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.app.close()

    def open(self, start: datetime) -> None:
        """Take the first turn, with which the rules come into force.

        A rule that cannot be judged yet is in force all the same: what it says later is no "state at start", as it would be
        in an empty installation.
        """
        self.turn(start)
        with self.app.store.writing() as tx:
            for state in rule_states(tx).values():
                if state.activated_at is None:
                    save_rule_state(tx, state._replace(activated_at=start))

    def turn(self, now: datetime) -> None:
        """Judge and tell, as a turn does between reading and sending."""
        self.now = now
        evaluate(self.app, now)

    def take_in(self, records: Sequence[Known], facts: Sequence[KnownFact], now: datetime) -> None:
        """Store what has become known, as a turn that reads it now does."""
        with self.app.store.writing() as tx:
            for source, batch in groupby(records, key=lambda known: known.record.source):
                self._record(tx, source, list(batch), now)
            for each in facts:
                _state(tx, each)

    def _record(self, tx: Tx, source: str, batch: Sequence[Known], now: datetime) -> None:
        kind = source if source in SOURCES else "table"
        join = SOURCES[kind].DEFAULTS.joined
        ensure_source(tx, source, kind=kind)
        events = [known.record for known in batch]
        recorded, changes = record_events(tx, events, source=source, now=now, lag=None, trust_stamp=True, join=join)
        fold(tx, changes, self.app.rules.indicators)
        if recorded.known_from is not None:
            mark_dirty(tx, f"records:{source}", recorded.known_from)


def _state(tx: Tx, known: KnownFact) -> None:
    if known.is_withdrawn:
        withdraw_fact(tx, known.fact.identity, now=known.moment)
    else:
        assert_fact(tx, known.fact, now=known.moment)
    mark_dirty(tx, "facts", known.moment)


def _board(routing: Notify | None, tape: Tape, desk: Desk) -> Switchboard:
    """Who is told: the routes under test with a tape at every end, or everything to one receiver."""
    if routing is None:
        route = _silent(Route(receiver=DESK_RECEIVER, group_by=(EVERY_LABEL,)))
        endpoints = [Endpoint(f"{name}/tape/1", name, tape, None, _access()) for name in (DESK_RECEIVER, TEST_RECEIVER)]
    else:
        route, endpoints = _silent(routing.route), list(_endpoints(routing, tape))
    inhibitions = routing.inhibitions if routing else ()
    by_name = {endpoint.name: endpoint for endpoint in endpoints}
    return Switchboard(route, by_name, desk, inhibitions=inhibitions)


def _endpoints(routing: Notify, tape: Tape) -> Iterator[Endpoint]:
    for receiver in routing.receivers:
        for slot in slots_of(routing, receiver):
            real = endpoint_of(routing, slot, _access())
            yield Endpoint(real.name, real.receiver, tape, real.settings, real.access)


def _silent(route: Route) -> Route:
    """The same routes without reminders, and at any hour: a test says what is told, and turns only come when asked."""
    routes = tuple(_silent(child) for child in route.routes)
    times = {"repeat_interval": _NEVER_AGAIN, "group_interval": timedelta()}
    return route.model_copy(update={"routes": routes, **times, "mute_time_intervals": (), "active_time_intervals": ()})


def _access() -> Access:
    """What a channel may use on its way out; nothing ever goes out."""
    return Access(egress=Egress(), now=lambda: datetime.fromtimestamp(0, UTC))
