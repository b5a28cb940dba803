"""Endpoints: a receiver's channels, each with its settings and what it needs for the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watcher.receivers import Access, Receiver


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One channel of one receiver: ``desk/webhook/1``."""

    name: str
    #: The receiver's name in notify.yaml: ``desk``.
    receiver: str
    #: The channel's module.
    channel: Receiver
    #: The channel's own settings.
    settings: Any
    access: Access

    @property
    def recipients(self) -> tuple[str, ...]:
        """Mail addresses; one empty string where the endpoint is the recipient."""
        return self.channel.recipients(self.settings)

    @property
    def tells_ends(self) -> bool:
        """Whether it is told that an alert is over."""
        return bool(getattr(self.settings, "send_resolved", True))


#: All endpoints by name, in the order of notify.yaml.
Endpoints = Mapping[str, Endpoint]


def of_receiver(endpoints: Endpoints, receiver: str) -> list[Endpoint]:
    """The channels of one receiver."""
    return [endpoint for endpoint in endpoints.values() if endpoint.receiver == receiver]
