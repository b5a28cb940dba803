"""A small rule file, and test files beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from watcher.ruletest.load import Loaded, load_tests

RULES = """\
citations:
  - {citation: wire, title: A wire, published: 2020-05-07, reliability: B, credibility: 2}
actors:
  - {actor: jnim, title: JNIM, aliases: [Jamaat Nusrat]}
  - {actor: isgs, title: ISGS, aliases: [Islamic State (Greater Sahara)]}
states:
  - {state: rivalry, key: dyad, values: [calm, war]}
facts:
  - {rivalry: [$isgs, $jnim], is: calm, from: 2019-01-01, cite: wire, known: 2019-06-01}
indicators:
  - {indicator: attacks, count: events, where: {country: Mali}}
  - {indicator: deaths, sum: fatalities, where: {country: Mali}, by: [admin1]}
  - {indicator: clashes, count: events, where: {actor: $jnim}}
rules:
  - {alert: Many attacks, threshold: {indicator: attacks, window: 7d}, condition: [value >= 3], for: 2d,
     keep_firing_for: 3d}
  - alert: Many deaths
    id: deaths
    threshold: {indicator: deaths, window: 7d}
    condition: [value >= 10]
    severity: {critical: value >= 20, otherwise: warning}
    labels: {team: sahel}
    summary: '{value} deaths in {days}'
  - {alert: JNIM was seen, threshold: {indicator: clashes, window: 7d}, condition: [value >= 1], status: test}
  - {alert: War or calm, transition: {rivalry: any}, severity: {critical: to = war, otherwise: info}}
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with the rules in it."""
    folder: Path = tmp_path
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    return folder


Write = Callable[[str], Path]


@pytest.fixture
def write(folder) -> Write:
    """Write a test file: ``write("- name: ...")`` with the tests, or with the whole file."""

    def write(tests: str) -> Path:
        path: Path = folder / "own_test.yaml"
        text = textwrap.dedent(tests)
        head = "" if text.startswith(("rule_files", "#")) else "rule_files: [rules.yaml]\ntests:\n"
        path.write_text(head + (textwrap.indent(text, "  ") if head else text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def loaded(write) -> Callable[[str], Loaded]:
    """Write and read a test file."""
    return lambda tests: load_tests(write(tests), {})
