from __future__ import annotations

import pytest

from watcher.config.files import content_hash, find_rule_files, stamps_of
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


@pytest.mark.parametrize("place", ["", "deep", "b.yaml", "deep/c.yaml"])
def test_what_everybody_may_write_to_is_refused_with_what_to_do(folder, place):
    path = folder / place
    path.chmod(path.stat().st_mode | 0o002)
    with pytest.raises(ConfigError) as caught:
        find_rule_files([folder])
    assert str(caught.value) == f"{path}: everybody on this machine may write to it; chmod o-w {path}"


def test_a_file_that_is_named_is_refused_for_what_it_is_and_not_for_what_its_link_is(folder):
    link = folder.parent / "link.yaml"
    link.symlink_to(folder / "b.yaml")
    assert len(find_rule_files([link])) == 1
    (folder / "b.yaml").chmod(0o646)
    with pytest.raises(ConfigError, match=r"link\.yaml: everybody on this machine may write to it"):
        find_rule_files([link])


def test_a_group_may_share_its_rules(folder):
    folder.chmod(0o2775)
    (folder / "b.yaml").chmod(0o664)
    assert len(find_rule_files([folder])) == 3


@pytest.mark.parametrize("place", ["", "b.yaml"])
def test_who_may_write_to_it_is_part_of_how_it_lies_there(folder, place):
    before = stamps_of([folder])
    (folder / place).chmod(0o777)
    assert stamps_of([folder]) != before


def test_a_scratch_file_beside_the_rules_changes_nothing(folder):
    before = stamps_of([folder])
    (folder / ".b.yaml.swp").touch()
    assert stamps_of([folder]) == before


def test_the_hash_of_what_files_say_is_the_same_wherever_they_lie(folder):
    for path in folder.rglob("*.y*ml"):
        path.write_text("rules: []\n")
    before = content_hash([folder])
    moved = folder.rename(folder.with_name("moved"))
    moved.chmod(0o777)
    assert content_hash([moved]) == before
    (moved / "b.yaml").write_text("rules: [{}]\n")
    assert content_hash([moved]) != before
