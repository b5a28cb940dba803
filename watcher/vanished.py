"""What vanished: records of a source that a pull should have brought again, and did not.

Some sources restate whole parts, a country's month for one, without a word on what they dropped. A pull that brings such a
part brings all of it; so what is stored of it and did not come is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from sqlalchemy import Connection

from watcher.core.event import Deletion, Record, Rejection
from watcher.sources import Part
from watcher.store.events import current_ids


def vanished(
    tx: Connection, source: str, records: Callable[[], Iterable[Record]], part_of: Callable[[str], Part | None]
) -> list[Deletion]:
    """The records to take back after a pull, in the order of their ids.

    None while one of its rows cannot be read: nobody knows which record that was.

    :param records: what the pull brought; it is gone through twice, for it may be long.
    :param part_of: of what a record is a part, by its id.
    """
    parts: set[Part | None] = set()
    for record in records():
        if isinstance(record, Rejection):
            return []
        parts.add(part_of(record.external_id))
    parts.discard(None)
    since = min((part.first for part in parts if part), default=date.max)
    left = {key for key in current_ids(tx, source, since=since) if part_of(key) in parts}
    if left:
        for record in records():
            if not isinstance(record, Rejection):
                left.discard(record.external_id)
    return [Deletion(source, key, None) for key in sorted(left)]
