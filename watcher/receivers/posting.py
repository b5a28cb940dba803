"""Posting over HTTP: where to, with which headers, and what a reply means; for every channel that is a URL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import SecretStr

from watcher.core.delivery import Outcome, OutcomeClass
from watcher.core.errors import ConfigError
from watcher.core.message.phrase import clean
from watcher.later import Later
from watcher.net import EgressFailed, EgressRefused, Fault, Reply
from watcher.receivers.access import Access

#: The longest that anything over HTTP may take, and its lease.
DEADLINE = timedelta(seconds=20)
LEASE = timedelta(seconds=60)
#: Characters of what a server says that are kept.
DETAIL_LIMIT = 160

# Needed only by whoever sends.
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


def web_address(url: SecretStr | None) -> SecretStr | None:
    """A URL that can be posted to, for the models of channels.

    :raises ValueError: when it is none; it is not shown.
    """
    if url is not None and not is_web_address(url.get_secret_value()):
        raise ValueError(_NO_WEB_ADDRESS)
    return url


def exactly_one(url: object, file: object, *, key: str = "url") -> None:
    """Check that an address is given, and once.

    :raises ValueError: when it is not.
    """
    if (url is None) == (file is None):
        msg = f"expected exactly one of '{key}' and '{key}_file'"
        raise ValueError(msg)


def is_web_address(url: str) -> bool:
    """Whether it begins with https:// or http:// and names a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.hostname)


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


class UnusableError(Exception):
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


def place_of(url: SecretStr | None, file: Path | None, access: Access) -> Place:
    """Where to post, from the settings or from a file that is read now.

    :raises UnusableError: when it cannot be had.
    """
    if url is not None:
        return Place(url.get_secret_value())
    assert file is not None  # noqa: S101 - one of the two is given, says the model
    try:
        read = access.secret_file(file).get_secret_value().strip()
    except ConfigError as refused:
        problem = refused.problems[0]
        raise _useless(file, "; ".join(filter(None, (problem.summary, problem.hint)))) from None
    if not is_web_address(read):
        raise _useless(file, _NO_WEB_ADDRESS)
    return Place(read, alias=f"the address in {file.name}")


def _useless(file: Path, why: str) -> UnusableError:
    # Without its folder, which may be long: the name is enough to find it in notify.yaml.
    detail = clean(f"{file.name}: {why}", limit=DETAIL_LIMIT)
    return UnusableError(OutcomeClass.CONFIG, "url_file", detail)


def post(body: bytes, *, place: Place, headers: Mapping[str, str], access: Access) -> Outcome:
    """Post the bytes once; whatever becomes of it is an outcome."""
    headers = {"User-Agent": f"watcher/{_metadata.version('watcher')}", **headers}
    try:
        deadline = access.within(DEADLINE)
        reply = access.egress.post(place.url, body, headers=headers, deadline=deadline, alias=place.alias)
    except EgressRefused as refused:
        return Outcome(OutcomeClass.CONFIG, "refused", clean(refused, limit=DETAIL_LIMIT))
    except EgressFailed as failed:
        return Outcome(_class_of(failed), failed.kind.value, clean(failed, limit=DETAIL_LIMIT))
    return outcome_of(reply, place=place, now=access.now())


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
