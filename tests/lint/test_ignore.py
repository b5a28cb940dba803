"""Comments that silence a check: where they stand, and until when."""

from __future__ import annotations

from datetime import date

import pytest

from watcher.core.errors import Problem
from watcher.lint import CHECKS
from watcher.lint.run import lint_rules

HEAD = "indicators:\n  - {indicator: deaths, sum: fatalities, where: {country: Mozambique}}\n"
COMMENT = "# watcher: ignore rule/for until 2020-12-31 because the desk asked for it"


def found(tmp_path, text: str, today: date = date(2020, 7, 1)) -> tuple[list[Problem], int]:
    """The problems of waiting rules, and how many were ignored."""
    (tmp_path / "a.yaml").write_text(HEAD + text, "utf-8")
    linted = lint_rules([tmp_path], today=today)
    return [each for each in linted.problems if each.check in {"rule/for", "rule/ignore"}], linted.ignored


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            f"rules:\n  {COMMENT}\n  - alert: One\n    threshold: {{indicator: deaths, window: 7d}}\n"
            "    condition: value >= 5\n    for: 10d\n",
            id="above the rule",
        ),
        pytest.param(
            f"rules:\n  - alert: One  {COMMENT}\n    threshold: {{indicator: deaths, window: 7d}}\n"
            "    condition: value >= 5\n    for: 10d\n",
            id="on the rule's line",
        ),
        pytest.param(
            f"rules:\n  {COMMENT}\n  # Asked for by the desk.\n  - alert: One\n"
            "    threshold: {indicator: deaths, window: 7d}\n    condition: value >= 5\n    for: 10d\n",
            id="among the comments above it",
        ),
        pytest.param(
            "rules:\n  - alert: One\n    threshold: {indicator: deaths, window: 7d}\n    condition: value >= 5\n"
            f"    for: 10d  {COMMENT}\n",
            id="on the line of the problem",
        ),
        pytest.param(
            "rules:\n  - alert: One\n    threshold: {indicator: deaths, window: 7d}\n    condition: value >= 5\n"
            f"    {COMMENT}\n    for: 10d\n",
            id="above the line of the problem",
        ),
        pytest.param(
            f"groups:\n  - group: g\n    rules:\n      {COMMENT}\n      - alert: One\n"
            "        threshold: {indicator: deaths, window: 7d}\n        condition: value >= 5\n        for: 10d\n",
            id="above a rule in a group",
        ),
    ],
)
def test_a_comment_silences_its_rule(tmp_path, text):
    assert found(tmp_path, text) == ([], 1)


def test_a_comment_silences_no_other_rule(tmp_path):
    rule = "  - alert: {}\n    threshold: {{indicator: deaths, window: 7d}}\n    condition: value >= {}\n    for: 10d\n"
    text = f"rules:\n  {COMMENT}\n{rule.format('One', 5)}{rule.format('Two', 6)}"
    [left], ignored = found(tmp_path, text)
    assert (left.key, ignored) == ("rules[1].for", 1)


def test_a_comment_above_the_group_silences_none_of_its_rules(tmp_path):
    text = (
        f"groups:\n  {COMMENT}\n  - group: g\n    rules:\n      - alert: One\n"
        "        threshold: {indicator: deaths, window: 7d}\n        condition: value >= 5\n        for: 10d\n"
    )
    [left], ignored = found(tmp_path, text)
    assert (left.check, ignored) == ("rule/for", 0)


YOUNG = f"rules:\n  {COMMENT}\n  - alert: One\n    threshold: {{indicator: deaths, window: 7d}}\n    condition: value >= 5\n    for: 10d\n"


@pytest.mark.parametrize(("today", "is_silent"), [("2020-12-31", True), ("2021-01-01", False)])
def test_a_comment_holds_to_the_end_of_its_day(tmp_path, today, is_silent):
    left, _ = found(tmp_path, YOUNG, date.fromisoformat(today))
    assert (not left) == is_silent


