"""Every key of the language is used: by a shipped rule, or by one that the tests load."""

from __future__ import annotations

from pathlib import Path

from tests.language import keys, rule_files, usage
from watcher.config.rules import load_rules

GOOD = Path(__file__).parent / "good" / "every_key.yaml"


def test_every_key_is_used_somewhere():
    used = usage(rule_files())
    assert [key for key in keys() if key not in used] == []


def test_the_file_with_every_key_loads():
    rules = load_rules([GOOD])
    assert {rule.detector_name for rule in rules.rules} >= {"match", "combine", "record"}
    slow = rules.groups[0]
    assert slow.query_offset is not None
