"""``first_seen``: a value that was not seen before: an actor, a place, a kind of event.

A value is new from a day on before which no event carried it for the whole lookback, once it has the events asked for.
It is known by the record by which it became known, so that an earlier event that comes to light later does not make it
new again; one that shows that it was there all along takes it back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple

from watcher.core.catalogue import Catalogue
from watcher.core.country import find_country
from watcher.core.coverage import within
from watcher.core.detectors.daily import of_days
from watcher.core.detectors.first_seen.parameters import Parameters
from watcher.core.detectors.first_seen.sighting import Naming, Seen, appearances, became_known, seen
from watcher.core.detectors.frame import Defaults, contributors, counted, period_text, record_sources
from watcher.core.detectors.occurrence import founder, kinds, newest_day, sources_of
from watcher.core.event import EventVersion
from watcher.core.indicator import Indicator
from watcher.core.label import Labels, labels
from watcher.core.period import DAY, Period
from watcher.core.picture import SeriesPicture
from watcher.core.reading import Kind, Output, Reading, Status, Telling, day_text
from watcher.core.selector import Selector
from watcher.core.selector.node import Actors, Countries, Node, Text, all_of, any_of
from watcher.core.selector.text import Equals
from watcher.core.snapshot import Snapshot

__all__ = ["EVENT_LIKE", "OUTPUTS", "Parameters", "defaults", "indicators", "problems", "read"]

OUTPUTS: Mapping[str, Output] = {
    output.name: output
    for output in (
        Output("value", Kind.TEXT, "The value that is new; an actor of an alias list by its title."),
        Output("count", Kind.COUNT, "Events of the value since its first, all that are known."),
        Output("first_date", Kind.DATE, "Day of its first event."),
        Output("last_date", Kind.DATE, "Day of its last event so far."),
        Output("as_of", Kind.DATE, "The watermark, or the day of the last event where that is later."),
    )
}
EVENT_LIKE = True

KEEP_FIRING_FOR = timedelta(days=14)
#: How long after its first event a value may become known and still be news.
NEWS = timedelta(days=180)
#: How far behind the watermark first events are looked for: whatever is told stays in sight for at least 180 days.
KEPT = timedelta(days=360)

_VAGUE = {2: "week", 3: "month", 4: "quarter", 5: "year"}


class Newcomer(NamedTuple):
    """A value that is new."""

    place: Labels
    value: str
    #: Its events since the first, by day.
    versions: tuple[EventVersion, ...]
    #: When the events asked for were known.
    known_at: datetime
    #: What the sources call it.
    names: tuple[str, ...]

    @property
    def first_date(self) -> date:
        """The day of its first event."""
        return self.versions[0].event.date_end

    @property
    def last_date(self) -> date:
        """The day of its last event."""
        return self.versions[-1].event.date_end


def defaults(_parameters: Parameters, _catalogue: Catalogue) -> Defaults:
    """No condition: every newcomer is one. It fires for 14 days after becoming known."""
    return Defaults(keep_firing_for=KEEP_FIRING_FOR, keep_at_most=KEPT - NEWS)


def problems(parameters: Parameters, _catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """What cannot be asked, or could never be answered."""
    within = parameters.at_least.within
    if parameters.lookback < DAY:
        yield "lookback", "a lookback is at least one day, because events are dated by the day; write e.g. 3y"
    if parameters.field in parameters.by:
        yield "by", f"no {parameters.field} is ever seen in another one; leave {parameters.field!r} out of 'by'"
    if within is not None and within > NEWS:
        yield "at_least", f"a newcomer is told within {NEWS.days} days of its first event; write e.g. '2 events in 30d'"
    if parameters.ambiguous == "include" and parameters.field != "actor":
        yield "ambiguous", f'only actors are recorded as "A and/or B", and the field is {parameters.field!r}'


def indicators(parameters: Parameters, _catalogue: Catalogue) -> tuple[Indicator, ...]:
    """The events that are looked at, counted by place and value."""
    where, by = parameters.where, (*parameters.by, parameters.field)
    return (Indicator(indicator="first_seen", count="events", where=where, by=by, source=sources_of(where)),)


def read(parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per newcomer, by place, then by value."""
    (indicator,) = indicators(parameters, catalogue)
    newest, coverage = newest_day(indicator, snapshot), snapshot.coverage(indicator)
    if newest is None:
        yield Reading(status=Status.NO_DATA, present=False, reason="no records of the sources to look at")
        return
    if coverage is None and not snapshot.groups(indicator):
        return
    covered_from = coverage.start if coverage else newest
    if newest - parameters.lookback < covered_from:
        yield Reading(status=Status.LEARNING, present=False, reason=_too_short(parameters, covered_from, newest))
        return
    for newcomer in _newcomers(parameters, catalogue, snapshot, newest=newest, covered_from=covered_from):
        yield _reading(newcomer, parameters, indicator, newest)


def _too_short(parameters: Parameters, covered_from: date, newest: date) -> str:
    days = max(0, (newest - covered_from).days)
    return (
        f"the records begin on {day_text(covered_from)}: {days} of the {parameters.lookback.days} days before "
        f"{day_text(newest)} are covered, and who was there before is not known"
    )


# --- who is new -------------------------------------------------------------------------------------------------------


