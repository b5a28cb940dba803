"""The shipped rules pass their tests, which reach everything; and a rule that is changed does not pass."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from watcher.config.files import find_rule_files
from watcher.config.rules import load_rules
from watcher.recompute import Recomputed, Recomputer
from watcher.ruletest.coverage import coverage
from watcher.ruletest.report import file_lines
from watcher.ruletest.stage import Stage
from watcher.ruletest.suite import find_test_files, run_files
from watcher.store.alerts import find_transitions

RULES = Path(__file__).parents[2] / "rules"


def run(path: Path):
    return list(run_files(find_test_files([path]), wanted=lambda _: True, stopwatch=lambda: 0.0))


@pytest.fixture
def worked_out_again(monkeypatch) -> list[Recomputed]:
    """Every transition of every story that is played, worked out again at its end as `watcher replay --all` does."""
    found: list[Recomputed] = []
    leave = Stage.__exit__

    def look_again(stage: Stage, *why: object) -> None:
        with stage.app.store.reading() as tx:
            again = Recomputer(tx)
            found.extend(again.recompute(each) for each in find_transitions(tx))
        leave(stage, *why)

    monkeypatch.setattr(Stage, "__exit__", look_again)
    return found


def test_the_shipped_rules_pass_their_tests_which_take_every_way_through_a_rule(worked_out_again):
    results = run(RULES / "tests")
    told = [line for result in results for line in file_lines(result)]
    assert all(line.startswith("ok") for line in told), "\n".join(told)
    steps = [step for result in results for test in result.tests for step in test.passed]
    covered = [each for each in coverage([load_rules([RULES])], steps) if each.is_tested]
    assert covered
    assert {each.rule: each.missing for each in covered if each.missing} == {}
    assert len(worked_out_again) > len(covered)
    assert [each.differences for each in worked_out_again if not each.agrees] == []


def test_the_tests_are_no_rules():
    assert not [file for file in find_rule_files([RULES]) if "test" in file.name]


@pytest.mark.parametrize(
    ("file", "before", "after", "pattern"),
    [
        pytest.param(
            "mozambique", "above: 2019}", "above: 2019, current: mtd}", "the article", id="another period is compared"
        ),
        pytest.param(
            "mozambique", "sum: fatalities", "count: events", "taken back", id="events are counted, not deaths"
        ),
        pytest.param(
            "sahel", "critical: to = clashing", "critical: to = truce", "al-Naba", id="the severities are mixed up"
        ),
        pytest.param("sahel", "known: 2020-05-07", "known: 2020-05-08", "al-Naba", id="a fact is known a day later"),
    ],
)
def test_a_rule_that_is_changed_does_not_pass(tmp_path, file, before, after, pattern):
    shutil.copytree(RULES, tmp_path / "rules")
    path = tmp_path / "rules" / f"{file}.yaml"
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    tests = [tmp_path / "rules" / "tests" / f"{file}_test.yaml"]
    [result] = run_files(tests, wanted=lambda name: pattern in name, stopwatch=lambda: 0.0)
    assert [test.is_good for test in result.tests] == [False]
