"""Each lint check, on the page of its scenes beside this file: what it finds, as it is printed, and what it leaves alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lint.story import HERE, Scene, play, scenes
from watcher.config.render import render
from watcher.config.rules import load_rules
from watcher.core.errors import ConfigError, ProblemSeverity
from watcher.lint import CHECKS
from watcher.lint.formats import LOADING

PAGES = {f"{page.parent.name}/{page.stem}": page for page in sorted(HERE.glob("*/*.txt"))}
SCENES = [
    pytest.param(name, scene, id=f"{name}: {scene.title}") for name, page in PAGES.items() for scene in scenes(page)
]
DOCS = Path(__file__).parents[2] / "docs" / "checks"
BAD = Path(__file__).parents[1] / "config" / "bad"
#: What each page about a check has, in this order.
HEADINGS = ["What it finds", "Why it matters", "Example", "What to do", "How to silence it"]


def fetch(url: str) -> str:
    """A network on which one host has nothing any more."""
    return "the server answers 404" if url.startswith("https://gone.example/") else ""


@pytest.mark.parametrize(("name", "scene"), SCENES)
def test_a_scene(name, scene, tmp_path):
    assert play(scene, tmp_path, only=name, fetch=fetch) == scene.said


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_has_scenes_in_which_it_finds_something_and_one_in_which_it_does_not(name):
    said = [bool(scene.said) for scene in scenes(PAGES[name])]
    assert any(said)
    assert not all(said)


def test_every_page_of_scenes_is_about_a_check():
    assert set(PAGES) - {"rule/ignore"} == set(CHECKS)


def test_a_comment_silences_what_a_scene_found(tmp_path):
    first = scenes(PAGES["rule/flaps"])[0]
    comment = "# watcher: ignore rule/flaps until 2020-12-31 because we know"
    rules = first.sections["rules/a.yaml"].replace("  - alert:", f"  {comment}\n  - alert:")
    silenced = Scene(first.title, {**first.sections, "rules/a.yaml": rules})
    assert play(silenced, tmp_path, only="rule/flaps") == ""


# --- the pages --------------------------------------------------------------------------------------------------------


def page_of(name: str) -> str:
    return (DOCS / f"{name}.md").read_text("utf-8")


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_has_a_page_with_the_usual_headings(name):
    page = page_of(name)
    assert page.startswith(f"# `{name}`\n")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == HEADINGS


@pytest.mark.parametrize("name", CHECKS)
def test_the_example_of_a_page_is_one_of_the_scenes(name):
    example = page_of(name).split("## Example\n", 1)[1].split("\n## ", 1)[0]
    files = re.findall(r"```yaml\n(.*?)```", example, re.DOTALL)
    [said] = re.findall(r"```text\n(.*?)```", example, re.DOTALL)
    assert [
        scene.title
        for scene in scenes(PAGES[name])
        if scene.said.strip() == said.strip() and all(text in scene.sections.values() for text in files)
    ]


@pytest.mark.parametrize("name", CHECKS)
def test_a_page_says_how_bad_it_is_and_whether_it_needs_records(name):
    opening = page_of(name).split("## ", 1)[0]
    level = {ProblemSeverity.WARNING: "a warning", ProblemSeverity.INFORMATION: "a remark"}[CHECKS[name].SEVERITY]
    assert level in opening
    assert ("needs the records of a store" in opening) == CHECKS[name].NEEDS_DATA


@pytest.mark.parametrize("name", CHECKS)
def test_a_page_shows_the_comment_that_silences_the_check(name):
    silencing = page_of(name).split("## How to silence it\n", 1)[1]
    assert f"# watcher: ignore {name} until " in silencing


@pytest.mark.parametrize(
    ("page", "bad"), [("rule/label", "label-with-a-value"), ("rule/template", "template-of-unknown-output")]
)
def test_what_loading_reports_has_pages_of_the_same_shape(page, bad):
    text = page_of(page)
    path = BAD / f"{bad}.yaml"
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADINGS
    [written] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    [said] = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    assert written == path.read_text("utf-8")
    with pytest.raises(ConfigError) as refused:
        load_rules([path])
    [problem] = refused.value.problems
    assert said.strip() == render(problem).replace(str(path), "rules/a.yaml")


def test_the_index_lists_every_check_and_everything_that_loading_reports():
    index = (DOCS / "index.md").read_text("utf-8")
    listed = set(re.findall(r"^\| \[?`([a-z_]+/[a-z_]+)`", index, re.MULTILINE))
    assert listed == {*CHECKS, *LOADING}
    linked = re.findall(r"\]\(([^)]+\.md)\)", index)
    assert [link for link in linked if not (DOCS / link).exists()] == []
