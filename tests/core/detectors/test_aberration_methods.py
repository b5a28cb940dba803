from __future__ import annotations

import csv
import math
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.detectors import farrington
from watcher.core.detectors.aberration import predictive, recent, zscore
from watcher.core.detectors.aberration.method import METHODS, judge, least_history
from watcher.core.detectors.aberration.prediction import NegativeBinomial, Normal
from watcher.core.statistics.multiplicity import false_discovery

HERE = Path(__file__).parent / "reference"
#: The whole collection, of which the project carries what is our own.
ALL = Path(__file__).parents[4] / "shared" / "reference" / "statistics"
OWN_SERIES = ("syn_sparse", "syn_low", "syn_mid", "syn_fatal")
OTHER_SERIES = ("agona", "newport", "k1", "m1", "hepatitisA")
#: The gate for means, dispersions and p-values.
CLOSE = 1e-4
#: Below this a mean has no digits that could be compared.
NO_MEAN = 1e-6

quick = settings(deadline=None)
counts = st.integers(0, 60)
any_counts = st.one_of(counts, st.integers(0, 10**15))
histories = st.lists(any_counts, min_size=30, max_size=60)
methods = st.sampled_from(["auto", *METHODS])


def table(folder: str, name: str) -> list[dict[str, str]]:
    path = HERE / f"{name}.csv"
    path = path if path.exists() else ALL / folder / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"the reference table {name} is not here")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def series(name: str) -> list[int]:
    return [int(row["observed"]) for row in table("series", name)]


# --- predictive -------------------------------------------------------------------------------------------------------


def bayes_points(at: int, *, years: int, half: int, this_year: bool) -> list[int]:
    """The reference points of algo.bayes: half a window before, and whole windows around the same week of past years."""
    points = list(range(at - half, at)) if this_year else []
    for year in range(1, years + 1):
        points += range(at - 52 * year - half, at - 52 * year + half + 1)
    return points


_BAYES = [
    ("bayes1", {"years": 0, "half": 6, "this_year": True}, 0.05),
    ("bayes2", {"years": 1, "half": 6, "this_year": True}, 0.05),
    ("bayes3", {"years": 2, "half": 4, "this_year": False}, 0.05),
]


@pytest.mark.parametrize(
    ("name", "config", "points", "alpha"),
    [
        *(
            pytest.param(name, config, points, alpha, id=f"{name} {config}")
            for name in (*OWN_SERIES, *OTHER_SERIES)
            for config, points, alpha in _BAYES
        ),
        pytest.param(
            "syn_daily", "bayes_28d", {"years": 0, "half": 28, "this_year": True}, 0.01, id="syn_daily bayes_28d"
        ),
    ],
)
def test_predictive_has_the_bounds_and_alarms_of_the_reference(name, config, points, alpha):
    values, rows = series(name), table("detectors", f"{name}__{config}")
    assert len(rows) > 90
    for row in rows:
        at = int(row["t"]) - 1
        prediction = predictive.predict([values[i] for i in bayes_points(at, **points)])
        assert prediction.bound(alpha) == float(row["upper"]), row
        assert (prediction.tail(values[at]) <= alpha) == (row["alarm"] == "1"), row


@given(counts=st.lists(counts, min_size=6, max_size=52), observed=counts)
@quick
def test_predictive_is_the_posterior_prediction(counts, observed):
    weeks = len(counts)
    oracle = scipy.stats.nbinom(sum(counts) + 0.5, weeks / (weeks + 1))
    prediction = predictive.predict(counts)
    assert prediction.expected == pytest.approx(oracle.mean())
    assert prediction.tail(observed) == pytest.approx(oracle.sf(observed - 1), rel=1e-9, abs=1e-300)


