"""Apprise: everything else, over a hundred chat and push services, by the library of that name (an extra).

Apprise makes its own connections: neither the guard on addresses nor our proxy holds for them. So whoever uses it says
so in the settings.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, model_validator

from watcher.core.delivery import Outcome, OutcomeClass, Outgoing
from watcher.core.document import Document
from watcher.core.errors import ConfigError
from watcher.core.message import Desk, Notification
from watcher.core.message.brief import Brief, brief
from watcher.core.message.phrase import clean
from watcher.later import Later
from watcher.receivers.access import Access, Rendered, WrittenPath
from watcher.receivers.canonical import to_json
from watcher.receivers.posting import exactly_one

CHANNEL = "apprise"
DEADLINE = timedelta(seconds=40)
LEASE = timedelta(seconds=120)
CONTENT_TYPE = "application/json"
#: Characters of a body; Apprise splits or cuts what a service does not take whole.
LIMIT = 8_000
#: What Apprise calls how bad something is.
_KINDS = {"CRITICAL": "failure", "WARNING": "warning", "ENDED": "success", "WITHDRAWN": "success"}
_ABSENT = "the library is not installed: pip install 'watcher[apprise]'"

_library = Later("apprise")


class Settings(Document):
    """One entry of ``apprise_configs``."""

    url: Annotated[SecretStr, Field(min_length=1)] | None = None
    """Where messages go, as Apprise writes it: ``tgram://...``. It holds the secret: ``url_file`` is the better place."""
    url_file: WrittenPath | None = None
    """A file that holds the URL, which only its owner can read; read anew at every attempt, and shown nowhere."""
    unguarded: Literal[True]
    """Must be ``true``: Apprise makes its own connections, and no guard keeps them off your private networks."""
    send_resolved: bool = True
    """Whether to tell that an alert is over."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        exactly_one(self.url, self.url_file)
        return self


def recipients(_settings: Settings) -> tuple[str, ...]:
    """The endpoint itself."""
    return ("",)


def render(notification: Notification, *, settings: Settings, desk: Desk) -> Rendered:  # noqa: ARG001 - every channel's signature
    """Title, text and kind."""
    said = brief(notification, desk)
    document = {"title": said.subject, "body": _text(said), "type": _KINDS.get(said.mark, "info")}
    return Rendered(said.subject, CONTENT_TYPE, to_json(document))


def _text(said: Brief) -> str:
    lines: list[str] = []
    for each in said.paragraphs:
        label = f"{each.label}: " if each.label else ""
        lines += [f"{label}{'; '.join(map(clean, each.text.split(chr(10))))}" if each.label else each.text]
        lines += [f"{link.text}: {link.url}" for link in each.links]
    text = "\n".join([*lines, said.closing])
    return text if len(text) <= LIMIT else f"{text[: LIMIT - 1]}…"


def send(outgoing: Outgoing, *, settings: Settings, access: Access) -> Outcome:
    """Hand the stored text to Apprise once."""
    try:
        url = _url(settings, access)
        sender = _library.Apprise()
    except ConfigError as refused:
        problem = refused.problems[0]
        return Outcome(OutcomeClass.CONFIG, "url_file", clean(f"{problem.summary}; {problem.hint}", limit=160))
    except ImportError:
        return Outcome(OutcomeClass.CONFIG, "apprise", _ABSENT)
    # Its records hold addresses, and the address is the secret.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    if not sender.add(url):
        return Outcome(OutcomeClass.CONFIG, "url", "Apprise does not know a service of this URL")
    return _within(access.within(DEADLINE), sender, json.loads(outgoing.body))


def _url(settings: Settings, access: Access) -> str:
    if settings.url is not None:
        return settings.url.get_secret_value()
    assert settings.url_file is not None  # noqa: S101 - one of the two is given, says the model
    return access.secret_file(settings.url_file).get_secret_value().strip()


def _within(deadline: timedelta, sender: Any, message: dict[str, str]) -> Outcome:
    """Apprise knows no deadline for everything together: what takes longer is left to itself."""
    said: list[object] = []

    def notify() -> None:
        try:
            said.append(sender.notify(body=message["body"], title=message["title"], notify_type=message["type"]))
        except Exception:  # noqa: BLE001 - a plug-in of theirs; its text may hold the address
            said.append(None)

    worker = threading.Thread(target=notify, daemon=True)
    worker.start()
    worker.join(deadline.total_seconds())
    if worker.is_alive():
        return Outcome(OutcomeClass.AMBIGUOUS, "timeout", "the service did not answer in time")
    if said[0]:
        return Outcome(OutcomeClass.OK)
    return Outcome(OutcomeClass.RECOVERABLE, "apprise", "the service did not take it; Apprise does not say why")
