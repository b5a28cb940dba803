from __future__ import annotations

from pathlib import Path

import pytest

from watcher.config.problem import keys_of
from watcher.core.period import duration_text
from watcher.sources import SOURCES, acled, feed_items, gdelt, hapi, table, ucdp
from watcher.sources.pull import PULLS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "sources.md").read_text("utf-8")


@pytest.mark.parametrize("kind", SOURCES)
def test_a_kind_is_described_with_its_options_defaults_and_citation(kind):
    source = SOURCES[kind]
    section = PAGE.split(f"\n## `{kind}`\n")[1].split("\n## ")[0]
    assert [name for name in source.Settings.model_fields if f"| `{name}` |" not in section] == []
    offset = duration_text(source.DEFAULTS.query_offset) if source.DEFAULTS.query_offset else "0d"
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` |"))
    assert f"| {offset} | {str(source.DEFAULTS.trust_stamp).lower()} |" in row
    assert source.DEFAULTS.citation.split(" (")[0] in section
    assert str(source.Settings.model_fields["earliest"].default) in section


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("acled", acled.NEEDED),
        ("ucdp", ucdp.NEEDED),
        ("hapi", hapi.NEEDED),
        ("gdelt", tuple(gdelt.READ)),
        ("reliefweb", ["primary_country"]),
        ("feed", feed_items.NAMES),
        ("table", table.PARTS),
    ],
    ids=list(SOURCES),
)
def test_the_page_names_every_column_that_is_needed(kind, names):
    section = PAGE.split(f"\n## `{kind}`\n")[1].split("\n## ")[0]
    assert [name for name in names if f"`{name}`" not in section] == []


def test_a_kind_is_registered_under_its_own_word():
    assert all(kind == source.KIND for kind, source in SOURCES.items())


@pytest.mark.parametrize("kind", PULLS)
def test_what_a_kind_is_asked_with_is_described(kind):
    section = PAGE.split(f"\n### `{kind}` over the network\n")[1].split("\n## ")[0].split("\n### ")[0]
    assert [key for key in keys_of(PULLS[kind].Settings) if f"`{key}`" not in section] == []


@pytest.mark.parametrize("kind", PULLS)
def test_a_kind_that_is_asked_is_read_in_the_same_word(kind):
    assert kind in SOURCES
