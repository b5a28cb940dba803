"""New reporting: when what was observed rose because somebody began to report it, and not because more happened.

A new source, a new publisher or a supplement of old records makes a rise that no test of rates can tell from a real one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from watcher.core.detectors.frame import counted, event_value, measured, period_text, whole
from watcher.core.event import EventVersion
from watcher.core.indicator import Indicator
from watcher.core.label import Labels
from watcher.core.period import Period
from watcher.core.reading import day_text
from watcher.core.snapshot import Snapshot
from watcher.core.statistics.delay import LONGEST

#: A source or publisher without an older record, or one from before the period, is new.
NEW_DAYS = 90
#: The share of what was observed, or of what was added, that is worth a word.
SHARE = 0.5
#: Behind fewer records there is always somebody who carries half.
LEAST_RECORDS = 5
#: So many new publishers are named.
SHOWN = 3
#: What became known in so many days is news.
NEWS = timedelta(days=7)

Name = TypeVar("Name", str, tuple[str, str])


class Counted(NamedTuple):
    """What a reading counts."""

    indicator: Indicator
    group: Labels
    period: Period
    #: The record versions behind it.
    versions: Sequence[EventVersion]


def newly_reported(what: Counted, snapshot: Snapshot) -> tuple[str, ...]:
    """One sentence for each sign that reporting changed, and not only what happened."""
    if len(what.versions) < LEAST_RECORDS:
        return ()
    release = tuple(_one_release(what, snapshot))
    # Of one and the same release one sentence is enough.
    return (*_newcomer(what, snapshot), *(release or _old_news(what, snapshot)))


def _newcomer(what: Counted, snapshot: Snapshot) -> Iterator[str]:
    """A source that is new, or a publisher who is, and stands alone behind half of what was observed.

    Where nobody was there before, there is nothing that reporting could have changed.
    """
    # In a long period whoever came after its beginning is new: what it is compared with lies before.
    day = min(what.period.start, what.period.last - timedelta(days=NEW_DAYS))
    by_source = Counter[str]()
    by_publisher = Counter[tuple[str, str]]()
    for version in what.versions:
        event, weight = version.event, event_value(what.indicator, version)
        by_source[event.source] += weight
        if event.publishers:
            by_publisher[event.source, event.publishers] += weight
    total = by_source.total()
    old = {source for source in what.indicator.sources or snapshot.sources() if snapshot.reported_before(source, day)}
    for source in _carriers(by_source, total):
        if old and source not in old:
            yield _sentence(what, by_source[source], total, f"source {source}", day)
    yield from _new_publishers(what, by_publisher, snapshot, old, day)


def _new_publishers(
    what: Counted, weights: Counter[tuple[str, str]], snapshot: Snapshot, old: Collection[str], day: date
) -> Iterator[str]:
    """Half of what was observed is told by new publishers alone: what an old one tells as well is no news."""
    names = {(source, name) for source, told in weights if source in old for name in told.split("; ")}
    new = {each for each in names if not snapshot.reported_before(each[0], day, publisher=each[1])}
    alone = {
        told: weight for told, weight in weights.items() if all((told[0], name) in new for name in told[1].split("; "))
    }
    total = sum(event_value(what.indicator, version) for version in what.versions)
    if sum(alone.values()) and sum(alone.values()) >= SHARE * total:
        carried = Counter[str]()
        for (_, told), weight in alone.items():
            carried.update(dict.fromkeys(told.split("; "), weight))
        first = sorted(carried, key=lambda name: (-carried[name], name))
        more = f" and {len(first) - SHOWN} more" if len(first) > SHOWN else ""
        who = f"{'publisher' if len(first) == 1 else 'publishers'} {', '.join(first[:SHOWN])}{more}"
        yield _sentence(what, sum(alone.values()), total, who, day)


def _carriers(weights: Counter[Name], total: int) -> list[Name]:
    return [name for name, weight in weights.most_common(2) if weight and weight >= SHARE * total]


def _sentence(what: Counted, weight: int, total: int, who: str, day: date) -> str:
    return (
        f"{whole(weight)} of {counted(total, what.indicator.noun)} come from {who} alone, without any record before "
        f"{day_text(day)}: the rise may be one of reporting."
    )


def _one_release(what: Counted, snapshot: Snapshot) -> Iterator[str]:
    """Half of what was observed became known on one day, and half of those records are of old events."""
    begun = snapshot.kept_since(what.indicator)
    by_day: dict[date, list[EventVersion]] = {}
    for version in what.versions:
        # The first load brings what is compared with as well, and a revision is no new record.
        if begun is not None and version.recorded_at > begun and version.revision == 1:
            by_day.setdefault(version.known_from.date(), []).append(version)
    total = sum(event_value(what.indicator, version) for version in what.versions)
    for day, together in by_day.items():
        weight = sum(event_value(what.indicator, version) for version in together)
        old = sum((day - version.event.date_end).days > LONGEST for version in together)
        if weight and weight >= SHARE * total and old >= SHARE * len(together):
            yield (
                f"{whole(weight)} of {counted(total, what.indicator.noun)} became known on one day, {day_text(day)}, "
                f"{counted(old, 'records')} of them more than {LONGEST} days late: the rise may be a supplement of old "
                "records."
            )


def _old_news(what: Counted, snapshot: Snapshot) -> Iterator[str]:
    """Half of what was added in the last days was added to old days: by revisions, or by records that came late."""
    since, begun = snapshot.as_known - NEWS, snapshot.kept_since(what.indicator)
    old = Period(what.period.start, min(what.period.end, (snapshot.as_known - timedelta(days=LONGEST)).date()))
    if begun is None or since < begun or not old.days:
        return
    before = snapshot.known_at(since)
    added, late = (
        measured(what.indicator, snapshot.totals(what.indicator, what.group, period))
        - measured(what.indicator, before.totals(what.indicator, what.group, period))
        for period in (what.period, old)
    )
    if late > 0 and late >= SHARE * added:
        records = sum(v.event.date_end in old and v.known_from > since for v in what.versions)
        yield (
            f"{counted(late, what.indicator.noun)} came since {day_text(since.date())} to old days, {period_text(old)}, "
            f"by revisions or late records ({counted(records, 'records')}): they are no new events."
        )
