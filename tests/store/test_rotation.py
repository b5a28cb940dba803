"""Backups that follow each other: the newest stay, and nothing goes that was not made here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watcher.core.errors import StoreError
from watcher.store.backup import backup, verify_backup
from watcher.store.rotation import backup_name, rotate

START = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "backups"
    made.mkdir()
    return made


def taken(store, folder, *days: int, instance: str = "desk"):
    """A backup on each of these days; the last one is returned."""
    reports = [backup(store, folder / backup_name(instance, START + timedelta(days=day))) for day in days]
    return reports[-1].path


def days(folder, instance: str = "desk") -> list[int]:
    return sorted(int(path.name[len(instance) + 7 :][:2]) - 20 for path in folder.glob(f"{instance}-*.db"))


@pytest.mark.parametrize(
    ("keep", "stay"),
    [
        pytest.param(1, [3], id="only the new one"),
        pytest.param(2, [2, 3], id="and the newest before it"),
        pytest.param(9, [0, 1, 2, 3], id="all there are"),
    ],
)
def test_the_newest_stay(keep, stay, sqlite_store, folder):
    newest = taken(sqlite_store, folder, 0, 1, 2, 3)
    rotated = rotate(newest, instance="desk", keep=keep)
    assert days(folder) == stay
    assert len(list(folder.glob("*.sha256"))) == len(stay)
    assert len(rotated.removed) == 4 - len(stay)


def test_the_one_that_was_just_verified_stays_when_the_clock_was_set_back(sqlite_store, folder):
    newest = taken(sqlite_store, folder, 3, 4, 0)
    rotate(newest, instance="desk", keep=1)
    assert days(folder) == [0]
    assert verify_backup(newest).path == newest


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("desk-20261101T023000Z.db", id="its name, and no checksum"),
        pytest.param("desk-20261101T023000Z.db.old", id="nearly its name"),
        pytest.param("my-desk-20261101T023000Z.db", id="the name of another installation"),
        pytest.param("desk-20261101T0230Z.db", id="a moment of another form"),
        pytest.param("photographs.zip", id="something else"),
    ],
)
def test_what_was_not_made_here_stays(name, sqlite_store, folder):
    (folder / name).write_bytes(b"precious")
    newest = taken(sqlite_store, folder, 1, 2)
    rotate(newest, instance="desk", keep=1)
    assert (folder / name).read_bytes() == b"precious"
    assert newest.is_file()


def test_another_installation_in_the_same_folder_keeps_its_own(sqlite_store, folder):
    taken(sqlite_store, folder, 0, 1, instance="field-office")
    rotate(taken(sqlite_store, folder, 0, 1, 2), instance="desk", keep=1)
    assert (days(folder), days(folder, "field-office")) == ([2], [0, 1])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda path: path.write_bytes(b"other bytes"), id="its bytes"),
        pytest.param(lambda path: path.with_name(f"{path.name}.sha256").write_text("0 x\n"), id="its checksum"),
    ],
)
def test_what_is_no_longer_what_was_written_stays_and_is_named(change, sqlite_store, folder):
    old = taken(sqlite_store, folder, 0)
    change(old)
    rotated = rotate(taken(sqlite_store, folder, 1, 2), instance="desk", keep=1)
    assert (rotated.strange, days(folder)) == ((old,), [0, 2])


def test_a_link_is_not_followed(sqlite_store, folder, tmp_path):
    elsewhere = taken(sqlite_store, tmp_path, 0)
    link = folder / elsewhere.name
    link.symlink_to(elsewhere)
    (folder / f"{link.name}.sha256").write_bytes((tmp_path / f"{link.name}.sha256").read_bytes())
    rotate(taken(sqlite_store, folder, 1), instance="desk", keep=1)
    assert link.is_symlink()
    assert elsewhere.is_file()


def test_one_that_cannot_be_removed_is_told(sqlite_store, folder, monkeypatch):
    newest = taken(sqlite_store, folder, 0, 1)
    monkeypatch.setattr(type(newest), "unlink", _refused)
    with pytest.raises(StoreError, match="an older backup cannot be removed: Permission denied"):
        rotate(newest, instance="desk", keep=1)


def _refused(*_: object) -> None:
    raise PermissionError(13, "Permission denied")
