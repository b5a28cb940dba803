from __future__ import annotations

import multiprocessing
import os
import sqlite3
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from watcher.core.errors import ExitCode, Locked, SchemaMismatch, StoreError
from watcher.store import connection, migrate
from watcher.store.address import Address
from watcher.store.engine import Store
from watcher.store.filesystem import is_on_network
from watcher.store.lock import WriteLock

_COUNT = text("select count(*) from source")


def _add(tx, name) -> None:
    tx.execute(text("insert into source (name, kind) values (:name, 'table')"), {"name": name})


def _write(store, *statements) -> None:
    with store.writing() as tx:
        for statement in statements:
            tx.execute(text(statement))


# --- transactions -----------------------------------------------------------------------------------------------------


def test_what_is_written_is_there_when_the_store_is_opened_again(store):
    with store.writing() as tx:
        _add(tx, "acled")
    store.close()
    with Store.open(store.url) as again, again.reading() as tx:
        assert tx.execute(_COUNT).scalar() == 1


def test_a_write_that_fails_leaves_nothing_behind(store):
    with pytest.raises(DBAPIError, match="nonsense"):
        _write(store, "insert into source (name, kind) values ('acled', 'acled')", "insert into nonsense values (1)")
    with store.reading() as tx:
        assert tx.execute(_COUNT).scalar() == 0


def test_a_table_made_in_a_write_that_fails_is_gone(store):
    with pytest.raises(DBAPIError, match="nonsense"):
        _write(store, "create table half (done integer)", "insert into nonsense values (1)")
    with store.reading() as tx:
        assert not tx.dialect.has_table(tx, "half")


def test_a_reader_sees_one_moment_and_waits_for_no_writer(store):
    with store.reading() as reader:
        before = reader.execute(_COUNT).scalar()
        with store.writing() as tx:
            _add(tx, "acled")
        assert (before, reader.execute(_COUNT).scalar()) == (0, 0)
    with store.reading() as reader:
        assert reader.execute(_COUNT).scalar() == 1


def test_a_reader_cannot_write(store):
    with pytest.raises(StoreError, match=r"read-?only"), store.reading() as tx:
        _add(tx, "acled")


def test_a_store_that_was_opened_for_reading_refuses_to_write(store):
    with Store.open(store.url, read_only=True) as reader:
        with pytest.raises(StoreError, match="for reading only"), reader.writing():
            pass
        with reader.reading() as tx:
            assert tx.execute(_COUNT).scalar() == 0


def test_a_broken_reference_is_our_bug_and_not_a_broken_disk(store):
    with pytest.raises(IntegrityError), store.writing() as tx:
        tx.execute(text("insert into load (source, name, sha256, started_at) values ('nobody', '-', '', 0)"))


def test_no_parameter_appears_in_an_error(store):
    with pytest.raises(IntegrityError) as caught, store.writing() as tx:
        tx.execute(
            text("insert into load (source, name, sha256, started_at) values ('x', :name, '', 0)"), {"name": "a-secret"}
        )
    assert "a-secret" not in str(caught.value)


def test_threads_take_turns_so_that_no_change_is_lost(store):
    with store.writing() as tx:
        tx.execute(text("insert into source (name, kind, loads) values ('acled', 'acled', 0)"))

    def read_then_write(_) -> None:
        with store.writing() as tx:
            lock = " for update" if not store.is_sqlite else ""
            loads = tx.execute(text(f"select loads from source{lock}")).scalar_one()
            tx.execute(text("update source set loads = :loads"), {"loads": loads + 1})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read_then_write, range(40)))
    with store.reading() as tx:
        assert tx.execute(text("select loads from source")).scalar() == 40


def _write_often(url, times) -> None:
    with Store.open(url) as store:
        for _ in range(times):
            with store.writing() as tx:
                loads = tx.execute(text("select loads from source")).scalar_one()
                tx.execute(text("update source set loads = :loads"), {"loads": loads + 1})


def test_processes_take_turns_so_that_no_change_is_lost(sqlite_store):
    with sqlite_store.writing() as tx:
        tx.execute(text("insert into source (name, kind, loads) values ('acled', 'acled', 0)"))
    spawned = multiprocessing.get_context("spawn")
    others = [spawned.Process(target=_write_often, args=(sqlite_store.url, 25)) for _ in range(2)]
    for each in others:
        each.start()
    _write_often(sqlite_store.url, 25)
    for each in others:
        each.join()
    with sqlite_store.reading() as tx:
        assert tx.execute(text("select loads from source")).scalar() == 75


