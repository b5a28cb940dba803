from __future__ import annotations

import pytest

from watcher.config.files import find_rule_files
from watcher.core.errors import ConfigError


@pytest.fixture
def folder(tmp_path):
    for name in ("b.yaml", "a.yml", "deep/c.yaml", "tests/b_test.yaml", ".hidden.yaml", ".git/x.yaml", "notes.txt"):
        path = tmp_path / "rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    (tmp_path / "rules" / "rules.schema.json").write_text("{}", encoding="utf-8")
    return tmp_path / "rules"


def test_a_folder_gives_its_rule_files_sorted_and_nothing_else(folder):
    assert [file.name for file in find_rule_files([folder])] == ["a.yml", "b.yaml", "deep/c.yaml"]


def test_a_file_that_is_named_is_read_whatever_it_is_called(folder):
    assert [file.name for file in find_rule_files([folder / "notes.txt"])] == ["notes.txt"]


def test_a_file_that_is_named_twice_is_read_once(folder):
    assert len(find_rule_files([folder, folder / "b.yaml", folder / "deep" / ".." / "b.yaml"])) == 3


def test_a_link_back_to_a_folder_above_is_not_followed(folder):
    (folder / "deep" / "loop").symlink_to(folder)
    assert len(find_rule_files([folder])) == 3


def test_an_empty_folder_holds_no_rules(tmp_path):
    assert find_rule_files([tmp_path]) == ()


def test_a_missing_path_is_a_problem(tmp_path):
    with pytest.raises(ConfigError, match="none: cannot be read: no such file or folder; check the setting 'rules'"):
        find_rule_files([tmp_path / "none"])


def test_two_files_of_one_name_are_a_problem(folder):
    (folder.parent / "b.yaml").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"a second file is called 'b\.yaml'"):
        find_rule_files([folder, folder.parent / "b.yaml"])
