"""What is said of a story that is not as expected."""

from __future__ import annotations

import textwrap

import pytest

from watcher.ruletest.report import file_lines, summary
from watcher.ruletest.suite import run_files

EVENTS = """\
- name: a story
  input_events:
    - {event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12}
    - {event_date: 2020-01-06, country: Mali, admin1: Mopti, fatalities: 25}
    - {event_date: 2020-01-06, country: Mali, admin1: Kayes, fatalities: 2}
"""


def told(write, expected: str) -> str:
    """What is told of the story when this is expected."""
    path = write(EVENTS + textwrap.indent(textwrap.dedent(expected), "  "))
    [result] = run_files([path], wanted=lambda _: True, stopwatch=lambda: 0.0)
    return "\n".join(line.replace(str(path), "own_test.yaml") for line in file_lines(result))


def difference(text: str) -> list[str]:
    return [line[6:] for line in text.splitlines() if line.startswith("      ")]


def test_a_wrong_value_stands_between_those_that_are_right(write):
    text = told(
        write,
        """\
        alert_rule_test:
          - eval_time: 2020-01-07
            alertname: Many deaths
            exp_alerts:
              - {exp_labels: {admin1: Gao, severity: critical}, exp_values: {value: 12, days: {gt: 2, lt: 9}}}
              - {exp_labels: {admin1: Mopti}}
        """,
    )
    assert text.splitlines() == [
        "FAIL     own_test.yaml  1 of 1 test failed",
        "",
        "  a story",
        "    own_test.yaml:12  2020-01-07 00:00  Many deaths: an alert is not as expected",
        "        state     firing",
        "        admin1    Gao",
        "      - severity  critical",
        "      + severity  warning",
        "        value     12",
        "      - days      > 2 and < 9",
        "      + days      2",
    ]


def test_of_an_alert_that_is_missing_it_is_said_why_the_rule_does_not_hold(write):
    text = told(
        write,
        """\
        alert_rule_test:
          - eval_time: 2020-01-06
            alertname: Many deaths
            exp_alerts: [{exp_labels: {admin1: Gao}}, {exp_labels: {admin1: Mopti}, exp_values: {value: 25}}]
        """,
    )
    assert "own_test.yaml:11  2020-01-06 00:00  Many deaths: an alert is missing" in text
    assert difference(text) == [
        "- firing, admin1 Mopti, value 25",
        "+ no other alert of the rule fires",
    ]


@pytest.mark.parametrize(
    ("eval_time", "why"),
    [
        pytest.param("2020-01-05", "no records for attacks", id="nothing to judge by"),
        pytest.param("2020-01-06", "value is 1, not >= 3", id="a condition that does not hold"),
        pytest.param("2019-01-01", "the rules come into force on 2020-01-05 00:00", id="a moment that is too early"),
    ],
)
def test_why_nothing_fires(write, eval_time, why):
    text = told(write, f"alert_rule_test: [{{eval_time: {eval_time}, alertname: Many attacks, exp_alerts: [{{}}]}}]")
    assert difference(text) == ["- firing", "+ nothing fires", f"  {why}"]


def test_an_alert_that_waits_is_nearer_than_none(write):
    text = told(write, "alert_rule_test: [{eval_time: 2020-01-07, alertname: Many attacks, exp_alerts: [{}]}]")
    assert difference(text) == ["- state  firing", "+ state  pending"]


def test_an_alert_that_nobody_expected_is_shown(write):
    text = told(
        write,
        "alert_rule_test: [{eval_time: 2020-01-07, alertname: Many deaths, exp_alerts: [{exp_labels: {admin1: Gao}}]}]",
    )
    assert "Many deaths: an alert fires that was not expected" in text
    [line] = difference(text)
    assert line.startswith("+ firing, team sahel, admin1 Mopti, severity critical, value 25, days 2, events 1, ")


def test_messages_are_shown_in_order_with_what_was_expected_instead(write):
    text = told(
        write,
        """\
        exp_notifications:
          - {at: 2020-01-08, receiver: desk, severity: critical}
          - {at: 2020-01-06, alertname: Many deaths}
        """,
    )
    assert "own_test.yaml:9  messages: 1 expected and not sent, 1 sent and not expected" in text
    first, *rest = difference(text)
    assert first.startswith("  2020-01-06 00:00  desk  firing  first  [WARNING] ")
    assert rest[0] == "- 2020-01-08  desk  critical"
    assert rest[1].startswith("+ 2020-01-07 00:00  desk  firing  first  [CRITICAL] ")


def test_that_nobody_is_told_is_an_expectation(write):
    text = told(write, "exp_notifications: []")
    assert "own_test.yaml:8  messages: 2 sent and not expected" in text
    assert told(write, "exp_notifications: [{}, {}]") == "ok       own_test.yaml  1 test"


def test_a_message_that_is_not_sent_at_all_is_missing(write):
    text = told(write, "exp_notifications: [{}, {}, {receiver: test, subject: x}]")
    assert difference(text)[0] == "- test  subject 'x'"


def test_what_nobody_was_told_cannot_have_been_said(write):
    text = told(
        write,
        """\
        alert_rule_test:
          - eval_time: 2020-01-07
            alertname: Many attacks
            exp_alerts: [{exp_state: pending, exp_annotations: {summary: {contains: attacks}}}]
        """,
    )
    assert difference(text) == [
        "  state    pending",
        "- summary  contains 'attacks'",
        "+ summary  (nobody was told)",
    ]


def test_tests_and_files_are_counted(write, folder):
    good = write(
        EVENTS + "  exp_notifications: [{}, {}]\n" + EVENTS.replace("a story", "b") + "  exp_notifications: []"
    )
    bad = folder / "bad_test.yaml"
    bad.write_text("tests: []\n", encoding="utf-8")
    results = list(run_files([good, bad], wanted=lambda _: True, stopwatch=lambda: 0.0))
    assert summary(results) == "1 test passed, 1 failed, 1 file invalid"
    assert list(file_lines(results[1]))[:2] == [f"INVALID  {bad}", f"{bad}:1:1: the key 'rule_files' is missing"]
