"""Slack: an incoming webhook, with a body of Block Kit that reads well on a phone.

Slack's limits: 150 characters in a header, 3,000 in a section, 50 blocks, and some 13,000 characters in all blocks
together. Text from anywhere is escaped (``& < >``), so that it can neither link nor mention anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Self

from pydantic import AfterValidator, SecretStr, model_validator

from watcher.core.delivery import Outcome, Outgoing
from watcher.core.document import Document
from watcher.core.message import Desk, Notification
from watcher.core.message.brief import Brief, Paragraph, brief
from watcher.core.message.phrase import clean
from watcher.receivers.access import Access, Rendered, WrittenPath
from watcher.receivers.canonical import to_json
from watcher.receivers.posting import DEADLINE, LEASE, UnusableError, exactly_one, place_of, post, web_address

__all__ = ["CHANNEL", "DEADLINE", "LEASE", "Settings", "recipients", "render", "send"]

CHANNEL = "slack"
CONTENT_TYPE = "application/json"
HEADER, SECTION, BLOCKS, IN_ALL = 150, 3_000, 50, 12_000
#: Room for the closing line and the note about what was left out.
_RESERVED = 600


class Settings(Document):
    """One entry of ``slack_configs``."""

    api_url: Annotated[SecretStr, AfterValidator(web_address)] | None = None
    """The address of the incoming webhook. Whoever has it can post: ``api_url_file`` is the better place."""
    api_url_file: WrittenPath | None = None
    """A file that holds the address, which only its owner can read; read anew at every attempt, and shown nowhere."""
    channel: str = ""
    """The channel or user to post to, where the webhook allows to choose one: ``#alerts``; empty: the webhook's own."""
    send_resolved: bool = True
    """Whether to tell that an alert is over."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        exactly_one(self.api_url, self.api_url_file, key="api_url")
        return self


def recipients(_settings: Settings) -> tuple[str, ...]:
    """The endpoint itself."""
    return ("",)


def render(notification: Notification, *, settings: Settings, desk: Desk) -> Rendered:
    """The body of Block Kit; ``text`` is what a notification on the lock screen shows."""
    said = brief(notification, desk)
    body = {
        "text": escaped(said.subject, SECTION),
        "blocks": _blocks(said),
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }
    return Rendered(said.subject, CONTENT_TYPE, to_json({**body, **_channel(settings)}))


def send(outgoing: Outgoing, *, settings: Settings, access: Access) -> Outcome:
    """Post the stored bytes once."""
    try:
        place = place_of(settings.api_url, settings.api_url_file, access)
    except UnusableError as unusable:
        return unusable.outcome
    return post(outgoing.body, place=place, headers={"Content-Type": outgoing.content_type}, access=access)


def _channel(settings: Settings) -> dict[str, str]:
    return {"channel": settings.channel} if settings.channel else {}


def _blocks(said: Brief) -> Sequence[dict[str, Any]]:
    header = {
        "type": "header",
        "text": {"type": "plain_text", "text": clean(said.subject, limit=HEADER), "emoji": False},
    }
    kept, left_out = _that_fit([_block(each) for each in said.paragraphs])
    blocks: list[dict[str, Any]] = [header, *kept]
    if left_out:
        blocks.append(_context(f"{left_out} more: see watcher alerts"))
    return [*blocks, _context(escaped(said.closing, SECTION))]


def _that_fit(blocks: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """The first blocks, as many as Slack takes; and how many are left out."""
    kept: list[dict[str, Any]] = []
    room = IN_ALL - _RESERVED
    for block in blocks:
        room -= len(to_json(block))
        if room < 0 or len(kept) == BLOCKS - 3:
            break
        kept.append(block)
    return kept, len(blocks) - len(kept)


def _block(paragraph: Paragraph) -> dict[str, Any]:
    links = " · ".join(f"<{_address(link.url)}|{_label(link.text)}>" for link in paragraph.links)
    label = f"*{escaped(paragraph.label, 40)}*" if paragraph.label else ""
    room = SECTION - len(links) - len(label) - 2
    text = _lines(paragraph.text, room)
    said = "\n".join(filter(None, (label, text, links))) or " "
    return _context(said) if paragraph.is_small else {"type": "section", "text": _mrkdwn(said)}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _mrkdwn(text: str) -> dict[str, Any]:
    # Verbatim: names of channels and people that stand in the text stay text.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _lines(text: str, room: int) -> str:
    return "\n".join(_that_fit_in(text.split("\n"), room))


def _that_fit_in(lines: Sequence[str], room: int) -> Iterator[str]:
    for line in lines:
        said = escaped(line, max(0, room))
        room -= len(said) + 1
        if not said:
            return
        yield said


def escaped(text: str, limit: int) -> str:
    """One line of text as Slack shows it, cut so that it is at most ``limit`` characters long when it is escaped."""
    line = clean(text, limit=limit) if limit > 0 else ""
    while line and len(said := _escape(line)) > limit:
        line = line[: max(0, len(line) - (len(said) - limit) // 5 - 1)]
    return _escape(line)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _label(text: str) -> str:
    # A bar stands between an address and its label, and nowhere else.
    return escaped(text.replace("|", "/"), 80)


def _address(url: str) -> str:
    # A bar would end the address.
    return _escape(url).replace("|", "%7C")
