"""What lint finds, as other tools read it: annotations of GitHub, and SARIF 2.1.0."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from watcher.core.errors import Problem, ProblemSeverity
from watcher.lint import CHECKS, offset

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_GITHUB = {
    ProblemSeverity.ERROR: "error",
    ProblemSeverity.WARNING: "warning",
    ProblemSeverity.INFORMATION: "notice",
}
_SARIF = {ProblemSeverity.ERROR: "error", ProblemSeverity.WARNING: "warning", ProblemSeverity.INFORMATION: "note"}
#: Problems that are found while files are read, by the name under which they are reported.
LOADING = {
    "rule/syntax": "A rule file that cannot be read as it stands.",
    "rule/ignore": "A comment to lint that cannot be followed.",
    "route/syntax": "Routes that cannot be read as they stand.",
    "route/ignore": "A comment to lint that cannot be followed.",
    "settings/syntax": "Settings that cannot be read as they stand.",
    offset.OF_SETTINGS: offset.FINDS,
    "settings/secret": "A secret that cannot be had, or stands where it should not.",
}


def github(problems: Iterable[Problem]) -> Iterator[str]:
    """One workflow command for each problem: GitHub shows it beside the line."""
    for problem in problems:
        place = f"file={_property(relative(problem.path))}"
        if problem.line:
            place += f",line={problem.line},col={problem.column}"
        yield f"::{_GITHUB[problem.severity]} {place},title={_property(problem.check)}::{_data(_message(problem))}"


def sarif(problems: Sequence[Problem], *, version: str) -> dict[str, Any]:
    """One run of SARIF 2.1.0."""
    names = list(dict.fromkeys([*CHECKS, *(problem.check for problem in problems)]))
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "watcher", "version": version, "rules": [_rule(name) for name in names]}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(problem, names.index(problem.check)) for problem in problems],
            }
        ],
    }


def _rule(name: str) -> dict[str, Any]:
    check = CHECKS.get(name)
    rule: dict[str, Any] = {"id": name}
    if text := check.FINDS if check else LOADING.get(name, ""):
        rule["shortDescription"] = {"text": text.replace("`", "")}
    if check:
        rule["defaultConfiguration"] = {"level": _SARIF[check.SEVERITY]}
    return rule


def _result(problem: Problem, index: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(os.fsencode(relative(problem.path)))}}
    if problem.line:
        place["region"] = {"startLine": problem.line, "startColumn": problem.column}
    return {
        "ruleId": problem.check,
        "ruleIndex": index,
        "level": _SARIF[problem.severity],
        "message": {"text": _message(problem)},
        "locations": [{"physicalLocation": place}],
    }


def _message(problem: Problem) -> str:
    key = f"{problem.key}: " if problem.key else ""
    return f"{key}{problem.summary}{f'; {problem.hint}' if problem.hint else ''}"


def relative(path: str) -> str:
    """A path as seen from the folder in which lint runs, with slashes: what annotations are placed by."""
    absolute, here = Path(path).absolute(), Path.cwd()
    return str(PurePosixPath(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute))


def _data(text: str) -> str:
    """The message of a workflow command."""
    return re.sub(r"[%\r\n]", lambda found: f"%{ord(found[0]):02X}", text)


def _property(text: str) -> str:
    """A property of a workflow command."""
    return re.sub(r"[%\r\n:,]", lambda found: f"%{ord(found[0]):02X}", text)
