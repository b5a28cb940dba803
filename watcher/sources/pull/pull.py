"""What a pull is: a module that asks a source over the network and hands on what it answered, line by line.

It reads nothing of the rows. What it hands on is what the reader of the same kind takes from a file; so a batch that was
pulled goes the way of every file: inspected, whole or not at all, with a quarantine for what cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pydantic import SecretStr

from watcher.core.document import Document
from watcher.core.secret import SecretReference
from watcher.net import Egress


class Page(NamedTuple):
    """A part of what a source answered."""

    #: Whole lines, as the reader of the kind takes them.
    lines: bytes
    #: How many rows they hold.
    rows: int
    #: Where to go on behind this page when the pull is cut off, in the kind's own words.
    position: str
    #: Where the next pull begins, on the last page; empty while more follow.
    cursor: str = ""
    #: Keys of the rows that the kind does not know: the source may have changed its layout.
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PullDefaults:
    """What holds for every pull of a kind unless the settings say otherwise."""

    #: How often it makes sense to ask.
    every: timedelta
    #: After how long without anything new something is wrong; None where silence means nothing.
    stale_after: timedelta | None
    #: What a cursor says is missing in between, as people call it; None where nothing can be.
    gaps: Callable[[str, datetime], Sequence[str]] | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """What a pull may use on its way out."""

    egress: Egress
    #: The value of a secret.
    secret: Callable[[SecretReference], SecretStr]
    #: The moment it is.
    now: Callable[[], datetime]
    #: Lets time pass between two pages; raises SourceUnavailable when the process is to end.
    wait: Callable[[timedelta], None]
    #: A file of its own for what a login hands out; nobody else can read it.
    tokens: Path
    #: Who asks, for the User-Agent.
    agent: str = "watcher"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a source: everything that is new."""

    settings: Any
    access: Access
    #: Where the last pull ended; empty at the first.
    cursor: str = ""
    #: Where this one was cut off; empty at its beginning.
    position: str = ""
    #: Ask anew for everything from this day on, whatever the cursor says.
    since: date | None = None


class Pull(Protocol):
    """A module that asks one kind of source."""

    DEFAULTS: PullDefaults

    @property
    def Settings(self) -> type[Document]:  # noqa: N802 - a module offers it as a class
        """What it has to be told, as it stands under ``pull`` in the settings."""

    def pull(self, request: Request) -> Iterator[Page]:
        """Yield page after page; the last one carries the cursor.

        :raises SourceUnavailable: when it cannot be had now, or not whole; the pages before it are kept, and the next
            attempt goes on behind them.
        """
