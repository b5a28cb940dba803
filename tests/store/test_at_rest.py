"""A store in a folder that its reader may not write to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import text

from tests.unprivileged import bound_by_modes
from watcher.core.errors import StoreError
from watcher.store.at_rest import AtRest
from watcher.store.engine import Store

ROOT = Path(__file__).parents[2]
READER = """\
import json, sys
from watcher.core.errors import WatcherError
from watcher.store.engine import Store
try:
    with Store.open(sys.argv[1], read_only=True) as store, store.reading() as tx:
        print(json.dumps(sorted(row[0] for row in tx.exec_driver_sql("select name from source"))))
except WatcherError as error:
    print(json.dumps({"code": error.exit_code, "said": str(error), "todo": error.todo}))
"""
#: Writes, and dies without closing.
KILLED = """\
import os, sys
from watcher.store.engine import Store
store = Store.open(sys.argv[1])
with store.writing() as tx:
    tx.exec_driver_sql("insert into source (name, kind) values ('killed', 'table')")
os._exit(0)
"""
#: Reads, lets the store be written and closed by somebody else meanwhile, and reads on.
DISTURBED = """\
import json, os, sys
from pathlib import Path
from watcher.core.errors import StoreError
from watcher.store.engine import Store
folder = Path(sys.argv[1].removeprefix("sqlite:///")).parent
try:
    with Store.open(sys.argv[1], read_only=True) as store, store.reading() as tx:
        tx.exec_driver_sql("select name from source").all()
        folder.chmod(0o700)
        with Store.open(sys.argv[1]) as writer, writer.writing() as other:
            other.exec_driver_sql("insert into source (name, kind) values ('late', 'table')")
        print(json.dumps([row[0] for row in tx.exec_driver_sql("select name from source")]))
except StoreError as error:
    print(str(error))
"""


class Place(NamedTuple):
    """A store and its folder."""

    url: str
    path: Path

    def beside(self, part: str) -> Path:
        return self.path.with_name(f"watcher.db-{part}")

    def add(self, name: str) -> Store:
        """Write a row, and stay."""
        store = Store.open(self.url)
        with store.writing() as tx:
            tx.execute(text("insert into source (name, kind) values (:name, 'table')"), {"name": name})
        return store


@pytest.fixture
def place(sqlite_url) -> Place:
    """A store with one row, which everybody has closed."""
    place = Place(sqlite_url, Path(sqlite_url.removeprefix("sqlite:///")))
    place.add("first").close()
    return place


@contextmanager
def unwritable(folder: Path):
    """A folder nobody may write to, not even its owner."""
    folder.chmod(0o500)
    try:
        yield
    finally:
        folder.chmod(0o700)


def child(script: str, place: Place) -> str:
    """What a process prints that is bound by the modes of files."""
    done = subprocess.run(
        [*bound_by_modes(), sys.executable, "-c", script, place.url],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


def read(place: Place):
    """The names a reader finds while the folder cannot be written; or the error."""
    with unwritable(place.path.parent):
        return json.loads(child(READER, place))


def files(place: Place) -> set[str]:
    return {each.name for each in place.path.parent.iterdir()}


def test_a_store_that_rests_is_read_and_nothing_is_made_beside_it(place):
    before = files(place)
    assert not {place.beside("wal").name, place.beside("shm").name} & before
    assert read(place) == ["first"]
    assert files(place) == before


def test_an_empty_log_is_no_hindrance(place):
    place.beside("wal").touch(0o600)
    assert read(place) == ["first"]


def test_what_an_earlier_reader_left_behind_is_no_hindrance(place):
    with Store.open(place.url, read_only=True) as store, store.reading():
        pass
    assert place.beside("shm").exists()
    assert read(place) == ["first"]


def test_while_somebody_writes_what_is_in_the_log_is_read_too(place):
    with place.add("second"):
        assert place.beside("wal").stat().st_size
        assert read(place) == ["first", "second"]


def test_what_a_killed_writer_left_in_the_log_is_read_too(place):
    subprocess.run([sys.executable, "-c", KILLED, place.url], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    assert place.beside("wal").stat().st_size
    assert read(place) == ["first", "killed"]


def test_a_log_without_its_index_is_refused_and_not_left_out(place):
    subprocess.run([sys.executable, "-c", KILLED, place.url], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    place.beside("shm").unlink()
    refused = read(place)
    assert refused["code"] == 74
    assert "what was written last lies in watcher.db-wal" in refused["said"]
    assert "as the user whom the store belongs to" in refused["todo"]


@pytest.mark.parametrize("part", ["wal", "shm"])
def test_a_log_that_may_not_be_read_is_refused_and_not_left_out(place, part):
    with place.add("second"):
        place.beside(part).chmod(0)
        refused = read(place)
        place.beside(part).chmod(0o600)
    assert refused["code"] == 74
    assert f"watcher.db-{part} beside it cannot be read" in refused["said"]


def test_a_store_that_may_not_be_read_is_refused_with_what_to_do(place):
    place.path.chmod(0)
    refused = read(place)
    assert refused["code"] == 74
    assert refused["said"].startswith(
        f"{place.path}: the store cannot be read: Permission denied (run this as the user"
    )


def test_a_store_without_a_log_needs_none(place):
    with Store.open(place.url) as store, store._writer.connect() as tx:
        tx.exec_driver_sql("rollback")
        store._reader.dispose()
        assert tx.exec_driver_sql("pragma journal_mode=delete").scalar() == "delete"
    assert read(place) == ["first"]


def test_an_answer_is_not_believed_when_somebody_wrote_meanwhile(place):
    with unwritable(place.path.parent):
        said = child(DISTURBED, place)
    assert said.splitlines()[-1] == (
        f"{place.path}: somebody began to write to the store while it was read, so the answer may be wrong (ask again)"
    )


def test_an_error_of_the_reader_is_not_hidden_while_nobody_writes(place):
    resting = AtRest(place.path)
    with pytest.raises(ZeroDivisionError), resting.undisturbed():
        raise ZeroDivisionError


def test_a_store_that_vanishes_while_it_is_read_is_told(place):
    resting = AtRest(place.path)
    with pytest.raises(StoreError, match="the store cannot be opened"), resting.undisturbed():
        place.path.unlink()


def test_where_the_folder_can_be_written_the_log_is_used(place):
    assert AtRest.found(place.path) is None
