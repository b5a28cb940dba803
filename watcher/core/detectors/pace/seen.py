"""How much of the current period of ``pace`` is known yet: late reports shorten its days instead of swelling its count.

A count that is blown up to what it may become is blown up with its noise. Days of which only a part is known count as a
part of a day instead: what was observed stays a count, and the tests of rates stay exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from watcher.core.coverage import lying_in
from watcher.core.indicator import Indicator
from watcher.core.period import Period
from watcher.core.snapshot import Snapshot
from watcher.core.statistics.delay import LEAST_KNOWN, Completeness, reported_to


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of a period is known at the age that its days have."""

    period: Period
    #: Days of it that lie in coverage gaps.
    gaps: tuple[Period, ...]
    curve: Completeness
    #: The day from which the ages are counted.
    as_of: date
    #: The sum of the shares known of the days.
    effective_days: float

    @property
    def days(self) -> int:
        """The period's days that are covered."""
        return self.period.days - sum(gap.days for gap in self.gaps)

    @property
    def completeness(self) -> float:
        """The mean share known of those days."""
        return self.effective_days / self.days

    @property
    def is_enough(self) -> bool:
        """Whether so much is known that the period can be judged."""
        return self.completeness >= LEAST_KNOWN

    def running_days(self) -> Iterator[float]:
        """The effective days up to each covered day."""
        dates = (day for day in self.period.dates() if not any(day in gap for gap in self.gaps))
        return accumulate(self.curve.share((self.as_of - day).days) for day in dates)


def seen(indicator: Indicator, period: Period, snapshot: Snapshot) -> Seen | str:
    """How much of a period is known, or why nobody can say."""
    curve, as_of = snapshot.completeness(indicator), reported_to(snapshot.as_known)
    if not curve.is_known:
        return curve.missing
    gaps = lying_in(indicator.coverage_gaps, period)
    days = curve.effective_days(period, as_of) - sum(curve.effective_days(gap, as_of) for gap in gaps)
    return Seen(period, gaps, curve, as_of, days)
