"""Events as rows: how a record version is written into its columns and read from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from watcher.core.event import Actor, Basis, Event, EventVersion
from watcher.store.actors import actors_of
from watcher.store.schema import event as events
from watcher.store.schema import to_ms

#: Rows read at a time; their actors are looked up together.
PAGE = 500
#: The first few of an order, of which hardly ever more than one is looked at.
FIRST_FEW = 8

_ACTORS = Event._fields.index("actors")
_FLAG = Event._fields.index("civilian_targeting") - 1
_EVENT = tuple(name for name in Event._fields if name != "actors")
_HEAD = ("version", "revision", "known_from", "known_to", "basis", "recorded_at")
_BASES = {basis.value: basis for basis in Basis}

#: The columns of a row as :func:`to_row` writes it.
COLUMNS = (
    *("version", "revision", "known_from", "known_to", "deleted", "basis", "recorded_at", "closed_at", "closed_after"),
    "content_hash",
    *_EVENT,
)

#: What :func:`read_versions` needs; add conditions and an order to it.
SELECT: Select[Any] = select(*(events.c[name] for name in (*_HEAD, *_EVENT)))


class Beside(NamedTuple):
    """What stands beside an event in its row; moments are milliseconds."""

    version: int
    revision: int
    known_from: int
    known_to: int | None
    #: 0 or 1.
    deleted: int
    basis: str
    recorded_at: int
    closed_at: int | None
    closed_after: int | None
    content_hash: str


def to_row(beside: Beside, event: Event) -> tuple[Any, ...]:
    """The values of COLUMNS."""
    first = event.date_start.isoformat()
    last = first if event.date_end == event.date_start else event.date_end.isoformat()
    flag, stamp = event.civilian_targeting, event.stamp
    return (
        *beside,
        event.source,
        event.external_id,
        first,
        last,
        *event[4:_ACTORS],
        event.fatalities,
        event.fatalities_low,
        event.fatalities_high,
        None if flag is None else int(flag),
        event.publishers,
        event.url,
        event.notes,
        event.tags,
        None if stamp is None else to_ms(stamp),
        event.incidents,
    )


def read_versions(
    tx: Connection, query: Select[Any], parameters: Mapping[str, Any] | None = None, *, page_size: int = PAGE
) -> Iterator[EventVersion]:
    """The record versions that a query over SELECT finds, a page at a time; small pages for who wants few of them."""
    with closing(tx.execute(query, parameters, execution_options={"yield_per": page_size})) as result:
        for page in result.partitions():
            actors = actors_of(tx, [row[0] for row in page])
            for row in page:
                yield _version(row, actors.get(row[0], ()))


def _version(row: Sequence[Any], actors: list[Actor] | tuple[()]) -> EventVersion:
    version, revision, known_from, known_to, basis, recorded_at, *values = row
    flag = values[_FLAG]
    values[_FLAG] = None if flag is None else bool(flag)
    values.insert(_ACTORS, tuple(actors))
    return EventVersion(version, Event._make(values), revision, known_from, known_to, _BASES[basis], recorded_at)