def test_past_its_day_the_problem_returns_and_says_so(tmp_path):
    [left], ignored = found(tmp_path, YOUNG, date(2021, 3, 1))
    assert left.hint == "write a 'for' of at most 7d; line 4 ignored it until 2020-12-31, which is past"
    assert ignored == 0


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# watcher: ignore rule/for", "a problem may be ignored until a day"),
        ("# watcher: ignore rule/for until soon because of it", "a problem may be ignored until a day"),
        ("# watcher: ignore rule/for until 2020-12 because of it", "a problem may be ignored until a day"),
        ("# watcher: ignore rule/for until 2020-12-31", "a problem is ignored for a reason"),
        ("# watcher: ignore rule/four until 2020-12-31 because of it", "there is no lint check 'rule/four'"),
        ("# watcher: ignore rule/syntax until 2020-12-31 because of it", "there is no lint check 'rule/syntax'"),
        ("# watcher: be quiet", "this comment cannot be read"),
    ],
)
def test_a_comment_that_cannot_be_followed_is_a_problem_and_silences_nothing(tmp_path, comment, said):
    problems, ignored = found(tmp_path, YOUNG.replace(COMMENT, comment))
    assert [each.summary for each in problems if each.check == "rule/ignore"] == [said]
    assert [each.check for each in problems if each.check != "rule/ignore"] == ["rule/for"]
    assert ignored == 0


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("for until 2020-12-31 because the desk asked for it", id="by what stands behind the slash"),
        pytest.param("rule/for until 2020-12-31, because the desk asked for it", id="with a comma before the reason"),
        pytest.param("flaps, for until 2020-12-31 because of this, and of that", id="several checks in one comment"),
        pytest.param("for, rule/never,flaps, until 2020-12-31, because of this", id="commas wherever one may stand"),
    ],
)
def test_a_comment_is_read_as_people_write_it(tmp_path, said):
    assert found(tmp_path, YOUNG.replace(COMMENT, f"# watcher: ignore {said}")) == ([], 1)


@pytest.mark.parametrize(
    ("checks", "summary", "hint"),
    [
        ("four", "there is no lint check 'four'", "did you mean 'for'?"),
        ("for, flap", "there is no lint check 'flap'", "did you mean 'flaps'?"),
        ("for, xyzzy", "there is no lint check 'xyzzy'", "each check has a page under docs/checks"),
    ],
)
def test_a_comment_that_names_one_unknown_check_silences_none(tmp_path, checks, summary, hint):
    comment = f"# watcher: ignore {checks} until 2020-12-31 because of it"
    problems, ignored = found(tmp_path, YOUNG.replace(COMMENT, comment))
    assert [(each.summary, each.hint) for each in problems if each.check == "rule/ignore"] == [(summary, hint)]
    assert ([each.check for each in problems if each.check != "rule/ignore"], ignored) == (["rule/for"], 0)


def test_no_two_checks_have_the_same_name_behind_the_slash():
    names = [name.partition("/")[2] for name in CHECKS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("text", ["https://example.org/#watcher: ignore", "'it said:# watcher: no'"])
def test_what_is_no_comment_is_left_alone(tmp_path, text):
    rules = f"rules:\n  - alert: One\n    match: {{where: {{country: Mali}}}}\n    runbook: {text}\n"
    assert found(tmp_path, rules) == ([], 0)


def test_a_comment_silences_an_actor_and_an_expired_one_beside_a_good_one_does_no_harm(tmp_path):
    text = (
        "actors:\n"
        "  # watcher: ignore actor/alias until 2020-01-31 because both reports use it\n"
        "  # watcher: ignore actor/alias until 2020-12-31 because both reports use it\n"
        "  - {actor: one, aliases: [A, a]}\n"
    )
    (tmp_path / "a.yaml").write_text(text, "utf-8")
    linted = lint_rules([tmp_path], today=date(2020, 7, 1))
    assert (linted.problems, linted.ignored) == ((), 1)
