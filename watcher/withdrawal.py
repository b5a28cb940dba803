"""Withdrawal: what was written, and of which nobody was sent anything yet, waits again when it is muted meanwhile.

A message is withdrawn whole: what is not muted in it is told at once in another one. What is behind it about the same
alerts is withdrawn with it, so that of each alert everything still arrives in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from watcher.bench import Bench, Told
from watcher.core.alert import Alert, Reason, State, Transition
from watcher.core.rule import Group, Rule, RuleSet
from watcher.item import item_of
from watcher.store.alerts import alert as stored_alert
from watcher.store.alerts import find_transitions
from watcher.store.schema import Tx
from watcher.store.silences import find_silences
from watcher.store.waiting import Waiting, put
from watcher.store.withdrawal import Queued, QueuedItem, find_queued, withdraw
from watcher.switchboard import (
    Rulebook,
    Switchboard,
    hush_of,
    labels_of,
    root_slot,
    routed,
    rule_of,
    rulebook,
    ungrouped,
)

_BEHIND = "told in another message, because what was to go before it was taken back"

#: Why an alert at an endpoint is not told now; empty when it is.
_Mutes = Callable[[QueuedItem], str]


class _Withdrawn(NamedTuple):
    queued: Queued
    why: str


def is_due(tx: Tx, *, rules: RuleSet, board: Switchboard, now: datetime) -> bool:
    """Whether something that is queued has been muted since it was written."""
    return bool(_muted(tx, rules, board, now))


def take_back(bench: Bench, board: Switchboard) -> None:
    """Withdraw what has been muted, and let what it told wait again."""
    tx, book = bench.tx, rulebook(bench.rules)
    for queued, why in _muted(tx, bench.rules, board, bench.now, lock=True):
        withdraw(tx, queued.id, reason=why, now=bench.now)
        places = [(each, rule_of(_alert_of(each), book)) for each in queued.items if each.seq]
        put(tx, [_waiting(bench, board, queued, each, place) for each, place in places if place is not None])


def _muted(tx: Tx, rules: RuleSet, board: Switchboard, now: datetime, *, lock: bool = False) -> list[_Withdrawn]:
    if not (board.inhibitions or find_silences(tx, at=now)):
        return []
    book = rulebook(rules)
    queued = [each for each in find_queued(tx, lock=lock) if each.endpoint in board.endpoints]
    movable = _movable(queued, book)
    return _with_followers(movable, _mutes(tx, rules, board, now)) if movable else []


def _mutes(tx: Tx, rules: RuleSet, board: Switchboard, now: datetime) -> _Mutes:
    hush, book = hush_of(tx, rules, board, now), rulebook(rules)

    def mutes(item: QueuedItem) -> str:
        place = rule_of(_alert_of(item), book)
        found = place and hush.mutes(labels_of(place[1], place[0], item.group, item.severity), now)
        return found.why if found else ""

    return mutes


def _movable(queued: Iterable[Queued], book: Rulebook) -> list[Queued]:
    """What can be taken back, in the order of writing: nothing about its alerts has to stay where it is behind it."""
    pinned: dict[str, set[str]] = defaultdict(set)
    movable = []
    for each in reversed([*queued]):
        is_known = all(rule_of(_alert_of(item), book) is not None for item in each.items)
        if each.is_untried and is_known and not each.alerts & pinned[each.endpoint]:
            movable.append(each)
        else:
            pinned[each.endpoint] |= each.alerts
    return movable[::-1]


def _with_followers(queued: Iterable[Queued], mutes: _Mutes) -> list[_Withdrawn]:
    """What is muted, and what is behind it about the same alerts."""
    queued = [*queued]
    # As in a flush, an alert is muted or not by the newest that is to be told of it.
    newest = {(each.endpoint, item.fingerprint): item for each in queued for item in each.items}
    reasons = {where: mutes(item) for where, item in newest.items()}
    taken: dict[str, set[str]] = defaultdict(set)
    found = []
    for each in queued:
        why = next(filter(None, (reasons[each.endpoint, item.fingerprint] for item in each.items)), "")
        if not why and each.alerts & taken[each.endpoint]:
            why = _BEHIND
        if why:
            taken[each.endpoint] |= each.alerts
            found.append(_Withdrawn(each, why))
    return found


def _alert_of(item: QueuedItem) -> Alert:
    return Alert(item.fingerprint, item.rule, item.group)


def _waiting(bench: Bench, board: Switchboard, queued: Queued, told: QueuedItem, place: tuple[Group, Rule]) -> Waiting:
    """An item as it waited before its message was written."""
    (group, rule), history = (
        place,
        [each.transition for each in find_transitions(bench.tx, fingerprint=told.fingerprint)],
    )
    transition = next(each for each in history if each.seq == told.seq)
    alert = _as_it_was(stored_alert(bench.tx, told.fingerprint) or _alert_of(told), transition, history)
    item = item_of(bench, Told(rule, group, alert, transition))
    slots = {slot.endpoint.name: slot for slot in routed(rule, item.labels, board)}
    slot = slots.get(queued.endpoint) or root_slot(board.endpoints[queued.endpoint], item.labels, board)
    if transition.reason is Reason.STATE_AT_START:
        slot = ungrouped(slot)
    # Its first wait is over: what is not muted is told at once.
    return Waiting(queued.endpoint, slot.key, dict(slot.labels), slot.timing, item, queued.created_at)


def _as_it_was(alert: Alert, transition: Transition, history: Iterable[Transition]) -> Alert:
    """An alert's episode as it stood after a transition."""
    began = [each.tick for each in history if each.episode == transition.episode and each.after is State.FIRING]
    is_over = transition.after in {State.RESOLVED, State.RETRACTED, State.EXPIRED}
    ended_at = transition.tick if is_over else None
    return replace(alert, episode=transition.episode, fired_at=min(began, default=None), ended_at=ended_at)
