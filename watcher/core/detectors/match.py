"""``match``: any record that matches, clustered.

Records whose days lie close together are one cluster, and a cluster is one occurrence: it is told when its first record
becomes known, and not again for each record that joins it. A cluster is known by its first record, so that neither a
late record nor a revision makes it a new one; what was told apart stays apart, even when a record between the two comes
to light.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Literal, NamedTuple

from watcher.core.catalogue import Catalogue
from watcher.core.detectors.daily import of_days
from watcher.core.detectors.frame import Defaults, contributors, counted, missing_values, record_sources
from watcher.core.detectors.occurrence import kinds, known_order, newest_day, sources_of, window
from watcher.core.document import Document
from watcher.core.event import Event, EventVersion
from watcher.core.indicator import GroupField, Indicator, Totals
from watcher.core.label import Labels, fold, labels
from watcher.core.period import Duration, Period, duration_text
from watcher.core.picture import SeriesPicture
from watcher.core.reading import Kind, Output, Reading, Status, Telling, day_text, quoted
from watcher.core.selector import Selector
from watcher.core.snapshot import Snapshot

OUTPUTS: Mapping[str, Output] = {
    output.name: output
    for output in (
        Output("count", Kind.COUNT, "Events of the cluster; records that `dedupe_by` calls the same are one."),
        Output("sources", Kind.TEXT, "Who reported it: the publishers that the records name, else their sources."),
        Output("first", Kind.DATE, "Day of the first event."),
        Output("last", Kind.DATE, "Day of the last event so far."),
        Output("fatalities", Kind.COUNT, "Reported deaths; none when no record carries a number."),
        Output("as_of", Kind.DATE, "The watermark, or the day of the last event where that is later."),
    )
}
EVENT_LIKE = True

KEEP_FIRING_FOR = timedelta(days=14)
#: How long after its first event a cluster may become known and still be news.
NEWS = timedelta(days=90)
#: How far behind the watermark records are read: whatever is told stays in sight for at least 90 days.
KEPT = timedelta(days=180)

#: How many actors of a cluster are named.
SHOWN_ACTORS = 5
#: How many titles of reports are quoted.
SHOWN_TITLES = 3
#: Days before a cluster that its picture shows at least.
_BEFORE = 28
#: The label that holds what a cluster is known by.
CLUSTER = "cluster"
SameField = Literal[GroupField, "date", "event_date"]
_PLACES = ("location", "admin2", "admin1", "country")


class Parameters(Document):
    """What stands under ``match``."""

    where: Selector
    """Which events."""
    cluster: Duration = timedelta(hours=48)
    """Events whose days lie at most so far apart are one cluster; 0d makes one of each day."""
    dedupe_by: tuple[SameField, ...] = ()
    """Records that agree in all of these are the same event, told by several sources; an empty field proves nothing."""
    by: tuple[GroupField, ...] = ()
    """Clusters of each of these alone."""


class Cluster(NamedTuple):
    """Records that are told together."""

    #: The first that became known.
    founder: EventVersion
    #: In the order of their days.
    versions: tuple[EventVersion, ...]


def defaults(parameters: Parameters, _catalogue: Catalogue) -> Defaults:
    """No condition: every cluster is one. It fires for 14 days after becoming known."""
    return Defaults(keep_firing_for=KEEP_FIRING_FOR, keep_at_most=KEPT - NEWS - parameters.cluster)


def problems(parameters: Parameters, _catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """A cluster that never ends."""
    if parameters.cluster > NEWS:
        yield "cluster", f"a cluster of more than {NEWS.days} days would hardly ever end; write a few days, e.g. 48h"


def indicators(parameters: Parameters, _catalogue: Catalogue) -> tuple[Indicator, ...]:
    """The events that match, counted."""
    where = parameters.where
    return (Indicator(indicator="match", count="events", where=where, by=parameters.by, source=sources_of(where)),)


def read(parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per cluster, by group, then in the order in which they became known."""
    (indicator,) = indicators(parameters, catalogue)
    newest = newest_day(indicator, snapshot)
    if newest is None:
        yield Reading(status=Status.NO_DATA, present=False, reason="no records of the sources to look at")
        return
    period, gap = window(newest, KEPT), timedelta(days=parameters.cluster.days)
    for group in snapshot.by_day(indicator, period):
        for each in clusters(snapshot.first_known(indicator, group, period), gap):
            if each.versions[0].event.date_end - gap >= period.start and _is_news(each):
                yield _reading(each, group, newest, parameters, indicator)


