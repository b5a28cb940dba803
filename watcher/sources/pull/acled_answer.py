"""Answers of ACLED's API: rows in an envelope, or a fault, which may come under HTTP 200 in one of several shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from watcher.core.errors import SourceUnavailable
from watcher.net import Reply
from watcher.sources.pull.asking import check, host_of, in_a_line, is_page, read_json, refusal

REFUSED = frozenset({401, 403})
_FORBIDDEN = 403
_FAULTS = range(400, 600)
#: No number of rows, and no status, has more.
_DIGITS = 9
_FALSE = (False, 0, "0", "false", "False")
#: What a fault without a number says when it means us, and not the question.
_DENIED = re.compile(r"denied|unauthori[sz]ed|forbidden|not allowed|expired|invalid token", re.IGNORECASE)


class Answer(NamedTuple):
    """A page of rows, or the refusal of one."""

    rows: list[Any]
    #: How many rows it says there are, on the page or in all; None when it does not say.
    spoken_of: int | None = None
    #: 401 or 403 where it refuses us; 0 where it does not.
    refused: int = 0
    #: What it says of that.
    said: str = ""
    #: Whether it says that with a web page.
    is_page: bool = False


def read_answer(reply: Reply, url: str, *, now: datetime, hide: str) -> Answer:
    """What an answer says.

    :param hide: the token that it was asked with.
    :raises SourceUnavailable: when it is neither rows nor a refusal.
    """
    if reply.status in REFUSED:
        if is_page(reply):
            return Answer([], refused=reply.status, is_page=True)
        said = (
            _message(_envelope(reply, url))
            if reply.body.lstrip().startswith(b"{")
            else reply.body.decode("utf-8", "replace")
        )
        return Answer([], refused=reply.status, said=in_a_line(said, (hide,)))
    envelope = _envelope(check(reply, url, now=now, hide=(hide,)), url)
    said = in_a_line(_message(envelope), (hide,))
    rows, status = envelope.get("data"), _status(envelope, said)
    if status in REFUSED:
        return Answer([], refused=status, said=said)
    if status in _FAULTS:
        raise refusal(Reply(status, reply.headers, said.encode()), url, now=now)
    if envelope.get("success") in _FALSE or envelope.get("error"):
        raise SourceUnavailable(f"it reports a fault: {said or 'without saying which'}", where=host_of(url))
    if not isinstance(rows, list):
        what = f"there are no rows where they should be{f': {said}' if said else ''}"
        raise SourceUnavailable(
            what, where=host_of(url), todo="see whether a newer watcher knows it", needs_person=True
        )
    return Answer(rows, _number(envelope.get("count")))


def _envelope(reply: Reply, url: str) -> Mapping[str, Any]:
    found = read_json(reply, url)
    return found if isinstance(found, dict) else {}


def _status(envelope: Mapping[str, Any], said: str) -> int:
    """The status that a fault in an envelope has; 0 where there is no fault or no status."""
    error = envelope.get("error")
    if isinstance(error, list):
        error = error[0] if error else None
    if not error and envelope.get("success") not in _FALSE and isinstance(envelope.get("data"), list):
        return 0
    inner = error.get("status") if isinstance(error, dict) else None
    status = _number(inner) or _number(envelope.get("status")) or 0
    if status in _FAULTS:
        return status
    return _FORBIDDEN if _DENIED.search(said) else 0


def _message(envelope: Mapping[str, Any]) -> str:
    """What it says of a fault: in `error`, a list, a map or a text, or in `message` or `messages`."""
    for said in (envelope.get("error"), envelope.get("message"), envelope.get("messages")):
        first = said[0] if isinstance(said, list) and said else said
        text = first.get("message", "") if isinstance(first, dict) else first
        if text and isinstance(text, str):
            return text
    return ""


def _number(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
