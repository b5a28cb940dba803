from __future__ import annotations

import math
import random
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.statistics.tables import PRINTED, number, rows, table
from watcher.core.statistics import attacks, rates
from watcher.core.statistics.attacks import Severities, Split
from watcher.core.statistics.rates import Tally

quick = settings(deadline=None)
sizes = st.lists(st.integers(0, 200), min_size=1, max_size=60).filter(any)
days = st.integers(1, 400)


def severities(values: list[float]) -> Severities:
    return Severities(len(values), sum(values), sum(value * value for value in values))


def by_case() -> dict[tuple[str, str], list[float]]:
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in table("rates", "by_attack_data"):
        found[row["case"], row["period"]].append(float(row["fatalities"]))
    return found


@pytest.mark.parametrize("row", rows("rates", "by_attack_tests"))
def test_the_test_by_attacks_equals_the_reference_table(row):
    data = by_case()
    now, before = severities(data[row["id"], "current"]), severities(data[row["id"], "baseline"])
    both = Tally(now.total, number(row, "t1_days")), Tally(before.total, number(row, "t0_days"))

    test = attacks.compound(
        (both[0].days, both[1].days), now, before, ratio=number(row, "ratio0"), confidence=number(row, "conf")
    )
    split = attacks.split(*both, (now.attacks, before.attacks))

    assert (now.attacks, before.attacks) == (number(row, "n1"), number(row, "n0"))
    assert attacks.compound_error(now, before) == pytest.approx(number(row, "log_se"), rel=PRINTED)
    assert test is not None
    expected = [number(row, column) for column in ("p_greater", "ci_low", "ci_high")]
    assert list(test) == pytest.approx(expected, rel=PRINTED)
    assert split == pytest.approx((number(row, "attack_rate_ratio"), number(row, "severity_ratio")), rel=PRINTED)
    assert now.squares / now.total == pytest.approx(number(row, "dispersion1"), rel=PRINTED)
    # A bootstrap over the attacks; the worst of the six cases has thirty of them.
    assert (test.low, test.high) == pytest.approx((number(row, "boot_ci_low"), number(row, "boot_ci_high")), rel=0.1)


@given(now=sizes, before=sizes, t1=days, t0=days, factor=st.integers(2, 9))
@quick
def test_deaths_counted_in_other_units_make_no_difference(now, before, t1, t0, factor):
    test = attacks.compound((t1, t0), severities(now), severities(before))
    scaled = [severities([value * factor for value in values]) for values in (now, before)]
    assert attacks.compound((t1 * factor, t0 * factor), *scaled) == pytest.approx(test, rel=1e-9)


@given(now=sizes, before=sizes, t1=days, t0=days)
@quick
def test_an_attack_without_dead_changes_nothing(now, before, t1, t0):
    test = attacks.compound((t1, t0), severities(now), severities(before))
    assert attacks.compound((t1, t0), severities([*now, 0]), severities(before)) == test


@given(count=st.integers(20, 400), size=st.integers(1, 30), t1=days, t0=days)
@quick
def test_attacks_of_one_size_are_as_inflated_by_that_size(count, size, t1, t0):
    now, before = severities([size] * count), severities([size] * 50)
    plain = rates.inflated(Tally(now.total, t1), Tally(before.total, t0), dispersion=size)
    assert attacks.compound((t1, t0), now, before) == pytest.approx(plain, rel=1e-9)
    assert attacks.pooled_dispersion(now, before) == pytest.approx(size)


@given(now=sizes, before=sizes, t1=days, t0=days)
@quick
def test_more_attacks_times_deadlier_attacks_is_the_ratio(now, before, t1, t0):
    both = Tally(sum(now), t1), Tally(sum(before), t0)
    split = attacks.split(*both, (len(now), len(before)))
    assert split is not None
    assert split.attacks * split.severity == pytest.approx(rates.rate_ratio(*both))


@pytest.mark.parametrize(
    ("now", "before"), [pytest.param([0, 0], [1, 2], id="nobody died now"), pytest.param([3], [0], id="nobody before")]
)
def test_where_nobody_died_it_says_nothing(now, before):
    assert attacks.compound((30, 365), severities(now), severities(before)) is None
    assert attacks.split(Tally(sum(now), 30), Tally(sum(before), 365), (len(now), len(before))) is None


def test_nothing_on_both_sides_has_no_dispersion():
    assert attacks.pooled_dispersion(severities([0]), severities([])) is None
    assert attacks.split(Tally(5, 30), Tally(5, 30), (0, 3)) is None
    assert attacks.split(Tally(10, 10), Tally(5, 10), (4, 4)) == Split(1, 2)


@pytest.mark.parametrize(
    ("now", "before", "suffice", "shares"),
    [
        pytest.param(19, 500, False, True, id="nineteen are too few"),
        pytest.param(500, 19, False, True, id="before as well as now"),
        pytest.param(20, 99, True, True, id="twenty suffice, and share one dispersion"),
        pytest.param(99, 100, True, True, id="ninety-nine still share it"),
        pytest.param(100, 100, True, False, id="a hundred have their own"),
    ],
)
def test_how_many_attacks_it_takes(now, before, suffice, shares):
    both = Severities(now, 1, 1), Severities(before, 1, 1)
    assert (attacks.suffice(*both), attacks.shares_spread(*both)) == (suffice, shares)


def test_an_unchanged_rate_of_heavy_tailed_deaths_is_taken_for_a_rise_about_as_often_as_p_says():
    rng, found, naive = random.Random(1997), 0, 0
    for _ in range(400):
        now, before = ([float(int(rng.paretovariate(1.8))) for _ in range(200)] for _ in range(2))
        test = attacks.compound((180, 180), severities(now), severities(before))
        assert test is not None
        found += test.p < 0.05
        naive += rates.exact(Tally(sum(now), 180), Tally(sum(before), 180)).p < 0.05
    assert found / 400 < 0.09
    # As if every death came by itself.
    assert naive / 400 > 0.15


def test_no_sum_is_so_extreme_that_it_fails():
    extremes = [Severities(n, k, s) for n in (1, 10**9) for k in (0, 1, 1e40, 1e150) for s in (1, 1e200)]
    for now in extremes:
        for before in extremes:
            answers = attacks.compound((28, 365), now, before)
            assert answers is None or not any(math.isnan(each) or each < 0 for each in answers)