def test_a_store_in_memory_reads_what_it_wrote(memory_store):
    with memory_store.writing() as tx:
        _add(tx, "acled")
    with memory_store.reading() as tx:
        assert tx.execute(_COUNT).scalar() == 1


# --- SQLite's settings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pragma", "writer", "reader"),
    [
        ("journal_mode", "wal", "wal"),
        ("synchronous", 2, 2),
        ("foreign_keys", 1, 1),
        ("busy_timeout", 5_000, 5_000),
        ("trusted_schema", 0, 0),
        ("cell_size_check", 1, 1),
        ("mmap_size", 0, 0),
        ("temp_store", 2, 2),
        ("journal_size_limit", 67_108_864, None),
        ("wal_autocheckpoint", connection.CHECKPOINT_PAGES, 0),
        ("query_only", 0, 1),
    ],
)
def test_every_connection_has_the_settings_of_a_careful_store(sqlite_store, pragma, writer, reader):
    with sqlite_store.writing() as tx:
        assert tx.exec_driver_sql(f"pragma {pragma}").scalar() == writer
    with sqlite_store.reading() as tx:
        assert reader is None or tx.exec_driver_sql(f"pragma {pragma}").scalar() == reader


def test_closing_moves_the_log_into_the_database(sqlite_store):
    with sqlite_store.writing() as tx:
        _add(tx, "acled")
    log = sqlite_store.path.with_name("watcher.db-wal")
    assert log.stat().st_size > 0
    sqlite_store.close()
    assert not log.exists()


def test_a_store_that_only_reads_leaves_no_lock_file(sqlite_url, tmp_path):
    with Store.open(sqlite_url, read_only=True) as store, store.reading() as tx:
        tx.execute(_COUNT)
    assert not list(tmp_path.glob("*.lock"))


# --- locks ------------------------------------------------------------------------------------------------------------


def test_whoever_waits_too_long_for_the_lock_is_told_to_try_later(tmp_path):
    mine, theirs = WriteLock(tmp_path / "write.lock"), WriteLock(tmp_path / "write.lock")
    with mine.held(), pytest.raises(Locked, match="try again later") as caught, theirs.held(patience_s=0.02):
        pass
    assert caught.value.exit_code == ExitCode.LOCKED


def test_a_thread_that_waits_too_long_is_told_the_same():
    lock = WriteLock(None)
    with lock.held(), pytest.raises(Locked), lock.held(patience_s=0.0):
        pass


def test_whoever_writes_holds_the_lock_from_the_beginning_to_the_commit(sqlite_store):
    theirs = WriteLock(sqlite_store.path.with_name("watcher.db.write.lock"))
    with sqlite_store.writing() as tx:
        _add(tx, "acled")
        with pytest.raises(Locked), theirs.held(patience_s=0.0):
            pass
    with theirs.held(patience_s=0.0), sqlite_store.reading() as tx:
        assert tx.execute(_COUNT).scalar() == 1


def test_the_lock_is_free_again_after_an_error(tmp_path):
    lock = WriteLock(tmp_path / "write.lock")
    with pytest.raises(ZeroDivisionError), lock.held():
        _ = 1 / 0
    with lock.held(patience_s=0.0):
        pass


def test_another_program_that_holds_the_database_makes_it_locked(sqlite_url, monkeypatch):
    monkeypatch.setitem(connection._WRITER, "busy_timeout", 10)
    with Store.open(sqlite_url) as store:
        other = sqlite3.connect(str(store.path), isolation_level=None)
        other.execute("begin immediate")
        with pytest.raises(Locked, match="try again later"), store.writing():
            pass
        other.close()


def test_closing_does_not_wait_for_another_writer(sqlite_store):
    with sqlite_store.writing() as tx:
        _add(tx, "acled")
    started, release = threading.Event(), threading.Event()
    theirs = WriteLock(sqlite_store.path.with_name("watcher.db.write.lock"))

    def hold() -> None:
        with theirs.held():
            started.set()
            release.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    started.wait()
    before = time.monotonic()
    sqlite_store.close()
    release.set()
    holder.join()
    assert time.monotonic() - before < 10


