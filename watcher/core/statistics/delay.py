"""Reporting delay: which share of what will be known of a day is known after so many days.

The delay of a record is the time from its event day to the day on which it was first seen. Of recent events only those
with a short delay have been seen, so the share known is estimated by the hazard in reverse time (Lawless 1994; Höhle
and an der Heiden 2014): of the records whose delay is at most ``u`` days, among events old enough to show it, the
share whose delay is just ``u``. The product of what is left for all larger delays is the share known at age ``u``.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from watcher.core.period import Period

#: Days after which everything is taken to be known.
LONGEST = 56
#: Days whose events are looked at.
WINDOW = 180
#: Fewer records tell no delay.
LEAST_REPORTS = 100
#: A period of which less is known is not judged.
LEAST_KNOWN = 0.33
#: A day of which so much is known may be the last that is counted.
ENOUGH = 0.8
#: A curve that has moved by less than this share is taken for the same.
MARKED = 0.15
#: The critical value of the two-sample test of Kolmogorov and Smirnov at 5 % over the 52 looks of a year: Bonferroni's.
_ONE_YEAR_IN_TWENTY = math.sqrt(math.log(2 * 52 / 0.05) / 2)
#: The share of a year's events that is more than one day's news.
BULK = 0.2
YEAR = 365
#: From noon on, the reports of a day are taken for those of the whole day.
_HALF_A_DAY = timedelta(hours=12)


class Exclusion(StrEnum):
    """Why the day on which a record was first seen says nothing about the delay."""

    #: It was there when the first load of its source was made.
    FIRST_LOAD = "came with the first load of the source"
    #: Its event is older than the first load, which hides how soon the other records of that day came.
    BEFORE = "are dated before the first load was made, which holds the early reports of those days"
    #: Its knowledge time is assumed.
    LAG = "have no stamp; that they were known a fixed lag after the event is an assumption"
    #: It came later than anything the curve speaks of: a supplement, or a release anew.
    LATE = "came later than the longest delay that is looked at"
    #: A large part of a year came on its day.
    BULK = "came in bulk: more than a fifth of a year's events on one day"


class Reports(NamedTuple):
    """So many records of one event day, first seen on one day."""

    event_day: date
    first_seen: date
    records: int = 1
    #: Why that day tells no delay, as far as the store knows; None when it may.
    doubt: Exclusion | None = None

    @property
    def delay(self) -> int:
        """Days from the event to the report; 0 for what was reported while it went on."""
        return max(0, (self.first_seen - self.event_day).days)


@dataclass(frozen=True, slots=True)
class Completeness:
    """Which share of what will be known of a day is known at its age, in days."""

    #: The share at age 0, 1, 2, ..., the last one 1; empty when it cannot be estimated.
    curve: tuple[float, ...] = ()
    #: Records that it rests on.
    reports: int = 0
    #: Records of the same days that were left out, and why.
    excluded: Mapping[Exclusion, int] = field(default_factory=dict)
    #: Why it cannot be estimated; empty when it can.
    missing: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there is an estimate."""
        return bool(self.curve)

    def share(self, age: int) -> float:
        """The share known at an age; 1 without an estimate, so that nothing is corrected by a guess."""
        if not self.curve:
            return 1.0
        return 0.0 if age < 0 else self.curve[min(age, len(self.curve) - 1)]

    def effective_days(self, period: Period, as_of: date) -> float:
        """Days that would have brought as much, had all of it been known: the sum of the shares of a period's days."""
        # Days older than the curve count in full.
        first = max(period.start, as_of + timedelta(days=1 - len(self.curve)))
        recent = (first + timedelta(days=number) for number in range((period.end - first).days))
        return period.days - sum(1 - self.share((as_of - day).days) for day in recent)

    def of_period(self, period: Period, as_of: date) -> float:
        """The mean share known of a period's days; 1 without an estimate."""
        return self.effective_days(period, as_of) / period.days if period.days else 1.0

    def age_of(self, share: float) -> int | None:
        """The smallest age, in days, at which at least this share is known; None without an estimate."""
        return next((age for age, known in enumerate(self.curve) if known >= share), None)


def reported_to(moment: datetime) -> date:
    """The last day of reports that is known at a moment, from which the age of a day is counted.

    Just after midnight the new day has brought none yet, and its age would make every day look one day older.
    """
    return (moment - _HALF_A_DAY).date()


