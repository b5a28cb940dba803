"""Alerts out: one module per channel, each with its settings, what it writes and how it sends.

A channel is a module with the names of :class:`Receiver`; a new one is a file and a line in ``RECEIVERS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

from watcher.core.delivery import Outcome, Outgoing
from watcher.core.document import Document
from watcher.core.message import Desk, Notification
from watcher.receivers import alertmanager, apprise, email, file, slack, stdout, teams, webhook
from watcher.receivers.access import Access, Rendered, Server

__all__ = ["RECEIVERS", "Access", "Receiver", "Rendered", "Server"]


class Receiver(Protocol):
    """What every channel's module offers."""

    @property
    def CHANNEL(self) -> str:  # noqa: N802 - a module's constant
        """Its name: ``webhook`` is configured under ``webhook_configs``."""
        ...

    @property
    def DEADLINE(self) -> timedelta:  # noqa: N802 - a module's constant
        """An attempt is over after this, whatever the other side does."""
        ...

    @property
    def LEASE(self) -> timedelta:  # noqa: N802 - a module's constant
        """After this another process may try; at least twice the deadline, and some time to write down the answer."""
        ...

    @property
    def Settings(self) -> type[Document]:  # noqa: N802 - a module's class
        """One entry of its configuration."""
        ...

    def recipients(self, settings: Any, /) -> tuple[str, ...]:
        """Who gets a copy each; one empty text where the endpoint itself is the recipient."""
        ...

    def render(self, notification: Notification, *, settings: Any, desk: Desk) -> Rendered:
        """The bytes to be stored, and sent at every attempt; pure."""
        ...

    def send(self, outgoing: Outgoing, *, settings: Any, access: Access) -> Outcome:
        """Try once; whatever can be foreseen to go wrong is an outcome and no exception."""
        ...


#: Every channel by its name.
RECEIVERS: Mapping[str, Receiver] = {
    "webhook": webhook,
    "email": email,
    "slack": slack,
    "msteamsv2": teams,
    "alertmanager": alertmanager,
    "apprise": apprise,
    "file": file,
    "stdout": stdout,
}