# --- what is refused --------------------------------------------------------------------------------------------------


def _foreign(path) -> None:
    other = sqlite3.connect(path)
    other.execute("create table theirs (x)")
    other.close()


def _garbage(path) -> None:
    path.write_bytes(b"this is no database, whatever its name says" * 100)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(lambda _: None, "there is no store", id="no file"),
        pytest.param(lambda path: path.touch(0o600), "no store of watcher", id="an empty file"),
        pytest.param(lambda path: path.mkdir(), "no regular file", id="a folder"),
        pytest.param(_foreign, "belongs to another program", id="another program's database"),
        pytest.param(_garbage, "damaged", id="a file that is no database"),
    ],
)
def test_what_is_no_store_is_refused_with_its_place_and_what_to_do(tmp_path, make, said):
    path = tmp_path / "watcher.db"
    make(path)
    if path.is_file():
        path.chmod(0o600)
    with pytest.raises(StoreError, match=said) as caught:
        Store.open(f"sqlite:///{path}")
    assert caught.value.exit_code == ExitCode.STORE
    assert str(path) in str(caught.value)
    assert caught.value.todo


@pytest.mark.parametrize(
    ("revision", "todo"),
    [
        pytest.param("0000", "run: watcher migrate", id="an older store"),
        pytest.param("0002", "install a newer watcher", id="a newer store"),
        pytest.param("a1b2c3", "install a newer watcher", id="a store of an unknown version"),
    ],
)
def test_a_store_of_another_version_is_refused(store, revision, todo):
    with store.writing() as tx:
        tx.execute(text("update alembic_version set version_num = :revision"), {"revision": revision})
    with pytest.raises(SchemaMismatch) as caught:
        Store.open(store.url)
    assert (caught.value.todo, caught.value.exit_code) == (todo, ExitCode.CONFIG)


@pytest.mark.parametrize("mode", [0o660, 0o606])
def test_a_file_that_others_may_write_to_is_refused(sqlite_url, mode):
    Path(make_url(sqlite_url).database or "").chmod(mode)
    with pytest.raises(StoreError, match="others than its owner") as caught:
        Store.open(sqlite_url)
    assert caught.value.todo.startswith("chmod 600")


def test_a_damaged_page_is_found(sqlite_store):
    with sqlite_store.writing() as tx:
        for number in range(2_000):
            _add(tx, f"source {number}")
    sqlite_store.close()
    with sqlite_store.path.open("r+b") as file:
        file.seek(-3 * 4_096, os.SEEK_END)
        file.write(b"\xff" * 8_192)
    with Store.open(sqlite_store.url) as store, pytest.raises(StoreError, match="damaged") as caught:
        store.quick_check()
    assert "watcher restore" in caught.value.todo


def test_a_header_that_makes_no_sense_is_a_damaged_store(sqlite_store):
    sqlite_store.close()
    with sqlite_store.path.open("r+b") as file:
        file.seek(47)
        file.write(b"\x21")
    with pytest.raises(StoreError, match="damaged: unsupported file format") as caught:
        Store.open(sqlite_store.url)
    assert "watcher restore" in caught.value.todo


def test_a_table_whose_text_is_damaged_makes_a_damaged_store(sqlite_store):
    sqlite_store.close()
    content = sqlite_store.path.read_bytes()
    sqlite_store.path.write_bytes(content.replace(b"rule_hash TEXT", b"rule_hash TEX\x80", 1))
    with pytest.raises(StoreError, match="damaged: its tables cannot be read") as caught:
        Store.open(sqlite_store.url)
    assert "watcher restore" in caught.value.todo


def test_a_row_that_does_not_fit_its_table_is_found(sqlite_store):
    with sqlite_store.writing() as tx:
        _add(tx, "acled")
        tx.exec_driver_sql("pragma writable_schema = on")
        tx.exec_driver_sql(
            "update sqlite_schema set sql = replace(sql, 'oldest_event TEXT', 'oldest_event TEXT not null')"
        )
    with Store.open(sqlite_store.url) as store, pytest.raises(StoreError, match="NULL value in source"):
        store.quick_check()


