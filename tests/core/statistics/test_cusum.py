from __future__ import annotations

import math

import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.statistics.tables import EXACT, WEEKLY, detector, parameters
from watcher.core.statistics.cusum import Span, best, excess_variance, gain, generalised, likelihood_ratio

quick = settings(deadline=None)
counts = st.lists(st.integers(0, 60), min_size=1, max_size=30)
means = st.floats(0.05, 40)
excesses = st.one_of(st.just(0.0), st.floats(0.01, 5))


@pytest.mark.parametrize("name", WEEKLY)
@pytest.mark.parametrize("config", ["lrnb_x2", "lrpois_x2"])
def test_the_score_for_a_doubling_is_that_of_the_reference(name, config):
    rows, asked = detector(name, config), parameters(name, config)
    observed, limit = [int(row["observed"]) for row in rows], asked["c.ARL"]
    scores = likelihood_ratio(observed, asked["mu0"], excess=asked["alpha"], ratio=2, limit=limit)
    assert scores == pytest.approx([float(row["glr"]) for row in rows], rel=EXACT, abs=EXACT)
    assert [score > limit for score in scores] == [row["alarm"] == "1" for row in rows]


@pytest.mark.parametrize("name", WEEKLY)
@pytest.mark.parametrize("config", ["glrnb", "glrpois"])
def test_the_score_for_any_rise_is_that_of_the_reference(name, config):
    rows, asked = detector(name, config), parameters(name, config)
    observed, limit = [int(row["observed"]) for row in rows], asked["c.ARL"]
    # R's window of 52 weeks reaches back 52 weeks from the newest: 53 in all. Less than none is all of them.
    most = asked["M"] + 1 if asked["M"] > 0 else len(rows)
    scores = generalised(observed, asked["mu0"], excess=asked["alpha"], limit=limit, most=most)
    assert scores == pytest.approx([float(row["glr"]) for row in rows], rel=EXACT, abs=EXACT)
    assert [score >= limit for score in scores] == [row["alarm"] == "1" for row in rows]


def log_likelihood(observed: list[int], mean: float, excess: float) -> float:
    if not excess:
        return float(scipy.stats.poisson.logpmf(observed, mean).sum())
    return float(scipy.stats.nbinom.logpmf(observed, 1 / excess, 1 / (1 + excess * mean)).sum())


@given(observed=counts, mean=means, excess=excesses, log_ratio=st.floats(-2, 2))
@quick
def test_a_gain_is_a_difference_of_log_likelihoods(observed, mean, excess, log_ratio):
    oracle = log_likelihood(observed, mean * math.exp(log_ratio), excess) - log_likelihood(observed, mean, excess)
    span = Span(len(observed), sum(observed), mean)
    assert gain(span, log_ratio, excess) == pytest.approx(oracle, rel=1e-7, abs=1e-7)


@given(observed=counts, mean=means, excess=excesses)
@quick
def test_any_rise_is_the_best_of_all_rises_and_of_all_begins(observed, mean, excess):
    found = best((), observed, mean, excess=excess)
    for begin in range(len(observed)):
        span = Span(len(observed) - begin, sum(observed[begin:]), mean)
        for ratio in (1.0, 1.2, 2.0, 5.0):
            assert gain(span, math.log(ratio), excess) <= found + 1e-9


@given(observed=counts, mean=means, excess=st.floats(0.01, 5), newest=st.integers(0, 60), share=st.floats(0.1, 0.9))
@quick
def test_with_a_newest_week_of_another_mean_the_ratio_is_the_likeliest_one(observed, mean, excess, newest, share):
    week = Span(1, newest, mean * share)
    spans = [Span(len(observed), sum(observed), mean), week]

    def loss(log_ratio: float) -> float:
        return -sum(gain(span, log_ratio, excess) for span in spans)

    oracle = -scipy.optimize.minimize_scalar(loss, bounds=(0, 12), method="bounded").fun
    assert best((week,), observed, mean, excess=excess) >= oracle - 1e-6


@given(observed=counts, mean=means, excess=excesses)
@quick
def test_the_excess_of_the_variance_is_never_less_than_asked(observed, mean, excess):
    if len(observed) > 1 and sum(observed):
        assert excess_variance(observed, least=0.05) >= 0.05


def test_the_excess_is_that_of_the_moments():
    assert excess_variance([0, 2, 4, 14], least=0.05) == pytest.approx((38.6666667 - 5) / 25)


def test_after_an_alarm_the_sum_starts_again():
    scores = likelihood_ratio([9, 9, 1, 0], 2, excess=0, ratio=2, limit=4)
    assert scores[0] > 4
    assert scores[1] == pytest.approx(scores[0])
    assert scores[2] == 0
    assert generalised([9, 9, 1, 0], 2, excess=0, limit=5, most=26)[1] == pytest.approx(
        generalised([9], 2, excess=0, limit=5, most=26)[0]
    )


def test_a_long_slow_rise_is_found_that_no_week_shows():
    scores = likelihood_ratio([4] * 20, 2.5, excess=0.05, ratio=2, limit=4)
    assert scores[0] < 1
    assert max(scores) > 4


@pytest.mark.parametrize("most", [1, 3, 10])
def test_no_more_weeks_are_looked_at_than_asked(most):
    short = generalised([5, 5, 5, 5], 2, excess=0, limit=100, most=most)[-1]
    assert short == pytest.approx(best((), [5] * min(most, 4), 2, excess=0))
