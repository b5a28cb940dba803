"""The reference pages name every key, and every example in them can be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from watcher.config import facts, notify
from watcher.config.notify import load_notify
from watcher.config.problem import keys_of
from watcher.config.rules import load_rules
from watcher.config.sections import SECTIONS
from watcher.config.settings import ReceiverSettings, Settings, load_settings
from watcher.config.source import SourceSettings
from watcher.core.baseline import Baseline
from watcher.core.catalogue import ActorEntry, PersonEntry
from watcher.core.fact import Citation, StateDefinition
from watcher.core.indicator import Indicator
from watcher.core.route import Route
from watcher.core.rule import Group, Rule
from watcher.core.selector.key import READERS
from watcher.core.selector.place import Place

PAGES = Path(__file__).parents[2] / "docs" / "reference"
LOADERS = {
    "rules": lambda path: load_rules([path]),
    "settings": lambda path: load_settings(path, environ={}),
    "notify": load_notify,
}


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text("utf-8")


def section(name: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its rank or above."""
    rank, text = heading.split(" ", 1)
    return re.split(rf"^#{{2,{len(rank)}}} ", page(name).split(f"{rank} {text}\n", 1)[1], flags=re.MULTILINE)[0]


HEADINGS = [
    *(("rules", f"## `{key}`") for key in SECTIONS),
    *(("rules", f"### `{key}`") for key in keys_of(Rule)),
    *(("settings", f"### `{key}`") for key in keys_of(Settings)),
    *(("notify", f"### `{key}`") for key in keys_of(Route)),
    *(("notify", f"### `{channel}_configs`") for channel in notify.CHANNELS),
]


@pytest.mark.parametrize(("name", "heading"), HEADINGS)
def test_every_key_has_a_heading(name, heading):
    assert f"\n{heading}\n" in page(name)


NAMED = {
    "indicators": ("rules", "## `indicators`", keys_of(Indicator)),
    "selectors": ("rules", "### `where`", READERS),
    "groups": ("rules", "## `groups`", keys_of(Group)),
    "citations": ("rules", "## `citations`", keys_of(Citation)),
    "actors": ("rules", "## `actors`", keys_of(ActorEntry)),
    "people": ("rules", "## `people`", keys_of(PersonEntry)),
    "places": ("rules", "## `places`", keys_of(Place)),
    "baselines": ("rules", "## `baselines`", keys_of(Baseline)),
    "states": ("rules", "## `states`", keys_of(StateDefinition)),
    "facts": ("rules", "## `facts`", facts.KEYS),
    "sources": ("settings", "### `sources`", keys_of(SourceSettings)),
    "receivers": ("settings", "### `receivers`", keys_of(ReceiverSettings)),
    "what is not in force": ("notify", "## Not in force", sorted(notify._NOT_IN_FORCE.keys() - {"tracing"})),
}


@pytest.mark.parametrize(("name", "heading", "keys"), NAMED.values(), ids=NAMED.keys())
def test_every_key_of_a_section_is_named_there(name, heading, keys):
    assert [key for key in keys if f"`{key}`" not in section(name, heading)] == []


EXAMPLES = [
    pytest.param(name, example, id=f"{name}, example {number}")
    for name in LOADERS
    for number, example in enumerate(re.findall(r"^```yaml\n(.*?)^```", page(name), re.MULTILINE | re.DOTALL), start=1)
]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_every_example_can_be_used(name, example, tmp_path):
    path = tmp_path / f"{name}.yaml"
    path.write_text(example, encoding="utf-8")
    assert LOADERS[name](path)
