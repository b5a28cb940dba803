"""Annotations and SARIF: the same problems, as other tools read them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from watcher.core.errors import Problem, ProblemSeverity
from watcher.lint import CHECKS
from watcher.lint.formats import github, sarif

PROBLEMS = (
    Problem("rules/a b.yaml", 12, 5, "50 % of it: wrong", key="rules[0].for", hint="do\nthis", check="rule/for"),
    Problem("notify.yaml", 3, 1, "no alert comes", check="route/unreachable", severity=ProblemSeverity.WARNING),
    Problem("rules", 0, 0, "there is no rule", severity=ProblemSeverity.INFORMATION),
)
LEVELS = {"none", "note", "warning", "error"}


def test_github_gets_one_command_for_each_problem():
    assert list(github(PROBLEMS)) == [
        "::error file=rules/a b.yaml,line=12,col=5,title=rule/for::rules[0].for: 50 %25 of it: wrong; do%0Athis",
        "::warning file=notify.yaml,line=3,col=1,title=route/unreachable::no alert comes",
        "::notice file=rules,title=rule/syntax::there is no rule",
    ]


def test_properties_cannot_end_the_command():
    [line] = github([Problem("a:b,c.yaml", 1, 1, "wrong")])
    assert line.startswith("::error file=a%3Ab%2Cc.yaml,line=1,")


@pytest.mark.parametrize("problems", [PROBLEMS, ()], ids=["with problems", "without any"])
def test_sarif_has_the_structure_of_version_2_1_0(problems):
    document = json.loads(json.dumps(sarif(problems, version="0.1.0")))
    assert document["version"] == "2.1.0"
    assert re.fullmatch(r"https://\S+/sarif-schema-2\.1\.0\.json", document["$schema"])
    assert set(document) == {"$schema", "version", "runs"}
    [run] = document["runs"]
    check_run(run)
    assert len(run["results"]) == len(problems)


def check_run(run: dict[str, Any]) -> None:
    """What the standard asks of a run: section 3.14 and those that it names."""
    assert set(run) == {"tool", "columnKind", "results"}
    assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
    driver = run["tool"]["driver"]
    assert isinstance(driver["name"], str)
    assert driver["name"]
    names = [rule["id"] for rule in driver["rules"]]
    assert len(names) == len(set(names))
    for rule in driver["rules"]:
        assert set(rule) <= {"id", "shortDescription", "defaultConfiguration"}
        assert isinstance(rule.get("shortDescription", {"text": "-"})["text"], str)
        assert rule.get("defaultConfiguration", {"level": "none"})["level"] in LEVELS
    for result in run["results"]:
        check_result(result, names)


def check_result(result: dict[str, Any], names: list[str]) -> None:
    """What the standard asks of a result: section 3.27 and those that it names."""
    assert set(result) == {"ruleId", "ruleIndex", "level", "message", "locations"}
    assert names[result["ruleIndex"]] == result["ruleId"]
    assert result["level"] in LEVELS
    assert isinstance(result["message"]["text"], str)
    [location] = result["locations"]
    assert set(location) == {"physicalLocation"}
    place = location["physicalLocation"]
    assert re.fullmatch(r"[^\s\\]+", place["artifactLocation"]["uri"]), "a URI reference has no spaces"
    region = place.get("region", {"startLine": 1, "startColumn": 1})
    assert all(isinstance(region[edge], int) and region[edge] >= 1 for edge in ("startLine", "startColumn"))


def test_sarif_says_what_is_wrong_where_and_how_bad_it_is():
    [run] = sarif(PROBLEMS, version="0.1.0")["runs"]
    first, second, third = run["results"]
    assert first["message"]["text"] == "rules[0].for: 50 % of it: wrong; do\nthis"
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "rules/a%20b.yaml"},
        "region": {"startLine": 12, "startColumn": 5},
    }
    assert [each["level"] for each in (first, second, third)] == ["error", "warning", "note"]
    assert "region" not in third["locations"][0]["physicalLocation"]


def test_sarif_describes_every_check():
    [run] = sarif((), version="0.1.0")["runs"]
    described = {rule["id"]: rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"]}
    assert set(described) == set(CHECKS)
    assert all(text.endswith(".") for text in described.values())
