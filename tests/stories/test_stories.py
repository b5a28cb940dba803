"""Every story comes true."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import pytest

from tests.stories.runner import play

STORIES = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_the_story_comes_true(path, tmp_path):
    told = path.read_text(encoding="utf-8")
    real = play(told, tmp_path)
    difference = "\n".join(unified_diff(told.splitlines(), real.splitlines(), "as told", "as it was", lineterm="", n=8))
    assert real == told, f"{path.name}\n{difference}"
