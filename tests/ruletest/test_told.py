"""What came of the tests: JSON, JUnit and coverage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree as ET

import pytest

from watcher.core.alert import State
from watcher.core.errors import Problem
from watcher.core.message import NotifyReason
from watcher.ruletest.coverage import counts, coverage
from watcher.ruletest.document import ReasonName, StateName
from watcher.ruletest.expect import Failure, Line
from watcher.ruletest.junit import to_junit
from watcher.ruletest.load import load_tests
from watcher.ruletest.report import coverage_lines, to_document
from watcher.ruletest.run import play
from watcher.ruletest.suite import FileResult, Outcome

FAILURE = Failure(7, "2020-01-07 00:00  Many deaths", "an alert is missing", (Line("-", "a <b> & \x1b]0;c"),))
RESULTS = [
    FileResult(
        Path("a_test.yaml"),
        (Outcome("good", 2, (), frozenset(), 0.25), Outcome("bad", 5, (FAILURE,), frozenset(), 0.5)),
    ),
    FileResult(Path("b_test.yaml"), problems=(Problem("b_test.yaml", 1, 2, "no good"),)),
]


def test_a_build_server_reads_what_failed_and_why():
    root = ET.fromstring(to_junit(RESULTS))
    assert root.attrib == {"tests": "3", "failures": "1", "errors": "1", "time": "0.750"}
    assert [suite.get("name") for suite in root] == ["a_test.yaml", "b_test.yaml"]
    good, bad = root[0]
    assert (good.get("classname"), good.get("name"), len(good)) == ("a_test.yaml", "good", 0)
    assert bad[0].get("message") == "2020-01-07 00:00  Many deaths: an alert is missing"
    assert "a_test.yaml:7" in (bad[0].text or "")
    assert "a <b> & \N{REPLACEMENT CHARACTER}]0;c" in (bad[0].text or "")
    assert root[1][0][0].tag == "error"
    assert root[1][0][0].text == "b_test.yaml:1:2: no good"


def test_a_program_reads_the_same():
    document = json.loads(json.dumps(to_document(RESULTS, None)))
    assert {key: document[key] for key in ("passed", "failed", "invalid")} == {"passed": 1, "failed": 1, "invalid": 1}
    good, bad = document["files"][0]["tests"]
    assert good == {"name": "good", "line": 2, "passed": True, "failures": []}
    assert bad["failures"][0]["line"] == 7
    assert document["files"][1]["problems"] == ["b_test.yaml:1:2: no good"]
    assert "coverage" not in document


FIRES = """
- name: it fires as a warning
  input_events: [{event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12}]
  alert_rule_test: [{eval_time: 2020-01-06, alertname: Many deaths, exp_alerts: [{}]}]
"""
ENDS = """
- name: it is critical, and ends
  input_events:
    - {event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 32}
    - {event_date: 2020-02-05, country: Mali, admin1: Gao, fatalities: 0}
  alert_rule_test: [{eval_time: 2020-02-06, alertname: Many deaths, exp_alerts: []}]
"""
WAITS = """
- name: it waits
  input_events: [{spread: {from: 2020-01-01, to: 2020-01-03, events: 3}, country: Mali}]
  alert_rule_test: [{eval_time: 2020-01-04, alertname: Many attacks, exp_alerts: []}]
"""


@pytest.mark.parametrize(
    ("tests", "rule", "missing"),
    [
        pytest.param(FIRES, "Many deaths", ("critical", "recovers"), id="a tier and the recovery are missing"),
        pytest.param(FIRES + ENDS, "Many deaths", (), id="together they reach everything"),
        pytest.param(FIRES, "Many attacks", ("fires", "waits", "recovers"), id="what no test names is not reached"),
        pytest.param(WAITS, "Many attacks", ("fires", "recovers"), id="waiting is not firing"),
        pytest.param(FIRES, "War or calm", ("fires", "critical", "info"), id="an occurrence has no recovery"),
    ],
)
def test_coverage_names_what_no_test_reaches(write, tests, rule, missing):
    loaded = load_tests(write(tests), {})
    passed = [step for story in loaded.stories for step in play(loaded, story).passed]
    covered = coverage([loaded.rules, loaded.rules], passed)
    assert len(covered) == 4
    assert next(each.missing for each in covered if each.rule == rule) == missing


def test_coverage_is_told_rule_by_rule(write):
    loaded = load_tests(write(FIRES), {})
    covered = coverage([loaded.rules], play(loaded, loaded.stories[0]).passed)
    assert counts(covered) == (1, 4, 2, 12)
    assert list(coverage_lines(covered)) == [
        "coverage: 1 of 4 rules, 2 of 12 ways through them",
        "  Many attacks   no test expects it to fire",
        "  Many deaths    not reached: critical, recovers",
        "  JNIM was seen  no test expects it to fire",
        "  War or calm    no test expects it to fire",
    ]
    assert to_document([], covered)["coverage"][1] == {
        "rule": "Many deaths",
        "ways": {"fires": True, "critical": False, "warning": True, "recovers": False},
    }


def test_every_state_and_every_reason_can_be_expected():
    assert set(get_args(StateName)) == set(State) - {State.INACTIVE}
    # Reminders are not played, drills and signs of life are no alerts, and a digest stands in the settings.
    never = {NotifyReason.REPEAT, NotifyReason.DRILL, NotifyReason.ALIVE, NotifyReason.DIGEST}
    assert set(get_args(ReasonName)) == set(NotifyReason) - never
