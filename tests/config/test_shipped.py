"""The files that are shipped are read without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.config.notify import load_notify
from watcher.config.rules import find_rule_files, load_rules
from watcher.config.settings import load_settings

ROOT = Path(__file__).parents[2]


def test_the_shipped_rules_are_one_set():
    assert load_rules([ROOT / "rules"]).rules


@pytest.mark.parametrize("file", find_rule_files([ROOT / "rules"]), ids=lambda file: file.name)
def test_no_shipped_rule_file_is_empty(file):
    assert file.path.read_text("utf-8").strip()


def test_the_shipped_settings_name_only_files_below_their_own_folder():
    settings = load_settings(ROOT / "deploy" / "watcher.yaml", environ={})
    assert all(path.is_relative_to(ROOT / "deploy") for path in (settings.state_dir, settings.notify, *settings.rules))


def test_the_shipped_routes_tell_the_desk_of_everything_and_the_duty_officer_of_what_is_critical():
    notify = load_notify(ROOT / "deploy" / "notify.yaml")
    assert notify.warnings == ()
    assert [target.receiver for target in notify.route.targets({"severity": "info"})] == ["desk"]
    assert [target.receiver for target in notify.route.targets({"severity": "critical"})] == ["duty-officer", "desk"]
