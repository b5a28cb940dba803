"""E-mail: a text and the same in HTML, handed to a mail server, one conversation per recipient."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from watcher.core.delivery import Outcome, OutcomeClass, Outgoing
from watcher.core.document import Document
from watcher.core.message import Desk, Notification
from watcher.core.message.wording import subject
from watcher.later import Later
from watcher.receivers.access import Access, Rendered, Security, Server
from watcher.receivers.mime import CONTENT_TYPE, address, addressed, message_id, to_mime

__all__ = ["CHANNEL", "DEADLINE", "LEASE", "Security", "Server", "Settings", "recipients", "render", "send"]

CHANNEL = "email"
DEADLINE = timedelta(seconds=120)
LEASE = timedelta(seconds=300)

_smtp = Later("watcher.receivers.smtp")


def _addresses(written: object) -> tuple[str, ...]:
    parts = written.split(",") if isinstance(written, str) else written
    if not isinstance(parts, Iterable) or not all(isinstance(part, str) for part in parts):
        msg = "expected one address, several with commas between them, or a list"
        raise ValueError(msg)
    return tuple(dict.fromkeys(address(part) for part in parts))


class Settings(Document):
    """One entry of ``email_configs``."""

    to: Annotated[tuple[str, ...], BeforeValidator(_addresses), Field(min_length=1)]
    """One address, several with commas between them, or a list; each gets its own copy."""
    send_resolved: bool = True
    """Whether to tell that an alert is over."""


def recipients(settings: Settings) -> tuple[str, ...]:
    """Every address once."""
    return settings.to


def render(notification: Notification, *, settings: Settings, desk: Desk) -> Rendered:  # noqa: ARG001 - every channel's signature
    """The message without its last three headers, which belong to a delivery: From, To and Message-ID."""
    return Rendered(subject(notification, desk), CONTENT_TYPE, to_mime(notification, desk))


def send(outgoing: Outgoing, *, settings: Settings, access: Access) -> Outcome:  # noqa: ARG001 - every channel's signature
    """Hand the stored bytes to the mail server for one recipient."""
    server = access.mail
    if server is None:
        return Outcome(OutcomeClass.CONFIG, "mail", "no mail server is set: 'mail' in watcher.yaml")
    if server.username and access.mail_password is None:
        return Outcome(OutcomeClass.CONFIG, "login", "the password of the mail server is not there")
    try:
        to = address(outgoing.recipient)
        outgoing.body.decode("ascii")
    except ValueError:
        return Outcome(OutcomeClass.PERMANENT, "encoding", "the message or its address cannot be sent as mail")
    key = message_id(outgoing.message, outgoing.delivery, access.instance)
    outcome: Outcome = _smtp.hand_over(
        addressed(outgoing.body, sender=server.sender, recipient=to, message_id=key),
        recipient=to,
        server=server,
        password=access.mail_password,
        deadline=access.within(DEADLINE),
    )
    return outcome
