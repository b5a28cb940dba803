"""Webhooks: Alertmanager's body, Standard Webhooks' headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from watcher.core.delivery import Outcome, OutcomeClass, Outgoing
from watcher.core.document import Document
from watcher.core.errors import ConfigError
from watcher.core.message import Desk, Notification
from watcher.core.message.payload import webhook_document
from watcher.core.message.phrase import clean
from watcher.core.message.wording import subject
from watcher.later import Later
from watcher.net import EgressFailed, EgressRefused, Fault, Reply
from watcher.receivers.access import Access, Rendered, WrittenPath
from watcher.receivers.canonical import to_json

CHANNEL = "webhook"
DEADLINE = timedelta(seconds=20)
LEASE = timedelta(seconds=60)
CONTENT_TYPE = "application/json"
#: Characters of what a server says that are kept.
DETAIL_LIMIT = 160

# Both are needed only by whoever sends.
_standardwebhooks = Later("standardwebhooks.webhooks")
_metadata = Later("importlib.metadata")
#: Besides 5xx.
_RECOVERABLE = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
#: These two say when to come back.
_RETRY_AFTER = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
#: Somebody must change something before it can work.
_MISCONFIGURED = frozenset({Fault.NO_SUCH_HOST, Fault.TLS})
_CUT_OFF = frozenset({Fault.TIMEOUT, Fault.RESET})
_NO_WEB_ADDRESS = "expected a URL that begins with https:// or http:// and names a host"
_READABLE = ("application/json", "text/plain")
# Shorter parts of a URL are words, not secrets.
_SECRET_LENGTH = 6


class Settings(Document):
    """One entry of ``webhook_configs``."""

    url: SecretStr | None = None
    """Where messages are posted; for many services it is a secret, and then ``url_file`` is the better place."""
    url_file: WrittenPath | None = None
    """A file that holds the URL, which only its owner can read; read anew at every attempt, and shown nowhere."""
    send_resolved: bool = True
    """Whether to tell that an alert is over."""
    max_alerts: Annotated[int, Field(ge=0)] = 0
    """At most so many alerts in one message, the rest is counted in ``truncatedAlerts``; 0: all."""

    @field_validator("url")
    @classmethod
    def _can_be_posted_to(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not _is_web_address(url.get_secret_value()):
            raise ValueError(_NO_WEB_ADDRESS)
        return url

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.url is None) == (self.url_file is None):
            msg = "expected exactly one of 'url' and 'url_file'"
            raise ValueError(msg)
        return self


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.hostname)


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
        place = _place(settings, access)
        headers = _headers(outgoing, access)
        deadline = access.within(DEADLINE)
        reply = access.egress.post(place.url, outgoing.body, headers=headers, deadline=deadline, alias=place.alias)
    except _UnusableError as unusable:
        return unusable.outcome
    except EgressRefused as refused:
        return Outcome(OutcomeClass.CONFIG, "refused", clean(refused, limit=DETAIL_LIMIT))
    except EgressFailed as failed:
        return Outcome(_class_of(failed), failed.kind.value, clean(failed, limit=DETAIL_LIMIT))
    return outcome_of(reply, place=place, now=access.now())


class Place(NamedTuple):
    """Where a message is posted."""

    url: str
    #: What stands for it wherever it would be named, when all of it is a secret; empty where its host may be shown.
    alias: str = ""

    @property
    def secrets(self) -> list[str]:
        """What nobody may read: every part that is no mere word, and of a secret address the host too."""
        parts = urlsplit(self.url)
        values = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query)), parts.fragment]
        values += [parts.username or "", parts.password or ""]
        hosts = _spellings(parts.hostname or "") if self.alias else []
        values += [label for host in hosts for label in host.split(".")]
        return [*hosts, *(each for value in values for each in (value, unquote(value)) if len(each) >= _SECRET_LENGTH)]

    def is_told_by(self, text: str) -> bool:
        """Whether a text repeats a part of it, in whatever case."""
        return any(secret.casefold() in text.casefold() for secret in self.secrets)


class _UnusableError(Exception):
    """Nothing can be sent; carries the outcome and no secret."""

    def __init__(self, kind: OutcomeClass, code: str, detail: str) -> None:
        super().__init__(detail)
        self.outcome = Outcome(kind, code, detail)


def _spellings(host: str) -> list[str]:
    """A host as people write it, and as it goes over the wire."""
    try:
        return list(filter(None, {host, host.encode("idna").decode()}))
    except UnicodeError:
        return [host]


def _place(settings: Settings, access: Access) -> Place:
    if settings.url is not None:
        return Place(settings.url.get_secret_value())
    assert settings.url_file is not None  # noqa: S101 - one of the two is given, says the model
    try:
        url = access.secret_file(settings.url_file).get_secret_value().strip()
    except ConfigError as refused:
        problem = refused.problems[0]
        raise _useless(settings.url_file, "; ".join(filter(None, (problem.summary, problem.hint)))) from None
    if not _is_web_address(url):
        raise _useless(settings.url_file, _NO_WEB_ADDRESS)
    return Place(url, alias=f"the address in {settings.url_file.name}")


def _useless(file: Path, why: str) -> _UnusableError:
    # Without its folder, which may be long: the name is enough to find it in notify.yaml.
    detail = clean(f"{file.name}: {why}", limit=DETAIL_LIMIT)
    return _UnusableError(OutcomeClass.CONFIG, "url_file", detail)


def _headers(outgoing: Outgoing, access: Access) -> dict[str, str]:
    moment = access.now().astimezone(UTC)
    headers = {
        "Content-Type": outgoing.content_type,
        "User-Agent": f"watcher/{_metadata.version('watcher')}",
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
        raise _UnusableError(OutcomeClass.PERMANENT, "body", "the stored body is no text") from None
    for secret in access.signing_secrets:
        try:
            yield _standardwebhooks.Webhook(secret.get_secret_value()).sign(outgoing.message, moment, text)
        except (ValueError, _standardwebhooks.EmptyWebhookSecretError):
            detail = "a signing secret is not 'whsec_' followed by base64"
            raise _UnusableError(OutcomeClass.CONFIG, "signing", detail) from None


def _class_of(failed: EgressFailed) -> OutcomeClass:
    if failed.kind in _MISCONFIGURED:
        return OutcomeClass.CONFIG
    return OutcomeClass.AMBIGUOUS if failed.written and failed.kind in _CUT_OFF else OutcomeClass.RECOVERABLE


def outcome_of(reply: Reply, *, place: Place, now: datetime) -> Outcome:
    """What a reply means; 3xx and 4xx are no end, because a rotated token must not cost an alert."""
    status = reply.status
    if 200 <= status < 300:  # noqa: PLR2004 - the class of successes
        return Outcome(OutcomeClass.OK, str(status))
    detail = clean(": ".join(filter(None, [_phrase(status), _said(reply, place)])), limit=DETAIL_LIMIT)
    if status in _RETRY_AFTER:
        return Outcome(OutcomeClass.RECOVERABLE, str(status), detail, retry_after(reply.headers, now))
    return Outcome(_class_of_status(status), str(status), detail)


def _class_of_status(status: int) -> OutcomeClass:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _RECOVERABLE:
        return OutcomeClass.RECOVERABLE
    return OutcomeClass.PERMANENT if status == HTTPStatus.GONE else OutcomeClass.CONFIG


def _phrase(status: int) -> str:
    phrase = HTTPStatus(status).phrase if status in list(HTTPStatus) else "unknown status"
    return f"{phrase}; redirects are not followed" if 300 <= status < 400 else phrase  # noqa: PLR2004 - redirects


def _said(reply: Reply, place: Place) -> str:
    """What the server says for itself, unless it says our own secret back."""
    if not reply.headers.get("content-type", "").startswith(_READABLE):
        return ""
    said = clean(reply.body.decode("utf-8", errors="replace"), limit=4_000)
    return "" if place.is_told_by(said) else said


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long a server asks us to stay away, in seconds or as a date; None when it does not, or not clearly."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        # More digits than these make no difference: nobody sends us away for longer than an hour.
        return timedelta(seconds=int(text[:9]))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(moment.replace(tzinfo=moment.tzinfo or UTC) - now, timedelta())
