"""Signs of life through whole turns: once a week, whatever becomes of the turns between."""

from __future__ import annotations

import pytest

from tests.installation import SETTINGS, installed

ALIVE = SETTINGS + "receivers: {desk: {alive: {on: monday, at: '08:00'}}}\n"


@pytest.fixture
def it(tmp_path):
    with installed(tmp_path, settings=ALIVE) as installation:
        installation.release("2020-06-01 07:00", "MOZ1  2020-05-28  1  Nampula")
        yield installation


def notes(it) -> list[str]:
    return [each["watcher"]["subject"] for each in it.told() if each["notification_reason"] == "alive"]


def test_it_comes_once_a_week(it):
    for moment in ("06-01 07:00", "06-01 07:59", "06-01 08:00", "06-01 08:01", "06-03 12:00", "06-07 23:59"):
        it.turn(f"2020-{moment}")
    # What was due last week when watching began, and this week's.
    assert notes(it) == ["[ALIVE] all quiet, data to 28 May 2020"] * 2
    it.turn("2020-06-08 08:00")
    assert len(notes(it)) == 1


def test_after_a_pause_there_is_one_and_not_many(it):
    it.turn("2020-06-01 09:00")
    it.told()
    it.turn("2020-07-15 09:00")
    it.turn("2020-07-15 09:01")
    assert len(notes(it)) == 1


def test_a_restart_does_not_repeat_it(it):
    it.turn("2020-06-01 09:00")
    it.restart()
    it.turn("2020-06-01 09:01")
    assert len(notes(it)) == 1


def test_it_names_what_fires(it):
    it.turn("2020-06-01 09:00")
    it.release("2020-06-02 12:00", "MOZ2  2020-06-01  20  Palma")
    it.turn("2020-06-02 13:00")
    it.told()
    it.turn("2020-06-08 09:00")
    assert notes(it) == ["[ALIVE] 1 alert fires, data to 1 Jun 2020"]


def test_nobody_gets_it_who_did_not_ask(tmp_path):
    with installed(tmp_path) as plain:
        plain.turn("2020-06-01 09:00")
        assert plain.told() == []
