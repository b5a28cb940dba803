"""Tails against scipy on random numbers: some in the fast suite, a million under ``make fuzz``."""

from __future__ import annotations

import numpy as np
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.core.statistics import tails

#: Tails of each of the four kinds in an example; times the 2,000 examples of ``make fuzz`` that makes a million.
EACH = 125
#: Below this scipy has no digits.
LEAST = 1e-290


def each(function, *columns):
    return np.array(list(map(function, *(column.tolist() for column in columns))))


def held_against(expected, ours):
    np.testing.assert_allclose(ours, expected, rtol=1e-8, atol=LEAST)


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_random_tails_equal_scipy(seed):
    rng = np.random.default_rng(seed)
    far = rng.uniform(-6, 6, EACH)
    k, n = np.floor(10 ** rng.uniform(0, 5, EACH)), np.floor(10 ** rng.uniform(0, 5, EACH))

    a, b = 10 ** rng.uniform(-0.3, 5, EACH), 10 ** rng.uniform(-0.3, 5, EACH)
    logit = np.log(a / b) + far * np.sqrt(1 / a + 1 / b)
    x, y = scipy.special.expit(logit), scipy.special.expit(-logit)
    expected = np.stack([scipy.special.betainc(a, b, x), scipy.special.betainc(b, a, y)], axis=1)
    held_against(expected, each(tails.beta_tails, a, b, x, y))

    mean = np.maximum(1e-6, k + far * np.sqrt(k + 1))
    held_against(scipy.special.gammainc(k, mean), each(tails.poisson_tail, k, mean))

    chance = scipy.special.expit(np.log(k / (n + 1)) + far * np.sqrt(1 / k + 1 / (n + 1)))
    held_against(scipy.special.betainc(k, n + 1, chance), each(tails.binomial_tail, k, k + n, chance))

    spread = 1 + 10 ** rng.uniform(-2, 1.7, EACH)
    # Under a hundredth of an event the far tail is what is left of 1, and shows fewer digits.
    mean = np.maximum(0.01, k + far * np.sqrt(spread * (k + 1)))
    expected = scipy.special.betainc(k, mean / (spread - 1), (spread - 1) / spread)
    held_against(expected, each(tails.negative_binomial_tail, k, mean, spread))
