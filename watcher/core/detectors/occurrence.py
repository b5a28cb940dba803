"""What ``first_seen`` and ``match`` share: which sources they ask, and up to which day those reach.

An occurrence is no rate: it needs no complete days, and is told as soon as it is known. So the newest days are read as
well, whatever the query offset; the watermark only says where the window behind it lies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from watcher.core.event import EventVersion
from watcher.core.indicator import Indicator
from watcher.core.period import Period
from watcher.core.selector import Selector
from watcher.core.selector.node import All, Text
from watcher.core.selector.text import Equals
from watcher.core.snapshot import Snapshot


def sources_of(where: Selector) -> tuple[str, ...]:
    """The sources that a selector is limited to by name; empty means all."""
    for part in where.node.parts if isinstance(where.node, All) else (where.node,):
        if isinstance(part, Text) and part.field == "source" and isinstance(part.test, Equals):
            return part.test.texts
    return ()


def newest_day(indicator: Indicator, snapshot: Snapshot) -> date | None:
    """The watermark of the indicator's newest source; None without any record.

    A source that is published once a year must not hold the window of a weekly one back.
    """
    names = indicator.sources or snapshot.sources()
    days = [snapshot.watermark(indicator.model_copy(update={"source": name})) for name in names]
    return max((day for day in days if day is not None), default=None)


def window(newest: date, reach: timedelta) -> Period:
    """So many days before the newest complete one, and everything that is known of the days after it."""
    return Period(newest - reach, date.max)


def founder(versions: Iterable[EventVersion]) -> EventVersion:
    """The record by which an occurrence became known: that is what it is known by, whatever joins it later."""
    return min(versions, key=known_order)


def known_order(version: EventVersion) -> tuple[object, ...]:
    """Records in the order in which they became known."""
    return version.known_from, version.event.source, version.event.external_id


def kinds(versions: Iterable[EventVersion]) -> str:
    """Events by type: ``Battles (2), Riots (1)``, and of one event alone ``Battles``."""
    types = Counter(version.event.event_type or "events of no type" for version in versions)
    return next(iter(types)) if types.total() == 1 else ", ".join(f"{kind} ({n})" for kind, n in types.items())
