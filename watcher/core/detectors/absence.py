"""``absence``: nothing for longer than usual, in an area (``of: events``) or from a source (``of: records``).

A quiet area is counted in event days up to the watermark, a silent source in the days on which anything of it became
known. A source that is silent makes every area look quiet, so that no area is judged while one is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from statistics import median
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from watcher.core.catalogue import Catalogue
from watcher.core.condition import condition
from watcher.core.detectors.daily import by_day, of_days
from watcher.core.detectors.frame import Defaults, contributors, counted, record_sources
from watcher.core.document import Document
from watcher.core.indicator import DayTotals, GroupField, Indicator
from watcher.core.label import NO_LABELS, Labels, labels
from watcher.core.period import DAY, Duration, Period, duration_text
from watcher.core.reading import Kind, Output, Reading, Status, Telling, Value, day_text, number_of_days
from watcher.core.selector import EVERYTHING, Selector
from watcher.core.snapshot import Snapshot

OUTPUTS: Mapping[str, Output] = {
    output.name: output
    for output in (
        Output(
            "silent_days",
            Kind.DAYS,
            "Days since the last event, up to the watermark; since the last arrival, up to now.",
        ),
        Output("last_seen", Kind.DATE, "Day of the last event, or of the last arrival."),
        Output(
            "usual_gap_days", Kind.DAYS, "The median gap between days with an event, or an arrival; none with only one."
        ),
        Output("longer_than", Kind.DAYS, "The bound used: more silent days than this are an absence."),
        Output("period_start", Kind.DATE, "First day of the gap's records: that of the last event; none for records."),
        Output("as_of", Kind.DATE, "Last day of the gap: the watermark; for records the day of the evaluation."),
    )
}
EVENT_LIKE = False

#: Fewer days of arrivals tell no rhythm.
LEAST_ARRIVALS = 20
#: The rhythm of a source is that of its last two years, where they tell one.
RHYTHM = timedelta(weeks=104)
#: An area's rate is that of the 52 weeks that end with its last event.
RATE_DAYS = 364
LEAST_EVENTS = 10
#: A shorter gap is never a quiet area of its own accord.
LEAST_GAP_DAYS = 14

#: Three times a gap of one day: no source is silent of its own accord after less.
LEAST_SILENCE = 3

#: Days before a silence that its picture shows at least.
_BEFORE = 28
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The share of gaps that are not longer than the one that three times of makes a silence.
_P99 = 0.99


class Parameters(Document):
    """What stands under ``absence``."""

    of: Literal["events", "records"]
    """events: an area is quiet. records: a source brings nothing new."""
    by: tuple[GroupField, ...] = ()
    """One alert per value of these fields; with records only source, or nothing for all sources together."""
    where: Selector = Field(default_factory=lambda: EVERYTHING)
    """Which events count; not with records."""
    longer_than: Literal["auto"] | Duration = "auto"
    """More days than this; auto: longer than the group's own rhythm lets one expect."""
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """With events and auto: how improbable a gap must be at the rate before it."""


