"""``record``: the highest, or lowest, value in a long time.

Windows of the same length end on each day of the lookback, the last one on the day before the watermark. They overlap:
a window that ends today is held against the one that ended yesterday as well, and a tie is no record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import accumulate
from typing import Literal, NamedTuple

from watcher.core.catalogue import Catalogue
from watcher.core.condition import condition
from watcher.core.detectors.frame import (
    Defaults,
    beginning,
    by_name,
    contributors,
    counted,
    gap_notes,
    in_gap,
    missing_values,
    named_indicator,
    period_text,
    record_sources,
    subject,
    whole,
    whole_days,
)
from watcher.core.document import Document
from watcher.core.indicator import Indicator
from watcher.core.label import Labels
from watcher.core.period import DAY, Duration, Period
from watcher.core.picture import Bar, SeriesPicture
from watcher.core.reading import Kind, Output, Reading, Status, Telling, day_text
from watcher.core.snapshot import Snapshot

Direction = Literal["highest", "lowest"]

OUTPUTS: Mapping[str, Output] = {
    output.name: output
    for output in (
        Output("observed", Kind.COUNT, "What the indicator comes to over the window."),
        Output("previous", Kind.COUNT, "The highest (lowest) that a window of the lookback comes to."),
        Output(
            "since",
            Kind.DATE,
            "Last day of the newest window of the lookback that comes to at least (at most) as much; none for a record.",
        ),
        Output("period_start", Kind.DATE, "First day of the window."),
        Output("as_of", Kind.DATE, "Last day of the window: the watermark."),
    )
}
EVENT_LIKE = False

#: The picture of a longer lookback shows its newest days.
PICTURE_DAYS = 366


class Parameters(Document):
    """What stands under ``record``."""

    indicator: str
    """The indicator to read."""
    window: Duration = timedelta(days=30)
    """How many days, the watermark's day included; at least one."""
    lookback: Duration = timedelta(days=366)
    """On how many days before the watermark the windows end that it is held against; at least one."""
    direction: Direction = "highest"
    """Which record: highest or lowest."""


class Rank(NamedTuple):
    """How the window compares with those of the lookback."""

    observed: int
    previous: int
    #: Last day of the newest window that comes to ``previous``.
    previous_day: date
    #: Last day of the newest window that comes to at least (at most) as much as observed; None for a record.
    since: date | None


class Told(NamedTuple):
    """What the words of a reading speak of."""

    indicator: Indicator
    group: Labels
    direction: Direction
    rank: Rank
    window: Period
    #: The days on which the windows end that it is held against.
    lookback: Period
    covered_from: date


def defaults(parameters: Parameters, _catalogue: Catalogue) -> Defaults:
    """Every record fires, and goes on for as long as its window: the day after a record is hardly ever one."""
    return Defaults(condition=condition("observed >= 0"), keep_firing_for=parameters.window)


