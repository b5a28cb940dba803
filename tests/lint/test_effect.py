"""Which keys of a rule change nothing, held against values that are tried one by one."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lint.test_contradiction import OUTPUTS
from watcher.core.condition import Comparison, Condition, condition
from watcher.lint.effect import _is_hidden, opposite

NUMBERS = (0, 1, 2, 3)
WORDS = OUTPUTS["evidence"].words
#: Every pair of a count and a word; None is an output without a value.
VALUES = [{"value": number, "evidence": word} for number, word in product((*NUMBERS, None), (*WORDS, None))]
WHOLE = [each for each in VALUES if None not in each.values()]

comparisons = st.one_of(
    st.builds(
        Comparison,
        st.just("value"),
        st.sampled_from([">", ">=", "<", "<=", "=", "!="]),
        st.sampled_from([float(number) for number in NUMBERS]),
    ),
    st.builds(
        Comparison, st.just("evidence"), st.sampled_from([">", ">=", "<", "<=", "=", "!="]), st.sampled_from(WORDS)
    ),
    st.builds(
        Comparison,
        st.just("evidence"),
        st.just("in"),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(tuple),
    ),
)
parts = st.one_of(
    comparisons,
    st.lists(comparisons, min_size=1, max_size=2).map(lambda some: Condition(tuple(some), any=True)),
)
conditions = st.lists(parts, min_size=1, max_size=2).map(lambda some: Condition(tuple(some)))


@given(conditions)
def test_the_opposite_holds_exactly_where_the_condition_does_not(one):
    for values in WHOLE:
        assert opposite(one).holds(values, OUTPUTS) != one.holds(values, OUTPUTS)


@given(conditions, conditions, conditions)
def test_what_is_called_hidden_holds_nowhere_that_the_worse_one_does_not(wanted, when, worse):
    if _is_hidden([wanted, when], [opposite(worse)], OUTPUTS):
        for values in VALUES:
            holds = wanted.holds(values, OUTPUTS) and when.holds(values, OUTPUTS)
            assert not holds or worse.holds(values, OUTPUTS)


@pytest.mark.parametrize(
    ("wanted", "worse", "is_hidden"),
    [
        pytest.param("value >= 3", "value >= 2", True, id="a higher bound"),
        pytest.param("value >= 3", "value > 3", False, id="the number itself escapes"),
        pytest.param("evidence = strong", "evidence >= moderate", True, id="a word above the bound"),
        pytest.param("value >= 3", "evidence >= none", False, id="an output may be without a value"),
        pytest.param("value < 0", "value >= 2", False, id="what can never hold is hidden by nothing"),
    ],
)
def test_a_severity_is_hidden_by_one_before_it(wanted, worse, is_hidden):
    assert _is_hidden([condition(wanted)], [opposite(condition(worse))], OUTPUTS) is is_hidden
