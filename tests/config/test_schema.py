"""The rule language as JSON Schema says of a file what the loader says, as far as one look at one place can tell."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import pytest

from watcher.config.outputs_schema import branches, definitions
from watcher.config.rules import find_rule_files, load_rules
from watcher.config.schema import FILE, described, rule_schema
from watcher.config.template import rule_template
from watcher.core import condition, template
from watcher.core.detectors import DETECTORS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHIPPED = ROOT / "rules" / FILE

each_detector = pytest.mark.parametrize("detector", DETECTORS)


def test_the_shipped_file_is_what_the_command_prints():
    assert json.loads(SHIPPED.read_text("utf-8")) == rule_schema(), f"watcher rules schema > rules/{FILE}"


@pytest.mark.parametrize("file", find_rule_files([ROOT / "rules"]), ids=lambda file: file.name)
def test_every_shipped_rule_file_names_the_schema_in_its_first_line(file):
    assert file.path.read_text("utf-8").startswith(f"# yaml-language-server: $schema={FILE}\n")


def test_every_key_says_what_it_is():
    found = described(rule_schema())
    assert {"file.rules", "Rule.alert", "pace.above", "first_seen.lookback", "Where.country"} <= {
        key for key, _ in found
    }
    assert [key for key, is_described in found if not is_described] == []


@each_detector
def test_the_parameters_of_a_detector_are_called_as_the_detector(detector):
    schema = rule_schema()
    assert schema["$defs"]["Rule"]["properties"][detector]["$ref"] == f"#/$defs/{detector}"
    assert "Parameters" not in json.dumps(schema)


def nodes(schema: object) -> Iterator[dict[str, object]]:
    if isinstance(schema, dict):
        yield schema
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from nodes(each)


def test_every_reference_leads_somewhere():
    schema = rule_schema()
    references = {str(node["$ref"]).removeprefix("#/$defs/") for node in nodes(schema) if "$ref" in node}
    assert references == set(schema["$defs"])


def test_patterns_use_what_python_and_ecmascript_read_in_the_same_way():
    patterns = [str(node["pattern"]) for node in nodes(rule_schema()) if isinstance(node.get("pattern"), str)]
    assert len(patterns) > 40
    for pattern in patterns:
        # With the flag "u", which editors set, only these may stand behind a backslash.
        assert set(re.findall(r"\\(.)", pattern)) <= set(r"^$\.*+?()[]{}|/dsSwW"), pattern
        assert not re.search(r"\(\?[^:=!]", pattern), pattern


def test_a_default_is_shown_as_an_author_writes_it():
    shown = {node["default"] for node in nodes(rule_schema()["$defs"]) if "pattern" in node and "default" in node}
    assert {"0s", "1m", "30d", "366d", "1 event"} <= shown


# --- comparisons and templates ----------------------------------------------------------------------------------------

OPERATORS = (">", ">=", "<", "<=", "=", "==", "!=", " in ", "=>", "~", "")
NUMBERS = ("1", "-1", "1.5", "1e5", "1e-5", "1e+5", ".5", "1.", "5%", "5 %", "30d", "30 days", "1.5d", "-3d", "1 2")
WORDS = ("x", "'x'", '"x y"', "[a]", "[a, 'b']", "[]", "[ ]", "[a", "2020-07-06", "'2020-07-06'", "2020-7-6", "strong")
FIELDS = (
    "{%s}",
    "{%s:.2f}",
    "{%s:,.0f}",
    "{%s:}",
    "{%s:%%Y-%%m}",
    "{%s:d}",
    "{{%s}}",
    "{{{%s}}}",
    "{%s",
    "%s}",
    "{%s!r}",
)


def loads(line: str, detector: str) -> bool:
    try:
        return not condition.check(condition.condition(line), DETECTORS[detector].OUTPUTS)
    except ValueError:
        return False


@each_detector
def test_a_comparison_is_refused_exactly_when_the_loader_refuses_it(detector):
    outputs = DETECTORS[detector].OUTPUTS
    [pattern] = [each["pattern"] for each in definitions()[f"{detector}.part"]["anyOf"] if "pattern" in each]
    own = [word for output in outputs.values() for word in output.words]
    literals = (*NUMBERS, *WORDS, *own, *(f"[{word}, '{word}']" for word in own))
    lines = [
        f"{before}{output}{blank}{operator}{blank}{literal}{before}"
        for output, operator, literal in product([*outputs, "nothing"], OPERATORS, literals)
        for before, blank in (("", " "), (" ", ""), ("", "\t"))
    ]
    seen = {line: re.search(pattern, line) is not None for line in lines}
    assert [line for line in lines if seen[line] != loads(line, detector)] == []
    assert {True, False} <= set(seen.values())


@each_detector
def test_a_template_is_refused_exactly_when_the_loader_refuses_it(detector):
    outputs = DETECTORS[detector].OUTPUTS
    [branch] = [each["then"] for each in branches() if each["if"] == {"required": [detector]}]
    pattern = branch["properties"]["summary"]["pattern"]
    texts = [f"so many: {field % output}\n" for output, field in product([*outputs, "nothing"], FIELDS)]
    seen = {text: re.search(pattern, text) is not None for text in texts}
    assert [text for text in texts if seen[text] == bool(template.check(text, outputs))] == []
    assert {True, False} <= set(seen.values())


# --- whole files, by a program that knows only the schema -------------------------------------------------------------

checked = pytest.mark.skipif(find_spec("check_jsonschema") is None, reason="check-jsonschema is not installed")


def refused(files: Collection[Path]) -> dict[Path, str]:
    """The files that the schema refuses, with the first thing that it says."""
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(SHIPPED), "-o", "json", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert done.stderr == ""
    return {
        Path(each["filename"]): each["message"] for each in (*said.get("errors", ()), *said.get("parse_errors", ()))
    }


#: What may be written in more than one way, and is read in each.
MANNERS = {
    "nothing": "",
    "sections of which all is commented out": "version: 1\nrules:\n  # - alert: later\nindicators:\nvocabulary:\n",
    "one name where several may stand": "places: [{place: here, country: Mali, admin1: Mopti}]\n",
    "several names": "places: [{place: here, country: [Mali, NER], location: [Mopti]}]\n",
    "a condition that is a line": "value >= 10",
    "a condition that is a list": "[value >= 10, value < 20]",
    "a condition that is an any": "{any: [value >= 10, value < 2]}",
    "any inside any": "[{any: [value >= 10, {any: [value < 2, value = 4]}]}]",
    "a severity by an any": "value >= 1\n    severity: {critical: {any: [value > 2, value = 0]}, otherwise: info}",
    "a text with braces and formats": "value >= 1\n    summary: 'so {{many}}: {value:,.0f}'",
}
_RULE = """\
indicators: [{indicator: all, count: events}]
rules:
  - alert: Many
    threshold: {indicator: all}
    condition: """


@pytest.fixture
def manners(tmp_path) -> list[Path]:
    """A file for each manner of writing; each can be loaded."""
    files = []
    for name, text in MANNERS.items():
        path = tmp_path / f"{name.replace(' ', '-')}.yaml"
        path.write_text(f"{_RULE}{text}\n" if "value" in text else text)
        load_rules([path])
        files.append(path)
    return files


@pytest.fixture
def templates(tmp_path) -> list[Path]:
    """What ``watcher rules new`` prints, a file for each detector."""
    files = []
    for detector in DETECTORS:
        files.append(tmp_path / f"{detector}.yaml")
        files[-1].write_text(rule_template(detector))
    return files


@checked
def test_it_accepts_what_is_shipped_what_is_begun_with_and_every_manner_of_writing(templates, manners):
    shipped = [file.path for file in find_rule_files([ROOT / "rules"])]
    desk = sorted((ROOT / "tests" / "cli" / "installation" / "rules").glob("*.yaml"))
    assert refused([*shipped, *desk, *templates, *manners]) == {}


@checked
def test_it_refuses_every_mistake_that_one_place_shows():
    bad = sorted((HERE / "bad").glob("*.yaml"))
    assert sorted(refused(bad)) == bad


@checked
def test_what_only_the_whole_set_shows_it_lets_pass():
    assert refused(sorted((HERE / "unsound").glob("*.yaml"))) == {}, "a mistake that a schema sees belongs to 'bad'"


@checked
def test_it_is_a_schema_itself():
    command = [sys.executable, "-m", "check_jsonschema", "--check-metaschema", str(SHIPPED)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
