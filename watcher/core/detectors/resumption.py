"""``resumption``: events again after a lull.

A lull is counted in days without any event of the indicator, between the last event before and the first one after,
neither day among them. Of several resumptions among the newest days, the latest is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

from watcher.core.catalogue import Catalogue
from watcher.core.condition import condition
from watcher.core.detectors.daily import by_day
from watcher.core.detectors.frame import (
    Defaults,
    by_name,
    contributors,
    counted,
    gap_notes,
    named_indicator,
    period_text,
    record_sources,
    subject,
    whole_days,
)
from watcher.core.document import Document
from watcher.core.indicator import DayTotals, Indicator
from watcher.core.label import Labels
from watcher.core.period import DAY, Duration, Period
from watcher.core.picture import SeriesPicture
from watcher.core.reading import Kind, Output, Reading, Status, Telling, day_text
from watcher.core.snapshot import Snapshot

OUTPUTS: Mapping[str, Output] = {
    output.name: output
    for output in (
        Output(
            "observed", Kind.COUNT, "Events since the lull, whatever the indicator measures; 0 without a resumption."
        ),
        Output("lull_days", Kind.DAYS, "Days without an event before the first one; none without a resumption."),
        Output(
            "last_before", Kind.DATE, "Day of the last event before the lull; none when the records know of no event."
        ),
        Output("first_date", Kind.DATE, "Day of the first event after the lull; none without a resumption."),
        Output("period_start", Kind.DATE, "First day counted: the first event after the lull, else that of 'within'."),
        Output("as_of", Kind.DATE, "Last day counted: the watermark."),
    )
}
EVENT_LIKE = False


class Parameters(Document):
    """What stands under ``resumption``."""

    indicator: str
    """The indicator whose events are looked for."""
    after: Duration
    """How many days without an event make a lull; at least one."""
    within: Duration = timedelta(days=30)
    """How many of the newest days the first event after the lull may lie in, the watermark's day included."""


class Question(NamedTuple):
    """What is asked of each group."""

    indicator: Indicator
    #: How many days without an event make a lull.
    after: int
    #: The days in which the first event after the lull may lie.
    newest: Period
    #: The first day that the sources cover.
    covered_from: date

    @property
    def span(self) -> Period:
        """The days that decide it: those of coverage gaps are no days of a lull."""
        start, more = self.newest.start, self.after
        while more:
            earlier = Period(start - timedelta(days=more), start)
            start, more = earlier.start, self.indicator.missing_days(earlier)
        return Period(max(start, self.covered_from), self.newest.end)

    def silent(self, first: date, end: date) -> int:
        """The days from one to another, the last one not among them, that are known to be without an event."""
        days = Period(first, end)
        return days.days - self.indicator.missing_days(days)


class Lull(NamedTuple):
    """Days without an event, and the event that ended them."""

    #: None when the records know of no event before.
    last_before: date | None
    first_after: date
    days: int


def defaults(_parameters: Parameters, _catalogue: Catalogue) -> Defaults:
    """One event after the lull is enough."""
    return Defaults(condition=condition("observed >= 1"))


