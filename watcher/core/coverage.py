"""Coverage: the days that the sources of an indicator did not report, and the days on which they began to report otherwise.

A day of a gap is neither exposure nor a quiet day. What was recorded before a change was gathered in another way than
what came after it, and is no baseline for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from watcher.core.document import Document
from watcher.core.period import Period


class CoverageGap(Document):
    """Days that the sources did not report, or of which a part only: they are left out."""

    first: Annotated[date, Field(alias="from")]
    """First day that is left out."""
    last: Annotated[date, Field(alias="to")]
    """Last day that is left out."""
    because: str
    """What happened, in the desk's own words: it is told with every number that leaves the days out."""

    @model_validator(mode="after")
    def _in_order(self) -> CoverageGap:
        if self.last < self.first:
            msg = "'to' lies before 'from'"
            raise ValueError(msg)
        return self

    @property
    def days(self) -> Period:
        """Its days."""
        return Period.between(self.first, self.last)


def in_order(gaps: tuple[CoverageGap, ...]) -> tuple[CoverageGap, ...]:
    """Gaps by their first day.

    :raises ValueError: where two of them share a day, which would be left out twice.
    """
    found = tuple(sorted(gaps, key=lambda gap: gap.first))
    for earlier, later in pairwise(found):
        if later.first <= earlier.last:
            msg = f"the gaps from {earlier.first} and from {later.first} share days; make one of them, or end the first before"
            raise ValueError(msg)
    return found


def lying_in(gaps: Iterable[CoverageGap], period: Period) -> tuple[Period, ...]:
    """The days of each gap that lie in a period."""
    return tuple(days for gap in gaps if (days := within(gap, period)).days)


def covered(gaps: Iterable[CoverageGap], period: Period) -> Iterator[Period]:
    """What is left of a period between gaps that are in order."""
    start = period.start
    for gap in lying_in(gaps, period):
        if start < gap.start:
            yield Period(start, gap.start)
        start = gap.end
    if start < period.end:
        yield Period(start, period.end)


def within(gap: CoverageGap, period: Period) -> Period:
    """The days of a gap that lie in a period; none, with ``days`` 0, where it lies outside."""
    start = max(gap.first, period.start)
    return Period(start, max(start, min(gap.days.end, period.end)))
