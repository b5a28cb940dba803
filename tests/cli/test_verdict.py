from __future__ import annotations

import json

import pytest

from tests.cli.test_ack import firing  # noqa: F401 - the same installation


def test_a_verdict_is_counted_for_its_rule(firing, good):  # noqa: F811
    said = good("verdict", firing[:5], "true", "--by", "Ana")
    rule = "Many deaths in a province of the Sahel region"
    assert said == f"{rule}, episode 1: true; this rule: 1 verdict, 10 needed\n"
    assert "1 verdict, 10 needed" in good("verdict")
    assert "verdict on this episode: true, by Ana on 2020-07-20 10:00" in good("alerts", firing)


def test_a_later_one_takes_its_place(firing, good):  # noqa: F811
    good("verdict", firing, "true")
    good("verdict", firing, "false", "--note", "a backlog")
    [row] = json.loads(good("verdict", "--format", "json"))
    assert (row["true"], row["false"], row["share"], row["needed"]) == (0, 1, None, 9)


def test_without_any_there_is_a_sentence(good):
    assert good("verdict") == "no verdict yet (watcher verdict ALERT true|false|unclear)\n"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        pytest.param([], "a verdict is true, false or unclear", id="no word"),
        pytest.param(["perhaps"], "is not one of 'true', 'false', 'unclear'", id="another word"),
    ],
)
def test_another_word_is_no_verdict(firing, run, words, problem):  # noqa: F811
    said = run("verdict", firing, *words)
    assert said.code == 2
    assert problem in said.err
