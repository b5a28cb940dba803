"""An endpoint that takes nothing, messages that were given up, and who is told instead."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.installation import SETTINGS, at, install, installed
from watcher.config.settings import load_settings
from watcher.core.delivery import DeliveryState
from watcher.core.errors import ConfigError
from watcher.store.deliveries import find_deliveries
from watcher.store.schema import delivery
from watcher.store.standby import is_standby_due
from watcher.wiring import switchboard

ROUTES = """\
route: {receiver: desk, group_by: [alertname], repeat_interval: 52w}
receivers:
  - name: desk
    file_configs: [{path: gone/desk.jsonl}]
  - name: duty
    file_configs: [{path: duty.jsonl}]
"""
WITH_FALLBACK = SETTINGS + "receivers:\n  desk: {fallback: duty}\n"
BIG = "MOZ1  2020-05-28  20  Palma"


@pytest.fixture
def it(tmp_path):
    with installed(tmp_path, routes=ROUTES, settings=WITH_FALLBACK) as it:
        it.release("2020-05-30 12:00", "MOZ9  2020-05-20  1  Palma")
        it.turn("2020-05-30 13:00")
        yield it


def fires(it) -> None:
    """An alert that the desk cannot be told, because its folder is missing."""
    it.release("2020-06-01 12:00", BIG)
    it.turn("2020-06-01 13:00")


def names(it, receiver: str) -> list[str]:
    return [each["alerts"][0]["labels"]["alertname"] for each in it.told(receiver)]


def keys(it) -> dict[str, str]:
    with it.app.store.reading() as tx:
        return {each.endpoint: each.state.value for each in find_deliveries(tx)}


def test_an_endpoint_that_takes_nothing_is_an_alert_that_goes_to_somebody_else(it):
    fires(it)
    it.turn("2020-06-01 13:01")
    [told] = it.told("duty")
    assert told["alerts"][0]["labels"]["alertname"] == "WatcherEndpointFailing"
    assert told["alerts"][0]["labels"]["endpoint"] == "desk/file/1"
    assert "desk/file/1 takes no messages" in json.dumps(told)


def test_it_is_told_once_however_often_it_fails_and_ends_with_the_first_success(it):
    fires(it)
    for minute in (1, 2, 30):
        it.turn(f"2020-06-01 13:{minute:02}")
    assert names(it, "duty") == ["WatcherEndpointFailing"]
    (it.folder / "gone").mkdir()
    it.turn("2020-06-01 13:50")
    it.turn("2020-06-01 13:51")
    ended = it.told("duty")
    assert [each["status"] for each in ended] == ["resolved"]
    assert keys(it)["desk/file/1"] == "delivered"


def test_nobody_is_told_of_an_endpoint_through_that_endpoint(tmp_path):
    with installed(tmp_path, routes=ROUTES) as it:
        it.release("2020-05-30 12:00", "MOZ9  2020-05-20  1  Palma")
        it.turn("2020-05-30 13:00")
        fires(it)
        it.turn("2020-06-01 13:01")
        with it.app.store.reading() as tx:
            assert [each.subject for each in find_deliveries(tx)] == [
                "[WARNING] Deaths, Palma: 21 deaths in 30 days to 28 May 2020"
            ]


def test_messages_that_were_given_up_are_one_alert_for_a_day(it):
    fires(it)
    it.turn("2020-06-01 13:01")
    it.told("duty")
    it.turn("2020-06-04 13:02")
    it.turn("2020-06-04 13:03")
    assert "WatcherMessagesDead" in names(it, "duty")
    it.turn("2020-06-04 14:00")
    assert names(it, "duty") == []
    it.turn("2020-06-05 13:03")
    assert names(it, "duty") == ["WatcherMessagesDead"], "it is over"


# --- the receiver to fall back on --------------------------------------------------------------------------------------


def test_what_is_not_told_in_an_hour_goes_to_the_receiver_to_fall_back_on_under_the_same_key(it):
    fires(it)
    it.turn("2020-06-01 13:01")
    it.told("duty")
    it.turn("2020-06-01 13:59")
    assert it.told("duty") == []
    it.turn("2020-06-01 14:00")
    [told] = it.told("duty")
    with it.app.store.reading() as tx:
        [stuck] = find_deliveries(tx, endpoint="desk")
    assert told["watcher"]["message"] == stuck.message
    assert told["receiver"] == "duty"


def test_what_is_critical_goes_there_after_ten_minutes(tmp_path):
    rules = (
        "version: 1\nindicators:\n"
        "  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}, by: [location]}\n"
        "rules:\n  - alert: Many deaths in a place\n    threshold: {indicator: deaths, window: 30d}\n"
        "    condition: [value >= 10]\n    severity: {critical: value >= 20}\n"
    )
    with installed(tmp_path, routes=ROUTES, settings=WITH_FALLBACK, rules=rules) as it:
        it.release("2020-05-30 12:00", "MOZ9  2020-05-20  1  Palma")
        it.turn("2020-05-30 13:00")
        fires(it)
        it.turn("2020-06-01 13:01")
        it.told("duty")
        it.turn("2020-06-01 13:09")
        assert it.told("duty") == []
        it.turn("2020-06-01 13:10")
        assert names(it, "duty") == ["Many deaths in a place"]


def test_whoever_was_told_instead_is_told_the_end(it):
    fires(it)
    it.turn("2020-06-01 14:00")
    it.told("duty")
    it.release("2020-06-02 12:00", BIG.replace("  20  ", "  0  "))
    it.turn("2020-06-02 13:00")
    assert "Many deaths in a place" in names(it, "duty")


def test_what_is_told_in_time_goes_nowhere_else(it):
    (it.folder / "gone").mkdir()
    fires(it)
    it.turn("2020-06-01 15:00")
    assert names(it, "duty") == []
    with it.app.store.reading() as tx:
        assert not is_standby_due(tx, at("2020-07-01"))


def test_what_is_dead_goes_there_at_once(it):
    fires(it)
    with it.app.store.writing() as tx:
        tx.execute(update(delivery).values(previous=delivery.c.state, state=DeliveryState.DEAD.value))
    it.turn("2020-06-01 13:02")
    assert "Many deaths in a place" in names(it, "duty")


def test_a_clock_that_was_set_back_keeps_nobody_waiting(it):
    fires(it)
    it.now = at("2020-05-25 13:00")
    with it.app.store.reading() as tx:
        assert is_standby_due(tx, it.now)
        assert not is_standby_due(tx, at("2020-06-01 13:01"))
        assert is_standby_due(tx, at("2020-06-01 14:00") + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("fallback", "why"),
    [("nobody", "there is no receiver 'nobody' in notify.yaml"), ("desk", "'desk' falls back on itself in the end")],
)
def test_a_fallback_that_is_none_is_refused_where_it_stands(tmp_path, fallback, why):
    install(tmp_path, routes=ROUTES, settings=SETTINGS)
    (tmp_path / "watcher.yaml").write_text(WITH_FALLBACK.replace("duty", fallback))
    with pytest.raises(ConfigError, match=rf"watcher.yaml:5:\d+: receivers.desk.fallback: {why}"):
        switchboard(load_settings(tmp_path / "watcher.yaml"))
