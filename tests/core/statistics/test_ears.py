from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.statistics.tables import EXACT, WEEKLY, detector, series
from watcher.core.statistics.ears import Around, around, c1, c2, c3_earlier, excess
from watcher.core.statistics.tails import normal_quantile

ALL = [*WEEKLY, "syn_daily"]
LAGS = {"c1": c1, "c2": c2}


def is_close(found: float, row: str) -> bool:
    """Where R has a number, and not the quotient of zeros or an infinite one."""
    return row.lower() in {"", "nan", "inf", "-inf"} or found == pytest.approx(float(row), rel=EXACT, abs=EXACT)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("config", "lag", "baseline", "least"),
    [
        pytest.param("ears_c1", "c1", 7, 0.0, id="c1"),
        pytest.param("ears_c1_ms", "c1", 7, 0.5, id="c1 with a least deviation"),
        pytest.param("ears_c2", "c2", 7, 0.0, id="c2"),
        pytest.param("ears_c2_ms", "c2", 7, 0.5, id="c2 with a least deviation"),
        pytest.param("ears_c2_b28", "c2", 28, 0.5, id="c2 over 28 points"),
    ],
)
def test_c1_and_c2_are_those_of_the_reference(name, config, lag, baseline, least):
    rows, counts, z = detector(name, config), series(name), normal_quantile(1 - 0.001)
    assert len(rows) > 170
    for row in rows:
        at = int(row["t"]) - 1
        found = LAGS[lag](counts[:at], baseline=baseline, least_deviation=least)
        assert is_close(found.mean + z * found.deviation, row["upper"]), row
        assert is_close(found.score(counts[at]), row["statistic"]), row
        assert (found.score(counts[at]) > z) == (row["alarm"] == "1"), row


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("config", "least"), [("ears_c3", 0.0), ("ears_c3_ms", 0.5)])
def test_c3_is_that_of_the_publication_and_not_what_r_makes_of_it(name, config, least):
    rows, counts, z = detector(name, config), series(name), normal_quantile(1 - 0.025)
    assert len(rows) > 170
    for row in rows:
        at = int(row["t"]) - 1
        earlier = c3_earlier(counts[:at], baseline=7, least_deviation=least)
        score = earlier + excess(c2(counts[:at], baseline=7, least_deviation=least).score(counts[at]))
        assert math.isinf(score) or is_close(score, row["statistic"]), row
        assert (score > z) == (row["alarm_def"] == "1"), row


def test_c3_sees_the_newest_week():
    counts = [2, 3, 1, 2, 4, 2, 3, 2, 1, 3, 2]
    found = c2(counts, baseline=7, least_deviation=0)
    assert c3_earlier(counts, baseline=7, least_deviation=0) == 0
    assert excess(found.score(40)) > 1.96


@given(counts=st.lists(st.integers(0, 10**6), min_size=2, max_size=52), least=st.floats(0, 2))
@settings(deadline=None)
def test_mean_and_deviation_are_those_of_numpy(counts, least):
    found = around(counts, least_deviation=least)
    oracle = (float(np.mean(counts)), max(least, float(np.std(counts, ddof=1))))
    assert tuple(found) == pytest.approx(oracle, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("count", "score"),
    [
        pytest.param(3, 0.0, id="as much as ever is nothing"),
        pytest.param(4, math.inf, id="one more is an alarm"),
        pytest.param(2, -math.inf, id="one less is none"),
    ],
)
def test_weeks_that_are_all_alike_have_no_scatter(count, score):
    assert Around(3, 0.0).score(count) == score


def test_c1_looks_at_the_newest_and_c2_leaves_out_two():
    counts = [9, 0, 0, 0, 0, 0, 0, 0, 5, 7]
    assert c1(counts, baseline=2, least_deviation=0).mean == 6
    assert c2(counts, baseline=2, least_deviation=0).mean == 0
    assert c2(counts, baseline=8, least_deviation=0).mean == 9 / 8