class Rhythm(NamedTuple):
    """When something arrived, and how long a gap has to be to mean silence."""

    #: Days with an arrival.
    arrivals: int
    last: date
    #: Median gap in days; None with one arrival.
    usual: float | None
    #: More days than this are silence; None while too few arrivals tell a rhythm.
    bound: int | None
    silent_days: int
    #: The days themselves, ascending.
    days: tuple[date, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether nothing came for longer than its rhythm lets one expect; False while it has none."""
        return self.bound is not None and self.silent_days > self.bound


class Gap(NamedTuple):
    """The days since the last event of a group."""

    group: Labels
    last: date
    watermark: date
    #: Events of the 52 weeks that end with the last one.
    events: int
    #: Median gap in days between their days; None with only one day.
    usual: float | None
    #: Sources whose silence cannot be told yet.
    unsure: tuple[str, ...]

    @property
    def days(self) -> int:
        """Days since the last event."""
        return (self.watermark - self.last).days

    @property
    def rate(self) -> float:
        """Events per day before the gap."""
        return self.events / RATE_DAYS

    @property
    def chance(self) -> float:
        """The probability of so long a gap at that rate."""
        return math.exp(-self.rate * self.days)

    @property
    def area(self) -> str:
        """What a person calls the group."""
        return ", ".join(value for _, value in self.group) or "everywhere"


def defaults(parameters: Parameters, _catalogue: Catalogue) -> Defaults:
    """More days than ``longer_than``; with auto, than the least bound: ``present`` holds each group's own."""
    least = LEAST_SILENCE if parameters.of == "records" else LEAST_GAP_DAYS - 1
    days = least if parameters.longer_than == "auto" else parameters.longer_than.days
    return Defaults(condition=condition(f"silent_days > {days}"))


def problems(parameters: Parameters, _catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """What does not go together with ``of: records``, and a bound shorter than a day."""
    if parameters.of == "records":
        other = next((field for field in parameters.by if field != "source"), None)
        if other is not None:
            yield "by", f"records come from a source and have no {other!r}; write by: [source], or of: events"
        if parameters.where.key:
            yield "where", "records are counted whatever they say; leave 'where' out, or write of: events"
    if parameters.longer_than != "auto" and parameters.longer_than < DAY:
        yield "longer_than", "an absence is counted in days; write 1d or more, or auto"


def indicators(parameters: Parameters, _catalogue: Catalogue) -> tuple[Indicator, ...]:
    """The events of the areas; none for records, whose arrivals are counted."""
    if parameters.of == "records":
        return ()
    return (Indicator(indicator="events", count="events", where=parameters.where, by=parameters.by),)


def read(parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per source, or per group that ever had an event, in the order of the labels."""
    if not snapshot.sources():
        yield _blind("no record of any source is stored")
    elif parameters.of == "records":
        yield from _sources(parameters, snapshot)
    else:
        yield from _areas(parameters, indicators(parameters, catalogue)[0], snapshot)


def _blind(reason: str, group: Labels = NO_LABELS, status: Status = Status.NO_DATA) -> Reading:
    said = f"{reason[0].upper()}{reason[1:]}"
    return Reading(
        labels=group, status=status, reason=reason, tell=partial(Telling, headline=said, sentence=f"{said}.")
    )


# --- a source ---------------------------------------------------------------------------------------------------------


def rhythm(snapshot: Snapshot, sources: Iterable[str]) -> Rhythm | None:
    """When records of some sources arrived, as one stream; None when none ever did.

    A release is stored in many moments of one day, so that days count, not moments.
    """
    names = tuple(sources)
    for since in (snapshot.as_known - RHYTHM, _EPOCH):
        days = sorted({moment.date() for name in names for moment in snapshot.arrivals(name, since)})
        if len(days) >= LEAST_ARRIVALS:
            break
    if not days:
        return None
    gaps = sorted(_gaps(days))
    usual = median(gaps) if gaps else None
    bound = None
    if usual is not None and len(days) >= LEAST_ARRIVALS:
        bound = math.ceil(max(3 * gaps[math.ceil(_P99 * len(gaps)) - 1], 2 * usual))
    return Rhythm(len(days), days[-1], usual, bound, (snapshot.as_known.date() - days[-1]).days, tuple(days))


def _gaps(days: Sequence[date]) -> list[int]:
    return [(later - earlier).days for earlier, later in pairwise(days)]


def _sources(parameters: Parameters, snapshot: Snapshot) -> Iterator[Reading]:
    names = snapshot.sources()
    if not parameters.by:
        yield _source("all sources", NO_LABELS, rhythm(snapshot, names), parameters, snapshot)
        return
    for name in names:
        yield _source(name, labels({"source": name}), rhythm(snapshot, [name]), parameters, snapshot)


def _source(name: str, group: Labels, found: Rhythm | None, parameters: Parameters, snapshot: Snapshot) -> Reading:
    if found is None:
        return _blind(f"nothing ever arrived from {name}", group)
    bound = found.bound if parameters.longer_than == "auto" else parameters.longer_than.days
    if bound is None:
        reason = f"{name}: {counted(found.arrivals, 'days')} with arrivals so far, 'auto' needs {LEAST_ARRIVALS}"
        return _blind(reason, group, Status.LEARNING)
    # There is no watermark: what arrived cannot be revised, and the end of a silence takes nothing back.
    return Reading(
        labels=group,
        values=_values(found.silent_days, found.last, found.usual, bound, as_of=snapshot.as_known.date()),
        present=found.silent_days > bound,
        tell=partial(_source_telling, name, found, bound, parameters, snapshot.as_known.date()),
    )


def _values(
    days: int, last: date, usual: float | None, bound: int, *, as_of: date, period_start: date | None = None
) -> dict[str, Value]:
    return {
        "silent_days": days,
        "last_seen": last,
        "usual_gap_days": usual,
        "longer_than": bound,
        "period_start": period_start,
        "as_of": as_of,
    }


def _source_telling(name: str, found: Rhythm, bound: int, parameters: Parameters, today: date) -> Telling:
    days = counted(found.arrivals, "days")
    how = f"the greater of 3 x the 99th percentile and 2 x the median of the gaps between {days} with arrivals"
    if parameters.longer_than != "auto":
        how = f"longer_than: {duration_text(parameters.longer_than)}"
    return Telling(
        headline=f"Nothing new from {name} for {counted(found.silent_days, 'days')}",
        sentence=f"The last record arrived on {day_text(found.last)}, {_ago(found.silent_days)}.",
        what=f"{_usual(found.usual, 'arrivals')} More than {counted(bound, 'days')} without any are an absence.",
        sure="Counted: every record that is new, revised or deleted is an arrival.",
        unknown=("Whether nothing was published, or what was published did not arrive here.",),
        source=(f"arrivals from {name}",),
        picture=of_days(dict.fromkeys(found.days, 1), _shown(found.last, today), "days with arrivals"),
        arithmetic=(
            f"Last arrival: {day_text(found.last)}; days since: {found.silent_days}",
            f"Bound: {counted(bound, 'days')} ({how})",
        ),
    )


def _usual(gap: float | None, what: str) -> str:
    if gap is None:
        return f"There is no second day with {what} to tell the usual gap."
    return f"The usual gap between days with {what} is {number_of_days(gap)} (median)."


def _ago(days: int) -> str:
    return f"{counted(days, 'days')} ago" if days else "today"


# --- an area ----------------------------------------------------------------------------------------------------------


def _areas(parameters: Parameters, indicator: Indicator, snapshot: Snapshot) -> Iterator[Reading]:
    rhythms = {name: rhythm(snapshot, [name]) for name in snapshot.sources()}
    silent = {name: found for name, found in rhythms.items() if found is not None and found.is_silent}
    if silent:
        # The watermark of all sources together stands still, and with it every area, whatever its own source.
        yield _blind("; ".join(_silence(name, found) for name, found in silent.items()))
        return
    coverage = snapshot.coverage(indicator)
    if coverage is None:
        yield _blind("no event that counts is stored")
        return
    unsure = tuple(name for name, found in rhythms.items() if found is None or found.bound is None)
    for group, days in snapshot.by_day(indicator, coverage).items():
        yield _area(parameters, indicator, _gap(group, days, coverage.last, unsure), snapshot)


def _silence(name: str, found: Rhythm) -> str:
    since = f"its last record arrived on {day_text(found.last)}"
    return f"the source {name} is silent: {since}, {_ago(found.silent_days)}"


def _gap(group: Labels, days: Sequence[DayTotals], watermark: date, unsure: tuple[str, ...]) -> Gap:
    last = days[-1].day
    before = [each for each in days if each.day > last - timedelta(days=RATE_DAYS)]
    gaps = _gaps([each.day for each in before])
    events = sum(each.events for each in before)
    return Gap(group, last, watermark, events, median(gaps) if gaps else None, unsure)


def _area(parameters: Parameters, indicator: Indicator, gap: Gap, snapshot: Snapshot) -> Reading:
    if parameters.longer_than != "auto":
        bound = parameters.longer_than.days
    elif gap.events < LEAST_EVENTS:
        few = f"{counted(gap.events, 'events')} in the 52 weeks up to the last one, 'auto' needs {LEAST_EVENTS}"
        return _blind(f"{gap.area}: {few}", gap.group, Status.LEARNING)
    else:
        # No event in so many days has the probability exp(-rate x days); days are whole.
        bound = max(LEAST_GAP_DAYS - 1, math.floor(-math.log(parameters.alpha) / gap.rate))
    return Reading(
        labels=gap.group,
        values=_values(gap.days, gap.last, gap.usual, bound, as_of=gap.watermark, period_start=gap.last),
        present=gap.days > bound,
        watermark=gap.watermark,
        tell=partial(_area_telling, parameters, indicator, gap, bound, snapshot),
    )


def _area_telling(parameters: Parameters, indicator: Indicator, gap: Gap, bound: int, snapshot: Snapshot) -> Telling:
    latest = snapshot.events(indicator, gap.group, Period.between(gap.last, gap.watermark))
    events, until = counted(gap.events, "events"), day_text(gap.watermark)
    return Telling(
        headline=f"{gap.area}: no event for {counted(gap.days, 'days')} to {until}",
        sentence=f"The last event was on {day_text(gap.last)}, after {events} in the 52 weeks that ended with it.",
        what=f"{_usual(gap.usual, 'events')} More than {counted(bound, 'days')} without any are an absence.",
        sure=(
            f"At the rate before, so long a gap has a probability of {gap.chance:.2g} if events come independently of "
            "each other. Violence comes in clusters, so that long gaps are more common than this says."
        ),
        unknown=(
            "Whether nothing happened, or nobody could report it.",
            *(f"Whether the source {name} is silent: too few arrivals to tell." for name in gap.unsure),
        ),
        source=(record_sources(indicator, latest),),
        arithmetic=(
            f"Last event: {day_text(gap.last)}; days since, to the watermark {until}: {gap.days}",
            f"Rate before: {events} / {RATE_DAYS} days = {gap.rate:.3g} a day",
            f"P(no event in {counted(gap.days, 'days')}) = exp(-{gap.rate:.3g} x {gap.days}) = {gap.chance:.2g}",
            f"Bound: {counted(bound, 'days')} ({_area_bound(parameters)})",
        ),
        picture=by_day(indicator, gap.group, _shown(gap.last, gap.watermark), snapshot),
        records=contributors(indicator, latest),
    )


def _shown(last: date, today: date) -> Period:
    """The silence, and twice as long before it, but no less than some weeks."""
    return Period.between(last - timedelta(days=max(_BEFORE, 2 * (today - last).days)), today)


def _area_bound(parameters: Parameters) -> str:
    if parameters.longer_than != "auto":
        return f"longer_than: {duration_text(parameters.longer_than)}"
    return f"beyond it the probability of no event is under {parameters.alpha:g}; at least {LEAST_GAP_DAYS - 1}"
