"""A store that fails is told of past the store."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.installation import SETTINGS, at, install
from watcher import emergency
from watcher.core.errors import SchemaMismatch, StoreError
from watcher.emergency import raise_alarm

ROUTES = """\
route: {receiver: desk, group_by: [alertname], repeat_interval: 52w}
receivers:
  - name: desk
    file_configs: [{path: desk.jsonl}]
  - name: duty
    file_configs: [{path: duty.jsonl}]
"""
WITH_FALLBACK = SETTINGS + "receivers:\n  desk: {fallback: duty}\n"
FULL = StoreError("the disk is full", where="watcher.db", todo="make room")
NOW = at("2020-06-01 13:07")


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    monkeypatch.setattr(emergency, "_LAST", {})


def told(folder, receiver: str) -> list[dict[str, Any]]:
    path = folder / f"{receiver}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_the_receiver_to_fall_back_on_is_told(tmp_path):
    settings = install(tmp_path, routes=ROUTES, settings=WITH_FALLBACK)
    assert raise_alarm(settings, FULL, now=NOW) == ["duty/file/1"]
    [message] = told(tmp_path, "duty")
    assert message["watcher"]["message"].startswith("emg_")
    assert message["alerts"][0]["labels"] == {"alertname": "WatcherStoreFailed", "severity": "critical"}
    assert "the disk is full (make room)" in json.dumps(message)
    assert told(tmp_path, "desk") == []


def test_without_one_the_first_receiver_is_told(tmp_path):
    settings = install(tmp_path, routes=ROUTES)
    assert raise_alarm(settings, FULL, now=NOW) == ["desk/file/1"]


@pytest.mark.parametrize("memory", ["file", "process"])
def test_no_more_than_once_in_a_quarter_of_an_hour(tmp_path, monkeypatch, memory):
    settings = install(tmp_path, routes=ROUTES)
    raise_alarm(settings, FULL, now=NOW)
    if memory == "file":
        monkeypatch.setattr(emergency, "_LAST", {})
    else:
        (settings.state_dir / "emergency").unlink()
    assert raise_alarm(settings, FULL, now=at("2020-06-01 13:21")) == []
    assert raise_alarm(settings, FULL, now=at("2020-06-01 13:22")) == ["desk/file/1"]
    assert len({each["watcher"]["message"] for each in told(tmp_path, "desk")}) == 2


def test_a_clock_that_was_set_back_silences_nobody(tmp_path):
    settings = install(tmp_path, routes=ROUTES)
    raise_alarm(settings, FULL, now=NOW)
    assert raise_alarm(settings, FULL, now=at("2020-05-01 13:00")) == ["desk/file/1"]


def test_within_a_quarter_it_has_one_key(tmp_path):
    settings = install(tmp_path, routes=ROUTES)
    raise_alarm(settings, FULL, now=NOW)
    (settings.state_dir / "emergency").unlink()
    emergency._LAST.clear()
    raise_alarm(settings, FULL, now=at("2020-06-01 13:14"))
    assert len({each["watcher"]["message"] for each in told(tmp_path, "desk")}) == 1


def test_a_store_of_another_version_is_no_emergency(tmp_path):
    settings = install(tmp_path, routes=ROUTES)
    assert raise_alarm(settings, SchemaMismatch("older"), now=NOW) == []


def test_broken_routes_do_not_hide_the_store_s_own_error(tmp_path):
    settings = install(tmp_path, routes=ROUTES)
    (tmp_path / "notify.yaml").write_text("route: [")
    assert raise_alarm(settings, FULL, now=NOW) == []
