"""Two daemons on one PostgreSQL store: what waits is told once, also when both flush at the same moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import pytest

from tests.chaos.fleet import kill_both
from tests.installation import ROUTES, SETTINGS, Installation, at, installed
from watcher import flush, messages
from watcher.app import evaluate
from watcher.store.engine import Store
from watcher.wiring import open_app

PATIENCE_S = 20.0
write, writing = messages.write, Store.writing
_BLOCKED = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@pytest.fixture
def waiting(tmp_path, postgresql_url) -> Iterator[Installation]:
    """Two alerts of one group wait for its time."""
    store = f"store: {{url: '{postgresql_url}'}}\n"
    routes = ROUTES.replace("repeat_interval", "group_wait: 5m, repeat_interval")
    with installed(tmp_path, settings=SETTINGS + store, routes=routes) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-20  1  Palma")
        it.turn("2020-06-01 12:00")
        it.release("2020-06-02 12:00", "MOZ2  2020-06-01  12  Mueda", "MOZ3  2020-06-01  12  Ibo")
        it.turn("2020-06-02 12:00", patient=True)
        assert it.told() == []
        yield it


class FirstWaitsForTheSecond:
    """Whoever writes a message first goes on when the other stands at a lock, or is through."""

    def __init__(self, store: Store, others: list[Any]) -> None:
        self._store = store
        self._others = others
        self._is_first = threading.Lock()
        self.has_begun = threading.Event()

    def __call__(self, *arguments: Any) -> int:
        if self._is_first.acquire(blocking=False):
            self.has_begun.set()
            until = time.monotonic() + PATIENCE_S
            while not self._is_blocked() and not any(each.done() for each in self._others):
                assert time.monotonic() < until, "the other neither waits nor is through"
        return write(*arguments)

    def _is_blocked(self) -> bool:
        with self._store.reading() as tx:
            return bool(tx.exec_driver_sql(_BLOCKED).scalar_one())


@contextmanager
def not_alone(self: Store, *, alone: bool = False) -> Iterator[Any]:
    with writing(self) as tx:
        yield tx


@pytest.mark.parametrize("judging_is_locked", [True, False], ids=["as they are", "by the lock on the items alone"])
def test_two_who_flush_at_the_same_moment_tell_once(waiting, monkeypatch, postgresql_url, judging_is_locked):
    now = at("2020-06-02 12:06")
    if not judging_is_locked:
        monkeypatch.setattr(Store, "writing", not_alone)
    with (
        closing(open_app(waiting.settings, time=lambda: now)) as other,
        Store.open(postgresql_url) as watching,
        ThreadPoolExecutor(2) as pool,
    ):
        later: list[Any] = []
        gate = FirstWaitsForTheSecond(watching, later)
        monkeypatch.setattr(flush, "write", gate)
        first = pool.submit(evaluate, waiting.app, now, patient=True)
        assert gate.has_begun.wait(PATIENCE_S)
        later.append(pool.submit(evaluate, other, now, patient=True))
        assert [first.result()[1], later[0].result()[1]] == [1, 0]
    waiting.turn("2020-06-02 12:07", patient=True)
    [message] = waiting.told()
    assert {each["labels"]["location"] for each in message["alerts"]} == {"Mueda", "Ibo"}


def test_two_that_are_killed_at_random_lose_nothing_and_tell_under_one_key(tmp_path, postgresql_url):
    assert kill_both(postgresql_url, 0, tmp_path / "scene", kills=1)["lost"] == 0
