"""A feed at an address, asked for only when it has changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from watcher.core.document import Document
from watcher.core.errors import DataError, SourceUnavailable
from watcher.sources.feed_items import MOST, CutOff, lines_of_feed
from watcher.sources.pull.asking import ask, check, host_of
from watcher.sources.pull.conditional import NOT_MODIFIED, conditions_of, cursor_of
from watcher.sources.pull.pull import Page, PullDefaults, Request

DEFAULTS = PullDefaults(every=timedelta(minutes=30), stale_after=timedelta(days=14))

_DEADLINE = timedelta(seconds=30)
_ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5"


class Settings(Document):
    """Where a feed is."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s]+$", repr=False, examples=["https://example.org/feed.xml"])]
    """Its address: the feed itself, not the page that speaks of it."""


def pull(request: Request) -> Iterator[Page]:
    """The items of the feed when it has changed since the last time, else nothing."""
    url, access = request.settings.url, request.access
    headers = {"Accept": _ACCEPT, **conditions_of(request)}
    reply = check(ask(access, url, headers=headers, deadline=_DEADLINE, limit=MOST), url, now=access.now())
    if reply.status == NOT_MODIFIED:
        yield Page(b"", 0, "", cursor=request.cursor or "{}")
        return
    if not reply.body.strip():
        raise SourceUnavailable("its answer is empty, without even a feed", where=host_of(url))
    items = _items(reply.body, host_of(url))
    yield Page(b"".join(items), len(items), "", cursor=cursor_of(reply))


def _items(feed: bytes, where: str) -> list[bytes]:
    try:
        return lines_of_feed(feed)
    except DataError as error:
        is_final = not isinstance(error, CutOff)
        raise SourceUnavailable(error.what, where=where, todo=error.todo, needs_person=is_final) from None
