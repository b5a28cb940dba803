"""Simulation: how often a rule, as written, would fire in years in which nothing changes, and how soon it finds a rise.

::

    records or a stated number → world → made-up years → replay, day by day → false alarms, power

The rule is replayed as it stands, with its ``for``, ``recovery`` and tiers; only the sums it reads are made up. Its
selector does not matter then: the world is what the selector's events are like.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

from watcher.core.baseline import BaselineVersion
from watcher.core.errors import UsageError
from watcher.core.indicator import DayTotals, Indicator
from watcher.core.label import NO_LABELS, Labels
from watcher.core.period import DAY, Period
from watcher.core.rule import Group, Rule, RuleSet
from watcher.core.snapshot import Snapshot
from watcher.core.statistics.simulation import Rise, World, draw, estimate, spread_values
from watcher.replay import Progress, replay_on
from watcher.replayed import Replay
from watcher.simulated import Course, MadeUp, SimulatedSnapshot
from watcher.store.past import Memory

#: The records of so many days say what the world is like.
LOOK_BACK = timedelta(days=730)
#: With fewer days of records nobody can say.
LEAST_DAYS = 182
#: Before the simulated year there are so many more: no detector looks back further.
HISTORY_YEARS = 7
#: Detectors whose answers hang on sums over an indicator alone.
DETECTORS = ("threshold", "pace", "aberration", "surge", "record")
#: Groups beyond the largest so many are left out.
MOST_GROUPS = 50

_WEEK = 7
_MISSED, _GOES_ON = "missed", "goes on"


@dataclass(frozen=True, slots=True)
class Worlds:
    """What the groups of an indicator are like, and where that comes from."""

    by_group: Mapping[Labels, World]
    source: str


class Found(NamedTuple):
    """What came of a rise of the rate."""

    ratio: float
    runs: int
    #: After how many days it fired, in the runs in which it did.
    delays: tuple[int, ...]
    #: In how many runs an alert was going on already, so that no new one came.
    going_on: int = 0

    @property
    def median_delay(self) -> int | None:
        """The days after which half of the runs had found it; None when fewer did."""
        place = math.ceil(self.runs / 2) - 1
        return sorted(self.delays)[place] if place < len(self.delays) else None

    def within(self, days: int) -> float:
        """The share of runs in which it was found within so many days."""
        return sum(delay <= days for delay in self.delays) / self.runs


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a rule does in made-up years."""

    rule: Rule
    worlds: Worlds
    year: Period
    #: For how many days a rise lasts.
    lasts: int
    #: Episodes in each year in which nothing changed.
    false_alarms: tuple[int, ...]
    #: By ratio.
    found: tuple[Found, ...]

    @property
    def per_year(self) -> float:
        """False alarms a year, all groups together."""
        return sum(self.false_alarms) / len(self.false_alarms)

    @property
    def error(self) -> float:
        """Standard error of ``per_year``."""
        n, mean = len(self.false_alarms), self.per_year
        return math.sqrt(sum((each - mean) ** 2 for each in self.false_alarms) / max(1, n - 1) / n)

    @property
    def years_with_any(self) -> float:
        """The share of years with at least one false alarm."""
        return sum(each > 0 for each in self.false_alarms) / len(self.false_alarms)


def simulate(
    rule: Rule,
    rules: RuleSet,
    worlds: Worlds,
    *,
    year: int,
    runs: int,
    seed: int,
    ratios: Sequence[float] = (),
    lasts: timedelta = timedelta(days=182),
    baselines: Sequence[BaselineVersion] = (),
    progress: Progress | None = None,
) -> Simulation:
    """Replay a rule over made-up years, the same for the same seed.

    :param year: the calendar year that is simulated, with :data:`HISTORY_YEARS` before it.
    :param runs: years without a change, and as many for each ratio.
    :param lasts: how long a rise lasts; it begins on a day of the first half of the year.
    :param baselines: stated numbers that the rule may compare with; their totals are made up as well.
    """
    ground = _Ground(rule, rules, worlds, Period.of_year(year), tuple(baselines))
    total = runs * (1 + len(ratios))
    false_alarms = []
    for run in range(runs):
        played = ground.play(_random(seed, run), None)
        if not played.judged:
            why = played.problem or "no group could be judged"
            raise UsageError(f"the rule cannot be judged in made-up years: {why}", todo="see: watcher explain")
        false_alarms.append(len(played.episodes))
        _tell(progress, run + 1, total)
    found = []
    for number, ratio in enumerate(ratios, start=1):
        outcomes = []
        for run in range(runs):
            outcomes.append(_outcome(ground, _random(seed, run), ratio, lasts))
            _tell(progress, number * runs + run + 1, total)
        delays = tuple(each for each in outcomes if isinstance(each, int))
        found.append(Found(ratio, runs, delays, outcomes.count(_GOES_ON)))
    return Simulation(rule, worlds, ground.year, lasts.days, tuple(false_alarms), tuple(found))


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


