"""Every file in ``bad`` holds the mistake it is named for; ``expected.txt`` beside them holds what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.config.rules import load_rules
from watcher.core.errors import ConfigError

BAD = Path(__file__).parent / "bad"
EXPECTED = {
    title.strip(): lines.strip()
    for section in (BAD / "expected.txt").read_text("utf-8").split("## ")[1:]
    for title, lines in [section.split("\n", 1)]
}


def test_every_bad_file_has_an_expected_message():
    assert {path.stem for path in BAD.glob("*.yaml")} == set(EXPECTED)


@pytest.mark.parametrize("mistake", sorted(EXPECTED))
def test_a_mistake_is_reported_as_expected(mistake):
    path = BAD / f"{mistake}.yaml"
    with pytest.raises(ConfigError) as refused:
        load_rules([path])
    said = "\n".join(str(problem).replace(str(path), path.name) for problem in refused.value.problems)
    assert said == EXPECTED[mistake]
