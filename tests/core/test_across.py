"""Across: which of many series may begin an alert, and in which words that is said."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from watcher.core.across import Across, Budget, Candidate, budget, weigh
from watcher.core.statistics.multiplicity import false_discovery

DAY, WEEK = timedelta(days=1), timedelta(days=7)
P_VALUES = st.lists(st.sampled_from([0.0001, 0.001, 0.01, 0.02, 0.2, 1.0, None]), min_size=1, max_size=12)


def series(name: str, p: float | None, **changes) -> Candidate:
    plain = Candidate("rule", (("admin2", name),), holds=True, p=p, ratio=2.0, every=WEEK)
    return plain._replace(**changes)


def many(*p_values: float | None, **changes) -> list[Candidate]:
    return [series(f"{number:02d}", p, **changes) for number, p in enumerate(p_values)]


def begins(across: Across, candidates: list[Candidate]) -> list[str]:
    """The names of the series by which an alert may begin."""
    found = weigh(across, candidates)
    return sorted(labels[0][1] for (_, labels), weighed in found.items() if weighed.begins)


def text(across: Across, candidates: list[Candidate], name: str) -> str:
    found = weigh(across, candidates)
    return next(weighed.text for (_, labels), weighed in found.items() if labels[0][1] == name)


# --- budget -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "every", "level"),
    [
        pytest.param("1 per week", WEEK, 1 / 10, id="one look a week: one over the number of series"),
        pytest.param("1 per week", DAY, 1 / 70, id="seven looks a week"),
        pytest.param("2 per month", WEEK, 2 / (10 * 30 / 7), id="a month is thirty days"),
        pytest.param("1 per year", DAY, 1 / 3650, id="a year is 365 days"),
        pytest.param("0.5 per day", DAY, 0.5 / 10, id="half a false alarm a day"),
        pytest.param("9 per day", WEEK, 1.0, id="more false alarms than looks are no bound"),
    ],
)
def test_a_budget_is_divided_by_series_and_looks(written, every, level):
    across = Across(budget=written)
    rest = many(*[1.0] * 9, every=every)
    assert begins(across, [*rest, series("at", level * (1 - 1e-9), every=every)])[-1:] == ["at"]
    above = min(1.0, level * (1 + 1e-6))
    assert ("at" in begins(across, [*rest, series("at", above, every=every)])) is (level == 1)


def test_series_of_several_rules_share_a_budget_by_their_looks():
    weekly = series("weekly", 1 / 8 - 1e-9, rule="a")
    daily = series("daily", 1 / 8 + 1e-9, rule="b", every=DAY)
    across = Across(budget=Budget(1, "week"))
    assert begins(across, [weekly, daily]) == ["weekly"]
    assert text(across, [weekly, daily], "daily") == (
        "p 0.13 > 0.12, the budget of 1 false alarm per week over 2 series with 8 looks a week in all"
    )


@pytest.mark.parametrize("wrong", ["1 a week", "one per week", "per week", "0 per week", "1 per weeks", "", 1, None])
def test_what_is_no_budget_is_said_with_an_example(wrong):
    with pytest.raises(
        ValueError, match=r"is no budget; write <number> per day, week, month or year, e\.g\. 1 per week"
    ):
        budget(wrong)


@pytest.mark.parametrize("written", ["1 per week", "2 per month", "0.5 per year", "12 per day"])
def test_a_budget_is_written_as_it_is_read(written):
    across = Across(budget=written)
    assert across.model_dump(exclude_none=True) == {"budget": written}


# --- fdr --------------------------------------------------------------------------------------------------------------


@given(p=P_VALUES, share=st.sampled_from([0.01, 0.05, 0.1, 0.5]))
def test_a_share_lets_begin_what_has_a_q_value_not_above_it(p, share):
    tested = [each for each in p if each is not None]
    q = dict(zip(tested, false_discovery(tested), strict=True))
    chosen = [f"{n:02d}" for n, each in enumerate(p) if each is not None and q[each] <= share]
    assert begins(Across(fdr=share), many(*p)) == chosen


def test_series_for_which_the_condition_does_not_hold_count_among_the_many():
    alone, among = many(0.02), [*many(0.02), series("calm", 1.0, holds=False), series("still", 0.9, holds=False)]
    assert begins(Across(fdr=0.05), alone) == ["00"]
    assert begins(Across(fdr=0.05), among) == []


# --- top --------------------------------------------------------------------------------------------------------------


def test_the_first_are_those_with_the_smallest_p_then_the_largest_ratio_then_by_their_labels():
    ranked = [
        series("zulu", 0.001, ratio=1.1),
        series("kilo", 0.01, ratio=float("inf")),
        series("lima", 0.01, ratio=3.0),
        series("alfa", 0.01, ratio=2.0),
        series("beta", 0.01, ratio=2.0),
        series("echo", 0.01, ratio=None),
        series("mike", None, ratio=9.0),
    ]
    for number in range(1, len(ranked) + 1):
        assert begins(Across(top=number), ranked[::-1]) == sorted(each.labels[0][1] for each in ranked[:number])


def test_among_equals_of_two_rules_the_rule_decides():
    found = weigh(Across(top=1), [series("alfa", 0.01, rule="b"), series("alfa", 0.01, rule="a")])
    assert [rule for (rule, _), weighed in found.items() if weighed.begins] == ["a"]


def test_a_series_for_which_the_condition_does_not_hold_takes_no_place():
    assert begins(Across(top=1), [series("calm", 0.0001, holds=False), series("wild", 0.01)]) == ["wild"]


# --- all --------------------------------------------------------------------------------------------------------------

WAYS = [Across(budget=Budget(1, "week")), Across(fdr=0.1), Across(top=3)]


@pytest.mark.parametrize("across", WAYS, ids=str)
@given(p=P_VALUES, seed=st.integers(0, 99))
def test_the_order_in_which_series_are_read_does_not_matter(across, p, seed):
    candidates = many(*p)
    shuffled = random.Random(seed).sample(candidates, len(candidates))
    assert weigh(across, shuffled) == weigh(across, candidates)


@pytest.mark.parametrize("across", WAYS, ids=str)
@given(p=P_VALUES)
def test_only_series_for_which_the_condition_holds_are_weighed(across, p):
    assert weigh(across, many(*p, holds=False)) == {}
    assert len(weigh(across, many(*p))) == len(p)


@pytest.mark.parametrize("across", WAYS[:2], ids=str)
def test_without_a_p_value_no_alert_begins(across):
    assert text(across, many(None, 0.001), "00") == "no p-value, by which it could be weighed among 1 series"
    assert begins(across, many(None)) == []


@pytest.mark.parametrize(
    ("across", "name", "said"),
    [
        (
            WAYS[0],
            "01",
            "p 0.004 <= 0.25, the budget of 1 false alarm per week over 4 series and 1 look a week",
        ),
        (
            Across(budget=Budget(2, "year")),
            "02",
            "p 0.02 > 0.0096, the budget of 2 false alarms per year over 4 series and 52.1 looks a year",
        ),
        (WAYS[1], "01", "p 0.004, over 4 series q 0.016 <= 0.1, the accepted share of false alarms"),
        (WAYS[1], "03", "p 0.3, over 4 series q 0.4 > 0.1, the accepted share of false alarms"),
        (Across(top=1), "01", "p 0.004, number 1 of 4 for which the condition holds"),
        (Across(top=1), "02", "p 0.02, not among the first 1: number 2 of 4 for which the condition holds"),
    ],
)
def test_the_reason_is_said_in_plain_words(across, name, said):
    assert text(across, many(1.0, 0.004, 0.02, 0.3), name) == said


@pytest.mark.parametrize(
    "wrong",
    [{}, {"fdr": 0.1, "top": 3}, {"budget": "1 per week", "fdr": 0.1}],
    ids=["none of the three", "two of them", "two others"],
)
def test_exactly_one_of_the_three_is_written(wrong):
    with pytest.raises(ValidationError, match="'across' has exactly one of"):
        Across(**wrong)


@pytest.mark.parametrize("wrong", [{"fdr": 0}, {"fdr": 1}, {"top": 0}, {"top": 2.5}, {"top": True}])
def test_numbers_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValidationError):
        Across(**wrong)


@pytest.mark.parametrize(
    ("number", "further"),
    [
        pytest.param(2, "", id="all of them are among the first"),
        pytest.param(1, "behind the first 1: 01", id="one is left"),
        pytest.param(3, "behind the first 3: 03, 04 and 05", id="three are left"),
        pytest.param(2, "behind the first 2: 02, 03, 04, 05, 06 and 2 more", id="more are left than are named"),
    ],
)
def test_each_that_begins_names_those_that_may_not(number, further):
    left = {"": 0, "behind the first 1: 01": 1, "behind the first 3: 03, 04 and 05": 3}.get(further, 7)
    found = weigh(Across(top=number), many(*[0.001 * (n + 1) for n in range(number + left)]))
    assert {weighed.further for weighed in found.values() if weighed.begins} == {further}
    assert {weighed.further for weighed in found.values() if not weighed.begins} <= {""}


def test_a_series_without_a_group_is_called_by_its_rule():
    lone = [series("01", 0.01, labels=(), rule=name) for name in ("deaths", "attacks")]
    assert [each.further for each in weigh(Across(top=1), lone).values() if each.begins] == [
        "behind the first 1: deaths"
    ]
