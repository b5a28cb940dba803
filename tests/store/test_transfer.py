"""A store moves from SQLite to PostgreSQL and back: everything arrives, and work goes on where it was."""

from __future__ import annotations

import shutil

import pytest
from sqlalchemy import func, select

from tests.installation import at, installed
from watcher.app import turn
from watcher.config.settings import load_settings
from watcher.core.errors import StoreError
from watcher.store import schema
from watcher.store.engine import Store
from watcher.store.inspection import inspect
from watcher.store.migrate import create
from watcher.store.transfer import transfer
from watcher.wiring import open_app

#: Nobody takes the messages: what is to be told stays open.
ROUTES = """\
route: {receiver: desk, group_by: [alertname], repeat_interval: 52w}
receivers:
  - name: desk
    file_configs: [{path: gone/desk.jsonl}]
"""


@pytest.fixture
def lived(tmp_path):
    """An installation with records, a revision, a deletion, an alert that fires and a delivery that is open."""
    with installed(tmp_path, routes=ROUTES) as it:
        it.release("2020-05-30 12:00", "MOZ9  2020-05-20  1  Palma")
        it.turn("2020-05-30 13:00")
        it.release("2020-06-01 12:00", "MOZ1  2020-05-28  12  Palma", "MOZ2  2020-05-29  7  Mueda")
        it.turn("2020-06-01 13:00")
        it.release("2020-06-02 12:00", "MOZ1  2020-05-28  11  Palma")
        it.turn("2020-06-02 13:00")
    return tmp_path


def counts(store: Store) -> dict[str, int]:
    with store.reading() as tx:
        return {
            table.name: tx.scalar(select(func.count()).select_from(table)) or 0
            for table in schema.metadata.sorted_tables
        }


def test_all_of_it_arrives_and_work_goes_on(lived, postgresql_url):
    settings = load_settings(lived / "watcher.yaml")
    with Store.open(settings.store.url, read_only=True) as source, create(postgresql_url) as target:
        moved = transfer(source, target)
        assert counts(target) == counts(source)
        assert list(inspect(target, (), deep=True)) == []
        assert {each.table: each.rows for each in moved} == counts(source)
    (lived / "gone").mkdir()
    path = lived / "watcher.yaml"
    path.write_text(path.read_text() + f"store: {{url: '{postgresql_url}'}}\n")
    now = at("2020-06-03 13:00")
    app = open_app(load_settings(path), time=lambda: now)
    turn(app, now)
    (lived / "inbox" / "later.csv").write_text(
        (lived / "inbox" / "2020-06-01T1200.csv").read_text().replace("MOZ2", "MOZ7")
    )
    done = turn(app, at("2020-06-03 14:00"))
    app.close()
    assert len((lived / "gone" / "desk.jsonl").read_text().splitlines()) >= 1, "what was open is told"
    assert done.ingested[0].added == 1, "new rows are numbered behind the old ones"


def test_there_and_back_it_is_the_same(lived, postgresql_url, tmp_path):
    settings = load_settings(lived / "watcher.yaml")
    with Store.open(settings.store.url, read_only=True) as source, create(postgresql_url) as middle:
        there = transfer(source, middle)
        with create(f"sqlite:///{tmp_path}/back.db") as back:
            assert transfer(middle, back) == there


def test_a_store_in_use_is_not_moved_into(lived, tmp_path):
    settings = load_settings(lived / "watcher.yaml")
    shutil.copy(lived / "state" / "watcher.db", tmp_path / "used.db")
    with (
        Store.open(settings.store.url, read_only=True) as source,
        Store.open(f"sqlite:///{tmp_path}/used.db") as target,
        pytest.raises(StoreError, match="the store to move into is in use"),
    ):
        transfer(source, target)
