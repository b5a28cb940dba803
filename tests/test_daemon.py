"""The daemon in this process: what it does between its start and its first turn."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from tests.installation import Installation, at, installed
from watcher import log
from watcher.app import evaluate, ingest
from watcher.daemon import Daemon

PATIENCE_S = 30.0
SECRET = "hunter2-hunter2"
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


def daemon_of(it: Installation, **how) -> Daemon:
    return Daemon(
        it.app,
        state_dir=it.settings.state_dir,
        rules=it.settings.rules,
        load_rules=lambda: it.app.rules,
        raise_alarm=lambda _: None,
        **how,
    )


def test_a_mistake_of_ours_in_one_turn_is_logged_without_secrets_and_ends_nothing(tmp_path, monkeypatch):
    def stumble(*_, **__):
        raise ZeroDivisionError(SECRET)

    out = io.StringIO()
    log.hide([SecretStr(SECRET)])
    log.configure(style="json", stream=out)
    monkeypatch.setattr("watcher.daemon.turn", stumble)
    with installed(tmp_path) as it:
        daemon_of(it)._turn_on_timetable()
    [line] = map(json.loads, out.getvalue().splitlines())
    assert (line["event"], line["level"]) == ("turn failed", "error")
    assert line["error"] == "unforeseen ZeroDivisionError (please report it, with the log's traceback)"
    assert line["exception"], "with a traceback"
    assert SECRET not in out.getvalue()


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
        daemon = daemon_of(it, open_service=look_and_end)
        assert daemon.run() == 0
        it.restart()
    assert len(sent[0]) == 1, "before anything else is done"


@pytest.mark.parametrize(
    ("after_s", "ends"),
    [
        pytest.param(0.2, [], id="a signal that comes twice at once is one request"),
        pytest.param(5.0, [143], id="who asks once more ends it at once"),
    ],
)
def test_a_second_signal(tmp_path, monkeypatch, after_s, ends):
    ended: list[int] = []
    moments = iter((100.0, 100.0 + after_s))
    with installed(tmp_path) as it:
        daemon = daemon_of(it)
        monkeypatch.setattr("watcher.daemon.clock.monotonic", lambda: next(moments))
        monkeypatch.setattr("watcher.daemon.os._exit", ended.append)
        daemon._on_stop()
        daemon._on_stop()
    assert ended == ends
