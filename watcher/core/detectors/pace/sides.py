"""The two sides that ``pace`` compares: which days, and whether their numbers are counted or stated.

Records come first. Where they do not cover the days, a stated number may stand in: for the current period the newest
one that begins on its first day, for the baseline the one that speaks of exactly its days. A stated number speaks for
a whole indicator and never for one of its groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from watcher.core.baseline import Baseline
from watcher.core.coverage import lying_in
from watcher.core.detectors.frame import counted as counted_text
from watcher.core.detectors.frame import gap_notes, measured, period_text
from watcher.core.detectors.pace import spread
from watcher.core.detectors.pace.comparable import all_in_gaps, change_since, incomparable, left_out
from watcher.core.detectors.pace.seen import Seen
from watcher.core.indicator import Indicator, Totals
from watcher.core.label import Labels
from watcher.core.period import Period
from watcher.core.reading import day_text
from watcher.core.snapshot import Snapshot
from watcher.core.statistics.attacks import Severities
from watcher.core.statistics.rates import Tally

#: A source whose first record is so many days into a period still covers it: it need not have begun with an attack.
GRACE = timedelta(days=14)
#: Records and a stated number of the same period that differ by more than this share are both told.
DISAGREEMENT = 0.1


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two periods: so much in so many days, and where that comes from."""

    period: Period
    total: int
    #: Events behind the total; None when the number is stated without them.
    events: int | None
    #: What the records add up to; None when the number is stated.
    totals: Totals | None = None
    #: The stated number; None when the records were counted.
    stated: Baseline | None = None
    #: Days at the beginning that the sources do not cover, or covered otherwise than they do now.
    uncovered: int = 0
    #: Days after them that lie in coverage gaps.
    gaps: tuple[Period, ...] = ()
    #: Events that are known only to a span of days which reaches beyond the period; counted in part.
    straddling: int = 0
    #: How much of it is known yet; None where all of it is taken to be.
    seen: Seen | None = None

    @property
    def days(self) -> int:
        """The days of the period that are covered."""
        return self.period.days - self.uncovered - self.gap_days

    @property
    def gap_days(self) -> int:
        """How many days lie in coverage gaps."""
        return sum(gap.days for gap in self.gaps)

    @property
    def dates(self) -> list[date]:
        """The covered days themselves."""
        return [day for day in self.covered.dates() if not any(day in gap for gap in self.gaps)]

    @property
    def covered(self) -> Period:
        """From the first covered day to the last of the period."""
        return Period(self.period.start + timedelta(days=self.uncovered), self.period.end)

    @property
    def tally(self) -> Tally:
        """So many in so many days, of which only as much counts as is known."""
        return Tally(self.total, self.seen.effective_days if self.seen else self.days)

    @property
    def severities(self) -> Severities | None:
        """How the sizes of its events vary; None when the number is stated."""
        return Severities(self.totals.valued, self.total, self.totals.squares) if self.totals else None

    @property
    def valued(self) -> int | None:
        """Events that carry a value; None when nobody says how many there were."""
        return self.totals.valued if self.totals else self.events


@dataclass(frozen=True, slots=True)
class Sides:
    """The current period and its baseline."""

    now: Side
    before: Side
    #: The year and its same days, when those are the baseline.
    same_days_of: int | None
    #: Whether the baseline is the days just before the period.
    is_trailing: bool = False
    #: What a reader must know about how the two were chosen, one sentence each.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is nothing to compare."""

    reason: str
    #: First day of the current period.
    start: date


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be compared: an indicator's period so far, with a year or a named baseline."""

    indicator: Indicator
    #: A year, or the name of a baseline; None for the days just before the period.
    above: int | str | None
    compare: Literal["annual", "same_period", "trailing"]
    #: The current period, given its last day.
    window: Callable[[date], Period]
    #: How many days just before the period are its baseline, where ``above`` is None.
    against: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Plan:
    """Which days are compared, and which stated numbers stand in for records; the same for every group."""

    indicator: Indicator
    now: Period
    before: Period
    now_stated: Baseline | None = None
    before_stated: Baseline | None = None
    #: A stated number for the baseline's days, to hold against the records.
    rival: Baseline | None = None
    same_days_of: int | None = None
    is_trailing: bool = False
    #: First day that the sources cover; None when no record was ever stored.
    covered_from: date | None = None
    notes: tuple[str, ...] = ()
    #: At which moment the baseline is counted as it was known; None: as it is known now.
    before_known: datetime | None = None

    def covered(self, period: Period) -> Period:
        """The days of a period from the first on that the sources cover; of the baseline, as they do now."""
        changed = self.indicator.changed_on(self.now.last) if period == self.before else None
        first = max(day for day in (period.start, self.covered_from, changed) if day is not None)
        return Period(min(first, period.end), period.end)

    def gaps(self, period: Period) -> tuple[Period, ...]:
        """The coverage gaps of those days."""
        return lying_in(self.indicator.coverage_gaps, self.covered(period))

    @property
    def exposure(self) -> int:
        """Days of the current period that are covered."""
        return self.covered(self.now).days - sum(gap.days for gap in self.gaps(self.now))

    def then(self, snapshot: Snapshot) -> Snapshot:
        """What the baseline is counted in."""
        return snapshot if self.before_known is None else snapshot.known_at(self.before_known)


