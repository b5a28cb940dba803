"""What a source is: a module that turns bytes into records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, BinaryIO, Literal, NamedTuple, Protocol

from watcher.core.document import Document
from watcher.core.event import Event, Record


class Part(NamedTuple):
    """A part of what a source tells, which a pull brings whole or not at all."""

    #: ISO 3166 alpha-3.
    iso3: str
    #: The first day of what its records speak of.
    first: date


@dataclass(frozen=True, slots=True)
class SourceDefaults:
    """What holds for every source of a kind unless the settings say otherwise."""

    #: The newest days that are not judged yet, because reports of them are still coming in.
    query_offset: timedelta
    #: Whether the source's own stamps say when a record became known.
    trust_stamp: bool
    title: str
    #: What may be done with the rows, one sentence.
    licence: str
    #: How to cite the data.
    citation: str
    #: Numbers of rows that are a page of what the source hands out: such a file is probably not the whole.
    page_sizes: frozenset[int] = frozenset()
    #: The field whose values overlap, where rows are aggregates: they must not be added up over it. Empty for single events.
    overlapping: Literal["", "event_type"] = ""
    #: Whether its rows tell of deaths.
    tells_deaths: bool = True
    #: Of what a record is a part, by its id, where pulls bring whole parts: what is stored of one and does not come again is
    #: taken back. None where they bring what is new, and for an id that this kind does not give.
    part_of: Callable[[str], Part | None] | None = None
    #: What two records of one id make together, in whatever order they come, where a thing is told of again and again; None
    #: where the later one stands in place of the earlier.
    joined: Callable[[Event, Event], Event] | None = None


class Source(Protocol):
    """A module that reads one kind of source."""

    KIND: str
    DEFAULTS: SourceDefaults

    @property
    def Settings(self) -> type[Document]:  # noqa: N802 - a module offers it as a class
        """The options of this kind, as they stand under ``options`` in the settings."""

    def read(self, stream: BinaryIO, *, source: str, today: date, settings: Any) -> Iterator[Record]:
        """Yield the records of a stream, one after the other, in bounded memory.

        Nothing is lost: a row that cannot be read comes out as a rejection.

        :raises DataError: when the stream has no layout this kind knows.
        """
