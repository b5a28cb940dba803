from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from watcher.core.condition import Comparison, Condition, check, comparison, condition, to_document
from watcher.core.reading import Kind, Output, Value

OUTPUTS = {
    output.name: output
    for output in (
        Output("observed", Kind.COUNT, "What was counted."),
        Output("ratio", Kind.RATIO, "Rate over rate."),
        Output("days", Kind.DAYS, "Days."),
        Output("share", Kind.SHARE, "Share of a whole."),
        Output("as_of", Kind.DATE, "Last day."),
        Output("ended", Kind.TEXT, "How it ended."),
        Output("evidence", Kind.TEXT, "How sure.", ("none", "weak", "moderate", "strong")),
    )
}
VALUES: dict[str, Value] = {
    "observed": 447,
    "ratio": 1.315,
    "days": 188,
    "share": 0.31,
    "as_of": date(2020, 7, 6),
    "ended": "killed",
    "evidence": "weak",
}

READ = {
    "a number": ("ratio > 1", Comparison("ratio", ">", 1.0)),
    "without spaces": ("ratio>=1.25", Comparison("ratio", ">=", 1.25)),
    "with many spaces": ("  ratio   <  -0.5 ", Comparison("ratio", "<", -0.5)),
    "a doubled equals sign": ("observed == 5", Comparison("observed", "=", 5.0)),
    "a small number": ("p_value < 1e-3", Comparison("p_value", "<", 0.001)),
    "a word": ("evidence = strong", Comparison("evidence", "=", "strong")),
    "a word in quotes": ("ended != 'was killed'", Comparison("ended", "!=", "was killed")),
    "a date": ("as_of >= 2020-07-06", Comparison("as_of", ">=", "2020-07-06")),
    "days": ("days >= 28d", Comparison("days", ">=", 28.0)),
    "days in words": ("days >= 28 days", Comparison("days", ">=", 28.0)),
    "one day": ("days > 1 day", Comparison("days", ">", 1.0)),
    "a percentage": ("share > 31 %", Comparison("share", ">", 0.31)),
    "one of several words": ("ended in [killed, 'captured']", Comparison("ended", "in", ("killed", "captured"))),
}


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ.keys())
def test_comparisons_are_read(text, expected):
    assert comparison(text) == expected


UNREADABLE = {
    "nothing": ("", "no comparison"),
    "an output alone": ("ratio", "no comparison"),
    "no literal": ("ratio >", "no comparison"),
    "no output": ("> 1", "no comparison"),
    "the literal first": ("1 < ratio", "no comparison"),
    "another operator": ("ratio ~ 1", "no comparison"),
    "code": ("__import__('os')", "no comparison"),
    "a word after in": ("ended in killed", "after 'in' comes a list"),
    "an empty list after in": ("ended in []", "after 'in' comes a list"),
}


@pytest.mark.parametrize(("text", "message"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_comparison_is_refused_with_an_example(text, message):
    with pytest.raises(ValueError, match=message):
        comparison(text)


HOLDS = {
    "greater": ("ratio > 1.3", True),
    "not greater than itself": ("ratio > 1.315", False),
    "greater or equal": ("ratio >= 1.315", True),
    "less": ("observed < 448", True),
    "less or equal": ("observed <= 446", False),
    "equal": ("observed = 447", True),
    "unequal": ("observed != 447", False),
    "a date before": ("as_of < 2020-07-07", True),
    "a date itself": ("as_of = 2020-07-06", True),
    "a word": ("ended = killed", True),
    "another word": ("ended != killed", False),
    "one of several words": ("ended in [captured, killed]", True),
    "none of several words": ("ended in [captured, replaced]", False),
    "a word by its rank": ("evidence >= weak", True),
    "a word below in rank": ("evidence < moderate", True),
    "a word above in rank": ("evidence > weak", False),
    "days": ("days >= 26d", True),
    "a share": ("share > 30 %", True),
}


@pytest.mark.parametrize(("text", "expected"), HOLDS.values(), ids=HOLDS.keys())
def test_comparisons_are_judged(text, expected):
    assert condition(text).holds(VALUES, OUTPUTS) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ratio > 1", False),
        ("ratio < 1", False),
        ("ratio = 1", False),
        ("ended in [killed]", False),
        ("ratio != 1", True),
    ],
)
def test_an_output_without_a_value_is_only_unequal(text, expected):
    assert condition(text).holds({"ratio": None}, OUTPUTS) is expected