def test_an_undamaged_store_passes_the_check(store):
    store.quick_check()


def test_a_full_disk_is_told_and_nothing_is_half_written(sqlite_store):
    def fill() -> None:
        with sqlite_store.writing() as tx:
            pages = tx.exec_driver_sql("pragma page_count").scalar_one()
            tx.exec_driver_sql(f"pragma max_page_count = {pages + 2}")
            for number in range(2_000):
                _add(tx, f"source {number}")

    with pytest.raises(StoreError, match="the disk is full"):
        fill()
    with sqlite_store.reading() as tx:
        assert tx.execute(_COUNT).scalar() == 0


@pytest.mark.parametrize("opened", [Store.open, migrate.create], ids=["opening", "making"])
def test_a_folder_that_is_a_file_is_told_when(tmp_path, opened):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"the store cannot be (opened|made)") as caught:
        opened(f"sqlite:///{tmp_path}/file/watcher.db")
    assert str(tmp_path / "file") in str(caught.value)


def test_without_its_driver_postgresql_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="driver is not installed") as caught:
        Store.open("postgresql://host/db")
    assert caught.value.todo == "pip install 'watcher[postgres]'"


def test_a_server_that_is_not_there_is_told_without_its_password():
    with pytest.raises(StoreError) as caught:
        Store.open("postgresql://me:a-secret@127.0.0.1:1/nowhere")
    assert "127.0.0.1" in str(caught.value)
    assert "a-secret" not in str(caught.value)


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("sqlite:////var/lib/watcher.db", "/var/lib/watcher.db", id="a file"),
        pytest.param("sqlite://", "memory", id="in memory"),
        pytest.param("sqlite:///:memory:", "memory", id="in memory, said in words"),
        pytest.param("postgresql://me:a-secret@host/db", "postgresql+psycopg://me:***@host/db", id="a server"),
    ],
)
def test_an_address_is_shown_without_its_password(url, shown):
    assert Address.parse(url).shown == shown


def test_a_relative_file_is_taken_from_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Address.parse("sqlite:///watcher.db").path == tmp_path / "watcher.db"


@pytest.mark.parametrize("url", ["", "watcher.db", "mysql://me:a-secret@host/db", "postgres//a-secret"])
def test_an_address_that_cannot_be_read_is_refused_without_repeating_it(url):
    with pytest.raises(StoreError, match=r"store\.url") as caught:
        Address.parse(url)
    assert "a-secret" not in str(caught.value)


# --- where the file lies ----------------------------------------------------------------------------------------------


_MOUNTS = """\
21 1 254:0 / / rw - ext4 /dev/vda rw
22 21 0:40 / {0}/share rw - nfs4 server:/export rw
23 22 0:41 / {0}/share/local rw - ext4 /dev/vdb rw
24 21 0:42 / {0}/with\\040space rw - cifs //server/share rw
25 21 0:43 / {0}/twice rw - ext4 /dev/vdc rw
26 21 0:44 / {0}/twice rw - fuse.sshfs host: rw
"""


@pytest.mark.parametrize(
    ("path", "network"),
    [
        pytest.param("watcher.db", False, id="a local disk"),
        pytest.param("share/watcher.db", True, id="a network share"),
        pytest.param("share/local/watcher.db", False, id="a local disk mounted inside a share"),
        pytest.param("with space/watcher.db", True, id="a share whose name has a space"),
        pytest.param("shared/watcher.db", False, id="a folder whose name begins like the share's"),
        pytest.param("twice/watcher.db", True, id="a share mounted over a disk"),
    ],
)
def test_a_network_file_system_is_recognised(tmp_path, path, network):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(_MOUNTS.format(tmp_path))
    assert is_on_network(tmp_path / path, mounts) is network


def test_without_a_list_of_mounts_a_disk_counts_as_local(tmp_path):
    assert not is_on_network(tmp_path / "watcher.db", tmp_path / "none")


def test_on_a_network_file_system_there_is_no_write_ahead_log(sqlite_url, monkeypatch):
    monkeypatch.setattr("watcher.store.engine.is_on_network", lambda _: True)
    with Store.open(sqlite_url) as store, store.writing() as tx:
        assert tx.exec_driver_sql("pragma journal_mode").scalar() == "delete"
