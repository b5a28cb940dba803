"""Links in messages: to acknowledge an alert, or to mute it, signed and good for some days.

A link names what it does, to which episode, and until when; a signature over all of it (HMAC-SHA256) proves that we
wrote it. Its nonce is derived from the message, so that the same message is the same bytes, and each link works once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote, unquote

#: Before every signed text: a signature for something else never fits here.
_PURPOSE = "watcher link 1"
#: How long a link works.
LIFETIME = timedelta(days=14)
#: How long a mute link mutes.
MUTE = timedelta(days=7)
#: No moment is later: year 9999.
_LAST_SECOND = 253_402_300_799
_PARTS = 6


class Action(StrEnum):
    """What a link does."""

    #: Acknowledge the episode.
    ACK = "ack"
    #: Silence the alert for seven days.
    MUTE = "mute"


#: What a link is called.
TITLES = {Action.ACK: "Acknowledge", Action.MUTE: f"Mute {MUTE.days} days"}


class ForgedError(Exception):
    """A link that we did not write, or not like this."""


class Ticket(NamedTuple):
    """What a link says."""

    action: Action
    fingerprint: str
    episode: int
    expires: datetime
    #: Differs from message to message.
    nonce: str


@dataclass(frozen=True, slots=True)
class Links:
    """How links are made: where they lead, and what signs them."""

    #: ``https://watcher.example.org``.
    base_url: str
    key: bytes = field(repr=False)
    lifetime: timedelta = LIFETIME

    def to(self, action: Action, *, fingerprint: str, episode: int, message: str, written_at: datetime) -> str:
        """The address that does something about an episode, for one message."""
        nonce = _digest(self.key, "nonce", message, fingerprint, action.value)[:16]
        expires = (written_at + self.lifetime).astimezone(UTC).replace(microsecond=0)
        return f"{self.base_url}/links/{write(Ticket(action, fingerprint, episode, expires, nonce), self.key)}"

    def of(self, *, fingerprint: str, episode: int, message: str, written_at: datetime) -> Iterator[tuple[str, str]]:
        """Every link about an episode: (title, address)."""
        for action in Action:
            url = self.to(action, fingerprint=fingerprint, episode=episode, message=message, written_at=written_at)
            yield TITLES[action], url


def write(ticket: Ticket, key: bytes) -> str:
    """A ticket as the last part of an address, with its signature."""
    said = _said(ticket)
    return "/".join([*(quote(part, safe="") for part in said), _digest(key, *said)])


def read(token: str, key: bytes) -> Ticket:
    """The ticket of an address; whether its time is over is the caller's to ask.

    :raises ForgedError: when we did not write it.
    """
    parts = token.split("/")
    if len(parts) != _PARTS:
        raise ForgedError
    said = [unquote(part) for part in parts[:-1]]
    if [quote(part, safe="") for part in said] != parts[:-1]:
        # Spelt otherwise than we spell it.
        raise ForgedError
    if not hmac.compare_digest(_digest(key, *said).encode(), parts[-1].encode()):
        raise ForgedError
    return _ticket(*said)


def _ticket(action: str, fingerprint: str, episode: str, expires: str, nonce: str) -> Ticket:
    # Only what we signed comes here.
    return Ticket(Action(action), fingerprint, int(episode), datetime.fromtimestamp(int(expires), UTC), nonce)


def _said(ticket: Ticket) -> list[str]:
    seconds = min(int(ticket.expires.timestamp()), _LAST_SECOND)
    return [ticket.action.value, _well_formed(ticket.fingerprint), str(ticket.episode), str(seconds), ticket.nonce]


def _well_formed(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _digest(key: bytes, *parts: str) -> str:
    # Each part with its length: no two lists of parts are the same text.
    text = "".join(f"{len(part)}:{part}" for part in (_PURPOSE, *map(_well_formed, parts)))
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
