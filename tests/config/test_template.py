"""The rules to begin with: each loads as it is, and means the same with everything that is commented out put in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from watcher.config.problem import keys_of
from watcher.config.rules import load_rules
from watcher.config.schema import FILE
from watcher.config.template import rule_template
from watcher.core.detectors import DETECTORS
from watcher.core.rule import RuleSet

ROOT = Path(__file__).parents[2]
#: What an author must have beside the rule.
COMPANIONS = {
    "transition": "states: [{state: control, key: area, values: [actor, contested]}]\n",
    "combine": """\
indicators: [{indicator: all, count: events}]
rules:
  - {alert: The first rule, threshold: {indicator: all}, condition: [value >= 1]}
  - {alert: The second rule, threshold: {indicator: all}, condition: [value >= 2]}
""",
}
#: A key that is commented out and has a default.
_LEFT_OUT = re.compile(r"^( +)# (\w+: +[^# ])", re.MULTILINE)

each_detector = pytest.mark.parametrize("detector", DETECTORS)


def read(folder, detector: str, text: str) -> RuleSet:
    (folder / "beside.yaml").write_text(COMPANIONS.get(detector, ""))
    (folder / "new.yaml").write_text(text)
    return load_rules([folder])


@each_detector
def test_a_template_loads_and_is_told_to_the_receiver_for_tests_alone(tmp_path, detector):
    rule = read(tmp_path, detector, rule_template(detector)).rules[-1]
    assert (rule.detector_name, rule.status.value) == (detector, "test")


@each_detector
def test_a_template_can_be_put_beside_the_shipped_rules(tmp_path, detector):
    (tmp_path / "new.yaml").write_text(rule_template(detector))
    (tmp_path / "beside.yaml").write_text(COMPANIONS["combine"] if detector == "combine" else "")
    assert load_rules([ROOT / "rules", tmp_path]).rules


@each_detector
def test_a_template_names_every_parameter_once(detector):
    named = re.findall(r"^      (?:# )?(\w+):", rule_template(detector), re.MULTILINE)
    state = ["control"] if detector == "transition" else []
    assert sorted(named) == sorted([*keys_of(DETECTORS[detector].Parameters), *state])


@each_detector
def test_what_is_commented_out_is_what_holds_anyway(tmp_path, detector):
    text = rule_template(detector)
    written_out, count = _LEFT_OUT.subn(r"\1\2", text)
    assert count >= 2
    short = read(tmp_path, detector, text)
    whole = read(tmp_path, detector, written_out)
    before, after = short.rules[-1], whole.rules[-1]
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