def clusters(versions: Iterable[EventVersion], gap: timedelta) -> list[Cluster]:
    """Records as clusters, in the order in which those became known.

    They are taken in the order in which they became known themselves: each joins the oldest cluster that it lies within
    the gap of, or begins one.
    """
    found: list[list[EventVersion]] = []
    spans: list[tuple[date, date]] = []
    for version in sorted(versions, key=known_order):
        day = version.event.date_end
        place = next((n for n, (first, last) in enumerate(spans) if first - gap <= day <= last + gap), None)
        if place is None:
            found.append([version])
            spans.append((day, day))
        else:
            found[place].append(version)
            spans[place] = (min(spans[place][0], day), max(spans[place][1], day))
    return [Cluster(each[0], tuple(sorted(each, key=_by_day))) for each in found]


def _by_day(version: EventVersion) -> tuple[date, str]:
    return version.event.date_end, version.event.external_id


def _is_news(cluster: Cluster) -> bool:
    first = cluster.founder
    return first.known_from.date() - first.event.date_end <= NEWS


def _reading(cluster: Cluster, group: Labels, newest: date, parameters: Parameters, indicator: Indicator) -> Reading:
    founder, versions = cluster
    distinct = _distinct(versions, parameters.dedupe_by)
    last = versions[-1].event.date_end
    name = f"{founder.event.source} {founder.event.external_id}"
    deaths = [value for each in distinct if (value := _deaths(each)) is not None]
    return Reading(
        labels=labels({**dict(group), CLUSTER: name}),
        values={
            "count": len(distinct),
            "sources": "; ".join(_publishers(versions)),
            "first": versions[0].event.date_end,
            "last": last,
            "fatalities": sum(deaths) if deaths else None,
            "as_of": max(newest, last),
        },
        occurrence=name,
        known_at=founder.known_from,
        watermark=max(newest, last),
        tell=partial(_telling, cluster, group, distinct, parameters, indicator, newest=newest),
    )


# --- records that are the same ----------------------------------------------------------------------------------------


def _distinct(versions: Sequence[EventVersion], fields: Sequence[SameField]) -> list[list[EventVersion]]:
    """The records of each event."""
    found: dict[object, list[EventVersion]] = {}
    for version in versions:
        key = tuple(_same(version.event, field) for field in fields)
        known = bool(fields) and all(key)
        found.setdefault(key if known else version.version, []).append(version)
    return list(found.values())


def _same(event: Event, field: SameField) -> object:
    """What two records must agree in, as selectors compare it; empty when nothing is known."""
    if field in {"date", "event_date"}:
        return event.date_end
    if field == "country":
        return event.iso3 or fold(event.country)
    if field == "actor":
        return tuple(sorted({fold(actor.name) for actor in event.actors}))
    return fold(getattr(event, field))


def _deaths(same: Sequence[EventVersion]) -> int | None:
    """Of records of one event the largest number counts; None when none carries one."""
    return max((value for each in same if (value := each.event.fatalities) is not None), default=None)


def _publishers(versions: Sequence[EventVersion]) -> list[str]:
    named = (name.strip() for each in versions for name in (each.event.publishers or each.event.source).split(";"))
    return list(dict.fromkeys(name for name in named if name))


# --- words ------------------------------------------------------------------------------------------------------------


