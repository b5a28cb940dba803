"""The page on rule tests can be followed: its files are written, its commands typed, and what they print is compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_docs import Person, Step, blocks
from watcher.config.problem import keys_of
from watcher.ruletest import document

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "test-your-rules.md"


def steps():
    """The page's files and commands in their order; one that is shown to fail is typed so that it does not."""
    for before, language, body in blocks(PAGE):
        if language == "yml":
            [file] = re.findall(r"`([\w/.-]+\.yaml)`", before)[-1:]
            yield Step(file=file, text=body)
        for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:] if language == "console" else ():
            command, _, shows = part.partition("\n")
            lines = tuple(shows.splitlines())
            failing = any(line.startswith("FAIL") for line in lines)
            yield Step(command=f"{command}; [ $? = 1 ]" if failing else command, shows=lines)


@pytest.fixture
def person(tmp_path):
    (tmp_path / "rules" / "tests").mkdir(parents=True)
    return Person(tmp_path)


def test_the_page_can_be_followed(person):
    followed = list(steps())
    assert [step.file for step in followed if step.file] == ["rules/mali.yaml", "rules/tests/mali_test.yaml"]
    for step in followed:
        person.follow(step)
        if step.command.startswith("sed"):
            spoiled = person.home / "rules" / "mali.yaml"
        if step.command.endswith("= 1 ]"):
            # What was spoiled to show a failure is mended before the page goes on.
            spoiled.write_text(spoiled.read_text("utf-8").replace("window: 4d", "window: 7d"), encoding="utf-8")


def test_every_key_of_a_test_file_stands_on_the_page():
    page = PAGE.read_text("utf-8")
    models = (
        *(document.RuleTestFile, document.RuleTest, document.Spread),
        *(document.AlertTest, document.ExpectedAlert, document.ExpectedMessage),
    )
    assert [key for model in models for key in keys_of(model) if key not in page] == []
