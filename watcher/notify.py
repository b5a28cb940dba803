"""Notification: from transitions to messages in the outbox, inside the transaction that stores the transitions.

::

    transition → item → route → endpoint and group ─→ message and deliveries
                                       ├─ waits ──────╯ (watcher/flush.py)   │
                                       ╰──────────── muted meanwhile ────────╯ (watcher/withdrawal.py)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import NamedTuple

from watcher import withdrawal
from watcher.bench import Bench, Told
from watcher.company import Company
from watcher.core.alert import Alert, Reason, State, Transition
from watcher.core.interval import muted_by
from watcher.core.message import Item
from watcher.core.message.group import Standing, next_decision
from watcher.core.muting import Hush
from watcher.core.rule import Group, Rule, RuleSet
from watcher.evaluate import look_again
from watcher.flush import flush, is_flush_due
from watcher.item import item_of
from watcher.messages import Sender
from watcher.since import since
from watcher.store.alerts import find_alerts, find_transitions
from watcher.store.reviews import standing_acknowledgement
from watcher.store.schema import Tx
from watcher.store.told import last_told, told_endpoints
from watcher.store.waiting import Waiting, find_held, last_messages, waiting_endpoints
from watcher.switchboard import Slot, Switchboard, hush_of, labels_of, root_slot, routed, rule_of, rulebook, ungrouped

#: What is about to be told, by endpoint, alert and episode.
Episodes = Collection[tuple[str, str, int]]


def is_due(tx: Tx, *, rules: RuleSet, board: Switchboard, now: datetime, patient: bool) -> bool:
    """Whether somebody is to be told something that no evaluation brings: what waits, and reminders."""
    if is_flush_due(tx, board, now, patient=patient) or withdrawal.is_due(tx, rules=rules, board=board, now=now):
        return True
    return any(overdue(tx, rules=rules, board=board, now=now))


def tell(
    bench: Bench,
    told: Sequence[Told],
    *,
    board: Switchboard,
    clock: datetime,
    patient: bool = False,
    wordless: bool = False,
) -> int:
    """Store what these transitions, what has waited and what goes on give to tell; return how many messages.

    :param patient: whether a turn follows soon, so that the first alert of a group can wait for others.
    :param wordless: only who is told, and when, is of interest: nothing is looked up to be said, and each message counts as
        sent when it is written.
    """
    if not wordless:
        withdrawal.take_back(bench, board)
    fresh = list(_arrivals(bench, told, board, wordless=wordless))
    sender = Sender(bench, board, clock, patient, Company(bench, board))
    reminders = [
        _reminder(bench, slot, each, wordless=wordless)
        for slot, each in overdue(bench.tx, rules=bench.rules, board=board, now=bench.now)
    ]
    return flush(sender, fresh, reminders)


def _arrivals(bench: Bench, told: Sequence[Told], board: Switchboard, *, wordless: bool) -> Iterator[Waiting]:
    """Each transition once for every endpoint that is to hear of it."""
    about: set[tuple[str, str, int]] = set()
    for each in told:
        item = item_of(bench, each)
        for slot in _slots(bench.tx, each.rule, item, board, about):
            about.add((slot.endpoint.name, item.transition.fingerprint, item.transition.episode))
            has_changed = item.before and not item.is_over and not wordless
            yield _waiting(bench, slot, _since_last(bench, each, slot, item) if has_changed else item)


def _reminder(bench: Bench, slot: Slot, told: Told, *, wordless: bool) -> Waiting:
    """What goes on, with what there is to say of it now."""
    if wordless:
        return _waiting(bench, slot, item_of(bench, told))
    again = look_again(bench, told) if told.rule.detector_name else told
    return _waiting(bench, slot, _since_last(bench, again, slot, item_of(bench, again)))


def _since_last(bench: Bench, told: Told, slot: Slot, item: Item) -> Item:
    """The same item with what changed since this endpoint was last told of it."""
    found = since(bench, told, slot.endpoint.name)
    if found is None:
        return item
    changed = {"since": found.moment.isoformat(), **found.difference}
    return replace(item, previous_values=found.values, changed=changed)


def _waiting(bench: Bench, slot: Slot, item: Item) -> Waiting:
    return Waiting(slot.endpoint.name, slot.key, dict(slot.labels), slot.timing, item, bench.now)


class _GoingOn(NamedTuple):
    """An alert that fires, at one endpoint that was told of it."""

    told: Callable[[], Told]
    alert: Alert
    labels: Mapping[str, str]
    slot: Slot
    #: When it was told last.
    spoken: datetime


def overdue(tx: Tx, *, rules: RuleSet, board: Switchboard, now: datetime) -> Iterator[tuple[Slot, Told]]:
    """What still fires and was last told longer ago than the route's ``repeat_interval``, unless something mutes it.

    Occurrences are told once, an episode of which nobody was told is not brought up by a reminder, and what somebody
    acknowledged is not either.
    """
    hush: Hush | None = None
    for each in _going_on(tx, rules, board, now):
        if not _is_overdue(tx, each.slot, each.spoken, board, now):
            continue
        if standing_acknowledgement(tx, each.alert, now) is not None:
            continue
        hush = hush or hush_of(tx, rules, board, now)
        if hush.mutes(each.labels, now) is None and not _waits(tx, each.slot, each.alert.fingerprint):
            yield each.slot, each.told()


def next_reminder(tx: Tx, *, rules: RuleSet, board: Switchboard, now: datetime) -> datetime | None:
    """The first moment after this one at which something that goes on may be told again; None when nothing may.

    What an inhibition or an acknowledgement holds is not counted: that changes when something comes.
    """
    moments = (_due_again(each.slot, each.spoken, board, now) for each in _going_on(tx, rules, board, now))
    return min((moment for moment in moments if moment is not None), default=None)


def _due_again(slot: Slot, spoken: datetime, board: Switchboard, now: datetime) -> datetime | None:
    timing = slot.timing
    if timing.repeats is None or spoken + timing.repeats > now:
        return None if timing.repeats is None else spoken + timing.repeats
    standing = Standing(timing, spoken + timing.repeats, spoken)
    return next_decision(standing, board.clockwork_of(slot.endpoint.name, patient=False), now)


def _going_on(tx: Tx, rules: RuleSet, board: Switchboard, now: datetime) -> Iterator[_GoingOn]:
    book = rulebook(rules)
    for alert in find_alerts(tx, states=(State.FIRING, State.RECOVERING)):
        place = rule_of(alert, book)
        if place is None or not alert.told:
            continue
        group, rule = place
        labels = labels_of(rule, group, alert.group, alert.severity)
        for slot in routed(rule, labels, board):
            spoken = last_told(tx, slot.endpoint.name, alert.fingerprint)
            if spoken is not None and spoken >= (alert.fired_at or now):
                yield _GoingOn(partial(_newest, tx, rule, group, alert), alert, labels, slot, spoken)


def _newest(tx: Tx, rule: Rule, group: Group, alert: Alert) -> Told:
    """An alert with its last transition."""
    return Told(rule, group, alert, find_transitions(tx, fingerprint=alert.fingerprint, limit=1)[0].transition)


def _is_overdue(tx: Tx, slot: Slot, spoken: datetime, board: Switchboard, now: datetime) -> bool:
    timing = slot.timing
    if timing.repeats is None or spoken > now - timing.repeats:
        return False
    if muted_by(timing.mute, timing.active, board.intervals, now) is not None:
        return False
    digest = board.terms_of(slot.endpoint.name).digest
    if not timing.in_digest or digest is None:
        return True
    last = last_messages(tx, [(slot.endpoint.name, slot.key)]).get((slot.endpoint.name, slot.key))
    return digest.is_due(waiting_since=spoken + timing.repeats, last=last, now=now, zone=board.desk.timezone)


def _waits(tx: Tx, slot: Slot, fingerprint: str) -> bool:
    """Whether something newer of the alert is to be told anyway."""
    return any(each.endpoint == slot.endpoint.name for each in find_held(tx, fingerprint=fingerprint))


def _slots(tx: Tx, rule: Rule, item: Item, board: Switchboard, about: Episodes) -> list[Slot]:
    """Where an item goes. Whoever was told of an episode is told its end, whatever the route says by then."""
    is_gone = item.transition.reason is Reason.RULE_REMOVED
    slots = [] if is_gone else routed(rule, item.labels, board)
    if item.is_over:
        told = _told(tx, item.transition, about)
        by_name = {slot.endpoint.name: slot for slot in slots}
        known = [endpoint for name, endpoint in board.endpoints.items() if name in told]
        slots = [by_name.get(each.name) or root_slot(each, item.labels, board) for each in known if each.tells_ends]
    if item.transition.reason is Reason.STATE_AT_START:
        slots = [ungrouped(slot) for slot in slots]
    return slots


def _told(tx: Tx, transition: Transition, about: Episodes) -> set[str]:
    """The endpoints that were told of an episode, or are about to be: it may begin and end before anybody is."""
    episode = (transition.fingerprint, transition.episode)
    now = {endpoint for endpoint, *which in about if tuple(which) == episode}
    return {*told_endpoints(tx, *episode), *waiting_endpoints(tx, *episode), *now}
