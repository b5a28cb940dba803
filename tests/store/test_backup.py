from __future__ import annotations

import hashlib
import sqlite3
import threading
from pathlib import Path

import pytest

from tests.store.records import A_CLASH, clash, keep
from watcher.core.errors import StoreError
from watcher.store.backup import backup, verify_backup
from watcher.store.engine import Store
from watcher.store.events import find_events


def _ids(url) -> list[str]:
    with Store.open(url) as store, store.reading() as tx:
        return [version.event.external_id for version in find_events(tx)]


def test_a_backup_is_a_store_with_everything_in_it(sqlite_store, tmp_path):
    keep(sqlite_store, A_CLASH)
    report = backup(sqlite_store, tmp_path / "copy.db")
    keep(sqlite_store, clash("BFO2"))
    assert _ids(f"sqlite:///{report.path}") == ["BFO1"]
    assert _ids(sqlite_store.url) == ["BFO1", "BFO2"]


def test_a_backup_is_one_private_file_with_its_checksum_beside_it(sqlite_store, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    keep(sqlite_store, A_CLASH)
    report = backup(sqlite_store, folder / "copy.db")
    assert sorted(path.name for path in folder.iterdir()) == ["copy.db", "copy.db.sha256"]
    assert report.path.stat().st_mode & 0o777 == 0o600
    assert report.sha256 == hashlib.sha256(report.path.read_bytes()).hexdigest()
    assert report.bytes == report.path.stat().st_size
    # Its header says that there is no log beside it.
    assert report.path.read_bytes()[18:20] == b"\x01\x01"
    # What `sha256sum --check` reads.
    assert (folder / "copy.db.sha256").read_text() == f"{report.sha256}  copy.db\n"


def test_a_backup_taken_while_others_write_is_of_one_moment(sqlite_store, tmp_path):
    keep(sqlite_store, *(clash(f"BFO{number}") for number in range(300)))
    stop = threading.Event()

    def write() -> None:
        number = 1_000
        while not stop.is_set():
            # Two at a time: a copy with an odd number of events would not be of one moment.
            keep(sqlite_store, clash(f"BFO{number}"), clash(f"BFO{number + 1}"))
            number += 2

    writer = threading.Thread(target=write)
    writer.start()
    copies = [backup(sqlite_store, tmp_path / f"copy {number}.db") for number in range(3)]
    stop.set()
    writer.join()
    assert all(len(_ids(f"sqlite:///{copy.path}")) % 2 == 0 for copy in copies)


def test_a_backup_replaces_the_one_before(sqlite_store, tmp_path):
    backup(sqlite_store, tmp_path / "copy.db")
    keep(sqlite_store, A_CLASH)
    report = backup(sqlite_store, tmp_path / "copy.db")
    assert verify_backup(report.path) == report
    assert _ids(f"sqlite:///{report.path}") == ["BFO1"]


def test_a_store_of_an_older_version_can_be_backed_up_before_it_is_migrated(sqlite_store, tmp_path):
    with sqlite_store.writing() as tx:
        tx.exec_driver_sql("update alembic_version set version_num = '0000'")
    with Store.unchecked(sqlite_store.url) as older:
        backup(older, tmp_path / "copy.db")
    with Store.unchecked(f"sqlite:///{tmp_path}/copy.db") as copy:
        assert copy.revision() == "0000"


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_postgresql_is_backed_up_by_its_own_tools(postgresql_store, tmp_path):
    with pytest.raises(StoreError, match="pg_dump"):
        backup(postgresql_store, tmp_path / "copy.db")


def test_a_store_in_memory_cannot_be_backed_up(memory_store, tmp_path):
    with pytest.raises(StoreError, match="only a SQLite file"):
        backup(memory_store, tmp_path / "copy.db")


def test_a_store_cannot_be_backed_up_onto_itself(sqlite_store):
    with pytest.raises(StoreError, match="onto itself"):
        backup(sqlite_store, sqlite_store.path)


def test_a_folder_that_is_not_there_is_named(sqlite_store, tmp_path):
    with pytest.raises(StoreError, match="No such file or directory") as caught:
        backup(sqlite_store, tmp_path / "none" / "copy.db")
    assert str(tmp_path / "none") in str(caught.value)


def test_a_damaged_store_makes_no_backup_and_the_one_before_stays(sqlite_store, tmp_path):
    keep(sqlite_store, *(clash(f"BFO{number}") for number in range(300)))
    before = backup(sqlite_store, tmp_path / "copy.db")
    keep(sqlite_store, clash("X"))
    sqlite_store.close()
    _damage(sqlite_store.path)
    with Store.unchecked(sqlite_store.url) as damaged, pytest.raises(StoreError, match=r"damaged|malformed"):
        backup(damaged, tmp_path / "copy.db")
    assert verify_backup(tmp_path / "copy.db") == before
    assert not list(tmp_path.glob(".*"))


def test_a_row_that_breaks_a_rule_makes_no_backup(sqlite_store, tmp_path):
    with sqlite_store.writing() as tx:
        tx.exec_driver_sql("pragma ignore_check_constraints = on")
        tx.exec_driver_sql("insert into actor (name, folded, ambiguous) values ('JNIM', 'jnim', 7)")
    with pytest.raises(StoreError, match="CHECK constraint failed in actor"):
        backup(sqlite_store, tmp_path / "copy.db")


def _damage(path: Path) -> None:
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(size // 8_192 * 4_096)
        file.write(b"\xff" * 2_048)


def _no_checksum(path: Path) -> None:
    path.with_name("copy.db.sha256").unlink()


def _foreign(path: Path) -> None:
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("create table theirs (x)")
    other.close()
    _sign(path)


def _damaged_but_signed(path: Path) -> None:
    _damage(path)
    _sign(path)


def _dangling(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("insert into event_actor values (9999, 1, 'a', 9999)")
    other.commit()
    other.close()
    _sign(path)


def _sign(path: Path) -> None:
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name("copy.db.sha256").write_text(f"{checksum}  copy.db\n")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(_damage, "does not match its checksum", id="a byte changed"),
        pytest.param(_no_checksum, "No such file", id="its checksum is missing"),
        pytest.param(_foreign, "no backup of a store", id="it is another program's database"),
        pytest.param(_damaged_but_signed, "damaged|malformed", id="it was damaged before it was signed"),
        pytest.param(_dangling, "dangling reference in event_actor", id="a reference leads nowhere"),
    ],
)
def test_a_backup_does_not_pass_when(sqlite_store, tmp_path, spoil, said):
    keep(sqlite_store, *(clash(f"BFO{number}") for number in range(300)))
    report = backup(sqlite_store, tmp_path / "copy.db")
    spoil(report.path)
    with pytest.raises(StoreError, match=said):
        verify_backup(report.path)
