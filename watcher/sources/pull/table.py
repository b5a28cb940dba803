"""A table at an address: CSV, JSON or a workbook that somebody keeps up to date, asked for only when it has changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from watcher.core.document import Document
from watcher.core.errors import SourceUnavailable
from watcher.core.secret import SecretReference
from watcher.sources.pull.asking import ask, check, host_of
from watcher.sources.pull.conditional import NOT_MODIFIED, conditions_of, cursor_of
from watcher.sources.pull.pull import Page, PullDefaults, Request

DEFAULTS = PullDefaults(every=timedelta(hours=1), stale_after=None)


class Settings(Document):
    """Where a table is."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s]+$", repr=False)]
    """Its address."""
    token: SecretReference | None = None
    """A token that is sent as `Authorization: Bearer`."""


def pull(request: Request) -> Iterator[Page]:
    """The whole table when it has changed since the last time, else nothing."""
    settings, access = request.settings, request.access
    headers = conditions_of(request)
    if settings.token is not None:
        headers["Authorization"] = f"Bearer {access.secret(settings.token).get_secret_value()}"
    reply = check(ask(access, settings.url, headers=headers), settings.url, now=access.now())
    if reply.status == NOT_MODIFIED:
        yield Page(b"", 0, "", cursor=request.cursor or "{}")
        return
    if not reply.body.strip():
        raise SourceUnavailable("its answer is empty, without even a header", where=host_of(settings.url))
    # A workbook has no lines; its last bytes say where in it everything lies.
    is_text = not reply.body.startswith(b"PK")
    lines = reply.body + b"\n" if is_text and not reply.body.endswith(b"\n") else reply.body
    yield Page(lines, max(1, lines.count(b"\n")), "", cursor=cursor_of(reply))