def problems(parameters: Parameters, catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """Names that the catalogue does not know, and parts of days."""
    yield from by_name(catalogue.indicators, "indicator", "indicator", parameters.indicator)
    for name, span in (("window", parameters.window), ("lookback", parameters.lookback)):
        yield from whole_days(name, span)


def indicators(parameters: Parameters, catalogue: Catalogue) -> tuple[Indicator, ...]:
    """The indicator it names."""
    return named_indicator(parameters.indicator, catalogue)


def read(parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per group, in the order of the labels; one without labels while there is too little to judge by."""
    indicator = catalogue.indicators[parameters.indicator]
    watermark, coverage = snapshot.watermark(indicator), snapshot.coverage(indicator)
    if watermark is None or coverage is None:
        yield Reading(status=Status.NO_DATA, reason=f"no records for {indicator.name}")
        return
    window = Period.ending(watermark, parameters.window)
    lookback = Period(watermark - parameters.lookback, watermark)
    span = Period(lookback.start - parameters.window + DAY, window.end)
    comparable = indicator.comparable(coverage)
    if comparable.start > span.start:
        begin, need = beginning(indicator, comparable), day_text(span.start)
        reason = f"{begin}; {window.days} + {lookback.days} days need them from {need} on"
        yield Reading(status=Status.LEARNING, reason=reason)
        return
    # A window that lost days comes to less: it may be no record itself, and is no low that another has to fall below.
    whole_span = window if parameters.direction == "highest" else span
    if indicator.missing_days(whole_span):
        yield Reading(status=Status.NO_DATA, reason=in_gap(indicator, whole_span), watermark=window.last)
        return
    found = snapshot.by_day(indicator, span)
    for group in snapshot.groups(indicator):
        days = [(each.day, each.total) for each in found.get(group, ())]
        sums = _rolling(_daily(indicator, days, span), window.days)
        rank = _rank(sums, lookback, parameters.direction)
        yield _reading(Told(indicator, group, parameters.direction, rank, window, lookback, coverage.start), snapshot)


def _daily(indicator: Indicator, days: Iterable[tuple[date, int]], span: Period) -> list[int]:
    """The measure of each day of a span, days without an event among them."""
    values = [0] * span.days
    for day, total in days:
        values[(day - span.start).days] = 1 if indicator.count == "days" else total
    return values


def _rolling(values: Sequence[int], width: int) -> list[int]:
    """The sum of each window of ``width`` days, by its last day; the first ends on the day ``width`` of the values."""
    running = list(accumulate(values, initial=0))
    return [end - start for start, end in zip(running, running[width:], strict=False)]


def _rank(sums: Sequence[int], lookback: Period, direction: Direction) -> Rank:
    """Hold the last of the sums against those before it, of which one ends on each day of the lookback."""
    *before, observed = sums
    previous = max(before) if direction == "highest" else min(before)
    day = _newest(before, lookback.last, previous, direction)
    return Rank(observed, previous, day or lookback.last, _newest(before, lookback.last, observed, direction))


def _newest(sums: Sequence[int], last: date, value: int, direction: Direction) -> date | None:
    """The last day of the newest window that comes to at least (lowest: at most) a value; None when none does.

    :param last: the day on which the last of the windows ends.
    """
    for back, each in enumerate(reversed(sums)):
        if each >= value if direction == "highest" else each <= value:
            return last - timedelta(days=back)
    return None


def _reading(told: Told, snapshot: Snapshot) -> Reading:
    rank, window = told.rank, told.window
    return Reading(
        labels=told.group,
        values={
            "observed": rank.observed,
            "previous": rank.previous,
            "since": rank.since,
            "period_start": window.start,
            "as_of": window.last,
        },
        present=rank.since is None,
        watermark=window.last,
        tell=partial(_telling, told, snapshot),
    )


def _telling(told: Told, snapshot: Snapshot) -> Telling:
    indicator, window = told.indicator, told.window
    since = told.rank.since or _long_ago(told, snapshot)
    versions = snapshot.events(indicator, told.group, window)
    begin = f"The records begin on {day_text(told.covered_from)}: nothing is known of the time before."
    return Telling(
        headline=f"{subject(indicator, told.group)}: {_rank_text(told, since)}",
        sentence=_sentence(told),
        what=_what(told, len(versions)),
        sure="A rank, not a test: in a long series records come about by chance as well.",
        unknown=(
            *missing_values(indicator, snapshot.totals(indicator, told.group, window)),
            *([] if since else [begin]),
            *gap_notes(indicator, Period(told.lookback.start, window.end)),
        ),
        source=(record_sources(indicator, versions),),
        arithmetic=_arithmetic(told),
        picture=_picture(told, snapshot),
        records=contributors(indicator, versions),
    )


def _picture(told: Told, snapshot: Snapshot) -> SeriesPicture:
    """The total of each window, on its last day, beside the one that had to be passed."""
    width = told.window.days
    span = Period(told.lookback.start - timedelta(days=width - 1), told.window.end)
    sums = _rolling(_daily(told.indicator, snapshot.daily(told.indicator, told.group, span), span), width)
    days = [told.lookback.start + timedelta(days=i) for i in range(len(sums))]
    *before, newest = [Bar(day, day, total, bound=told.rank.previous) for day, total in zip(days, sums, strict=True)]
    bars = (*before, newest._replace(alarm=told.rank.since is None))
    return SeriesPicture(
        told.indicator.noun, counted(width, "days"), bars[-PICTURE_DAYS:], bound=f"{told.direction} before"
    )


def _long_ago(told: Told, snapshot: Snapshot) -> date | None:
    """The day before the lookback that saw as much the last time; None when no window of the records did."""
    span = Period(told.covered_from, told.lookback.start)
    days = snapshot.daily(told.indicator, told.group, span)
    sums = _rolling(_daily(told.indicator, days, span), told.window.days)
    return _newest(sums, span.last, told.rank.observed, told.direction)


def _rank_text(told: Told, since: date | None) -> str:
    seen = f"{counted(told.rank.observed, told.indicator.noun)} to {day_text(told.window.last)}"
    if told.rank.since:
        return f"no {told.direction} {told.window.days}-day total in {counted(told.lookback.days, 'days')}, {seen}"
    past = f"since {day_text(since)}" if since else "on record"
    return f"{told.direction} {told.window.days}-day total {past}, {seen}"


def _sentence(told: Told) -> str:
    seen = counted(told.rank.observed, told.indicator.noun)
    return f"{seen[0].upper()}{seen[1:]} in {counted(told.window.days, 'days')}, {period_text(told.window)}; {_before(told)}."


def _what(told: Told, events: int) -> str:
    """What the sentence leaves out: how many events a sum comes from, and what it is held against."""
    of = f"Events: {events}. " if told.indicator.is_sum else ""
    return f"{of}Held against the windows that end on {period_text(told.lookback)}."


def _before(told: Told) -> str:
    rank, days = told.rank, counted(told.window.days, "days")
    place = f"in the {days} to {day_text(rank.previous_day)}"
    return (
        f"the {told.direction} of the {counted(told.lookback.days, 'days')} before is {whole(rank.previous)}, {place}"
    )


def _arithmetic(told: Told) -> tuple[str, ...]:
    rank, window, lookback = told.rank, told.window, told.lookback
    days, seen = counted(window.days, "days"), counted(rank.observed, told.indicator.noun)
    sign = {"highest": ">", "lowest": "<"}[told.direction]
    verdict = (
        f"no record: the {days} to {day_text(rank.since)} come to as much or {_more(told)}"
        if rank.since
        else f"a record: {whole(rank.observed)} {sign} {whole(rank.previous)}"
    )
    return (
        f"Window: {period_text(window)}, {days} ending at the watermark: {seen}",
        f"Lookback: the {lookback.days} windows of {days} that end on {period_text(lookback)}",
        f"Previous: {whole(rank.previous)}, in the {days} to {day_text(rank.previous_day)}",
        f"Verdict: {verdict}",
    )


def _more(told: Told) -> str:
    return "more" if told.direction == "highest" else "less"
