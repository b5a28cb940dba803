"""Signs of life: once a week, to every receiver that asked for them, through the outbox like everything else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from watcher.core.alert import State
from watcher.core.alive import Alive, Pulse
from watcher.core.delivery import DeliveryState
from watcher.core.message import Desk, Notification, NotifyReason, notification_id
from watcher.core.rule import RuleSet
from watcher.endpoint import Endpoint, Endpoints, of_receiver
from watcher.store.alerts import find_alerts
from watcher.store.deliveries import outbox_summary
from watcher.store.outbox import enqueue, is_stored
from watcher.store.schema import Tx
from watcher.store.sources import find_sources


@dataclass(frozen=True, slots=True)
class Signs:
    """Who wants a sign of life, and when."""

    endpoints: Endpoints = field(default_factory=dict)
    desk: Desk = field(default_factory=Desk)
    #: By the receiver's name.
    wanted: Mapping[str, Alive] = field(default_factory=dict)


class _Note(NamedTuple):
    endpoint: Endpoint
    notification: Notification


def is_due(tx: Tx, signs: Signs, now: datetime) -> bool:
    """Whether some receiver has not had its note of this week."""
    return any(not is_stored(tx, note.notification.id) for note in _notes(signs, now))


def tell(tx: Tx, signs: Signs, *, rules: RuleSet, now: datetime, clock: datetime) -> int:
    """Store the notes that are due; return how many."""
    due = [note for note in _notes(signs, now) if not is_stored(tx, note.notification.id)]
    pulse = _pulse(tx, rules, now) if due else None
    for endpoint, notification in due:
        _enqueue(tx, endpoint, replace(notification, pulse=pulse), desk=signs.desk, clock=clock)
    return len(due)


def _notes(signs: Signs, now: datetime) -> Iterator[_Note]:
    for receiver, alive in signs.wanted.items():
        due = alive.last_due(now, signs.desk.timezone)
        for endpoint in of_receiver(signs.endpoints, receiver):
            unnamed = Notification(
                endpoint=endpoint.name,
                receiver=receiver,
                group_key=f"{receiver}:alive {due.week}",
                group_labels={},
                reason=NotifyReason.ALIVE,
                items=(),
                created_at=now,
            )
            yield _Note(endpoint, replace(unnamed, id=notification_id(unnamed)))


def _pulse(tx: Tx, rules: RuleSet, now: datetime) -> Pulse:
    firing = Counter(alert.severity for alert in find_alerts(tx, states=(State.FIRING, State.RECOVERING)))
    sources = tuple((each.name, each.newest_event, each.failure) for each in find_sources(tx))
    dead = outbox_summary(tx, now).counts.get(DeliveryState.DEAD, 0)
    return Pulse(firing, sources, dead, len(rules.rules))


def _enqueue(tx: Tx, endpoint: Endpoint, notification: Notification, *, desk: Desk, clock: datetime) -> None:
    rendered = endpoint.channel.render(notification, settings=endpoint.settings, desk=desk)
    enqueue(
        tx,
        notification.id,
        endpoint=endpoint.name,
        group_key=notification.group_key,
        reason=notification.reason.value,
        status=notification.status,
        subject=rendered.subject,
        content_type=rendered.content_type,
        body=rendered.body,
        items=(),
        recipients=endpoint.recipients,
        now=notification.created_at,
        due_at=clock,
    )