def _newcomers(
    parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot, *, newest: date, covered_from: date
) -> Iterator[Newcomer]:
    """The series say who may be new; the records of those few are read."""
    (indicator,) = indicators(parameters, catalogue)
    naming = Naming(parameters, catalogue.actors.values())
    earliest = max(newest - KEPT, covered_from + parameters.lookback)
    history = Period(earliest - parameters.lookback, date.max)
    candidates = [
        (each, periods)
        for each in seen(snapshot.by_day(indicator, history), parameters.field, naming)
        if (periods := [one for one in appearances(each.days, parameters.lookback) if one.start >= earliest])
    ]
    if not candidates:
        return
    reader = _Reader(snapshot, _narrowed(indicator, parameters.field, [each for each, _ in candidates]), earliest)
    for each, periods in candidates:
        versions = reader.versions(each)
        found = (_newcomer(each, period, versions, parameters) for period in reversed(periods))
        yield from (newcomer for newcomer in [next(filter(None, found), None)] if newcomer)


def _newcomer(each: Seen, period: Period, versions: Sequence[EventVersion], parameters: Parameters) -> Newcomer | None:
    """The value as a newcomer of an appearance; None while it has not the events asked for, or too late to be news."""
    mine = tuple(version for version in versions if version.event.date_end in period)
    known_at = became_known(mine, parameters.at_least)
    if known_at is None or known_at.date() - mine[0].event.date_end > NEWS:
        return None
    names = {name for group in each.groups for label, name in group if label == parameters.field}
    return Newcomer(each.place, each.value, mine, known_at, tuple(sorted(names)))


class _Reader(NamedTuple):
    """Reads the records of values that may be new, all of them in one search."""

    snapshot: Snapshot
    indicator: Indicator
    earliest: date

    def versions(self, each: Seen) -> list[EventVersion]:
        """The records of a value, each once, by day."""
        period = Period(self.earliest, date.max)
        found = {
            version.version: version
            for group, days in each.groups.items()
            for version in self.snapshot.first_known(self.indicator, group, period)
            if version.event.date_end in days
        }
        return sorted(found.values(), key=lambda version: (version.event.date_end, version.event.external_id))


def _narrowed(indicator: Indicator, field: str, candidates: Sequence[Seen]) -> Indicator:
    """The indicator, limited to the events of some values."""
    names = sorted({text for each in candidates for group in each.groups for label, text in group if label == field})
    where = Selector(all_of([indicator.where.node, _one_of(field, tuple(names))]))
    return indicator.model_copy(update={"where": where})


def _one_of(field: str, names: tuple[str, ...]) -> Node:
    if field == "actor":
        return Actors("actor", Equals(names))
    if field == "country":
        found = [country for name in names if (country := find_country(name))]
        return any_of([Countries(frozenset(country.iso3 for country in found)), Text(field, Equals(names))])
    return Text(field, Equals(names))


# --- what is said -----------------------------------------------------------------------------------------------------


def _reading(newcomer: Newcomer, parameters: Parameters, indicator: Indicator, newest: date) -> Reading:
    first = founder(newcomer.versions).event
    as_of = max(newest, newcomer.last_date)
    return Reading(
        labels=labels({**dict(newcomer.place), parameters.field: newcomer.value}),
        values={
            "value": newcomer.value,
            "count": len(newcomer.versions),
            "first_date": newcomer.first_date,
            "last_date": newcomer.last_date,
            "as_of": as_of,
        },
        occurrence=f"{first.source} {first.external_id}",
        known_at=newcomer.known_at,
        watermark=as_of,
        tell=partial(_telling, newcomer, parameters, indicator, newest),
    )


def _picture(newcomer: Newcomer, parameters: Parameters, newest: date) -> SeriesPicture:
    """The events with the value by day, after the lookback without any."""
    counts = Counter(version.event.date_end for version in newcomer.versions)
    first, last = newcomer.first_date, max(newest, newcomer.last_date)
    return of_days(counts, Period.between(first - parameters.lookback, last), "events", alarm_from=first)


def _telling(newcomer: Newcomer, parameters: Parameters, indicator: Indicator, newest: date) -> Telling:
    versions, field = newcomer.versions, parameters.field.replace("_", " ")
    place = ", ".join(value for _, value in newcomer.place)
    first, told = day_text(newcomer.first_date), counted(len(versions), "events")
    before = Period(newcomer.first_date - parameters.lookback, newcomer.first_date)
    return Telling(
        headline=f"{', '.join(filter(None, (newcomer.value, place)))}: first seen on {first}, {told}",
        sentence=(
            f"No event with the {field} {newcomer.value}{f' in {place}' if place else ''} in the "
            f"{counted(before.days, 'days')} before {first}; {told} from then to {day_text(newcomer.last_date)}."
        ),
        what=f"Known since {day_text(newcomer.known_at.date())}. {kinds(versions)}.",
        sure=_SURE.get(parameters.field, _SURE_OF_NAMES),
        unknown=(*_unknown(newcomer), *_unseen(parameters, before)),
        source=(record_sources(indicator, versions),),
        arithmetic=(
            f"Lookback: no event in {period_text(before)}",
            f"Asked for: {parameters.at_least}, known since {day_text(newcomer.known_at.date())}",
            f"Counted as one value: {'; '.join(newcomer.names)}",
        ),
        picture=_picture(newcomer, parameters, newest),
        records=contributors(indicator, versions),
    )


_SURE_OF_NAMES = "New to the records, not proven new: a source may spell a name in a new way, or only now report it."
_SURE = {
    "actor": "New to the records, not proven new: a source may have renamed or split an actor, or only now report it."
}


def _unknown(newcomer: Newcomer) -> Iterator[str]:
    precision = newcomer.versions[0].event.time_precision
    if precision in _VAGUE:
        yield f"The day of the first event: the source knows the {_VAGUE[precision]}."


def _unseen(parameters: Parameters, before: Period) -> Iterator[str]:
    """The days of the lookback of which nobody could have reported the value."""
    for gap in parameters.coverage_gaps:
        days = within(gap, before)
        if days.days:
            yield f"Whether it was there in the {counted(days.days, 'days')} {period_text(days)}: a coverage gap ({gap.because})."
