"""How much of the current period of ``pace`` is known yet: late reports shorten its days instead of swelling its count.

A count that is blown up to what it may become is blown up with its noise. Days of which only a part is known count as a
part of a day instead: what was observed stays a count, and the tests of rates stay exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from watcher.core.indicator import Indicator
from watcher.core.period import DAY, Period
from watcher.core.snapshot import Snapshot
from watcher.core.statistics.delay import LEAST_KNOWN, Completeness, reported_to


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of a period is known at the age that its days have."""

    period: Period
    curve: Completeness
    #: The day from which the ages are counted.
    as_of: date
    #: The sum of the shares known of the days.
    effective_days: float

    @property
    def completeness(self) -> float:
        """The mean share known of the period's days."""
        return self.effective_days / self.period.days

    @property
    def is_enough(self) -> bool:
        """Whether so much is known that the period can be judged."""
        return self.completeness >= LEAST_KNOWN

    def running_days(self) -> Iterator[float]:
        """The effective days up to each day."""
        ages = ((self.as_of - self.period.start - number * DAY).days for number in range(self.period.days))
        return accumulate(map(self.curve.share, ages))


def seen(indicator: Indicator, period: Period, snapshot: Snapshot) -> Seen | str:
    """How much of a period is known, or why nobody can say."""
    curve, as_of = snapshot.completeness(indicator), reported_to(snapshot.as_known)
    return Seen(period, curve, as_of, curve.effective_days(period, as_of)) if curve.is_known else curve.missing