# --- recent -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*OWN_SERIES, "newport"])
@pytest.mark.parametrize(("config", "alpha"), [("a005", 0.005), ("a05", 0.05)])
def test_the_oracle_and_the_tail_equal_the_reference_for_the_seasonal_method(name, config, alpha):
    rows = table("detectors", f"{name}__ff_nbPlugin_b5_{config}")
    points = table("series", name)
    values, days = [int(row["observed"]) for row in points], [date.fromisoformat(row["date"]) for row in points]
    assert len(rows) > 90
    for row in rows:
        at = int(row["t"]) - 1
        answer = farrington.seasonal(values, days, at)
        prediction = NegativeBinomial(answer.mean, answer.dispersion)
        if float(row["mu0"]) >= NO_MEAN:
            assert answer.mean == pytest.approx(float(row["mu0"]), rel=CLOSE), row
            assert answer.dispersion == pytest.approx(float(row["phi"]), rel=CLOSE), row
            assert prediction.tail(values[at]) == pytest.approx(float(row["pvalue"]), rel=CLOSE), row
        is_enough = sum(values[at - 3 : at + 1]) >= 5
        assert is_enough is bool(row["upper"]), row
        if is_enough:
            assert prediction.bound(alpha) == float(row["upper"]), row
        assert (is_enough and prediction.tail(values[at]) <= alpha) == (row["alarm"] == "1"), row


@pytest.mark.parametrize("name", [*OWN_SERIES, *OTHER_SERIES])
def test_recent_equals_the_oracle_on_every_week_of_the_series(name):
    values = series(name)
    for at in range(recent.LEAST, len(values)):
        window = values[max(0, at - recent.WINDOW) : at]
        if not sum(window):
            continue
        answer, prediction = farrington.level(window), recent.predict(window)
        assert prediction is not None
        assert prediction.expected == pytest.approx(answer.mean, rel=CLOSE)
        assert prediction.dispersion == pytest.approx(answer.dispersion, rel=CLOSE)
        expected = NegativeBinomial(answer.mean, answer.dispersion)
        assert prediction.bound(0.005) == expected.bound(0.005)


def test_counts_so_large_that_the_deviance_has_no_digits_left_have_a_level_all_the_same():
    prediction = recent.predict([10**15] * 29 + [10**15 + 1])
    assert prediction is not None
    assert prediction.expected == pytest.approx(1e15, rel=1e-12)


def test_a_past_surge_hardly_raises_the_bar():
    quiet = [2, 4, 3, 3, 1, 5, 0, 6] * 6
    calm, after = recent.predict([*quiet, 3, 3, 3, 3]), recent.predict([*quiet, 30, 3, 3, 3])
    assert calm is not None
    assert after is not None
    assert after.expected == pytest.approx(calm.expected, rel=0.1)
    assert (calm.bound(0.005), after.bound(0.005)) == (9, 10)
    assert zscore.predict([*quiet, 30, 3, 3, 3]).bound(0.00135) == 16  # type: ignore[union-attr]


# --- zscore -----------------------------------------------------------------------------------------------------------


@given(counts=st.lists(counts, min_size=26, max_size=52), observed=counts)
@quick
def test_zscore_counts_standard_deviations(counts, observed):
    prediction = zscore.predict(counts)
    deviation = scipy.stats.tstd(counts) if len(set(counts)) > 1 else 0
    assert (prediction is None) == (deviation == 0)
    if prediction is not None:
        z = (observed - sum(counts) / len(counts)) / deviation
        assert prediction.tail(observed) == pytest.approx(scipy.stats.norm.sf(z), rel=1e-9)
        # Three deviations themselves are beyond: 0.00135 is a little more than the tail at three.
        assert (prediction.tail(observed) <= zscore.ALPHA) == (z >= 2.99998)


# --- the choice -------------------------------------------------------------------------------------------------------

BUSY = [2, 4, 3, 3, 1, 5, 0, 6]


