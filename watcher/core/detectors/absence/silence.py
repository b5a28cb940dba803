"""A silence in days, and its words: what an area without events and a source without records have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from itertools import pairwise

from watcher.core.coverage import CoverageGap, lying_in
from watcher.core.label import NO_LABELS, Labels
from watcher.core.period import DAY, Period
from watcher.core.reading import Reading, Status, Telling, Value, day_text, number_of_days

#: Days before a silence that its picture shows at least.
_BEFORE = 28


def days_after(last: date, until: date, gaps: Sequence[CoverageGap]) -> int:
    """How many covered days came after a day, up to another one."""
    return (until - last).days - sum(days.days for days in lying_in(gaps, Period.between(last + DAY, until)))


def usual_gaps(days: Sequence[date], gaps: Sequence[CoverageGap]) -> list[int]:
    """The covered days from each to the next."""
    return [1 + days_after(earlier, later - DAY, gaps) for earlier, later in pairwise(days)]


def gap_of(day: date, gaps: Sequence[CoverageGap]) -> CoverageGap | None:
    """The coverage gap that a day lies in."""
    return next((gap for gap in gaps if day in gap.days), None)


def blind(reason: str, group: Labels = NO_LABELS, status: Status = Status.NO_DATA) -> Reading:
    """A reading of which nothing can be told."""
    said = f"{reason[0].upper()}{reason[1:]}"
    return Reading(
        labels=group, status=status, reason=reason, tell=partial(Telling, headline=said, sentence=f"{said}.")
    )


def undecided(question: str, day: date, gap: CoverageGap, group: Labels) -> Reading:
    """A silence in a coverage gap, which is none and ends none: no rule takes that for missing data."""
    lies = f"{day_text(day)} lies in a coverage gap ({gap.because})"
    return blind(f"nobody can tell whether {question}: {lies}", group, Status.LEARNING)


def values(
    days: int, last: date, usual: float | None, bound: int, *, as_of: date, period_start: date | None = None
) -> dict[str, Value]:
    """Every output."""
    return {
        "silent_days": days,
        "last_seen": last,
        "usual_gap_days": usual,
        "longer_than": bound,
        "period_start": period_start,
        "as_of": as_of,
    }


def usual_text(gap: float | None, what: str) -> str:
    """The usual gap in a sentence."""
    if gap is None:
        return f"There is no second day with {what} to tell the usual gap."
    return f"The usual gap between days with {what} is {number_of_days(gap)} (median)."


def since_text(last: date, until: date, gaps: Sequence[CoverageGap]) -> str:
    """The silent days as a sum: what was left out of them."""
    days = days_after(last, until, gaps)
    left_out = (until - last).days - days
    return f"{days + left_out} less {left_out} in coverage gaps = {days}" if left_out else f"{days}"


def shown(last: date, today: date) -> Period:
    """The silence, and twice as long before it, but no less than some weeks."""
    return Period.between(last - timedelta(days=max(_BEFORE, 2 * (today - last).days)), today)
