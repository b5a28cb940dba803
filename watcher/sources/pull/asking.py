"""Asking: one request to a source, and what its answer means to the person who must act."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from watcher.core.errors import SourceUnavailable
from watcher.net import EgressFailed, EgressRefused, Fault, Reply
from watcher.sources.pull.pull import Access

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
    :raises SourceUnavailable: when no whole answer came.
    """
    whole = f"{url}?{urlencode(parameters)}" if parameters else url
    said = {"User-Agent": access.agent, "Accept": "*/*", **(headers or {})}
    try:
        return access.egress.fetch(whole, headers=said, body=body, deadline=deadline, limit=limit, alias=host_of(url))
    except EgressRefused as refused:
        raise SourceUnavailable(refused.what, where=refused.where, todo=refused.todo, needs_person=True) from None
    except EgressFailed as failed:
        final = failed.kind in {Fault.NO_SUCH_HOST, Fault.TLS, Fault.REDIRECT, Fault.TOO_LARGE}
        raise SourceUnavailable(failed.what, where=failed.where, needs_person=final) from None


def host_of(url: str) -> str:
    """The host of an address: what errors call the other side."""
    return urlsplit(url).hostname or "the source"


def check(reply: Reply, url: str, *, now: datetime) -> Reply:
    """Hand back an answer that is one.

    :raises SourceUnavailable: in the operator's words, for every status but 2xx and 304, and for a web page.
    """
    if reply.status in _OK or reply.status == _NOT_MODIFIED:
        if _HTML.match(reply.body[:1_000]):
            what = "it answers with a web page instead of data: a login, a block page, or a moved address"
            raise SourceUnavailable(what, where=host_of(url), todo="open the address in a browser", needs_person=True)
        return reply
    raise refusal(reply, url, now=now)


def refusal(reply: Reply, url: str, *, now: datetime) -> SourceUnavailable:
    """What an answer means that is none."""
    where, status = host_of(url), reply.status
    said = _said(reply)
    if status in _REFUSED:
        what, todo = f"it refuses us ({status}{said})", "check the token or the account, and what it may read"
        return SourceUnavailable(what, where=where, todo=todo, needs_person=True)
    if status in _GONE:
        what, todo = f"there is nothing at this address ({status}{said})", "check the address: it may have moved"
        return SourceUnavailable(what, where=where, todo=todo, needs_person=True)
    if status == _TOO_MANY:
        wait = retry_after(reply, now) or _PATIENCE
        return SourceUnavailable(f"we asked too often (429{said})", where=where, wait=wait)
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
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), _LONGEST)


def read_json(reply: Reply, url: str) -> Any:
    """The answer as JSON; numbers stay text where they stand in rows that are handed on.

    :raises SourceUnavailable: when it is none, or cut off.
    """
    try:
        return json.loads(reply.body, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        what = f"its answer is no whole JSON: {error}" if isinstance(error, ValueError) else "its answer nests too deep"
        raise SourceUnavailable(what, where=host_of(url)) from None


def lines_of(rows: list[Any]) -> bytes:
    """Rows as JSON Lines."""
    return b"".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for row in rows)


def _said(reply: Reply) -> str:
    """The beginning of what it said, in one line, where it is text and no page."""
    start = reply.body[:400]
    if _HTML.match(start):
        return ", with a web page"
    text = " ".join(start.decode("utf-8", "replace").split())[:160]
    printable = "".join(character for character in text if character.isprintable())
    return f": {printable}" if printable else ""
