from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from watcher.config.rules import load_rules
from watcher.core.errors import ConfigError
from watcher.core.rule import RuleSet

Loader = Callable[..., RuleSet]
Refusal = Callable[[Callable[[], object]], list[str]]


@pytest.fixture
def load(tmp_path: Path) -> Loader:
    """Load rule files that are given as text by their names."""

    def loaded(**files: str) -> RuleSet:
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return load_rules([tmp_path])

    return loaded


@pytest.fixture
def refusal(tmp_path: Path) -> Refusal:
    """The problems, one line each, that a call is refused with; the test's own folder is left out."""

    def refused(call: Callable[[], object]) -> list[str]:
        with pytest.raises(ConfigError) as refused:
            call()
        return [str(problem).replace(f"{tmp_path}/", "") for problem in refused.value.problems]

    return refused
