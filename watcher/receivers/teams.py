"""Microsoft Teams: the webhook of a workflow, with an Adaptive Card that reads well on a phone.

Every text from elsewhere stands in a run of a RichTextBlock, which knows no Markdown: nothing needs to be escaped and
nothing can become a link or a mention. Teams refuses a message of more than 28 KB.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import AfterValidator, SecretStr, model_validator

from watcher.core.delivery import Outcome, Outgoing
from watcher.core.document import Document
from watcher.core.message import Desk, Notification
from watcher.core.message.brief import Brief, Paragraph, brief
from watcher.core.message.entry import Link
from watcher.core.message.phrase import clean
from watcher.receivers.access import Access, Rendered, WrittenPath
from watcher.receivers.canonical import to_json
from watcher.receivers.posting import DEADLINE, LEASE, UnusableError, exactly_one, place_of, post, web_address

__all__ = ["CHANNEL", "DEADLINE", "LEASE", "Settings", "recipients", "render", "send"]

CHANNEL = "msteamsv2"
CONTENT_TYPE = "application/json"
#: Bytes of a body: under what Teams takes, so that what it adds itself has room.
LIMIT = 24_000
#: Teams shows six actions on a card, the rest behind a menu.
ACTIONS = 6

_COLOURS = {"CRITICAL": "Attention", "WARNING": "Warning", "INFO": "Accent", "ENDED": "Good", "WITHDRAWN": "Default"}


class Settings(Document):
    """One entry of ``msteamsv2_configs``."""

    webhook_url: Annotated[SecretStr, AfterValidator(web_address)] | None = None
    """The address of the workflow. Whoever has it can post: ``webhook_url_file`` is the better place."""
    webhook_url_file: WrittenPath | None = None
    """A file that holds the address, which only its owner can read; read anew at every attempt, and shown nowhere."""
    send_resolved: bool = True
    """Whether to tell that an alert is over."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        exactly_one(self.webhook_url, self.webhook_url_file, key="webhook_url")
        return self


def recipients(_settings: Settings) -> tuple[str, ...]:
    """The endpoint itself."""
    return ("",)


def render(notification: Notification, *, settings: Settings, desk: Desk) -> Rendered:  # noqa: ARG001 - every channel's signature
    """A message with one card."""
    said = brief(notification, desk)
    return Rendered(said.subject, CONTENT_TYPE, _that_fits(said))


def send(outgoing: Outgoing, *, settings: Settings, access: Access) -> Outcome:
    """Post the stored bytes once."""
    try:
        place = place_of(settings.webhook_url, settings.webhook_url_file, access)
    except UnusableError as unusable:
        return unusable.outcome
    return post(outgoing.body, place=place, headers={"Content-Type": outgoing.content_type}, access=access)


def _that_fits(said: Brief) -> bytes:
    """The body with as many paragraphs as Teams takes; what is small print goes first."""
    paragraphs = list(said.paragraphs)
    body = _body(said, paragraphs)
    while len(body) > LIMIT and paragraphs:
        del paragraphs[-1 - _last_small(paragraphs)]
        body = _body(said, paragraphs)
    return body


def _last_small(paragraphs: Sequence[Paragraph]) -> int:
    """How far from the end the last paragraph stands that can be left out first; the last one where there is none."""
    return next((number for number, each in enumerate(reversed(paragraphs)) if each.is_small), 0)


def _body(said: Brief, paragraphs: Sequence[Paragraph]) -> bytes:
    left_out = len(said.paragraphs) - len(paragraphs)
    more = [_rich([_run(f"{left_out} more: see watcher alerts", isSubtle=True)])] if left_out else []
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "msteams": {"width": "full"},
        "body": [
            _title(said),
            *(_block(each, said.links) for each in paragraphs),
            *more,
            _rich([_run(said.closing, isSubtle=True)]),
        ],
        "actions": _actions(said),
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return to_json({"type": "message", "attachments": [attachment]})


def _title(said: Brief) -> dict[str, Any]:
    run = _run(said.subject, weight="Bolder", size="Medium", color=_COLOURS.get(said.mark, "Default"))
    return _rich([run])


def _block(paragraph: Paragraph, buttons: Sequence[Link]) -> dict[str, Any]:
    label = [_run(f"{paragraph.label}  ", weight="Bolder")] if paragraph.label else []
    style: dict[str, Any] = {"isSubtle": True, "size": "Small"} if paragraph.is_small else {}
    lines = [clean(line) for line in paragraph.text.split("\n")]
    links = [
        {**_run(f"  {link.text}"), "selectAction": {"type": "Action.OpenUrl", "url": link.url}}
        for link in paragraph.links
        if link not in buttons
    ]
    return _rich([*label, _run("\n".join(lines), **style), *links])


def _rich(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [run for run in runs if run["text"]] or [_run(" ")]}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}


def _actions(said: Brief) -> list[dict[str, str]]:
    return [{"type": "Action.OpenUrl", "title": link.text, "url": link.url} for link in said.links[:ACTIONS]]