def plan(question: Question, snapshot: Snapshot) -> Plan | Missing:
    """Decide what is compared with what, by records where they cover the days."""
    stated = _stated(question.indicator, snapshot)
    coverage = snapshot.coverage(question.indicator)
    counted = _counted(question, coverage, stated) if coverage else None
    if isinstance(counted, Plan):
        return counted if counted.exposure else Missing(all_in_gaps(counted.now), counted.now.start)
    window = question.window(snapshot.as_known.date())
    if isinstance(question.above, int) and Period.of_year(question.above).end > snapshot.as_known.date():
        return Missing(f"{question.above} has not ended, and only a year that is over is a baseline", window.start)
    newest = max((each for each in stated if each.period.first == window.start), key=_last_day, default=None)
    if newest is not None and not question.indicator.by:
        return _with_baseline(question, newest.days, coverage, stated, now_stated=newest)
    # The days just before move with the watermark: they are never those of another period.
    if counted is not None and (question.above is None or counted.start == window.start):
        return counted
    return _nothing_observed(window, coverage, stated)


def sides(plan: Plan, snapshot: Snapshot, group: Labels, seen: Seen | None = None) -> Sides:
    """Count, or take over, what a group comes to on both sides.

    :param seen: how much of the current period is known yet, where late reports are allowed for.
    """
    now = replace(_side(plan, plan.now, plan.now_stated, snapshot, group), seen=seen)
    before = _side(plan, plan.before, plan.before_stated, plan.then(snapshot), group)
    notes = (*plan.notes, *_disagreement(before, plan), *_in_part(now, before))
    return Sides(now, before, plan.same_days_of, plan.is_trailing, notes)


