"""A channel that keeps what it is told: it stands in for every channel of the routes under test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watcher.core.delivery import Outcome, OutcomeClass, Outgoing
from watcher.core.document import Document
from watcher.core.message import Desk, Item, Notification
from watcher.core.message.payload import webhook_document
from watcher.core.message.wording import subject
from watcher.core.severity import Severity
from watcher.receivers import Access, Rendered


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one receiver; what several channels of it say is said once."""

    at: datetime
    receiver: str
    status: str
    reason: str
    severity: Severity
    #: The rules whose alerts it tells, each once.
    alerts: tuple[str, ...]
    subject: str


class Tape:
    """Keeps every message, and takes every delivery."""

    CHANNEL = "tape"
    DEADLINE = timedelta(seconds=10)
    LEASE = timedelta(seconds=60)
    Settings = Document

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: list[Notification] = []

    def recipients(self, _settings: Any, /) -> tuple[str, ...]:
        """The endpoint itself."""
        return ("",)

    def render(self, notification: Notification, *, settings: Any, desk: Desk) -> Rendered:  # noqa: ARG002 - every channel's signature
        """Its one line; the message itself is kept."""
        self._kept.append(notification)
        line = subject(notification, desk)
        return Rendered(line, "text/plain; charset=utf-8", line.encode())

    def send(self, outgoing: Outgoing, *, settings: Any, access: Access) -> Outcome:  # noqa: ARG002 - every channel's signature
        """It always arrives."""
        return Outcome(OutcomeClass.OK)

    def messages(self) -> list[Message]:
        """What was told, in order."""
        return list(dict.fromkeys(self._message(each) for each in self._kept))

    def annotations(self, fingerprint: str, up_to: datetime) -> dict[str, str]:
        """What the last message up to a moment said of an alert; nothing when nobody was told."""
        for notification in reversed(self._kept):
            for index, item in enumerate(notification.items):
                if item.transition.fingerprint == fingerprint and _moment(notification) <= up_to:
                    return self._said(notification, index)
        return {}

    def _message(self, notification: Notification) -> Message:
        return Message(
            at=_moment(notification),
            receiver=notification.receiver,
            status=notification.status,
            reason=notification.reason.value,
            severity=notification.severity,
            alerts=tuple(dict.fromkeys(map(_name, notification.items))),
            subject=subject(notification, self._desk),
        )

    def _said(self, notification: Notification, index: int) -> dict[str, str]:
        alerts: Any = webhook_document(notification, self._desk)["alerts"]
        return {name: str(text) for name, text in alerts[index]["annotations"].items()}


def _moment(notification: Notification) -> datetime:
    """When it was written, or would have been by a turn that came at once."""
    return max((item.transition.tick for item in notification.items), default=notification.created_at)


def _name(item: Item) -> str:
    return item.alert