class TestSeveral:
    def test_all_must_hold(self):
        assert condition(["ratio > 1", "observed >= 25"]).holds(VALUES, OUTPUTS)
        assert not condition(["ratio > 1", "observed >= 500"]).holds(VALUES, OUTPUTS)

    def test_any_may_hold_where_any_is_written(self):
        assert condition(["ratio > 1", {"any": ["observed >= 500", "days > 100"]}]).holds(VALUES, OUTPUTS)
        assert not condition({"any": ["observed >= 500", "days > 200"]}).holds(VALUES, OUTPUTS)

    def test_they_read_as_a_sentence(self):
        text = str(condition(["ratio > 1", {"any": ["observed >= 500", "evidence = strong"]}, "ended in [killed]"]))
        assert text == "ratio > 1 and (observed >= 500 or evidence = strong) and ended in [killed]"

    def test_those_that_fail_are_named_with_their_values(self):
        failing = condition(
            ["ratio > 2", "observed >= 25", {"any": ["days > 200"]}, "ended in [captured]", "evidence = strong"]
        ).failing(VALUES, OUTPUTS)
        assert failing == (
            "ratio is 1.315, not > 2",
            "none of: days > 200",
            "ended is killed, not in [captured]",
            "evidence is weak, not = strong",
        )

    def test_every_comparison_is_found_nested_ones_too(self):
        nested = condition(["ratio > 1", {"any": ["days > 1", {"any": ["observed > 1"]}]}])
        assert [each.output for each in nested.comparisons()] == ["ratio", "days", "observed"]

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param([], id="an empty list"),
            pytest.param({"any": []}, id="any of nothing"),
            pytest.param({"any": "ratio > 1"}, id="any of a text"),
            pytest.param({"all": ["ratio > 1"]}, id="a word that is not any"),
            pytest.param({"ratio": {"gt": 1}}, id="a map of maps"),
            pytest.param([5], id="a number"),
            pytest.param(None, id="nothing"),
        ],
    )
    def test_anything_else_is_refused(self, value):
        with pytest.raises(ValueError, match=r"expected a comparison|needs at least one comparison"):
            condition(value)


CHECKED = {
    "an output that is not there": ("ratoi > 1", "the detector has no output 'ratoi'; did you mean 'ratio'?"),
    "an output like no other": (
        "xyz > 1",
        "the detector has no output 'xyz'; outputs: observed, ratio, days, share, as_of, ended, evidence",
    ),
    "a word that is never said": (
        "evidence = huge",
        "'evidence' is never 'huge'; one of: none, weak, moderate, strong",
    ),
    "a misspelt word": ("evidence in [weak, strnog]", "'evidence' is never 'strnog'; did you mean 'strong'?"),
    "a number for a word": ("evidence > 3", "'evidence' is never '3'; one of: none, weak, moderate, strong"),
    "a word for a number": ("ratio > high", "'ratio' is a number; 'high' is none"),
    "percent of a count": ("observed >= 5 %", "'observed' is not counted in percent; write the number alone"),
    "days of a count": ("observed >= 5d", "'observed' is not counted in days; write the number alone"),
    "several words for a number": ("ratio in [1, 2]", "'ratio' is a number; ('1', '2') is none"),
    "an order of texts": ("ended > killed", "'ended' is text and has no order; compare it with =, != or in"),
    "no date": ("as_of > soon", "'as_of' is a date; write it as 2020-07-06"),
    "a number for a date": ("as_of > 2020", "'as_of' is a date; write it as 2020-07-06"),
}


@pytest.mark.parametrize(("text", "problem"), CHECKED.values(), ids=CHECKED.keys())
def test_comparisons_are_checked_against_the_outputs(text, problem):
    assert check(condition(text), OUTPUTS) == (problem,)


@pytest.mark.parametrize("text", [text for text, _ in HOLDS.values()])
def test_what_can_be_judged_passes_the_check(text):
    assert check(condition(text), OUTPUTS) == ()


ADAPTER = TypeAdapter(Condition)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e14, max_value=1e14).map(lambda x: round(x, 3))
COMPARISONS = st.builds(
    "{} {} {:.15g}".format, st.sampled_from(sorted(OUTPUTS)), st.sampled_from([">", "<=", "!="]), NUMBERS
)
CONDITIONS = st.lists(COMPARISONS | st.fixed_dictionaries({"any": st.lists(COMPARISONS, min_size=1)}), min_size=1)


@settings(deadline=None)
@given(CONDITIONS)
def test_a_condition_comes_back_as_it_was_written(raw):
    assert to_document(condition(raw)) == raw
    assert ADAPTER.validate_python(ADAPTER.dump_python(condition(raw))) == condition(raw)


def test_a_large_number_is_written_with_all_its_digits():
    assert str(comparison("observed >= 1234567")) == "observed >= 1234567"


def test_editors_learn_the_shape():
    assert {"type": "string", "description": "<output> <op> <literal>, e.g. ratio > 1"} in ADAPTER.json_schema()[
        "anyOf"
    ]