def weeks(side: Side, daily: Sequence[tuple[date, int]]) -> list[Tally]:
    """The covered days of a side in runs of seven; the last run keeps the days that it has."""
    places = {day: place for place, day in enumerate(side.dates)}
    sums = [0] * ((len(places) + 6) // 7)
    for day, total in daily:
        if day in places:
            sums[places[day] // 7] += total
    known = [0.0, *(side.seen.running_days() if side.seen else range(1, len(places) + 1))]
    ends = [min(7 * (number + 1), len(places)) for number in range(len(sums))]
    return [
        Tally(total, known[end] - known[7 * number]) for number, (total, end) in enumerate(zip(sums, ends, strict=True))
    ]


def covers(coverage: Period, period: Period) -> bool:
    """Whether records that reach so far speak for a whole period."""
    return coverage.start <= period.start + GRACE and coverage.end >= period.end


def same_days(period: Period, year: int) -> Period:
    """The same calendar days with the last one in ``year``; 29 February becomes the 28th."""
    back = period.last.year - year
    return Period.between(_in_year(period.start, period.start.year - back), _in_year(period.last, year))


def _in_year(day: date, year: int) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return date(year, 2, 28) if leap_day else day.replace(year=year)


def _stated(indicator: Indicator, snapshot: Snapshot) -> list[Baseline]:
    """The stated numbers that speak for an indicator, the newest last."""
    versions = sorted(snapshot.baselines(indicator), key=lambda each: (each.known_from, each.version))
    return [each.baseline for each in versions if each.baseline.total_for(indicator) is not None]


def _last_day(baseline: Baseline) -> date:
    return baseline.period.last


def _counted(question: Question, coverage: Period, stated: list[Baseline]) -> Plan | Missing | None:
    """The plan with the current period counted from records; None when they do not cover it."""
    window = question.window(coverage.last)
    if not window.days or coverage.start > window.start + GRACE:
        return None
    return _with_baseline(question, window, coverage, stated)


def _with_baseline(
    question: Question,
    now: Period,
    coverage: Period | None,
    stated: list[Baseline],
    *,
    now_stated: Baseline | None = None,
) -> Plan | Missing:
    """Find the baseline of a current period."""
    before = _baseline_days(question, now, stated)
    if before is None:
        return Missing(f"the baseline {question.above!r} states nothing for this indicator yet", now.start)
    if now.last <= before.last:
        return Missing(f"the period does not go beyond its baseline, {period_text(before)}", now.start)
    changed = change_since(question.indicator, before, now)
    is_covered = not isinstance(question.above, str) and coverage is not None and covers(coverage, before)
    counted = is_covered and changed is None and question.indicator.missing_days(before) < before.days
    claimed = _baseline_stated(question, before, stated)
    if not counted and claimed is None:
        if is_covered:
            return Missing(incomparable(before, changed), now.start)
        return Missing(f"no records cover {period_text(before)}, and no stated number speaks of it", now.start)
    return Plan(
        question.indicator,
        now,
        before,
        now_stated=now_stated,
        before_stated=None if counted else claimed,
        rival=claimed if counted else None,
        same_days_of=question.above if isinstance(question.above, int) and question.compare == "same_period" else None,
        is_trailing=question.above is None,
        covered_from=coverage.start if coverage else None,
        notes=(
            *_notes(now, before, coverage, counted=(now_stated is None, counted)),
            *(gap_notes(question.indicator, now) if now_stated is None else ()),
            *(left_out(question.indicator, now, before) if counted else ()),
        ),
    )


def _baseline_days(question: Question, now: Period, stated: list[Baseline]) -> Period | None:
    if question.above is None:
        return Period(now.start - question.against, now.start)
    if isinstance(question.above, int):
        return same_days(now, question.above) if question.compare == "same_period" else Period.of_year(question.above)
    return next((each.days for each in stated if each.baseline == question.above), None)


def _baseline_stated(question: Question, days: Period, stated: list[Baseline]) -> Baseline | None:
    """The stated number for the baseline's days, the newest of several; none for groups."""
    if question.indicator.by:
        return None
    named = isinstance(question.above, str)
    fitting = (each for each in stated if (each.baseline == question.above if named else each.days == days))
    return next(reversed(list(fitting)), None)


def _notes(now: Period, before: Period, coverage: Period | None, *, counted: tuple[bool, bool]) -> Iterator[str]:
    if counted[0] != counted[1]:
        origins = ["counted from records" if each else "a stated number" for each in counted]
        yield f"The current total is {origins[0]}, the baseline is {origins[1]}."
    for period in (each for each, is_counted in zip((now, before), counted, strict=True) if is_counted):
        if coverage and coverage.start > period.start:
            left_out = counted_text((coverage.start - period.start).days, "days")
            yield f"The records begin on {day_text(coverage.start)}; {left_out} before are left out."
    if before.end > now.start:
        yield f"The period overlaps its baseline, {period_text(before)}."


def _nothing_observed(window: Period, coverage: Period | None, stated: list[Baseline]) -> Missing:
    if not window.days:
        return Missing(f"{day_text(window.start)} lies ahead", window.start)
    reach = f"; the records end on {day_text(coverage.last)}" if coverage else ""
    also = ", and no stated number begins on that day" if stated else ""
    return Missing(f"no records cover the days from {day_text(window.start)}{also}{reach}", window.start)


def _side(plan: Plan, period: Period, stated: Baseline | None, snapshot: Snapshot, group: Labels) -> Side:
    indicator = plan.indicator
    if stated is not None:
        total = stated.total_for(indicator) or 0
        return Side(period, total, stated.attacks, stated=stated)
    covered = plan.covered(period)
    totals = snapshot.totals(indicator, group, covered)
    straddling = spread.straddling(indicator, group, covered, snapshot)
    totals = spread.in_part(indicator, totals, covered, straddling)
    return Side(
        period,
        measured(indicator, totals),
        totals.events,
        totals=totals,
        uncovered=(covered.start - period.start).days,
        gaps=plan.gaps(period),
        straddling=len(straddling),
    )


def _disagreement(before: Side, plan: Plan) -> Iterator[str]:
    """Records and a stated number of the same days that differ too much to keep silent about it."""
    said = plan.rival.total_for(plan.indicator) if plan.rival else None
    if plan.rival and said is not None and abs(before.total - said) > DISAGREEMENT * max(before.total, said):
        yield (
            f"For {period_text(before.period)} the records give {before.total}, while {plan.rival.baseline} states {said}: "
            "the records are used."
        )


def _in_part(now: Side, before: Side) -> Iterator[str]:
    """Events of which nobody knows the day, at the edges of a period."""
    for side in (now, before):
        if side.straddling:
            events = counted_text(side.straddling, "events")
            verb = (
                "is known only to a span of days that crosses"
                if side.straddling == 1
                else ("are known only to spans of days that cross")
            )
            yield f"{events} {verb} an edge of {period_text(side.period)}, and counted for the days inside."