def problems(parameters: Parameters, catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """Names that the catalogue does not know, and parts of days."""
    yield from by_name(catalogue.indicators, "indicator", "indicator", parameters.indicator)
    for name, span in (("after", parameters.after), ("within", parameters.within)):
        yield from whole_days(name, span)


def indicators(parameters: Parameters, catalogue: Catalogue) -> tuple[Indicator, ...]:
    """The indicator it names."""
    return named_indicator(parameters.indicator, catalogue)


def read(parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per group, in the order of the labels."""
    indicator = catalogue.indicators[parameters.indicator]
    watermark, coverage = snapshot.watermark(indicator), snapshot.coverage(indicator)
    if watermark is None or coverage is None:
        yield Reading(status=Status.NO_DATA, reason=f"no records for {indicator.name}")
        return
    newest = Period.ending(watermark, parameters.within)
    question = Question(indicator, parameters.after.days, newest, coverage.start)
    found = snapshot.by_day(indicator, question.span)
    for group in snapshot.groups(indicator):
        yield _reading(question, snapshot, group, found.get(group, ()))


def _reading(question: Question, snapshot: Snapshot, group: Labels, days: Sequence[DayTotals]) -> Reading:
    lull = _lull(question, [each.day for each in days])
    if lull is None:
        return _no_lull(question, snapshot, group, days)
    if lull.last_before is None:
        lull = _measured(question, snapshot, group, lull.first_after)
    observed = sum(each.events for each in days if each.day >= lull.first_after)
    return Reading(
        labels=group,
        values={
            "observed": observed,
            "lull_days": lull.days,
            "last_before": lull.last_before,
            "first_date": lull.first_after,
            "period_start": lull.first_after,
            "as_of": question.newest.last,
        },
        watermark=question.newest.last,
        tell=partial(_telling, question, snapshot, group, lull, observed),
    )


def _lull(question: Question, days: Sequence[date]) -> Lull | None:
    """The latest lull that an event ended; without one before it, the lull is as long as what was looked at.

    No event before the newest days ends one: fewer than ``after`` days of the span lie before it.
    """
    for i in range(len(days) - 1, -1, -1):
        before, day = days[i - 1] if i else None, days[i]
        silent = question.silent(before + DAY if before else question.span.start, day)
        if silent >= question.after:
            return Lull(before, day, silent)
    return None


def _measured(question: Question, snapshot: Snapshot, group: Labels, first: date) -> Lull:
    """A lull that goes back beyond the days that were looked at, by all that the records know."""
    covered = Period(question.covered_from, first)
    earlier = snapshot.daily(question.indicator, group, covered)
    if not earlier:
        return Lull(None, first, question.silent(covered.start, first))
    last = earlier[-1][0]
    return Lull(last, first, question.silent(last + DAY, first))


def _no_lull(question: Question, snapshot: Snapshot, group: Labels, days: Sequence[DayTotals]) -> Reading:
    newest = question.newest
    undecided = _undecided(question, days)
    if undecided is not None:
        begin, need = day_text(question.covered_from), day_text(undecided)
        reason = f"records begin on {begin}; a lull of {counted(question.after, 'days')} needs them from {need} on"
        return Reading(labels=group, status=Status.LEARNING, reason=reason)
    nothing = dict.fromkeys(("lull_days", "last_before", "first_date"))
    return Reading(
        labels=group,
        values={"observed": 0, **nothing, "period_start": newest.start, "as_of": newest.last},
        present=False,
        watermark=newest.last,
        tell=partial(_telling_none, question, snapshot, group),
    )


def _undecided(question: Question, days: Sequence[DayTotals]) -> date | None:
    """The day from which records are missing to tell whether there was a lull; None when there was none.

    An event before the newest days decides it: every gap after that event is known.
    """
    newest, first = question.newest, days[0].day if days else None
    if first is not None and first < newest.start:
        return None
    if first is None and question.covered_from <= newest.start:
        return None
    return (first or newest.start) - timedelta(days=question.after)


def _noun(indicator: Indicator) -> str:
    """What one event is called: a lull is one of events, also where deaths or days are measured."""
    return indicator.noun if indicator.count == "events" else "events"


def _telling(question: Question, snapshot: Snapshot, group: Labels, lull: Lull, observed: int) -> Telling:
    indicator, counts = question.indicator, Period(lull.first_after, question.newest.end)
    versions = snapshot.events(indicator, group, counts)
    seen, silent = counted(observed, _noun(indicator)), counted(lull.days, "days")
    first = day_text(lull.first_after)
    begin = f"The records begin on {day_text(question.covered_from)} with no event: the lull may be longer."
    return Telling(
        headline=f"{subject(indicator, group)}: resumed on {first} after {silent}, {seen} to {day_text(counts.last)}",
        sentence=f"{seen} since {first}, after {silent} without one; {_last_text(lull)}.",
        what=f"{seen}, {period_text(counts)}. Before that none for {silent}; {_last_text(lull)}.",
        sure="A count of days without an event, not a test: where events are rare, lulls come about by chance.",
        unknown=(
            *(() if lull.last_before else (begin,)),
            *gap_notes(indicator, Period(lull.last_before or question.covered_from, question.newest.end)),
        ),
        source=(record_sources(indicator, versions),),
        arithmetic=(
            f"Newest days: {period_text(question.newest)}, {counted(question.newest.days, 'days')} to the watermark",
            f"First event after the lull: {first}; {_last_text(lull)}",
            f"Lull: {silent} between, neither end counted; at least {question.after} asked",
            f"Observed: {seen}, {period_text(counts)}",
        ),
        picture=_picture(question, snapshot, group, lull),
        records=contributors(indicator, versions),
    )


def _picture(question: Question, snapshot: Snapshot, group: Labels, lull: Lull) -> SeriesPicture:
    """The lull, what was before it, and what came after."""
    before = lull.last_before or question.covered_from
    window = Period(max(question.covered_from, before - timedelta(days=question.after)), question.newest.end)
    return by_day(_events_of(question.indicator), group, window, snapshot, alarm_from=lull.first_after)


def _events_of(indicator: Indicator) -> Indicator:
    """The same events, counted: a lull is one of events."""
    if indicator.count == "events":
        return indicator
    return indicator.model_copy(update={"count": "events", "sum": None, "unit": ""})


def _last_text(lull: Lull) -> str:
    return f"the last before was on {day_text(lull.last_before)}" if lull.last_before else "no event before is known"


def _telling_none(question: Question, snapshot: Snapshot, group: Labels) -> Telling:
    indicator, newest, noun = question.indicator, question.newest, _noun(question.indicator)
    events = snapshot.totals(indicator, group, newest).events
    seen = counted(events, noun)
    days, lull = counted(newest.days, "days"), counted(question.after, "days")
    known = snapshot.daily(indicator, group, Period(question.covered_from, newest.end))
    passed = f", none of them after {lull} without one" if events else ""
    last = f"The last was on {day_text(known[-1][0])}." if known else "None is known."
    return Telling(
        headline=f"{subject(indicator, group)}: no resumption in {days} to {day_text(newest.last)}",
        sentence=f"{seen[0].upper()}{seen[1:]} in {days}{passed}. {last}",
        what=f"{seen[0].upper()}{seen[1:]}, {period_text(newest)}. {last}",
        sure="A count of days without an event, not a test: where events are rare, lulls come about by chance.",
        source=(record_sources(indicator, ()),),
        arithmetic=(
            f"Newest days: {period_text(newest)}, {days} to the watermark: {seen}",
            f"Lull: none of {lull} or more ended among them",
        ),
        picture=by_day(
            _events_of(indicator), group, Period(max(question.covered_from, question.span.start), newest.end), snapshot
        ),
    )
