from __future__ import annotations

from datetime import date

import pytest

from watcher.core.reading import Kind, Output
from watcher.ruletest.document import Wanted, Words, read_span
from watcher.ruletest.wanted import expectation

OUTPUTS = {
    each.name: each
    for each in (
        Output("observed", Kind.COUNT, "."),
        Output("ratio", Kind.RATIO, "."),
        Output("share", Kind.SHARE, "."),
        Output("since", Kind.DATE, "."),
        Output("ended", Kind.TEXT, "."),
        Output("evidence", Kind.TEXT, ".", ("none", "weak", "moderate", "strong")),
    )
}


def wanted(output: str, value: object):
    return expectation(output, Wanted.model_validate(value))


@pytest.mark.parametrize(
    ("output", "said", "value", "holds"),
    [
        ("observed", 447, 447, True),
        ("observed", 447, 448, False),
        ("observed", "447", 447, True),
        ("observed", {"gte": 447, "lt": 448}, 447, True),
        ("observed", {"gt": 447}, 447, False),
        ("observed", {"lte": 446}, 447, False),
        ("ratio", 1.315, 1.3149177949709865, True),
        ("ratio", 1.3149, 1.3149177949709865, True),
        ("ratio", 1.314, 1.3149177949709865, False),
        ("ratio", 1.5, 1.5, True),
        ("ratio", 1, 1.0, True),
        ("ratio", 1, 1.0001, False),
        ("ratio", -0.25, -0.254, True),
        ("ratio", 1e-7, 1e-7, True),
        ("ratio", {"gte": 1.31, "lte": 1.32}, 1.3149, True),
        ("share", "28 %", 127 / 447, True),
        ("share", "28.4 %", 127 / 447, True),
        ("share", "29 %", 127 / 447, False),
        ("share", {"gt": "28 %"}, 127 / 447, True),
        ("since", "2020-04-17", date(2020, 4, 17), True),
        ("since", "2020-04-17", date(2020, 4, 18), False),
        ("since", {"lt": "2020-05-01"}, date(2020, 4, 17), True),
        ("since", None, None, True),
        ("since", None, date(2020, 4, 17), False),
        ("since", "2020-04-17", None, False),
        ("ended", "killed", "killed", True),
        ("ended", "", "", True),
        ("ended", "", "killed", False),
        ("ended", True, "true", True),
        ("evidence", "weak", "weak", True),
        ("evidence", {"gte": "moderate"}, "strong", True),
        ("evidence", {"gte": "moderate"}, "weak", False),
    ],
)
def test_a_value_is_as_expected(output, said, value, holds):
    found = wanted(output, said)
    assert found.problems(OUTPUTS) == ()
    assert found.holds({output: value}, OUTPUTS) is holds


@pytest.mark.parametrize(
    ("output", "said", "told"),
    [
        ("observd", 3, "did you mean 'observed'?"),
        ("observd", None, "did you mean 'observed'?"),
        ("observed", "many", "is a number"),
        ("since", 2020, "is a date"),
        ("evidence", "wek", "did you mean 'weak'?"),
        ("ended", {"gte": "killed"}, "has no order"),
    ],
)
def test_what_an_output_can_never_be_is_told(output, said, told):
    [problem] = wanted(output, said).problems(OUTPUTS)
    assert told in problem


def test_an_expectation_reads_as_it_is_written():
    assert wanted("ratio", {"gte": 1.31, "lt": 1.32}).text == ">= 1.31 and < 1.32"
    assert wanted("observed", 447).text == "447"
    assert wanted("since", None).text == "no value"


@pytest.mark.parametrize(
    ("said", "text", "matches"),
    [
        ("12 deaths", "12 deaths", True),
        ("12 deaths", "12 deaths in Gao", False),
        ({"contains": "12"}, "12 deaths", True),
        ({"contains": ["12", "Gao"]}, "12 deaths", False),
        ({"contains": "1 200"}, "1\N{NO-BREAK SPACE}200 deaths", True),
    ],
)
def test_a_text_is_as_expected(said, text, matches):
    assert Words.model_validate(said).matches(text) is matches


def test_a_day_is_any_moment_of_it():
    day, moment = read_span("2020-04-14"), read_span("2020-04-14T12:00:00Z")
    assert moment.first in day
    assert day.last in day
    assert day.first not in moment
    assert read_span("2020-04-15").first not in day
