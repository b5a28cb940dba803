"""Every file in ``bad`` and ``unsound`` holds the mistake it is named for; ``expected.txt`` there says what is told.

What is in ``bad`` a schema sees too (``test_schema.py``). What is in ``unsound`` looks right, and only who reads the
whole set finds that it is not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.config.rules import load_rules
from watcher.core.errors import ConfigError

FOLDERS = [Path(__file__).parent / name for name in ("bad", "unsound")]
EXPECTED = {
    folder / f"{title.strip()}.yaml": lines.strip()
    for folder in FOLDERS
    for section in (folder / "expected.txt").read_text("utf-8").split("## ")[1:]
    for title, lines in [section.split("\n", 1)]
}


def test_every_bad_file_has_an_expected_message():
    assert {path for folder in FOLDERS for path in folder.glob("*.yaml")} == set(EXPECTED)


@pytest.mark.parametrize("path", sorted(EXPECTED), ids=lambda path: path.stem)
def test_a_mistake_is_reported_as_expected(path):
    with pytest.raises(ConfigError) as refused:
        load_rules([path])
    said = "\n".join(str(problem).replace(str(path), path.name) for problem in refused.value.problems)
    assert said == EXPECTED[path]
