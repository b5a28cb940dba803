"""Asking: one request to a source, and what its answer means to the person who must act."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from pydantic import AfterValidator, Field

from watcher.core.errors import SourceUnavailable
from watcher.net import EgressFailed, EgressRefused, Fault, Reply
from watcher.sources.pull.pull import Access
from watcher.sources.rows import fold_name

#: An answer larger than this is no page of anything.
MOST = 256 << 20
DEADLINE = timedelta(seconds=100)
#: How long a source that has had enough of us is left alone when it does not say.
_PATIENCE = timedelta(minutes=1)
_LONGEST = timedelta(hours=24)
_HTML = re.compile(rb"\s*(<!doctype html|<html|<head|<body)", re.IGNORECASE)
_OK = range(200, 300)
_TOO_MANY = 429
_NOT_MODIFIED = 304
_GONE = frozenset({404, 410})
_REFUSED = frozenset({401, 403})
_SERVER = 500
#: What servers, and those in front of them, say when an answer takes too long or is too large.
_TOO_MUCH = frozenset({408, 413, 504, 524})
_LESS = frozenset({Fault.TIMEOUT, Fault.TOO_LARGE, Fault.PROTOCOL})
_LONGEST_KEY = 60
#: A sign and one digit.
_LONGEST_EXPONENT = 3


class TooMuch(SourceUnavailable):
    """It could not answer all of that at once: asking for less may help."""


def _api_address(value: str) -> str:
    """A password or a token goes there, so that only this machine is asked without encryption."""
    host = urlsplit(value).hostname or ""
    if urlsplit(value).scheme == "https" and host:
        return value.rstrip("/")
    try:
        near = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        near = False
    if not near or urlsplit(value).scheme != "http":
        msg = "it must begin with https:// and a host name"
        raise ValueError(msg)
    return value.rstrip("/")


#: Where an API begins.
ApiAddress = Annotated[str, AfterValidator(_api_address), Field(repr=False)]


def ask(
    access: Access,
    url: str,
    *,
    parameters: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    deadline: timedelta = DEADLINE,
    limit: int = MOST,
) -> Reply:
    """Ask, and hand back the answer whatever its status.

    :param parameters: what stands behind the question mark; never part of an error, for it may hold a name or a key.
    :raises SourceUnavailable: when no whole answer came; :class:`TooMuch` where less might have come whole.
    """
    whole = f"{url}?{urlencode(parameters)}" if parameters else url
    said = {"User-Agent": access.agent, "Accept": "*/*", **(headers or {})}
    try:
        return access.egress.fetch(whole, headers=said, body=body, deadline=deadline, limit=limit, alias=host_of(url))
    except EgressRefused as refused:
        raise SourceUnavailable(refused.what, where=refused.where, todo=refused.todo, needs_person=True) from None
    except EgressFailed as failed:
        final = failed.kind in {Fault.NO_SUCH_HOST, Fault.TLS, Fault.REDIRECT, Fault.TOO_LARGE}
        kind = TooMuch if failed.kind in _LESS else SourceUnavailable
        raise kind(failed.what, where=failed.where, needs_person=final) from None


def host_of(url: str) -> str:
    """The host of an address: what errors call the other side."""
    return urlsplit(url).hostname or "the source"


def check(reply: Reply, url: str, *, now: datetime, hide: Collection[str] = ()) -> Reply:
    """Hand back an answer that is one.

    :param hide: secrets that it must not repeat to us in an error.
    :raises SourceUnavailable: in the operator's words, for every status but 2xx and 304, and for a web page.
    """
    if reply.status in _OK or reply.status == _NOT_MODIFIED:
        if is_page(reply):
            raise page_instead(url)
        return reply
    raise refusal(reply, url, now=now, hide=hide)


def is_page(reply: Reply) -> bool:
    """Whether an answer is a web page."""
    return _HTML.match(reply.body[:1_000]) is not None


def page_instead(url: str) -> SourceUnavailable:
    """What a web page in the place of data means."""
    what = "it answers with a web page instead of data: a login, a block page, or a moved address"
    return SourceUnavailable(what, where=host_of(url), todo="open the address in a browser", needs_person=True)


def refusal(reply: Reply, url: str, *, now: datetime, hide: Collection[str] = ()) -> SourceUnavailable:
    """What an answer means that is none."""
    where, status = host_of(url), reply.status
    said = _said(reply, hide)
    if status in _REFUSED:
        what, todo = f"it refuses us ({status}{said})", "check the token or the account, and what it may read"
        return SourceUnavailable(what, where=where, todo=todo, needs_person=True)
    if status in _GONE:
        what, todo = f"there is nothing at this address ({status}{said})", "check the address: it may have moved"
        return SourceUnavailable(what, where=where, todo=todo, needs_person=True)
    if status == _TOO_MANY:
        wait = retry_after(reply, now) or _PATIENCE
        return SourceUnavailable(f"we asked too often (429{said})", where=where, wait=wait)
    if status in _TOO_MUCH:
        return TooMuch(f"the answer takes it too long, or is too large ({status}{said})", where=where)
    if status >= _SERVER:
        return SourceUnavailable(f"it is in trouble itself ({status}{said})", where=where, wait=retry_after(reply, now))
    what = f"it does not understand what we ask ({status}{said})"
    return SourceUnavailable(what, where=where, todo="check the options under pull", needs_person=True)


def retry_after(reply: Reply, now: datetime) -> timedelta | None:
    """How long it wants to be left alone, a day at the most; None when it does not say."""
    value = reply.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=int(value[:9])), _LONGEST)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), _LONGEST)


def read_json(reply: Reply, url: str) -> Any:
    """The answer as JSON; numbers stay text where they stand in rows that are handed on.

    :raises SourceUnavailable: when it is none, or cut off.
    """
    try:
        return json.loads(reply.body, parse_float=_decimal, parse_constant=str)
    except (ValueError, RecursionError) as error:
        what = f"its answer is no whole JSON: {error}" if isinstance(error, ValueError) else "its answer nests too deep"
        raise TooMuch(what, where=host_of(url)) from None


def lines_of(rows: list[Any]) -> bytes:
    """Rows as JSON Lines."""
    return b"".join(_line(row) for row in rows)


def _line(row: Any) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    except UnicodeEncodeError:
        # Half a character cannot be written; as an escape it goes to whoever reads the row, and refuses it.
        return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def _decimal(text: str) -> str:
    """A number of JSON as it stands; a very small one, which is a place near the equator, without exponent."""
    digits, _, exponent = text.lower().partition("e")
    is_small = exponent.startswith("-") and len(exponent) <= _LONGEST_EXPONENT
    return f"{Decimal(text):f}" if digits and is_small else text


def unknown_keys(rows: list[Any], known: Collection[str]) -> frozenset[str]:
    """Keys of rows that nobody knows, as they are compared."""
    keys = {key for row in rows if isinstance(row, dict) for key in row}
    return frozenset(name[:_LONGEST_KEY] for name in map(fold_name, keys) if name not in known)


def in_a_line(text: str, hide: Collection[str] = ()) -> str:
    """The beginning of what somebody else said, in one line, without what must not be repeated."""
    for secret in filter(None, hide):
        text = text.replace(secret, "***")
    text = " ".join(text.split())[:160]
    return "".join(character for character in text if character.isprintable())


def _said(reply: Reply, hide: Collection[str]) -> str:
    """The beginning of what it said, where it is text and no page."""
    if is_page(reply):
        return ", with a web page"
    # More than is shown, so that a secret is not cut before it is found.
    text = in_a_line(reply.body[:4_000].decode("utf-8", "replace"), hide)
    return f": {text}" if text else ""
