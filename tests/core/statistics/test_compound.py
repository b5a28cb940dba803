from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.core.statistics.compound import LARGEST, compound_bound, compound_tail, probabilities
from watcher.core.statistics.tails import negative_binomial_bound, negative_binomial_tail

quick = settings(deadline=None)
means = st.floats(0.05, 30)
dispersions = st.one_of(st.just(1.0), st.floats(1.01, 6))
SIZES = {0: 0.35, 1: 0.3, 2: 0.15, 5: 0.1, 10: 0.05, 40: 0.04, 120: 0.01}


@st.composite
def severities(draw: st.DrawFn) -> dict[int, float]:
    counts = draw(st.dictionaries(st.integers(0, 60), st.integers(1, 50), min_size=1, max_size=12))
    total = sum(counts.values())
    return {size: count / total for size, count in counts.items()}


def by_fourier(mean: float, dispersion: float, sizes: Mapping[int, float], length: int = 4096) -> np.ndarray:
    """The same by the generating function of the number, put on the transform of the sizes; sums wrap around."""
    shares = np.zeros(length)
    for size, share in sizes.items():
        shares[size] = share
    waves = np.fft.fft(shares)
    if dispersion <= 1:
        return np.fft.ifft(np.exp(mean * (waves - 1))).real
    return np.fft.ifft((dispersion - (dispersion - 1) * waves) ** (-mean / (dispersion - 1))).real


@given(mean=means, dispersion=dispersions, sizes=severities())
@quick
def test_the_recursion_is_the_fourier_transform(mean, dispersion, sizes):
    found = list(islice(probabilities(mean, dispersion, sizes), 1000))
    # What lies beyond the length of the transform is at the wrong place in it.
    assert found == pytest.approx(by_fourier(mean, dispersion, sizes, 16_384)[:1000].tolist(), abs=1e-9)


@pytest.mark.parametrize("dispersion", [1.0, 1.7])
@pytest.mark.parametrize("least", [0, 1, 10, 150, 400])
def test_the_tail_is_what_the_probabilities_leave(dispersion, least):
    oracle = float(by_fourier(4, dispersion, SIZES)[least:].sum())
    assert compound_tail(least, 4, dispersion, SIZES) == pytest.approx(oracle, rel=1e-6, abs=1e-13)


@given(mean=means, dispersion=dispersions, observed=st.integers(0, 80))
@quick
def test_attacks_that_each_kill_one_are_as_many_as_the_dead(mean, dispersion, observed):
    tail = compound_tail(observed, mean, dispersion, {1: 1.0})
    assert tail == pytest.approx(negative_binomial_tail(observed, mean, dispersion), abs=1e-11)
    assert compound_bound(mean, dispersion, {1: 1.0}, 0.005) == negative_binomial_bound(mean, dispersion, 0.005)


@given(mean=means, dispersion=dispersions, sizes=severities(), alpha=st.floats(1e-6, 0.5))
@quick
def test_the_bound_is_the_least_that_is_seldom_exceeded(mean, dispersion, sizes, alpha):
    bound = int(compound_bound(mean, dispersion, sizes, alpha))
    assert compound_tail(bound + 1, mean, dispersion, sizes) <= alpha + 1e-12
    assert bound == 0 or compound_tail(bound, mean, dispersion, sizes) > alpha - 1e-12


def test_numbers_too_small_for_a_float_are_carried_along():
    found = list(islice(probabilities(3000, 1.0, {1: 0.9, 2: 0.1}), 5000))
    assert sum(found) == pytest.approx(1)
    assert sum(sum_ * chance for sum_, chance in enumerate(found)) == pytest.approx(3300)
    assert found[0] == 0


def test_beyond_the_largest_sum_nothing_is_told_apart():
    sizes = {LARGEST: 0.5, 1: 0.5}
    assert (
        compound_tail(10 * LARGEST, 2, 1, sizes)
        == compound_tail(LARGEST, 2, 1, sizes)
        == pytest.approx(1 - math.exp(-1), abs=1e-9)
    )
    assert compound_bound(2, 1, sizes, 0.005) == math.inf
