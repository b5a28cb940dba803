from __future__ import annotations

from datetime import date, timedelta
from random import Random
from statistics import fmean, variance

import pytest

from watcher.core.period import Period
from watcher.core.statistics.simulation import Rise, World, draw, estimate, spread_values

TEN_YEARS = Period(date(2010, 1, 4), date(2019, 12, 30))


def weekly(world: World, *, seed: int = 1, rise: Rise | None = None) -> list[int]:
    """Events of each week of ten years."""
    counts = [0] * (TEN_YEARS.days // 7)
    for day, _ in draw(world, TEN_YEARS, Random(seed), rise):
        counts[(day - TEN_YEARS.start).days // 7] += 1
    return counts


@pytest.mark.parametrize(
    ("mean", "spread"),
    [
        pytest.param(0.5, 1.0, id="few, Poisson"),
        pytest.param(6, 1.0, id="some, Poisson"),
        pytest.param(6, 3.0, id="some, in swings"),
        pytest.param(250, 1.0, id="many a day"),
        pytest.param(250, 20.0, id="many, in large swings"),
    ],
)
def test_weeks_have_the_mean_and_the_swings_that_were_asked_for(mean, spread):
    counts = weekly(World(mean, spread))
    error = (mean * spread / len(counts)) ** 0.5
    assert fmean(counts) == pytest.approx(mean, abs=4 * error)
    assert variance(counts) / fmean(counts) == pytest.approx(spread, rel=0.3)
    found = estimate(counts)
    assert found.events_per_week == fmean(counts)
    assert found.dispersion == pytest.approx(max(1, variance(counts) / fmean(counts)))


def test_the_same_seed_gives_the_same_events_and_another_one_others():
    world = World(6, 2, (0, 1, 8))
    once, again, other = (list(draw(world, TEN_YEARS, Random(seed))) for seed in (1, 1, 2))
    assert once == again != other
    assert {value for _, value in once} == {0, 1, 8}


def test_days_come_in_order_and_inside_the_period():
    days = [day for day, _ in draw(World(6, 2), TEN_YEARS, Random(1))]
    assert days == sorted(days)
    assert all(day in TEN_YEARS for day in days)


def test_a_rise_multiplies_the_rate_in_its_days_and_nowhere_else():
    half = Period(TEN_YEARS.start + timedelta(weeks=260), TEN_YEARS.end)
    counts = weekly(World(6, 1), rise=Rise(half, 3))
    assert fmean(counts[:260]) == pytest.approx(6, abs=0.7)
    assert fmean(counts[260:]) == pytest.approx(18, abs=1.2)


def test_of_a_world_without_events_nothing_comes():
    assert list(draw(World(0, 1), TEN_YEARS, Random(1))) == []
    assert estimate([0, 0, 0]) == World(0, 1)


@pytest.mark.parametrize(("mean", "dispersion"), [(2.1, 5), (0.9, 5), (10, 40), (3, 1)])
def test_values_of_which_only_mean_and_spread_are_known_have_these(mean, dispersion):
    values = spread_values(mean, dispersion)
    assert fmean(values) == pytest.approx(mean, rel=0.1)
    if dispersion > mean:
        assert sum(value * value for value in values) / sum(values) == pytest.approx(dispersion, rel=0.2)