@pytest.mark.parametrize(
    ("asked", "history", "used"),
    [
        pytest.param("auto", BUSY * 4, "recent", id="auto: half a year and enough events"),
        pytest.param("auto", (BUSY * 4)[:30], "recent", id="auto: half a year to the week, beside the weeks left out"),
        pytest.param("auto", (BUSY * 4)[:29], "predictive", id="auto: a week less"),
        pytest.param("auto", [0] * 50 + [4, 0, 0, 0, 0], "predictive", id="auto: four events in a year"),
        pytest.param("auto", [0] * 50 + [5, 0, 0, 0, 0], "recent", id="auto: five events in a year"),
        pytest.param("auto", [0] * 50 + [0, 9, 9, 9, 9], "predictive", id="auto: events in the weeks left out alone"),
        pytest.param("auto", [0] * 56, "predictive", id="auto: nothing at all"),
        pytest.param("recent", [0] * 56, "predictive", id="recent has no answer to nothing at all"),
        pytest.param("zscore", [3] * 56, "predictive", id="zscore has no answer to weeks that are alike"),
        pytest.param("zscore", BUSY * 7, "zscore", id="zscore has one to others"),
        pytest.param("predictive", BUSY * 7, "predictive", id="predictive always has one"),
    ],
)
def test_which_method_judges(asked, history, used):
    assert judge([*history, 9], asked=asked, alpha=0.005, min_count=5).method.name == used


def test_after_a_year_of_nothing_an_outbreak_is_an_alarm():
    for asked in ("auto", "recent", "zscore"):
        verdict = judge([*[0] * 56, 38], asked=asked, alpha=0.001, min_count=5)
        assert verdict.is_counted
        assert verdict.p < 1e-9
        assert verdict.bound == 1


@pytest.mark.parametrize(("observed", "used"), [(2, "predictive"), (6, "recent")])
def test_with_few_events_the_milder_of_recent_and_predictive_judges(observed, used):
    history = [0] * 20 + [4] + [0] * 35
    verdict = judge([*history, observed], asked="recent", alpha=0.005, min_count=0)
    own = recent.predict(history[:-4])
    assert own is not None
    assert verdict.p == max(own.tail(observed), predictive.predict(history[-52:]).tail(observed))
    assert verdict.method.name == used
    assert judge([*history, observed], asked="auto", alpha=0.005, min_count=0).method.name == "predictive"


@pytest.mark.parametrize(
    ("weeks", "asked", "is_counted"),
    [
        pytest.param([*BUSY * 7, 3], "recent", True, id="three in the week"),
        pytest.param([*BUSY * 7, 2], "recent", False, id="recent never speaks of two"),
        pytest.param([0] * 56 + [2, 1, 0, 2], "predictive", True, id="five in four weeks"),
        pytest.param([0] * 56 + [9, 2, 0, 0, 2], "predictive", False, id="four in four weeks"),
    ],
)
def test_small_numbers_are_not_spoken_of(weeks, asked, is_counted):
    assert judge(weeks, asked=asked, alpha=0.005, min_count=5).is_counted is is_counted


@pytest.mark.parametrize(("asked", "least"), [("auto", 6), ("recent", 30), ("predictive", 6), ("zscore", 26)])
def test_the_least_history_suffices(asked, least):
    assert least_history(asked) == least
    assert judge([*[1] * least, 9], asked=asked, alpha=0.005, min_count=0).observed == 9


# --- properties -------------------------------------------------------------------------------------------------------


@given(history=histories, observed=any_counts, asked=methods, alpha=st.floats(1e-9, 0.5))
@quick
def test_every_history_has_a_verdict_and_p_and_bound_say_the_same(history, observed, asked, alpha):
    verdict = judge([*history, observed], asked=asked, alpha=alpha, min_count=5)
    assert 0 <= verdict.p <= 1
    assert 0 < verdict.expected < math.inf
    assert not math.isnan(verdict.exceedance)
    if verdict.bound < math.inf:
        assert (verdict.p <= alpha) == (observed > verdict.bound)
        assert (verdict.exceedance > 1) == (observed > verdict.bound)


@given(history=st.lists(counts, min_size=30, max_size=60), asked=methods, alpha=st.floats(1e-6, 0.2))
@quick
def test_more_events_never_undo_an_alarm(history, asked, alpha):
    alarms = [
        verdict.is_counted and verdict.p <= alpha
        for observed in range(70)
        for verdict in [judge([*history, observed], asked=asked, alpha=alpha, min_count=5)]
    ]
    assert alarms == sorted(alarms)


