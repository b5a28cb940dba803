"""The rules to begin with: each loads as it is, and means the same with everything that is commented out put in."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from watcher.config.problem import keys_of
from watcher.config.rules import load_rules
from watcher.config.schema import FILE
from watcher.config.template import rule_template
from watcher.core.detectors import DETECTORS
from watcher.core.rule import Rule, RuleSet
from watcher.lint.run import lint_rules

ROOT = Path(__file__).parents[2]
#: A key that is commented out and has a default.
_LEFT_OUT = re.compile(r"^( +)# (\w+: +[^# ])", re.MULTILINE)

each_detector = pytest.mark.parametrize("detector", DETECTORS)


def read(folder, detector: str, text: str) -> RuleSet:
    (folder / f"{detector}.yaml").write_text(text)
    return load_rules([folder])


def the_rule(rules: RuleSet, detector: str) -> Rule:
    return next(rule for rule in rules.rules if rule.detector_name == detector)


@each_detector
def test_a_template_loads_and_is_told_to_the_receiver_for_tests_alone(tmp_path, detector):
    rules = read(tmp_path, detector, rule_template(detector))
    assert the_rule(rules, detector)
    assert {rule.status.value for rule in rules.rules} == {"test"}


@each_detector
def test_a_template_can_be_put_beside_the_shipped_rules(tmp_path, detector):
    (tmp_path / "new.yaml").write_text(rule_template(detector))
    assert load_rules([ROOT / "rules", tmp_path]).rules


@each_detector
def test_lint_has_nothing_to_say_about_a_template(tmp_path, detector):
    (tmp_path / "new.yaml").write_text(rule_template(detector))
    linted = lint_rules([tmp_path], today=date(2026, 1, 1))
    assert [problem for problem in linted.problems if problem.check != "rule/test"] == []


def test_lint_has_nothing_to_say_about_all_templates_in_one_folder(tmp_path):
    for detector in DETECTORS:
        (tmp_path / f"{detector}.yaml").write_text(rule_template(detector))
    linted = lint_rules([tmp_path], today=date(2026, 1, 1))
    assert [problem for problem in linted.problems if problem.check != "rule/test"] == []
    assert linted.rules == len(DETECTORS) + 2


@each_detector
def test_a_template_names_every_parameter_once(detector):
    named = re.findall(r"^      (?:# )?(\w+):", rule_template(detector), re.MULTILINE)
    state = ["area_control"] if detector == "transition" else []
    assert sorted(named) == sorted([*keys_of(DETECTORS[detector].Parameters), *state])


@each_detector
def test_what_is_commented_out_is_what_holds_anyway(tmp_path, detector):
    text = rule_template(detector)
    written_out, count = _LEFT_OUT.subn(r"\1\2", text)
    assert count >= 2
    short = read(tmp_path, detector, text)
    whole = read(tmp_path, detector, written_out)
    before, after = the_rule(short, detector), the_rule(whole, detector)
    assert (after.parameters, after.hold) == (before.parameters, before.hold)
    assert after.defaults(whole.catalogue) == before.defaults(short.catalogue)


@each_detector
def test_behind_a_parameter_whose_default_is_nothing_nothing_is_written(detector):
    model = DETECTORS[detector].Parameters
    defaults = model.model_construct().model_dump(mode="json", by_alias=True)
    left_out = re.findall(r"^      # (\w+): *([^ #]?)", rule_template(detector), re.MULTILINE)
    assert left_out
    assert {name for name, value in left_out if not value} == {
        name for name, _ in left_out if defaults[name] in (None, "", [], {})
    }


def test_an_editor_finds_the_schema_by_the_first_line():
    assert rule_template("pace").startswith(f"# yaml-language-server: $schema={FILE}\n")
