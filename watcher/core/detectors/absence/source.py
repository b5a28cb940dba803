"""A silent source: no record that is new, revised or deleted for longer than its rhythm lets one expect."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from statistics import median
from typing import NamedTuple

from watcher.core.coverage import CoverageGap
from watcher.core.detectors.absence.parameters import Parameters, of_source
from watcher.core.detectors.absence.silence import (
    blind,
    days_after,
    gap_of,
    shown,
    since_text,
    undecided,
    usual_gaps,
    usual_text,
    values,
)
from watcher.core.detectors.daily import of_days
from watcher.core.detectors.frame import counted, notes_of_gaps
from watcher.core.label import NO_LABELS, Labels, labels
from watcher.core.period import DAY, Period, duration_text
from watcher.core.reading import Reading, Status, Telling, day_text
from watcher.core.snapshot import Snapshot

#: Fewer days of arrivals tell no rhythm.
LEAST_ARRIVALS = 20
#: The rhythm of a source is that of its last two years, where they tell one.
RHYTHM = timedelta(weeks=104)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The share of gaps that are not longer than the one that three times of makes a silence.
_P99 = 0.99


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
    #: Days of which nothing could have arrived.
    gaps: tuple[CoverageGap, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether nothing came for longer than its rhythm lets one expect; False while it has none."""
        return self.bound is not None and self.silent_days > self.bound


def rhythm(snapshot: Snapshot, sources: Iterable[str], gaps: tuple[CoverageGap, ...] = ()) -> Rhythm | None:
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
    silent = days_after(days[-1], snapshot.as_known.date(), gaps)
    return Rhythm(len(days), days[-1], *_usual(days, gaps), silent, tuple(days), gaps)


def _usual(days: Sequence[date], gaps: tuple[CoverageGap, ...]) -> tuple[float | None, int | None]:
    """The median gap, and the bound that it leads to."""
    between = sorted(usual_gaps(days, gaps))
    usual = median(between) if between else None
    if usual is None or len(days) < LEAST_ARRIVALS:
        return usual, None
    return usual, math.ceil(max(3 * between[math.ceil(_P99 * len(between)) - 1], 2 * usual))


def readings(parameters: Parameters, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per source, or one for all of them together."""
    names = snapshot.sources()
    if not parameters.by:
        yield _reading("all sources", NO_LABELS, names, parameters, snapshot)
        return
    for name in names:
        yield _reading(name, labels({"source": name}), [name], parameters, snapshot)


def _reading(name: str, group: Labels, sources: Sequence[str], parameters: Parameters, snapshot: Snapshot) -> Reading:
    today, gaps = snapshot.as_known.date(), of_source(parameters.coverage_gaps, name if parameters.by else "")
    if (gap := gap_of(today, gaps)) is not None:
        verb = "is" if parameters.by else "are"
        return undecided(f"{name} {verb} silent", today, gap, group)
    found = rhythm(snapshot, sources, gaps)
    if found is None:
        return blind(f"nothing ever arrived from {name}", group)
    bound = found.bound if parameters.longer_than == "auto" else parameters.longer_than.days
    if bound is None:
        reason = f"{name}: {counted(found.arrivals, 'days')} with arrivals so far, 'auto' needs {LEAST_ARRIVALS}"
        return blind(reason, group, Status.LEARNING)
    # There is no watermark: what arrived cannot be revised, and the end of a silence takes nothing back.
    return Reading(
        labels=group,
        values=values(found.silent_days, found.last, found.usual, bound, as_of=today),
        present=found.silent_days > bound,
        tell=partial(_telling, name, found, bound, parameters, today),
    )


def _telling(name: str, found: Rhythm, bound: int, parameters: Parameters, today: date) -> Telling:
    days, since = counted(found.arrivals, "days"), (today - found.last).days
    how = f"the greater of 3 x the 99th percentile and 2 x the median of the gaps between {days} with arrivals"
    if parameters.longer_than != "auto":
        how = f"longer_than: {duration_text(parameters.longer_than)}"
    return Telling(
        headline=f"Nothing new from {name} for {counted(found.silent_days, 'days')}",
        sentence=f"The last record arrived on {day_text(found.last)}, {ago(since)}.",
        what=f"{usual_text(found.usual, 'arrivals')} More than {counted(bound, 'days')} without any are an absence.",
        sure="Counted: every record that is new, revised or deleted is an arrival.",
        unknown=(
            "Whether nothing was published, or what was published did not arrive here.",
            *notes_of_gaps(found.gaps, Period.between(found.last + DAY, today)),
        ),
        source=(f"arrivals from {name}",),
        picture=of_days(dict.fromkeys(found.days, 1), shown(found.last, today), "days with arrivals"),
        arithmetic=(
            f"Last arrival: {day_text(found.last)}; days since: {since_text(found.last, today, found.gaps)}",
            f"Bound: {counted(bound, 'days')} ({how})",
        ),
    )


def ago(days: int) -> str:
    """So many days ago."""
    return f"{counted(days, 'days')} ago" if days else "today"