def estimate(
    reports: Iterable[Reports],
    *,
    as_of: date,
    longest: int = LONGEST,
    window: int = WINDOW,
    least: int = LEAST_REPORTS,
) -> Completeness:
    """The share known by age, from when the records of the last ``window`` days' events were first seen.

    :param reports: those of the last year, where there are as many: what is a bulk is judged by a year's events.
    :param as_of: later reports are not looked at.
    :param longest: days after which everything is taken to be known.
    """
    seen = [each for each in reports if each.first_seen <= as_of]
    is_bulk = _bulk(seen, as_of)
    kept: list[Reports] = []
    excluded: Counter[Exclusion] = Counter()
    for each in seen:
        if not as_of - timedelta(days=window) < each.event_day <= as_of:
            continue
        reason = each.doubt or _exclusion(each, is_bulk, longest)
        if reason is None:
            kept.append(each)
        else:
            excluded[reason] += each.records
    found = sum(each.records for each in kept)
    nothing = Completeness(reports=found, excluded=dict(sorted(excluded.items())))
    if missing := _missing(kept, found, as_of, longest=longest, window=window, least=least):
        return replace(nothing, missing=missing)
    return replace(nothing, curve=_curve(kept, as_of, longest))


class Move(NamedTuple):
    """How far a curve has moved, at the age at which it moved most."""

    #: In days.
    age: int
    #: The share known at that age before, and now.
    before: float
    now: float


def moved(before: Completeness, now: Completeness) -> Move | None:
    """Whether reports come markedly sooner or later than before; None where they do not, or where nobody can tell.

    The two curves rest on the events of different days. They differ when the largest difference between them is one that
    two samples of as many reports from one distribution exceed in 5 of 100 years of weekly looks (Kolmogorov and Smirnov,
    with Bonferroni's correction), and is large enough to change what a rate is worth.
    """
    if not (before.is_known and now.is_known):
        return None
    least = max(MARKED, _ONE_YEAR_IN_TWENTY * math.sqrt(1 / before.reports + 1 / now.reports))
    ages = range(max(len(before.curve), len(now.curve)))
    found = max(
        (Move(age, before.share(age), now.share(age)) for age in ages), key=lambda move: abs(move.now - move.before)
    )
    return found if abs(found.now - found.before) >= least else None


def pooled(sources: Mapping[str, Completeness]) -> Completeness:
    """One curve for several sources, each weighing as much as its reports; none where one of them has none."""
    if len(sources) == 1:
        return next(iter(sources.values()))
    reports = sum(each.reports for each in sources.values())
    excluded: Counter[Exclusion] = Counter()
    for each in sources.values():
        excluded.update(each.excluded)
    both = Completeness(reports=reports, excluded=dict(sorted(excluded.items())))
    if unknown := [f"{name}: {each.missing}" for name, each in sources.items() if not each.is_known]:
        return replace(both, missing="; ".join(unknown))
    if not sources:
        return replace(both, missing="no source has any record")
    longest = max(len(each.curve) for each in sources.values())
    shares = (sum(each.share(age) * each.reports for each in sources.values()) for age in range(longest))
    return replace(both, curve=tuple(min(1.0, share / reports) for share in shares))


def _exclusion(each: Reports, is_bulk: Callable[[date], bool], longest: int) -> Exclusion | None:
    if each.delay > longest:
        return Exclusion.LATE
    return Exclusion.BULK if is_bulk(each.first_seen) else None


def _bulk(seen: Iterable[Reports], as_of: date) -> Callable[[date], bool]:
    """Whether too large a part of the last year's events was first seen on a day."""
    by_day: Counter[date] = Counter()
    for each in seen:
        if each.event_day > as_of - timedelta(days=YEAR):
            by_day[each.first_seen] += each.records
    most = BULK * by_day.total()
    return lambda day: by_day[day] > most


def _missing(kept: list[Reports], found: int, as_of: date, *, longest: int, window: int, least: int) -> str:
    """What is missing for an estimate; empty when nothing is."""
    if found < least:
        have = {0: "no record", 1: "only 1 record"}.get(found, f"only {found} records")
        verb = "tell their" if found > 1 else "tells its"
        return f"{have} of the last {window} days {verb} delay, and {least} are needed"
    oldest = max((as_of - each.event_day).days for each in kept)
    if oldest < longest:
        return (
            f"the records that tell their delay go back {oldest} days, and {longest} are needed to see how late the last "
            "ones come"
        )
    return ""


def _curve(kept: Iterable[Reports], as_of: date, longest: int) -> tuple[float, ...]:
    """The share known by age, from the largest delay down."""
    by_age: dict[int, Counter[int]] = defaultdict(Counter)
    for each in kept:
        by_age[(as_of - each.event_day).days][each.delay] += each.records
    old = [delays for age, delays in by_age.items() if age > longest]
    # Records by delay, of the events that are old enough for the delay that is looked at.
    seen = sum(old, Counter[int]())
    shares = [1.0]
    for delay in range(longest, 0, -1):
        seen += by_age[delay]
        within = seen.total()
        shares.append(shares[-1] * (1 - seen.pop(delay, 0) / within) if within else shares[-1])
    return tuple(reversed(shares))
