from __future__ import annotations

import random
from typing import Any

import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.statistics.tables import rates
from watcher.core.statistics.many import false_discovery

quick = settings(deadline=None)


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
