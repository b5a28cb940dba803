"""The post: what each receiver would have got of a replay.

::

    steps of the replays → a store in memory → the same routes, groups, waits, digests and limits as in use → messages

Somebody comes by as soon as anything is due, as a daemon does. No message is worded, and none is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from watcher.bench import Bench, Told, store_change, transition_of
from watcher.config.notify import load_notify
from watcher.config.settings import Settings
from watcher.core.delivery import Outcome, OutcomeClass, Outgoing
from watcher.core.document import Document
from watcher.core.message import Desk, Notification, NotifyReason
from watcher.core.route import Route
from watcher.core.rule import Group, Rule, RuleSet, RuleStatus
from watcher.endpoint import Endpoint
from watcher.flush import next_flush
from watcher.net import Egress
from watcher.notify import next_reminder, tell
from watcher.receivers import Access, Rendered
from watcher.replayed import PastStep
from watcher.store.migrate import create
from watcher.store.schema import Tx
from watcher.store.told import Written, written
from watcher.store.waiting import find_held
from watcher.switchboard import Switchboard, Terms, rulebook
from watcher.wiring import desk, endpoint_of, slots_of

#: The steps of replayed rules, by identity.
Played = Mapping[str, Sequence[PastStep]]


@dataclass(frozen=True, slots=True)
class Mail:
    """What one receiver would have got, at the busiest of its channels."""

    receiver: str
    messages: int
    #: Of them, those that only repeat what still fires.
    reminders: int
    #: Of them, digests.
    digests: int
    #: The most on one day, in UTC.
    most_a_day: int
    #: Changes that it was never told of, because they were over before what muted them was.
    never_told: int


class _Wordless:
    """Stands in for every channel: its messages are counted and never read."""

    CHANNEL = "wordless"
    DEADLINE = timedelta(seconds=10)
    LEASE = timedelta(seconds=60)
    Settings = Document

    def recipients(self, _settings: Any, /) -> tuple[str, ...]:
        """The endpoint itself."""
        return ("",)

    def render(self, notification: Notification, *, settings: Any, desk: Desk) -> Rendered:  # noqa: ARG002 - every channel's signature
        """No words."""
        return Rendered("", "text/plain; charset=utf-8", b"")

    def send(self, outgoing: Outgoing, *, settings: Any, access: Access) -> Outcome:  # noqa: ARG002 - every channel's signature
        """Nothing is sent."""
        return Outcome(OutcomeClass.OK)


def wordless_board(settings: Settings) -> Switchboard:
    """Who would be told, by the routes and terms as they stand; it needs no secret and no server.

    :raises ConfigError: when notify.yaml is invalid.
    """
    routing = load_notify(settings.notify)
    access = Access(egress=Egress(), now=lambda: datetime.fromtimestamp(0, UTC))
    slots = (slot for receiver in routing.receivers for slot in slots_of(routing, receiver))
    real = (endpoint_of(routing, slot, access) for slot in slots)
    endpoints = {each.name: Endpoint(each.name, each.receiver, _Wordless(), each.settings, access) for each in real}
    terms = {name: Terms(own.digest, own.max_per_hour or 0) for name, own in settings.receivers.items()}
    return Switchboard(routing.route, endpoints, desk(settings), routing.intervals, routing.inhibitions, terms)


def deliver(rules: RuleSet, played: Played, board: Switchboard, end: datetime) -> list[Mail]:
    """Bring the steps of replayed rules to their receivers, up to an end.

    A rule on test is brought to whom its routes name, as if it were in force.
    """
    messages, dropped = bring(rules, played, board, end)
    return list(_by_receiver(board, messages, dropped))


def bring(
    rules: RuleSet, played: Played, board: Switchboard, end: datetime, *, by_period: bool = True
) -> tuple[list[Written], Counter[str]]:
    """Every message in the order of time, and by endpoint how many changes nobody was told of.

    :param by_period: count reminders by the period, where they come by one.
    """
    with create("sqlite://") as store, store.writing() as tx:
        round_ = _Round(tx, _in_force(rules, played), board, by_period=by_period)
        for tick, moves in _by_tick(played):
            round_.come_by(until=tick)
            round_.bring(tick, moves)
        round_.come_by(until=end)
        dropped = Counter(each.endpoint for each in find_held(tx, dropped=True) if each.dropped_at is not None)
        return round_.messages, dropped


class _Move(NamedTuple):
    rule: str
    step: PastStep


def _by_tick(played: Played) -> Iterator[tuple[datetime, Iterable[_Move]]]:
    moves = (_Move(rule, each) for rule, steps in played.items() for each in steps)
    return groupby(sorted(moves, key=_tick), key=_tick)


def _tick(move: _Move) -> datetime:
    return move.step.tick


def _in_force(rules: RuleSet, played: Played) -> RuleSet:
    """The rules that were replayed, in force and without words."""

    def own(group: Group) -> tuple[Rule, ...]:
        plain = {"status": RuleStatus.STABLE, "summary": "", "description": ""}
        return tuple(each.model_copy(update=plain) for each in group.rules if each.identity in played)

    groups = tuple(group.model_copy(update={"rules": own(group)}) for group in rules.groups)
    return RuleSet(rules.catalogue, groups, rules.content_hash)


class _Round:
    """Goes from moment to moment and tells whatever is due.

    While nothing but reminders is due, what was told in one period of theirs is told again in the next: such periods are
    counted and left out. All moments in the store lie earlier by what was left out before them.
    """

    def __init__(self, tx: Tx, rules: RuleSet, board: Switchboard, *, by_period: bool) -> None:
        self._tx, self._rules, self._board = tx, rules, board
        self._book = rulebook(rules)
        self._period = _period(board) if by_period else None
        self._left_out = timedelta()
        #: When each episode began, as the store has it.
        self._begun: dict[tuple[str, int], datetime] = {}
        #: The first moment at which anything may be due that no step brings, and whether it is a reminder; None: none.
        self._next: datetime | None = None
        self._waits = False
        self._last_step: datetime | None = None
        #: Every message, by the moment at which it would have been.
        self.messages: list[Written] = []

    def bring(self, tick: datetime, moves: Iterable[_Move]) -> None:
        """Store the changes of a tick, as a turn does, and tell them."""
        bench = Bench(self._tx, self._rules, {}, tick - self._left_out)
        stored = [self._store(bench, each) for each in moves]
        self._last_step = bench.now
        self._tell(bench, [each for each in stored if each.transition.notify])

    def come_by(self, *, until: datetime) -> None:
        """Tell what is due before a moment: what has waited, and reminders."""
        while self._next is not None and self._next < until - self._left_out:
            now = self._next
            self._tell(Bench(self._tx, self._rules, {}, now), ())
            if self._period and not self._waits and self._last_step and now - self._last_step >= self._period:
                self._leave_out((until - self._left_out - now) // self._period, self._period, now)

    def _leave_out(self, periods: int, period: timedelta, now: datetime) -> None:
        """Count what the last period told so many times more."""
        begin = now - period + self._left_out
        last = [each for each in self.messages if each.at > begin]
        self.messages += [each._replace(at=each.at + n * period) for n in range(1, periods + 1) for each in last]
        self._left_out += periods * period

    def _store(self, bench: Bench, move: _Move) -> Told:
        group, rule = self._book[move.rule]
        change = move.step.change
        begun = self._begun.setdefault((change.alert.fingerprint, change.alert.episode), bench.now)
        alert = replace(change.alert, fired_at=begun) if change.alert.fired_at else change.alert
        transition = transition_of(change, bench.now, rule_hash="", values={}, detail={}, watermark=None)
        store_change(bench, alert, transition)
        return Told(rule, group, alert, transition)

    def _tell(self, bench: Bench, told: Sequence[Told]) -> None:
        tx, board, now = self._tx, self._board, bench.now
        if tell(bench, told, board=board, clock=now, patient=True, wordless=True):
            new = written(tx, since=now)
            self.messages += [each._replace(at=each.at + self._left_out) for each in new]
        flush = next_flush(tx, board, now)
        moments = (flush, next_reminder(tx, rules=self._rules, board=board, now=now))
        self._next, self._waits = min((each for each in moments if each is not None), default=None), flush is not None


def _period(board: Switchboard) -> timedelta | None:
    """After this, reminders come as they came before; None where hours, digests or odd intervals are in the way."""
    if board.intervals or any(terms.digest for terms in board.terms.values()):
        return None
    spans = set(_repeats(board.route))
    longest = max(spans)
    return longest if not any(longest % each for each in spans) else None


def _repeats(route: Route, *, is_root: bool = True) -> Iterator[timedelta]:
    if is_root or "repeat_interval" in route.model_fields_set:
        yield route.repeat_interval
    for child in route.routes:
        yield from _repeats(child, is_root=False)


def _by_receiver(board: Switchboard, messages: Sequence[Written], dropped: Mapping[str, int]) -> Iterator[Mail]:
    mails: dict[str, Mail] = {}
    for endpoint in board.endpoints.values():
        mine = [each for each in messages if each.endpoint == endpoint.name]
        reasons = Counter(each.reason for each in mine)
        found = Mail(
            receiver=endpoint.receiver,
            messages=len(mine),
            reminders=reasons[NotifyReason.REPEAT.value],
            digests=reasons[NotifyReason.DIGEST.value],
            most_a_day=max(Counter(each.at.date() for each in mine).values(), default=0),
            never_told=dropped.get(endpoint.name, 0),
        )
        known = mails.get(endpoint.receiver)
        if known is None or known.messages < found.messages:
            mails[endpoint.receiver] = found
    yield from (each for each in mails.values() if each.messages or each.never_told)
