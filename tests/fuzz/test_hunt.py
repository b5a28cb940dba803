"""A slice of each target at every run; `make fuzz` goes on to their full number."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from tests.fuzz.hunt import hunt
from tests.fuzz.target import plain
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_slice_of(target):
    assert hunt(target, cases=5, start=0) > 0


def test_a_fault_is_found_and_the_cases_are_counted():
    def survive(case: int) -> None:
        assert case < 100

    with pytest.raises(AssertionError):
        hunt(plain("", st.integers(0, 1_000), survive), cases=200, start=0)
    assert hunt(plain("", st.integers(0, 10_000), lambda _: None), cases=50, start=0) == 50
