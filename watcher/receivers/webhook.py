"""Webhooks: Alertmanager's body, Standard Webhooks' headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from watcher.core.delivery import Outcome, OutcomeClass, Outgoing
from watcher.core.document import Document
from watcher.core.message import Desk, Notification
from watcher.core.message.payload import webhook_document
from watcher.core.message.wording import subject
from watcher.later import Later
from watcher.receivers.access import Access, Rendered, WrittenPath
from watcher.receivers.canonical import to_json
from watcher.receivers.posting import DEADLINE, LEASE, UnusableError, exactly_one, place_of, post, web_address

__all__ = ["CHANNEL", "DEADLINE", "LEASE", "Settings", "recipients", "render", "send"]

CHANNEL = "webhook"
CONTENT_TYPE = "application/json"

# Needed only by whoever sends.
_standardwebhooks = Later("standardwebhooks.webhooks")


class Settings(Document):
    """One entry of ``webhook_configs``."""

    url: Annotated[SecretStr, AfterValidator(web_address)] | None = None
    """Where messages are posted; for many services it is a secret, and then ``url_file`` is the better place."""
    url_file: WrittenPath | None = None
    """A file that holds the URL, which only its owner can read; read anew at every attempt, and shown nowhere."""
    send_resolved: bool = True
    """Whether to tell that an alert is over."""
    max_alerts: Annotated[int, Field(ge=0)] = 0
    """At most so many alerts in one message, the rest is counted in ``truncatedAlerts``; 0: all."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        exactly_one(self.url, self.url_file)
        return self


def recipients(_settings: Settings) -> tuple[str, ...]:
    """The endpoint itself."""
    return ("",)


def render(notification: Notification, *, settings: Settings, desk: Desk) -> Rendered:
    """The document as canonical JSON."""
    document = _at_most(webhook_document(notification, desk), settings.max_alerts)
    return Rendered(subject(notification, desk), CONTENT_TYPE, to_json(document))


def _at_most(document: Mapping[str, Any], most: int) -> Mapping[str, Any]:
    alerts = document["alerts"]
    if not most or len(alerts) <= most:
        return document
    kept = {alert["fingerprint"] for alert in alerts[:most]}
    details = {name: detail for name, detail in document["watcher"]["alerts"].items() if name in kept}
    return {
        **document,
        "alerts": alerts[:most],
        "truncatedAlerts": len(alerts) - most,
        "watcher": {**document["watcher"], "alerts": details},
    }


def send(outgoing: Outgoing, *, settings: Settings, access: Access) -> Outcome:
    """Post the stored bytes once, signed for this attempt."""
    try:
        place = place_of(settings.url, settings.url_file, access)
        headers = _headers(outgoing, access)
    except UnusableError as unusable:
        return unusable.outcome
    return post(outgoing.body, place=place, headers=headers, access=access)


def _headers(outgoing: Outgoing, access: Access) -> dict[str, str]:
    moment = access.now().astimezone(UTC)
    headers = {
        "Content-Type": outgoing.content_type,
        "Idempotency-Key": outgoing.message,
        "webhook-id": outgoing.message,
        "webhook-timestamp": str(int(moment.timestamp())),
    }
    signatures = " ".join(_signatures(outgoing, access, moment))
    return {**headers, "webhook-signature": signatures} if signatures else headers


def _signatures(outgoing: Outgoing, access: Access, moment: datetime) -> Iterator[str]:
    try:
        text = outgoing.body.decode()
    except UnicodeDecodeError:
        raise UnusableError(OutcomeClass.PERMANENT, "body", "the stored body is no text") from None
    for secret in access.signing_secrets:
        try:
            yield _standardwebhooks.Webhook(secret.get_secret_value()).sign(outgoing.message, moment, text)
        except (ValueError, _standardwebhooks.EmptyWebhookSecretError):
            detail = "a signing secret is not 'whsec_' followed by base64"
            raise UnusableError(OutcomeClass.CONFIG, "signing", detail) from None
