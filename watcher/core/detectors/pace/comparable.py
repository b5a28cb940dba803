"""What of a counted baseline of ``pace`` is no baseline: days before a change of coverage, and days of coverage gaps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from watcher.core.detectors.frame import counted, gap_notes, period_text
from watcher.core.indicator import Indicator
from watcher.core.period import Period
from watcher.core.reading import day_text


def change_since(indicator: Indicator, before: Period, now: Period) -> date | None:
    """The day after all of the baseline from which on the sources report otherwise; None without such a day."""
    changed = indicator.changed_on(now.last)
    return changed if changed is not None and changed >= before.end else None


def incomparable(before: Period, changed: date | None) -> str:
    """Why the records of a baseline that they cover cannot be compared."""
    if changed is None:
        return f"{all_in_gaps(before)}, and no stated number speaks of it"
    since = f"the sources report otherwise since {day_text(changed)} (coverage_change)"
    return f"{since}: the records of {period_text(before)} cannot be compared, and no stated number speaks of it"


def all_in_gaps(period: Period) -> str:
    """That nothing of a period was covered."""
    return f"all of {period_text(period)} lies in coverage gaps of the indicator"


def left_out(indicator: Indicator, now: Period, before: Period) -> Iterator[str]:
    """What is to be said of the days of a baseline that are left out."""
    changed = indicator.changed_on(now.last)
    if changed is not None and changed > before.start:
        days = counted((changed - before.start).days, "days")
        yield (
            f"The sources report otherwise since {day_text(changed)}: the {days} of the baseline before are left out."
        )
        before = Period(changed, before.end)
    yield from gap_notes(indicator, before)
