"""Conditional requests: something at an address is asked for only when it has changed."""

from __future__ import annotations

import json

from watcher.net import Reply
from watcher.sources.pull.pull import Request

NOT_MODIFIED = 304
#: What an answer calls itself by → what we ask with.
_CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


def conditions_of(request: Request) -> dict[str, str]:
    """The headers that say what we have; none when everything is asked for anew."""
    known = {} if request.since else json.loads(request.cursor or "{}")
    return {header: known[name] for name, header in _CONDITIONS.items() if name in known}


def cursor_of(reply: Reply) -> str:
    """What to say of an answer the next time."""
    said = {name: reply.headers[name] for name in _CONDITIONS if name in reply.headers}
    # What is not ASCII cannot be said back to it.
    return json.dumps({name: value for name, value in said.items() if value.isascii()}, sort_keys=True)
