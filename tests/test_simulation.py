"""Rules replayed over made-up years: false alarms and power, held against what is known of both."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.catalogue import Catalogue
from watcher.core.errors import UsageError
from watcher.core.indicator import DayTotals, Indicator, Totals
from watcher.core.label import NO_LABELS, Labels, labels
from watcher.core.period import Period
from watcher.core.rule import Group, Rule, RuleSet
from watcher.core.statistics.simulation import World
from watcher.simulated import Course
from watcher.simulation import Simulation, Worlds, simulate

ATTACKS = Indicator(indicator="attacks", count="events")
BY_AREA = Indicator(indicator="attacks", count="events", by=("admin1",))
QUIET, LOUD = labels({"admin1": "Quiet"}), labels({"admin1": "Loud"})


def played(
    rule: dict[str, Any], worlds: dict[Labels, World] | World, *, indicator: Indicator = ATTACKS, runs: int = 8, **how
) -> Simulation:
    """A rule over made-up years like these."""
    parsed = Rule.model_validate({"alert": "Tried", **rule})
    rules = RuleSet(Catalogue(indicators={"attacks": indicator}), (Group(rules=(parsed,)),))
    known = Worlds({NO_LABELS: worlds} if isinstance(worlds, World) else worlds, "the test")
    return simulate(parsed, rules, known, year=2020, runs=runs, seed=how.pop("seed", 1), **how)


def test_a_rule_that_nothing_can_fire_has_no_false_alarms_and_finds_nothing():
    rule = {"threshold": {"indicator": "attacks", "window": "7d"}, "condition": ["value >= 1000"]}
    found = played(rule, World(6, 2), ratios=[2])
    assert found.per_year == found.years_with_any == 0
    assert found.found[0].delays == ()
    assert found.found[0].median_delay is None


def test_a_large_rise_is_found_within_days_and_a_larger_one_no_later():
    rule = {"threshold": {"indicator": "attacks", "window": "7d"}, "condition": ["value >= 40"]}
    found = played(rule, World(6, 1), ratios=[8, 20])
    assert found.per_year == 0
    eightfold, twentyfold = found.found
    assert eightfold.within(28) == twentyfold.within(28) == 1
    assert (twentyfold.median_delay or 0) <= (eightfold.median_delay or 0) <= 14


def test_a_bare_comparison_with_last_year_fires_in_most_unchanged_years():
    """Conclusion 1 of the statistics: about 85 % of unchanged years, looked at every day from day 28."""
    rule = {"pace": {"indicator": "attacks", "above": 2019}, "condition": ["ratio > 1", "days >= 28"]}
    found = played(rule, World(309 / 52.14, 1), runs=12)
    assert found.years_with_any >= 0.6


def test_one_that_asks_for_strong_evidence_hardly_ever_does():
    """The same with the sequential threshold of 4.75: at most 1 % of years."""
    rule = {"pace": {"indicator": "attacks", "above": 2019}, "condition": ["evidence = strong"]}
    found = played(rule, World(309 / 52.14, 1), runs=5, ratios=[2])
    assert found.years_with_any == 0
    assert found.found[0].within(91) == 1


def test_the_rise_is_in_the_largest_group():
    rule = {"threshold": {"indicator": "attacks", "window": "7d"}, "condition": ["value >= 40"]}
    worlds = {QUIET: World(0.1, 1), LOUD: World(6, 1)}
    assert played(rule, worlds, indicator=BY_AREA, ratios=[10]).found[0].within(28) == 1


def test_an_alert_that_goes_on_already_is_no_discovery():
    rule = {"threshold": {"indicator": "attacks", "window": "30d"}, "condition": ["value >= 1"]}
    found = played(rule, World(14, 1), ratios=[2]).found[0]
    assert (found.delays, found.going_on) == ((), 8)


def test_the_same_seed_gives_the_same_answer_and_progress_is_told_to_the_end():
    rule = {"threshold": {"indicator": "attacks", "window": "7d"}, "condition": ["value >= 12"]}
    told = []
    once = played(rule, World(6, 2), runs=3, ratios=[2], progress=lambda done, total: told.append((done, total)))
    assert once == played(rule, World(6, 2), runs=3, ratios=[2])
    assert once.false_alarms != played(rule, World(6, 2), runs=3, ratios=[2], seed=2).false_alarms
    assert told == [(number, 6) for number in range(1, 7)]


@given(
    events=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=40),
    start=st.integers(-5, 65),
    length=st.integers(0, 40),
)
def test_running_sums_are_those_of_the_events_one_by_one(events, start, length):
    first = date(2020, 1, 1)
    dated = [(first + timedelta(days=day), value) for day, value in events]
    period = Period(first + timedelta(days=start), first + timedelta(days=start + length))
    course, inside = Course(dated), [(day, value) for day, value in dated if day in period]
    values = [value for _, value in inside]
    days = sorted({day for day, _ in inside})
    squares = sum(value * value for value in values)
    assert course.totals(period) == Totals(len(inside), len(inside), sum(values), squares, len(days))
    by_day = {day: [value for other, value in inside if other == day] for day in days}
    assert course.days(period) == [DayTotals(day, len(v), len(v), sum(v)) for day, v in by_day.items()]
    assert course.largest(period) == max(values, default=None)


def test_a_rule_that_asks_for_the_records_themselves_is_refused_and_not_called_silent():
    deaths = Indicator(indicator="attacks", sum="fatalities")
    rule = {"aberration": {"indicator": "attacks", "method": "compound"}}
    with pytest.raises(UsageError, match="cannot be judged in made-up years: method compound needs 100 events"):
        played(rule, World(14, 1, (0, 1, 5)), indicator=deaths, runs=1)
