"""A drill: a marked message to a receiver, by the same way that alerts take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from watcher.core.delivery import DeliveryState
from watcher.core.message import Desk, Notification, NotifyReason, notification_id
from watcher.endpoint import Endpoint
from watcher.store.deliveries import find_deliveries
from watcher.store.outbox import enable, enqueue
from watcher.store.schema import Tx
from watcher.store.sweep import cancel


class Tried(NamedTuple):
    """What became of a drill for one recipient."""

    endpoint: str
    #: A mail address; empty where the endpoint is the recipient.
    recipient: str
    state: DeliveryState
    #: Why it was not told.
    why: str

    @property
    def is_told(self) -> bool:
        """Whether the message arrived."""
        return self.state is DeliveryState.DELIVERED


def begin(tx: Tx, endpoints: Sequence[Endpoint], desk: Desk, *, now: datetime) -> list[str]:
    """Store a drill for each endpoint, due now; return the messages' ids.

    Each stands in a line of its own, so that no message that fails holds it up. An endpoint that is left alone for a
    while, or closed, is opened: somebody has looked at it, or there would be no drill.
    """
    messages = []
    for endpoint in endpoints:
        unnamed = Notification(
            endpoint=endpoint.name,
            receiver=endpoint.receiver,
            group_key=f"{endpoint.receiver}:drill of {now.isoformat(timespec='milliseconds')}",
            group_labels={},
            reason=NotifyReason.DRILL,
            items=(),
            created_at=now,
        )
        notification = replace(unnamed, id=notification_id(unnamed))
        rendered = endpoint.channel.render(notification, settings=endpoint.settings, desk=desk)
        enqueue(
            tx,
            notification.id,
            endpoint=endpoint.name,
            group_key=notification.group_key,
            reason=NotifyReason.DRILL.value,
            status="test",
            subject=rendered.subject,
            content_type=rendered.content_type,
            body=rendered.body,
            items=(),
            recipients=endpoint.recipients,
            now=now,
            due_at=now,
        )
        enable(tx, endpoint.name)
        messages.append(notification.id)
    return messages


def end(tx: Tx, endpoints: Sequence[Endpoint], messages: Sequence[str]) -> list[Tried]:
    """What became of the messages; those that did not arrive are not tried again."""
    tried = [
        Tried(each.endpoint, each.recipient, each.state, each.reason or "it was not sent yet")
        for endpoint in endpoints
        for each in find_deliveries(tx, endpoint=endpoint.name)
        if each.message in messages
    ]
    for message in messages:
        cancel(tx, message, "a drill is tried once")
    return tried
