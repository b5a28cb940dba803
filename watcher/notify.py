"""Notification: from transitions to messages in the outbox, inside the transaction that stores the transitions.

::

    transition → item → route → endpoint and group → notification → message and deliveries
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from watcher.bench import Bench, Told
from watcher.core.alert import OURS, Alert, Reason, State, Transition
from watcher.core.message import Desk, Item, Notification, NotifyReason, notification_id
from watcher.core.message.grouping import decide, group_key, group_labels
from watcher.core.route import Route, Target
from watcher.core.rule import Group, Rule, RuleSet, RuleStatus
from watcher.core.severity import Severity
from watcher.core.template import render
from watcher.endpoint import Endpoint, Endpoints, of_receiver
from watcher.endpoint_troubles import ABOUT
from watcher.evaluate import look_again
from watcher.store.alerts import find_alerts, find_transitions
from watcher.store.house import epoch
from watcher.store.outbox import enqueue
from watcher.store.schema import Tx
from watcher.store.standby import stand_by
from watcher.store.told import last_told, told_endpoints, told_open

#: The receiver of rules with ``status: test``.
TEST_RECEIVER = "test"
#: After so long without success the receiver to fall back on is told.
FALLBACK_AFTER, FALLBACK_AFTER_CRITICAL = timedelta(hours=1), timedelta(minutes=10)
#: Alerts in one message; the rest goes into the next.
MOST_ITEMS = 500


class Slot(NamedTuple):
    """Where an item goes: one group at one endpoint."""

    endpoint: Endpoint
    key: str
    labels: tuple[tuple[str, str], ...]
    repeats: timedelta | None


@dataclass(frozen=True, slots=True)
class Switchboard:
    """Who is told of what, and in whose words."""

    route: Route
    endpoints: Endpoints
    desk: Desk
    #: Receiver → the receiver that is told instead when it cannot be.
    fallbacks: Mapping[str, str] = field(default_factory=dict)


def tell(bench: Bench, told: Sequence[Told], *, board: Switchboard, clock: datetime) -> int:
    """Store a message for every endpoint and group that these transitions concern; return how many."""
    waiting: dict[Slot, list[Item]] = defaultdict(list)
    for each in told:
        item = _item(bench, each)
        for slot in _slots(bench.tx, each.rule, item, board, waiting):
            waiting[slot].append(item)
    batches = [(slot, batch) for slot, items in waiting.items() for batch in _batches(items)]
    for slot, batch in batches:
        _enqueue(bench, slot, batch, reason=_reason(bench.tx, slot, batch), board=board, clock=clock)
    return len(batches)


def remind(bench: Bench, *, board: Switchboard, clock: datetime) -> int:
    """Repeat, with what there is to say now, what still fires and was told too long ago; return how many messages."""
    waiting: dict[Slot, list[Item]] = defaultdict(list)
    for slot, told in overdue(bench.tx, rules=bench.rules, board=board, now=bench.now):
        again = look_again(bench, told) if told.rule.detector_name else told
        waiting[slot].append(_item(bench, again))
    batches = [(slot, batch) for slot, items in waiting.items() for batch in _batches(items)]
    for slot, batch in batches:
        _enqueue(bench, slot, batch, reason=NotifyReason.REPEAT, board=board, clock=clock)
    return len(batches)


def overdue(tx: Tx, *, rules: RuleSet, board: Switchboard, now: datetime) -> Iterator[tuple[Slot, Told]]:
    """What still fires and was last told longer ago than the route's ``repeat_interval``.

    Occurrences are told once, and an episode of which nobody was told is not brought up by a reminder.
    """
    by_rule = {rule.identity: (group, rule) for group in rules.groups for rule in group.rules}
    for alert in find_alerts(tx, states=(State.FIRING, State.RECOVERING)):
        group, rule = by_rule.get(alert.rule) or _of_ourselves(alert) or (None, None)
        if group is None or rule is None or not alert.told:
            continue
        newest = find_transitions(tx, fingerprint=alert.fingerprint, limit=1)[0].transition
        told = Told(rule, group, alert, newest)
        for slot in _routed(rule, _labels(told), board):
            spoken = last_told(tx, slot.endpoint.name, alert.fingerprint)
            if slot.repeats and spoken is not None and (alert.fired_at or now) <= spoken <= now - slot.repeats:
                yield slot, told


def _of_ourselves(alert: Alert) -> tuple[Group, Rule] | None:
    """The rule that nobody wrote, where the alert is one about ourselves."""
    if not alert.rule.startswith(OURS):
        return None
    return Group(), Rule.model_construct(alert=alert.rule.removeprefix(OURS), id=alert.rule)


def _item(bench: Bench, told: Told) -> Item:
    """A transition with everything that is said about it."""
    rule, alert, transition = told.rule, told.alert, told.transition
    earlier = _earlier(bench.tx, transition)
    keys = rule.defaults(bench.catalogue) if transition.rule_hash else None
    outputs = rule.detector.OUTPUTS if transition.rule_hash else {}
    return Item(
        transition=transition,
        alert=rule.alert,
        labels=_labels(told),
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
        outputs=outputs,
    )


def _labels(told: Told) -> dict[str, str]:
    own = {"alertname": told.rule.alert, "severity": told.transition.severity.value}
    return {**told.group.labels, **told.rule.labels, **dict(told.transition.group), **own}


def _earlier(tx: Tx, transition: Transition) -> Transition | None:
    """What was told of this episode last, before this."""
    history = find_transitions(tx, fingerprint=transition.fingerprint, episode=transition.episode)
    return next(
        (each.transition for each in history if each.transition.notify and each.transition.seq < transition.seq), None
    )


def _slots(tx: Tx, rule: Rule, item: Item, board: Switchboard, waiting: Mapping[Slot, Sequence[Item]]) -> list[Slot]:
    """Where an item goes. Whoever was told of an episode is told its end, whatever the route says by then."""
    is_gone = item.transition.reason is Reason.RULE_REMOVED
    slots = [] if is_gone else _routed(rule, item.labels, board)
    if item.is_over:
        told = _told(tx, item.transition, waiting)
        by_name = {slot.endpoint.name: slot for slot in slots}
        known = [endpoint for name, endpoint in board.endpoints.items() if name in told]
        slots = [by_name.get(each.name) or _root_slot(each, item.labels, board) for each in known if each.tells_ends]
    if item.transition.reason is Reason.STATE_AT_START:
        slots = [_slot(slot.endpoint, {}, slot.repeats) for slot in slots]
    return slots


def _told(tx: Tx, transition: Transition, waiting: Mapping[Slot, Sequence[Item]]) -> set[str]:
    """The endpoints that were told of an episode, or are about to be: it may begin and end within one late turn."""
    episode = (transition.fingerprint, transition.episode)
    about_to_be = {
        slot.endpoint.name
        for slot, items in waiting.items()
        if any((item.transition.fingerprint, item.transition.episode) == episode for item in items)
    }
    return {*told_endpoints(tx, *episode), *about_to_be}


def _routed(rule: Rule, labels: Mapping[str, str], board: Switchboard) -> list[Slot]:
    """Where the tree of routes sends an alert, by endpoint."""
    occurs_once = rule.is_event_like
    return [
        _slot(endpoint, group_labels(labels, target.group_by), None if occurs_once else target.repeat_interval)
        for target in _targets(rule, labels, board.route)
        for endpoint in _channels(rule, labels, board, target.receiver)
    ]


def _channels(rule: Rule, labels: Mapping[str, str], board: Switchboard, receiver: str) -> list[Endpoint]:
    """The channels of a receiver; an alert about one of them never goes through it."""
    about = labels.get(ABOUT, "") if (rule.id or "").startswith(OURS) else ""
    others = [each for each in of_receiver(board.endpoints, receiver) if each.name != about]
    instead = of_receiver(board.endpoints, board.fallbacks.get(receiver, "")) if about and not others else []
    return others or [each for each in instead if each.name != about]


def _targets(rule: Rule, labels: Mapping[str, str], route: Route) -> tuple[Target, ...]:
    targets = route.targets(labels)
    match rule.status:
        case RuleStatus.EXPERIMENTAL:
            return ()
        case RuleStatus.TEST:
            return (replace(targets[0], receiver=TEST_RECEIVER),)
        case _:
            return targets


def _root_slot(endpoint: Endpoint, labels: Mapping[str, str], board: Switchboard) -> Slot:
    """How an endpoint groups an alert that is no longer routed to it: as the root of the tree does."""
    return _slot(endpoint, group_labels(labels, board.route.group_by), board.route.repeat_interval)


def _slot(endpoint: Endpoint, labels: Mapping[str, str], repeats: timedelta | None) -> Slot:
    return Slot(endpoint, group_key(endpoint.receiver, labels), tuple(sorted(labels.items())), repeats)


def _batches(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Items in messages that name each alert once, in the order in which things happened."""
    batch: dict[str, Item] = {}
    for item in items:
        if item.transition.fingerprint in batch or len(batch) == MOST_ITEMS:
            yield list(batch.values())
            batch = {}
        batch[item.transition.fingerprint] = item
    if batch:
        yield list(batch.values())


