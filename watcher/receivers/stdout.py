"""Standard output: the text of a message, for trying out and for pipes."""

from __future__ import annotations

import sys
from datetime import timedelta

from watcher.core.delivery import Outcome, OutcomeClass, Outgoing
from watcher.core.document import Document
from watcher.core.message import Desk, Notification
from watcher.core.message.wording import subject, text
from watcher.receivers.access import Access, Rendered
from watcher.receivers.mime import clean_body

CHANNEL = "stdout"
DEADLINE = timedelta(seconds=10)
LEASE = timedelta(seconds=60)


class Settings(Document):
    """One entry of ``stdout_configs``."""

    send_resolved: bool = True
    """Whether to tell that an alert is over."""


def recipients(_settings: Settings) -> tuple[str, ...]:
    """The endpoint itself."""
    return ("",)


def render(notification: Notification, *, settings: Settings, desk: Desk) -> Rendered:  # noqa: ARG001 - every channel's signature
    """The message as text, without anything that a terminal would obey."""
    body = clean_body(text(notification, desk))
    return Rendered(subject(notification, desk), "text/plain; charset=utf-8", body.encode())


def send(outgoing: Outgoing, *, settings: Settings, access: Access) -> Outcome:  # noqa: ARG001 - every channel's signature
    """Print it."""
    said = f"{outgoing.subject}\n\n{outgoing.body.decode(errors='replace').rstrip()}\n\n"
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(said.encode(encoding, errors="replace").decode(encoding))
        sys.stdout.flush()
    except (OSError, ValueError):  # a ValueError when it is closed
        return Outcome(OutcomeClass.RECOVERABLE, "stdout", "standard output cannot be written")
    return Outcome(OutcomeClass.OK)
