from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.test_outbox import HOUR, NOW, SECOND, queue, stands, take
from watcher.core.errors import StoreError
from watcher.store.backup import backup, checksum_file
from watcher.store.engine import Store
from watcher.store.house import epoch
from watcher.store.restore import restore


@pytest.fixture
def path(sqlite_url) -> Path:
    return Path(str(sqlite_url).removeprefix("sqlite:///"))


@pytest.fixture
def copy(sqlite_url, tmp_path) -> Path:
    """A backup in which an old and a young message wait, one of them on the wire; the store went on after it."""
    copy: Path = tmp_path / "copy.db"
    with Store.open(sqlite_url) as store:
        queue(store, "old", group_key="a", at=NOW - 2 * HOUR)
        queue(store, "sending", group_key="b", at=NOW - 2 * HOUR)
        take(store, NOW - HOUR)
        queue(store, "young", group_key="c", at=NOW - SECOND)
        backup(store, copy)
        queue(store, "later", group_key="d")
    return copy


def test_a_backup_takes_the_place_of_the_store_and_the_former_store_is_kept(path, copy):
    done = restore(path, copy, resend=False, now=NOW)
    assert done.before == path.with_name("watcher.db.before-restore")
    assert done.cancelled == 2
    with Store.open(f"sqlite:///{path}") as store:
        assert {name: stands(store, name)["state"] for name in ("old", "sending", "young")} == {
            "old": "cancelled",
            "sending": "cancelled",
            "young": "pending",
        }
        assert stands(store, "old")["reason"] == "it was queued before the store was restored"
    with Store.open(f"sqlite:///{done.before}") as before:
        assert stands(before, "later")["state"] == "pending"
    assert sorted(each.name for each in path.parent.glob(".*")) == []


def test_what_is_old_is_sent_when_asked(path, copy):
    assert restore(path, copy, resend=True, now=NOW).cancelled == 0
    with Store.open(f"sqlite:///{path}") as store:
        assert stands(store, "old")["state"] == "retry", "it was on the wire"
        assert stands(store, "sending")["state"] == "pending"


def test_a_restored_store_is_in_another_life(path, copy):
    with Store.open(f"sqlite:///{path}") as store, store.reading() as tx:
        assert epoch(tx) == ""
    for moment in (NOW, NOW + HOUR):
        restore(path, copy, resend=False, now=moment)
        with Store.open(f"sqlite:///{path}") as store, store.reading() as tx:
            assert epoch(tx) == f"{moment:%Y%m%dT%H%M%SZ}"


def flip(copy: Path) -> None:
    with copy.open("r+b") as file:
        file.seek(-100, os.SEEK_END)
        byte = file.read(1)
        file.seek(-100, os.SEEK_END)
        file.write(bytes([byte[0] ^ 1]))


def cut(copy: Path) -> None:
    checksum_file(copy).unlink()
    os.truncate(copy, copy.stat().st_size // 2)


def another(copy: Path) -> None:
    checksum_file(copy).unlink()
    copy.unlink()
    with closing(sqlite3.connect(copy)) as made:
        made.execute("create table t (x)")


def missing(copy: Path) -> None:
    checksum_file(copy).unlink()
    copy.unlink()


@pytest.mark.parametrize("damage", [flip, cut, another, missing])
def test_what_is_no_whole_backup_changes_nothing(path, copy, damage):
    before = path.read_bytes()
    damage(copy)
    with pytest.raises(StoreError):
        restore(path, copy, resend=False, now=NOW)
    assert path.read_bytes() == before
    assert not path.with_name("watcher.db.before-restore").exists()


def test_a_backup_without_its_checksum_is_checked_all_the_same(path, copy):
    checksum_file(copy).unlink()
    assert restore(path, copy, resend=False, now=NOW).before is not None


def test_a_store_that_is_gone_or_damaged_is_replaced(path, copy):
    os.truncate(path, 100)
    restore(path, copy, resend=False, now=NOW)
    path.unlink()
    assert restore(path, copy, resend=False, now=NOW).before is None
    with Store.open(f"sqlite:///{path}") as store:
        store.quick_check()


def test_a_full_disk_leaves_the_store_as_it_was(path, copy, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="No space left on device"):
        restore(path, copy, resend=False, now=NOW)
    assert path.read_bytes() == before
