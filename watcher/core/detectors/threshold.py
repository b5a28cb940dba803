"""``threshold``: what an indicator comes to over the newest days.

The window is whole days and ends at the watermark, never at "now". With ``by`` there is one reading per group that
ever had an event, so that a group that has dropped to zero is read as zero and not as missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

from watcher.core.catalogue import Catalogue
from watcher.core.detectors.daily import by_day
from watcher.core.detectors.frame import (
    Defaults,
    by_name,
    contributors,
    counted,
    gap_notes,
    measured,
    missing_values,
    named_indicator,
    period_text,
    record_sources,
    subject,
)
from watcher.core.document import Document
from watcher.core.indicator import Indicator, Totals
from watcher.core.label import Labels
from watcher.core.period import Duration, Period
from watcher.core.reading import Kind, Output, Reading, Status, Telling, day_text
from watcher.core.snapshot import Snapshot

OUTPUTS: Mapping[str, Output] = {
    output.name: output
    for output in (
        Output("value", Kind.COUNT, "What the indicator comes to over the window."),
        Output("days", Kind.DAYS, "Days of the window that the sources cover."),
        Output("events", Kind.COUNT, "Events in the window, with and without a value."),
        Output("period_start", Kind.DATE, "First day of the window."),
        Output("as_of", Kind.DATE, "Last day of the window: the watermark."),
    )
}
EVENT_LIKE = False


class Parameters(Document):
    """What stands under ``threshold``."""

    indicator: str
    """The indicator to read."""
    window: Duration = timedelta(days=30)
    """How many days, the watermark's day included; at least one."""


def defaults(_parameters: Parameters, _catalogue: Catalogue) -> Defaults:
    """Nothing but the severity: only the author knows where the threshold lies, so ``condition`` must be written."""
    return Defaults()


def problems(parameters: Parameters, catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """Names that the catalogue does not know, and a window shorter than a day."""
    yield from by_name(catalogue.indicators, "indicator", "indicator", parameters.indicator)
    if parameters.window < timedelta(days=1):
        yield "window", "a window is at least one day, because events are dated by the day; write 1d or more"


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
    window = Period.ending(watermark, parameters.window)
    for group in snapshot.groups(indicator):
        yield _reading(snapshot, indicator, group, window=window, covered_from=coverage.start)


def _reading(snapshot: Snapshot, indicator: Indicator, group: Labels, *, window: Period, covered_from: date) -> Reading:
    totals = snapshot.totals(indicator, group, window)
    covered = Period(max(window.start, covered_from), window.end)
    found = _Found(indicator, group, totals, window, covered)
    return Reading(
        labels=group,
        values={
            "value": measured(indicator, totals),
            "days": covered.days - indicator.missing_days(covered),
            "events": totals.events,
            "period_start": window.start,
            "as_of": window.last,
        },
        watermark=window.last,
        tell=partial(_telling, found, snapshot),
    )


class _Found(NamedTuple):
    indicator: Indicator
    group: Labels
    totals: Totals
    window: Period
    #: The days of the window that the sources cover.
    covered: Period


def _telling(found: _Found, snapshot: Snapshot) -> Telling:
    indicator, group, totals, window, covered = found
    versions = snapshot.events(indicator, group, window) if totals.events else ()
    told = counted(measured(indicator, totals), indicator.noun)
    uncovered = (
        f"The records begin on {day_text(covered.start)}: {covered.days} of {counted(window.days, 'days')} are covered."
    )
    return Telling(
        headline=f"{subject(indicator, group)}: {told} in {counted(window.days, 'days')} to {day_text(window.last)}",
        sentence=f"{told[0].upper()}{told[1:]} in {counted(totals.events, 'events')}, {period_text(window)}.",
        what=f"{counted(totals.events, 'events')} on {counted(totals.active_days, 'days')} of {window.days}.",
        sure="A sum over a window, not a test: it does not say whether the number is unusual.",
        unknown=(
            *([uncovered] if covered.days < window.days else []),
            *gap_notes(indicator, covered),
            *missing_values(indicator, totals),
        ),
        source=(record_sources(indicator, versions),),
        arithmetic=(
            f"Window: {period_text(window)}, {counted(window.days, 'days')} ending at the watermark",
            f"Value: {told} in {counted(totals.events, 'events')}",
        ),
        picture=by_day(indicator, group, window, snapshot),
        records=contributors(indicator, versions),
    )
