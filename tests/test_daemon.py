"""The daemon in this process: what it does between its start and its first turn."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.installation import Installation, at, installed
from watcher.app import evaluate, ingest
from watcher.daemon import Daemon

PATIENCE_S = 30.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture
def signals() -> Iterator[None]:
    """What the daemon asks to be told of is told to whom it was told before."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def put_into_the_outbox(it: Installation) -> None:
    it.release("2020-06-02 12:00", "MOZ1  2020-06-01  10  Palma")
    ingest(it.app, it.now)
    evaluate(it.app, it.now)


def test_what_an_earlier_process_left_goes_out_before_the_first_turn(tmp_path, signals):
    sent: list[list[str]] = []

    def look_and_end(app, _pulse):
        assert app.couriers.join(PATIENCE_S)
        sent.append(it.subjects())
        os.kill(os.getpid(), signal.SIGTERM)

    with installed(tmp_path) as it:
        put_into_the_outbox(it)
        it.restart()
        it.now = at("2020-06-02 12:10")
        daemon = Daemon(
            it.app,
            state_dir=it.settings.state_dir,
            rules=it.settings.rules,
            load_rules=lambda: it.app.rules,
            raise_alarm=lambda _: None,
            open_service=look_and_end,
        )
        assert daemon.run() == 0
        it.restart()
    assert len(sent[0]) == 1, "before anything else is done"
