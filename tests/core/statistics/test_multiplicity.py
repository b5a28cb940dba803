"""Many p-values at once: equal to R's p.adjust and to scipy, whatever the order they come in."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.statistics.multiplicity import budget_level, false_discovery, false_discovery_of_any, family_error

REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "statistics" / "rates" / "p_adjust.csv"
METHODS = {"bh": false_discovery, "by": false_discovery_of_any, "holm": family_error}
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def reference() -> dict[str, list[dict[str, str]]]:
    sets: dict[str, list[dict[str, str]]] = {}
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sets.setdefault(row["set"], []).append(row)
    return sets


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference tables lie beside the repository, and are not here")
@pytest.mark.parametrize("column", METHODS)
def test_adjusted_values_equal_the_reference(column):
    for rows in reference().values():
        adjusted = METHODS[column]([float(row["p"]) for row in rows])
        assert adjusted == pytest.approx([float(row[column]) for row in rows], rel=1e-9)


@pytest.mark.parametrize("column", ["bh", "by"])
@given(p=P_VALUES)
def test_false_discovery_equals_that_of_scipy(column, p):
    oracle: Any = scipy.stats.false_discovery_control(p, method=column)
    assert METHODS[column](p) == pytest.approx(list(oracle), rel=1e-12)


def test_holm_worked_by_hand():
    assert family_error([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


@pytest.mark.parametrize("column", METHODS)
@given(p=P_VALUES, seed=st.integers(0, 999))
def test_the_order_they_come_in_does_not_matter(column, p, seed):
    order = random.Random(seed).sample(range(len(p)), len(p))
    assert METHODS[column]([p[i] for i in order]) == [METHODS[column](p)[i] for i in order]


@pytest.mark.parametrize("column", METHODS)
@given(p=P_VALUES)
def test_an_adjusted_value_is_a_probability_not_below_its_own_p(column, p):
    assert all(q >= own - 1e-12 and q <= 1 for q, own in zip(METHODS[column](p), p, strict=True))


@pytest.mark.parametrize("column", METHODS)
def test_nothing_looked_at_is_nothing_adjusted(column):
    assert METHODS[column]([]) == []


def test_a_budget_is_divided_by_the_looks():
    assert budget_level(1, 83) == pytest.approx(1 / 83)
    assert budget_level(5, 2) == 1, "more alarms than looks are no bound"
