from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from watcher.ruletest.pairing import pair

tables = st.integers(0, 4).flatmap(
    lambda columns: st.lists(
        st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=columns, max_size=columns), min_size=0, max_size=4
    )
)


def most(scores):
    """The greatest number of rows that can be met, tried out."""
    columns = [*range(len(scores[0]) if scores else 0), *[None] * len(scores)]
    choices = permutations(columns, len(scores))
    return max(sum(c is not None and scores[row][c] >= 1 for row, c in enumerate(choice)) for choice in choices)


@given(tables)
def test_as_many_expectations_are_met_as_can_be(scores):
    found = pair(scores)
    assert len(found.met) == most(scores)
    assert all(scores[row][column] >= 1 for row, column in found.met.items())


@given(tables)
def test_nothing_has_two_partners(scores):
    found = pair(scores)
    partners = [*found.met.values(), *found.nearest.values()]
    assert len(partners) == len(set(partners)) == len(found.taken)
    assert not set(found.met) & set(found.nearest)


def test_a_greedy_choice_is_undone():
    assert pair([[1, 1], [1, 0]]).met == {0: 1, 1: 0}


def test_what_comes_nearest_is_named():
    assert pair([[0.2, 0.7, 0.5]]).nearest == {0: 1}