def _enqueue(
    bench: Bench, slot: Slot, items: Sequence[Item], *, reason: NotifyReason, board: Switchboard, clock: datetime
) -> None:
    """Render a notification and store it with its deliveries."""
    endpoint = slot.endpoint
    unnamed = Notification(
        endpoint=endpoint.name,
        receiver=endpoint.receiver,
        group_key=slot.key,
        group_labels=dict(slot.labels),
        reason=reason,
        items=tuple(items),
        created_at=bench.now,
        repeats=slot.repeats,
        epoch=epoch(bench.tx),
    )
    notification = replace(unnamed, id=notification_id(unnamed))
    rendered = endpoint.channel.render(notification, settings=endpoint.settings, desk=board.desk)
    seqs = [(item.transition.fingerprint, item.transition.seq) for item in items]
    enqueue(
        bench.tx,
        notification.id,
        endpoint=endpoint.name,
        group_key=slot.key,
        reason=reason.value,
        status=notification.status,
        subject=rendered.subject,
        content_type=rendered.content_type,
        body=rendered.body,
        items=[(fingerprint, 0) for fingerprint, _ in seqs] if reason is NotifyReason.REPEAT else seqs,
        recipients=endpoint.recipients,
        now=bench.now,
        due_at=clock,
    )
    _stand_by(bench.tx, notification, board, clock)


def _stand_by(tx: Tx, notification: Notification, board: Switchboard, clock: datetime) -> None:
    """Keep the same notification ready for the receiver to fall back on, in the words of its channels."""
    after = FALLBACK_AFTER_CRITICAL if notification.severity is Severity.CRITICAL else FALLBACK_AFTER
    for endpoint in of_receiver(board.endpoints, board.fallbacks.get(notification.receiver, "")):
        own = replace(notification, endpoint=endpoint.name, receiver=endpoint.receiver)
        rendered = endpoint.channel.render(own, settings=endpoint.settings, desk=board.desk)
        stand_by(
            tx,
            notification.id,
            endpoint=endpoint.name,
            recipients=endpoint.recipients,
            subject=rendered.subject,
            content_type=rendered.content_type,
            body=rendered.body,
            due_at=clock + after,
        )


def _reason(tx: Tx, slot: Slot, items: Sequence[Item]) -> NotifyReason:
    own = {item.transition.fingerprint for item in items}
    return decide(items, others_open=bool(told_open(tx, slot.endpoint.name, slot.key) - own))
