"""Which comparisons exclude each other, and which only look as if they did."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from watcher.core.condition import condition
from watcher.core.reading import Kind, Output
from watcher.lint.contradiction import impossible

OUTPUTS: Mapping[str, Output] = {
    each.name: each
    for each in (
        Output("value", Kind.COUNT, "A count."),
        Output("ratio", Kind.RATIO, "A ratio."),
        Output("change", Kind.SHARE, "A share."),
        Output("p_value", Kind.PROBABILITY, "A probability."),
        Output("last", Kind.DATE, "A day."),
        Output("from", Kind.TEXT, "A text."),
        Output("evidence", Kind.TEXT, "Words in an order.", ("none", "weak", "moderate", "strong")),
    )
}


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(["ratio > 2", "ratio < 1"], id="above and below"),
        pytest.param(["ratio > 2", "ratio < 2"], id="on both sides of a number"),
        pytest.param(["ratio >= 2", "ratio < 2"], id="the number itself is left out once"),
        pytest.param(["ratio = 2", "ratio != 2"], id="equal and not equal"),
        pytest.param(["ratio = 2", "ratio = 3"], id="equal to two numbers"),
        pytest.param(["ratio < 0"], id="a ratio is never negative"),
        pytest.param(["value > 1", "value < 2"], id="no whole number lies between"),
        pytest.param(["value > 1", "value < 3", "value != 2"], id="the only whole number is left out"),
        pytest.param(["p_value > 1"], id="a probability is at most one"),
        pytest.param(["evidence > strong"], id="nothing is more than strong"),
        pytest.param(["evidence in [none, weak]", "evidence >= moderate"], id="a list and a bound above it"),
        pytest.param(["from = truce", "from = clashing"], id="two texts"),
        pytest.param(["from in [truce, cordial]", "from = clashing"], id="a text that is not in the list"),
        pytest.param(["from = truce", "from != truce"], id="a text and not it"),
        pytest.param(["last > 2020-06-30", "last < 2020-01-01"], id="days the wrong way round"),
        pytest.param([{"any": ["ratio < 0", "p_value > 1"]}], id="every one of several ways"),
        pytest.param(["ratio > 3", {"any": ["ratio < 1", "ratio = 2"]}], id="none of several ways fits the rest"),
    ],
)
def test_nothing_satisfies(written):
    assert impossible([condition(written)], OUTPUTS)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(["ratio > 1", "ratio < 2"], id="between two numbers"),
        pytest.param(["ratio >= 2", "ratio <= 2"], id="the number itself"),
        pytest.param(["value > 1", "value < 3"], id="one whole number lies between"),
        pytest.param(["value >= 1", "value <= 3", "value != 2"], id="another whole number is left"),
        pytest.param(["value > 1.5", "value < 2.5"], id="a whole number between fractions"),
        pytest.param(["change < 0"], id="a change may be negative"),
        pytest.param(["ratio > 2", "value < 1"], id="two outputs"),
        pytest.param(["evidence != none", "evidence < moderate"], id="a word is left"),
        pytest.param(["from != truce", "from != clashing"], id="any other text"),
        pytest.param(["ratio > 2", {"any": ["ratio < 1", "evidence = strong"]}], id="one of several ways"),
    ],
)
def test_something_satisfies(written):
    assert impossible([condition(written)], OUTPUTS) == ()


def test_it_names_the_comparisons_that_exclude_each_other_and_no_others():
    clash = impossible([condition(["value >= 10", "ratio > 2", "ratio < 1"])], OUTPUTS)
    assert [str(each) for each in clash] == ["ratio > 2", "ratio < 1"]


def test_conditions_are_taken_together():
    assert impossible([condition(["value < 50"]), condition(["value >= 100"])], OUTPUTS)
    assert not impossible([condition(["value < 500"]), condition(["value >= 100"])], OUTPUTS)


def test_more_ways_than_anybody_writes_are_not_tried():
    many = [{"any": [f"ratio > {n}" for n in range(8)]} for _ in range(8)]
    assert impossible([condition([*many, "ratio < 0"])], OUTPUTS) == ()
