from __future__ import annotations

import math
from collections import defaultdict

import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.statistics.tables import PRINTED, number, rows, table
from watcher.core.statistics import rates, weekly
from watcher.core.statistics.rates import Tally
from watcher.core.statistics.student import student_quantile, student_tail

#: The table's fit stops at a relative change of 1e-8, and so do its phi, its t and its p.
FITTED = 5e-8

quick = settings(deadline=None)
counts = st.lists(st.integers(0, 60), min_size=4, max_size=60).filter(any)


def weeks(values: list[int]) -> list[Tally]:
    return [Tally(value, 7) for value in values]


def by_case() -> dict[tuple[str, str], list[Tally]]:
    found: dict[tuple[str, str], list[Tally]] = defaultdict(list)
    for row in table("rates", "overdispersed_data"):
        found[row["case"], row["period"]].append(Tally(float(row["count"]), float(row["exposure_days"])))
    return found


@pytest.mark.parametrize("row", rows("rates", "overdispersed_tests"))
def test_the_test_by_weeks_equals_the_reference_table(row):
    data = by_case()
    now, before = data[row["id"], "current"], data[row["id"], "baseline"]

    phi, test = weekly.pearson(now, before), weekly.quasi(now, before)

    assert phi == pytest.approx(number(row, "phi_pearson"), rel=FITTED)
    assert phi is not None
    assert phi > 1, "the table has no case in which the floor of 1 shows"
    both = [Tally(sum(week.total for week in side), sum(week.days for week in side)) for side in (now, before)]
    assert rates.rate_ratio(*both) == pytest.approx(number(row, "rate_ratio"), rel=PRINTED)
    assert rates.inflated_error(*both, dispersion=phi) == pytest.approx(number(row, "quasi_se"), rel=FITTED)
    assert test is not None
    assert test.p == pytest.approx(number(row, "quasi_p_greater"), rel=FITTED)
    assert len(now) + len(before) - 2 == number(row, "df")


@given(now=counts, before=counts, factor=st.integers(2, 9))
@quick
def test_only_the_proportion_of_the_exposures_counts(now, before, factor):
    test = weekly.quasi(weeks(now), weeks(before))
    longer = [[Tally(week.total, week.days * factor) for week in weeks(side)] for side in (now, before)]
    assert weekly.quasi(*longer) == pytest.approx(test, rel=1e-9)


@given(now=counts, before=counts)
@quick
def test_even_weeks_are_never_taken_for_more_than_chance_gives(now, before):
    even = [[Tally(sum(side) / len(side), 7)] * len(side) for side in (now, before)]
    assert weekly.pearson(*even) == pytest.approx(0, abs=1e-9)
    test, totals = weekly.quasi(*even), [Tally(sum(side), 7 * len(side)) for side in (now, before)]
    normal = rates.inflated(*totals, dispersion=1)
    assert test is not None
    assert normal is not None
    # Student's t is wider than the normal, and nothing else is.
    assert test.low <= normal.low <= normal.high <= test.high


@given(now=counts, before=counts)
@quick
def test_p_and_the_interval_say_the_same(now, before):
    test = weekly.quasi(weeks(now), weeks(before), confidence=0.9)
    assert test is not None
    for edge, p in ((test.low, 0.05), (test.high, 0.95)):
        there = weekly.quasi(weeks(now), weeks(before), ratio=edge)
        assert there is not None
        assert there.p == pytest.approx(p, rel=1e-6)


@pytest.mark.parametrize(
    ("now", "before"),
    [
        pytest.param([0] * 8, [1] * 8, id="nothing now"),
        pytest.param([1] * 8, [0] * 8, id="nothing before"),
        pytest.param([1, 2, 3], [1, 2, 3, 4], id="seven weeks"),
        pytest.param([], [1] * 9, id="no week at all"),
    ],
)
def test_of_too_little_it_says_nothing(now, before):
    assert weekly.quasi(weeks(now), weeks(before)) is None


@given(t=st.floats(-40, 40), degrees=st.integers(1, 500))
@quick
def test_the_tail_of_student_equals_scipy(t, degrees):
    assert student_tail(t, degrees) == pytest.approx(scipy.stats.t.sf(t, degrees), rel=1e-9, abs=1e-300)


@given(share=st.floats(0.5, 0.9999), degrees=st.integers(1, 500))
@quick
def test_the_quantile_of_student_equals_scipy(share, degrees):
    assert student_quantile(share, degrees) == pytest.approx(scipy.stats.t.ppf(share, degrees), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("t", [1e200, 1e8, -1e200], ids=["beyond all", "far", "far below"])
@pytest.mark.parametrize("degrees", [1, 1e3, 1e12], ids=["one degree", "many", "as good as normal"])
def test_no_value_is_so_extreme_that_it_fails(t, degrees):
    tail = student_tail(t, degrees)
    assert 0 <= tail <= 1
    assert not math.isnan(tail)
    assert student_quantile(0.975, degrees) >= 1.95
