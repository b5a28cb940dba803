"""What the knowledge times of a source's records rest on, in numbers."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from watcher.core.event import Basis
from watcher.store.bulk import select_rows
from watcher.store.schema import from_ms

_ASSUMED = {Basis.LAG: "event date plus a lag", Basis.LOAD: "time of loading"}
_BY_BASIS = (
    "select source, sum(case when basis = ? then 1 else 0 end), sum(case when basis = ? then 1 else 0 end), count(*) "
    "from event group by source order by source"
)
_KNOWN = (
    "select source, count(*), sum(case when basis = ? then 1 else 0 end), min(known_from), max(known_from) from event "
    "where revision = 1 group by source order by source"
)


def assumed(tx: Connection) -> list[str]:
    """In a sentence for each source whose records do not all say themselves when they were known: what is assumed."""
    sentences = []
    for source, lag, load, records in select_rows(tx, _BY_BASIS, Basis.LAG.value, Basis.LOAD.value):
        counted = {_ASSUMED[Basis.LAG]: int(lag), _ASSUMED[Basis.LOAD]: int(load)}
        parts = [f"of {number} by {words}" for words, number in counted.items() if number]
        if parts:
            sentences.append(f"When the {records} records of {source} were known is assumed: {', '.join(parts)}.")
    return sentences


class Known(NamedTuple):
    """From when the records of a source were first known."""

    source: str
    records: int
    #: How many are known only since they were loaded.
    loaded: int
    first: datetime
    last: datetime

    @property
    def is_of_one_day(self) -> bool:
        """Whether all of them are known since they were loaded, on one and the same day."""
        return self.loaded == self.records and self.first.date() == self.last.date()


def when_known(tx: Connection) -> list[Known]:
    """From when the records of each source were first known."""
    rows = select_rows(tx, _KNOWN, Basis.LOAD.value)
    return [Known(source, int(n), int(loaded), from_ms(a), from_ms(b)) for source, n, loaded, a, b in rows]