def _random(seed: int, run: int) -> Random:
    """The same for every rise, so that these differ by nothing else."""
    return Random(f"{seed} {run}")  # noqa: S311 - it draws made-up years


def _outcome(ground: _Ground, random: Random, ratio: float, lasts: timedelta) -> int | str:
    """The days from the beginning of a rise to the first alert that it brings, or why there is none.

    The rise is in one group, the largest. An alert that has been going on since before is no discovery.
    """
    group = max(ground.worlds.by_group, key=lambda each: ground.worlds.by_group[each].events_per_week)
    onset = ground.year.start + timedelta(days=random.randrange(ground.year.days // 2))
    rise = Period(onset, min(onset + lasts, ground.year.end))
    mine = [each for each in ground.play(random, (group, Rise(rise, ratio))).episodes if each.group == group]
    began = [each.since.date() for each in mine if rise.start < each.since.date() <= rise.end]
    if began:
        return (min(began) - onset).days
    before = any(each.since.date() <= onset and (each.until is None or each.until.date() > onset) for each in mine)
    return _GOES_ON if before else _MISSED


def worlds_of(rule: Rule, rules: RuleSet, snapshot: Snapshot) -> Worlds:
    """What the records, or else a stated number, say of the rule's indicator.

    :raises UsageError: for a rule that cannot be simulated, and where nothing is known of its indicator.
    """
    indicator = _indicator(rule, rules)
    coverage = snapshot.coverage(indicator)
    if coverage is not None and coverage.days >= LEAST_DAYS:
        period = coverage if coverage.days <= LOOK_BACK.days else Period.ending(coverage.last, LOOK_BACK)
        return _from_records(indicator, snapshot, period)
    stated = [each for each in snapshot.baselines(indicator) if each.baseline.total_for(indicator)]
    if stated and not indicator.by:
        # The one that tells most: attacks beside deaths, and the longest period.
        fullest = max(stated, key=lambda each: (each.baseline.attacks is not None, each.baseline.days.days))
        return _from_baseline(indicator, fullest)
    had = f"{coverage.days} days of records" if coverage else "no records"
    raise UsageError(
        f"nobody can say what {indicator.name} is like while nothing changes: there are {had}, {LEAST_DAYS} are needed",
        todo="say it: --events-per-week 6 --dispersion 2",
    )


def _indicator(rule: Rule, rules: RuleSet) -> Indicator:
    if rule.detector_name not in DETECTORS:
        raise UsageError(
            f"a rule with {rule.detector_name!r} cannot be simulated: only sums over an indicator can be made up",
            todo=f"rules with {', '.join(DETECTORS)} can",
        )
    return rule.indicators(rules.catalogue)[0]


def stated_world(rule: Rule, rules: RuleSet, world: World) -> Worlds:
    """A world that somebody described; without groups."""
    indicator = _indicator(rule, rules)
    if indicator.is_sum and not world.values:
        raise UsageError(f"{indicator.name} is a sum: its events need values", todo="add --deaths-per-event 2.1")
    return Worlds({NO_LABELS: world if indicator.is_sum else world._replace(values=())}, "what was given")


def _from_records(indicator: Indicator, snapshot: Snapshot, period: Period) -> Worlds:
    weeks = period.days // _WEEK
    whole = Period(period.end - timedelta(days=weeks * _WEEK), period.end)
    by_day = snapshot.by_day(indicator, whole)
    totals = {group: sum(_happened(indicator, day) for day in days) for group, days in by_day.items()}
    largest = sorted(totals, key=lambda group: (-totals[group], group))[:MOST_GROUPS]
    found = {}
    for group in largest:
        counts = [0] * weeks
        for day in by_day[group]:
            counts[(day.day - whole.start).days // _WEEK] += _happened(indicator, day)
        found[group] = estimate(counts, _values(indicator, snapshot, group, whole))
    if not found:
        found[NO_LABELS] = World(0.0, 1.0)
    return Worlds(found, f"the records of {whole.start} to {whole.last}")


def _happened(indicator: Indicator, day: DayTotals) -> int:
    """The events of a day; where incidents are added up, those."""
    return day.events if indicator.is_sum else day.total


def _values(indicator: Indicator, snapshot: Snapshot, group: Labels, period: Period) -> list[int]:
    if not indicator.is_sum:
        return []
    events = (version.event for version in snapshot.events(indicator, group, period))
    return [value for event in events if (value := event.number(str(indicator.sum))) is not None] or [0]


def _from_baseline(indicator: Indicator, version: BaselineVersion, dispersion: float = 5.0) -> Worlds:
    baseline = version.baseline
    weeks = baseline.days.days / _WEEK
    if not indicator.is_sum:
        return Worlds({NO_LABELS: World((baseline.attacks or 0) / weeks, 1.0)}, f"the baseline {baseline.baseline!r}")
    deaths, attacks = baseline.fatalities or 0, baseline.attacks or baseline.fatalities or 0
    values = spread_values(deaths / attacks, baseline.dispersion or dispersion)
    return Worlds({NO_LABELS: World(attacks / weeks, 1.0, values)}, f"the baseline {baseline.baseline!r}")


# --- made-up years ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Ground:
    """What all runs share."""

    rule: Rule
    rules: RuleSet
    worlds: Worlds
    year: Period
    baselines: tuple[BaselineVersion, ...]

    def play(self, random: Random, rise: tuple[Labels, Rise] | None) -> Replay:
        """One made-up history, and the rule replayed over its last year."""
        whole = Period(self._first_day(), self.year.end)
        courses = {
            group: Course(list(draw(world, whole, random, rise[1] if rise and rise[0] == group else None)))
            for group, world in self.worlds.by_group.items()
        }
        baselines = [_redrawn(each, self.worlds, random) for each in self.baselines]
        return replay_on(_Stage(self, courses, whole, tuple(baselines)), self.rule)

    def _first_day(self) -> date:
        first = date(self.year.start.year - HISTORY_YEARS, 1, 1)
        above = self.rule.pace.above if self.rule.pace else None
        return min(first, date(above, 1, 1)) if isinstance(above, int) else first


def _redrawn(version: BaselineVersion, worlds: Worlds, random: Random) -> BaselineVersion:
    """A stated number as the world would have brought it."""
    [world] = worlds.by_group.values()
    drawn = [value for _, value in draw(world, version.baseline.days, random)]
    totals = {"attacks": len(drawn), "fatalities": sum(drawn) if world.values else None}
    known = {name: totals[name] for name in totals if getattr(version.baseline, name) is not None}
    return version._replace(baseline=version.baseline.model_copy(update=known))


class _Stage:
    """Where a rule is replayed: a made-up history of which everything is known on the next day."""

    def __init__(
        self, ground: _Ground, courses: Mapping[Labels, Course], whole: Period, baselines: tuple[BaselineVersion, ...]
    ) -> None:
        self.rules = ground.rules
        self.days = ground.year
        self.memory = Memory(episodes=lambda _rule, _since, _moment: ())
        self.moments: Sequence[datetime] = ()
        self._world = MadeUp(courses, whole, baselines)
        self._offset = ground.rule.query_offset or timedelta()

    def group_of(self, _rule: Rule) -> Group:
        """Made-up years have no groups of rules."""
        return Group()

    def snapshot(self, _rule: Rule, tick: datetime, *, hindsight: datetime | None = None) -> Snapshot:
        """What was known at a tick."""
        return SimulatedSnapshot(self._world, hindsight or tick, (tick - self._offset).date() - DAY)