@given(history=st.lists(counts, min_size=30, max_size=52), name=st.sampled_from(list(METHODS)))
@quick
def test_the_order_of_the_weeks_that_are_looked_at_does_not_matter(history, name):
    predict = METHODS[name].predict
    as_given, other = predict(history), predict(sorted(history))
    assert (as_given is None) == (other is None)
    if as_given is not None and other is not None:
        assert as_given == pytest.approx(other, rel=1e-9)
        assert as_given.tail(9) == pytest.approx(other.tail(9), rel=1e-6)


@given(mean=st.floats(0.01, 1e4), deviation=st.floats(0.01, 1e4), alpha=st.floats(1e-9, 0.5))
@quick
def test_the_bound_of_a_normal_is_the_least_that_is_seldom_exceeded(mean, deviation, alpha):
    prediction = Normal(mean, deviation)
    bound = prediction.bound(alpha)
    assert prediction.tail(bound + 1) <= alpha
    assert bound == 0 or prediction.tail(bound) > alpha


def test_the_bound_of_a_normal_is_right_where_a_whole_number_lies_on_the_limit():
    prediction = Normal(40, 8.0)
    for limit in range(41, 80):
        on_it = prediction.tail(limit)
        assert prediction.bound(on_it) == limit - 1
        assert prediction.bound(math.nextafter(on_it, 0)) == limit


# --- false alarms -----------------------------------------------------------------------------------------------------


def negative_binomial(rng: random.Random, mean: float, dispersion: float) -> int:
    rate = rng.gammavariate(mean / (dispersion - 1), dispersion - 1) if dispersion > 1 else mean
    left, seen, chance = rng.random(), 0, math.exp(-rate)
    while left > chance and seen < 10_000:
        left, seen = left - chance, seen + 1
        chance *= rate / seen
    return seen


@pytest.mark.parametrize(
    ("asked", "mean", "dispersion", "low", "high"),
    [
        pytest.param("recent", 0.5, 1.3, 0.002, 0.009, id="recent, mean 0.5"),
        pytest.param("recent", 3, 2, 0.004, 0.013, id="recent, mean 3"),
        pytest.param("recent", 10, 3, 0.004, 0.014, id="recent, mean 10"),
        pytest.param("predictive", 3, 1, 0.001, 0.008, id="predictive, as it supposes"),
        pytest.param("predictive", 3, 2, 0.020, 0.040, id="predictive, where weeks scatter more"),
        pytest.param("zscore", 3, 2, 0.010, 0.024, id="zscore, mean 3"),
    ],
)
def test_weeks_in_which_nothing_changed_raise_as_many_alarms_as_the_page_says(asked, mean, dispersion, low, high):
    rng = random.Random(20200713)
    alpha = zscore.ALPHA if asked == "zscore" else 0.005
    alarms = weeks = 0
    for _ in range(60):
        counts = [negative_binomial(rng, mean, dispersion) for _ in range(57 + 52)]
        for end in range(57, len(counts) + 1):
            verdict = judge(counts[end - 57 : end], asked=asked, alpha=alpha, min_count=5)
            alarms += verdict.is_counted and verdict.p <= alpha
            weeks += 1
    assert low <= alarms / weeks <= high


# --- many -------------------------------------------------------------------------------------------------------------


def rates(name: str) -> dict[str, list[dict[str, str]]]:
    sets: dict[str, list[dict[str, str]]] = {}
    for row in table("rates", name):
        sets.setdefault(row["set"], []).append(row)
    return sets


def test_q_values_equal_the_reference():
    for rows in rates("p_adjust").values():
        q = false_discovery([float(row["p"]) for row in rows])
        assert q == pytest.approx([float(row["bh"]) for row in rows], rel=1e-9)


@given(p=st.lists(st.floats(0, 1), max_size=40))
@quick
def test_q_values_equal_those_of_scipy(p):
    oracle: Any = scipy.stats.false_discovery_control(p) if p else []
    assert false_discovery(p) == pytest.approx(list(oracle), rel=1e-12)


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=40), seed=st.integers(0, 999))
@quick
def test_q_values_do_not_depend_on_the_order(p, seed):
    order = random.Random(seed).sample(range(len(p)), len(p))
    assert false_discovery([p[i] for i in order]) == [false_discovery(p)[i] for i in order]
