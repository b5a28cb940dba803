"""CloudEvents: a webhook's document in the envelope of that name (1.0, structured mode), for whoever asks for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from watcher.core.delivery import Outcome, Outgoing
from watcher.core.document import Document
from watcher.core.message import Desk, Notification
from watcher.core.message.payload import well_formed
from watcher.receivers import webhook
from watcher.receivers.access import Access, Rendered
from watcher.receivers.canonical import to_json

CONTENT_TYPE = "application/cloudevents+json"


@dataclass(frozen=True, slots=True)
class CloudEvents:
    """The webhook, with every body in an envelope."""

    CHANNEL: str = webhook.CHANNEL
    DEADLINE: timedelta = webhook.DEADLINE
    LEASE: timedelta = webhook.LEASE
    Settings: type[Document] = webhook.Settings

    def recipients(self, settings: Any, /) -> tuple[str, ...]:
        """As the webhook's."""
        return webhook.recipients(settings)

    def render(self, notification: Notification, *, settings: Any, desk: Desk) -> Rendered:
        """The webhook's document as the event's data."""
        plain = webhook.render(notification, settings=settings, desk=desk)
        event = {
            "specversion": "1.0",
            "id": notification.id,
            "source": desk.base_url or f"urn:watcher:{_urn(desk.instance)}",
            "type": f"watcher.alerts.{notification.status}",
            "subject": well_formed(notification.group_key) or notification.id,
            "time": notification.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "datacontenttype": plain.content_type,
            "data": json.loads(plain.body),
        }
        return Rendered(plain.subject, CONTENT_TYPE, to_json(event))

    def send(self, outgoing: Outgoing, *, settings: Any, access: Access) -> Outcome:
        """As the webhook does, signature included."""
        return webhook.send(outgoing, settings=settings, access=access)


def _urn(instance: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in instance) or "watcher"