def _telling(
    cluster: Cluster,
    group: Labels,
    distinct: Sequence[Sequence[EventVersion]],
    parameters: Parameters,
    indicator: Indicator,
    *,
    newest: date,
) -> Telling:
    founder, versions = cluster
    first, last = versions[0].event.date_end, versions[-1].event.date_end
    days = f"on {day_text(first)}" if first == last else f"from {day_text(first)} to {day_text(last)}"
    deaths = [value for each in distinct if (value := _deaths(each)) is not None]
    titles = [title for same in distinct if (title := same[0].event.title)]
    known = f"Known since {day_text(founder.known_from.date())}, reported by {'; '.join(_publishers(versions))}."
    gap = duration_text(parameters.cluster)
    return Telling(
        headline=f"{_where(versions, group)}: {_number(distinct, titles)} {days}{_gist(distinct, titles, deaths, 1)}",
        sentence=(
            f"{_where(versions, group)}: {kinds([same[0] for same in distinct])} {days}"
            f"{_gist(distinct, titles, deaths, SHOWN_TITLES)}."
        ),
        what=f"{_actors(versions)} {known}".strip(),
        sure="A match, not a measure: it says that there are such records, not whether they are many.",
        unknown=tuple(_unknown(distinct, deaths, titles)),
        source=(record_sources(indicator, versions),),
        arithmetic=(
            f"Cluster: days at most {gap} apart, begun by {founder.event.source} {founder.event.external_id}",
            f"Records: {len(versions)}, of {_number(distinct, titles)}",
        ),
        picture=_picture(distinct, first, max(newest, last), parameters),
        records=contributors(_BY_DEATHS, versions),
    )


def _picture(
    distinct: Sequence[Sequence[EventVersion]], first: date, last: date, parameters: Parameters
) -> SeriesPicture:
    """The events of the cluster by day, with the days around them on which none would have been too far away."""
    counts = Counter(same[0].event.date_end for same in distinct)
    start = first - timedelta(days=max(_BEFORE, parameters.cluster.days))
    return of_days(counts, Period.between(start, last), "events that match", alarm_from=first)


#: By this the records that weigh most are found.
_BY_DEATHS = Indicator(indicator="deaths", sum="fatalities")


def _number(distinct: Sequence[Sequence[EventVersion]], titles: Sequence[str]) -> str:
    """How many there are: reports where all are such, else events."""
    return counted(len(distinct), "reports" if len(titles) == len(distinct) else "events")


def _gist(distinct: Sequence[Sequence[EventVersion]], titles: Sequence[str], deaths: Sequence[int], shown: int) -> str:
    """What it comes to: the deaths, or of reports, which tell of none, the newest titles."""
    if len(titles) < len(distinct):
        return f", {counted(sum(deaths), 'deaths') if deaths else 'deaths unknown'}"
    newest = list(dict.fromkeys(reversed(titles)))
    others = f" and {counted(len(newest) - shown, 'others')}" if len(newest) > shown > 1 else ""
    return f": {', '.join(quoted(title) for title in newest[:shown])}{others}"


def _unknown(distinct: Sequence[Sequence[EventVersion]], deaths: Sequence[int], titles: Sequence[str]) -> Iterator[str]:
    if len(titles) < len(distinct):
        yield from missing_values(_BY_DEATHS, Totals(len(distinct), len(deaths), 0, 0, 0))
    vague = sum(all(version.event.time_precision > 1 for version in same) for same in distinct)
    if vague:
        yield f"The day of {counted(vague, 'events')} is not exact."


def _actors(versions: Sequence[EventVersion]) -> str:
    """Who is named in the records, those most often named first."""
    named = Counter(name for each in versions for name in {actor.name for actor in each.event.actors})
    if not named:
        return ""
    first = sorted(named, key=lambda name: (-named[name], name))[:SHOWN_ACTORS]
    others = f" and {len(named) - len(first)} others" if len(named) > len(first) else ""
    return f"Named in the records: {'; '.join(first)}{others}."


def _where(versions: Sequence[EventVersion], group: Labels) -> str:
    """The group, and the smallest area that all events lie in."""
    levels = ({getattr(version.event, field) for version in versions} for field in _PLACES)
    shared = [next(iter(names)) for names in levels if len(names) == 1]
    others = [value for _, value in group if value not in shared]
    return ", ".join(dict.fromkeys(filter(None, [*others, *shared]))) or "several countries"
