"""Notification: from transitions to messages in the outbox, inside the transaction that stores the transitions.

::

    transition → item → route → endpoint and group ─→ message and deliveries
                                       ╰─ waits ──────╯ (watcher/flush.py)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from watcher.bench import Bench, Told
from watcher.core.alert import Alert, Reason, State, Transition
from watcher.core.interval import muted_by
from watcher.core.message import Item
from watcher.core.message.group import Standing, next_decision
from watcher.core.muting import Hush
from watcher.core.rule import Group, Rule, RuleSet
from watcher.core.template import render
from watcher.evaluate import look_again
from watcher.flush import flush, is_flush_due
from watcher.messages import Sender
from watcher.store.alerts import find_alerts, find_transitions
from watcher.store.reviews import last_acknowledgement, standing_acknowledgement
from watcher.store.schema import Tx
from watcher.store.told import last_told, told_endpoints
from watcher.store.waiting import Waiting, find_held, last_messages, waiting_endpoints
from watcher.switchboard import Slot, Switchboard, hush_of, labels_of, root_slot, routed, rule_of, rulebook, ungrouped

#: What is about to be told, by endpoint, alert and episode.
Episodes = Collection[tuple[str, str, int]]


def is_due(tx: Tx, *, rules: RuleSet, board: Switchboard, now: datetime, patient: bool) -> bool:
    """Whether somebody is to be told something that no evaluation brings: what waits, and reminders."""
    if is_flush_due(tx, board, now, patient=patient):
        return True
    return any(overdue(tx, rules=rules, board=board, now=now))


def tell(
    bench: Bench,
    told: Sequence[Told],
    *,
    board: Switchboard,
    clock: datetime,
    patient: bool = False,
    again: Callable[[Bench, Told], Told] = look_again,
) -> int:
    """Store what these transitions, what has waited and what goes on give to tell; return how many messages.

    :param patient: whether a turn follows soon, so that the first alert of a group can wait for others.
    :param again: what is said of an alert that goes on, when it is told again.
    """
    fresh = list(_arrivals(bench, told, board))
    sender = Sender(bench, board, clock, patient)
    reminders = [
        _waiting(bench, slot, _item(bench, again(bench, each) if each.rule.detector_name else each))
        for slot, each in overdue(bench.tx, rules=bench.rules, board=board, now=bench.now)
    ]
    return flush(sender, fresh, reminders)


def _arrivals(bench: Bench, told: Sequence[Told], board: Switchboard) -> Iterator[Waiting]:
    """Each transition once for every endpoint that is to hear of it."""
    about: set[tuple[str, str, int]] = set()
    for each in told:
        item = _item(bench, each)
        for slot in _slots(bench.tx, each.rule, item, board, about):
            about.add((slot.endpoint.name, item.transition.fingerprint, item.transition.episode))
            yield _waiting(bench, slot, item)


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


def _item(bench: Bench, told: Told) -> Item:
    """A transition with everything that is said about it."""
    rule, alert, transition = told.rule, told.alert, told.transition
    earlier = _earlier(bench.tx, transition)
    keys = rule.defaults(bench.catalogue) if transition.rule_hash else None
    outputs = rule.detector.OUTPUTS if transition.rule_hash else {}
    return Item(
        transition=transition,
        alert=rule.alert,
        labels=labels_of(rule, told.group, transition.group, transition.severity),
        starts_at=alert.fired_at or transition.tick,
        ends_at=alert.ended_at,
        summary=render(rule.summary, outputs, transition.values) if rule.summary else "",
        description=render(rule.description, outputs, transition.values) if rule.description else "",
        runbook=rule.runbook,
        contact=rule.contact,
        falsepositives=rule.falsepositives,
        ends_when=str(keys.recovery) if keys and keys.recovery else "",
        before={"tick": earlier.tick.isoformat(), "severity": earlier.severity.value} if earlier else None,
        previous_values=earlier.values if earlier else {},
        detector=rule.detector_name if transition.rule_hash else "",
        outputs=outputs,
        acknowledgement=last_acknowledgement(bench.tx, alert),
    )


def _earlier(tx: Tx, transition: Transition) -> Transition | None:
    """What was told of this episode last, before this."""
    history = find_transitions(tx, fingerprint=transition.fingerprint, episode=transition.episode)
    return next(
        (each.transition for each in history if each.transition.notify and each.transition.seq < transition.seq), None
    )


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
