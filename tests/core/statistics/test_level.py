from __future__ import annotations

import pytest

from tests.core.detectors import farrington
from tests.core.statistics.tables import CLOSE, WEEKLY, series
from watcher.core.statistics.level import level
from watcher.core.statistics.tails import negative_binomial_bound

LEAST, WINDOW = 26, 52


@pytest.mark.parametrize("name", WEEKLY)
def test_a_level_is_the_fit_by_matrices_on_every_week_of_the_series(name, reference_step):
    values = series(name)
    for at in range(LEAST, len(values), reference_step):
        window = values[max(0, at - WINDOW) : at]
        if not sum(window):
            continue
        answer, found = farrington.level(window), level(window)
        assert found is not None
        assert found == pytest.approx(tuple(answer), rel=CLOSE)
        assert negative_binomial_bound(found.mean, found.dispersion, 0.005) == negative_binomial_bound(
            answer.mean, answer.dispersion, 0.005
        )


def test_counts_so_large_that_the_deviance_has_no_digits_left_have_a_level_all_the_same():
    found = level([10**15] * 29 + [10**15 + 1])
    assert found is not None
    assert found.mean == pytest.approx(1e15, rel=1e-12)


def test_nothing_at_all_has_no_level():
    assert level([0] * 30) is None


def test_a_past_surge_hardly_raises_the_bar():
    quiet = [2, 4, 3, 3, 1, 5, 0, 6] * 6
    calm, after = level([*quiet, 3, 3, 3, 3]), level([*quiet, 30, 3, 3, 3])
    assert calm is not None
    assert after is not None
    assert after.mean == pytest.approx(calm.mean, rel=0.1)
    assert (negative_binomial_bound(*calm, 0.005), negative_binomial_bound(*after, 0.005)) == (9, 10)
