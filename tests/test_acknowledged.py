"""What an acknowledgement does to the messages of whole turns."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.installation import RULES, at, installed
from watcher.store.reviews import acknowledge

ROUTES = """\
route: {receiver: desk, group_by: [alertname], repeat_interval: 1d}
receivers:
  - {name: desk, file_configs: [{path: desk.jsonl}]}
"""
TIERS = RULES + "    severity: {critical: value >= 100, otherwise: warning}\n"


@pytest.fixture
def fired(tmp_path):
    """Fired and told on 10 January."""
    with installed(tmp_path, rules=TIERS, routes=ROUTES) as installation:
        installation.release("2020-01-08 12:00", "MOZ1  2020-01-07  1  Nampula")
        installation.turn("2020-01-08 13:00")
        installation.release("2020-01-09 12:00", "MOZ2  2020-01-08  20  Palma")
        installation.turn("2020-01-10")
        assert len(installation.subjects()) == 1
        yield installation


def seen(installation, when: str, *, span: timedelta | None = None) -> None:
    alert = installation.alerts()["Palma"]
    with installation.app.store.writing() as tx:
        acknowledge(tx, alert, at=at(when), until=at(when) + span if span else None, author="Ana", note="asked them")


def test_without_it_there_is_a_reminder(fired):
    fired.turn("2020-01-11T01:00")
    assert [subject.split("]")[1][:11] for subject in fired.subjects()] == [" (reminder)"]


def test_with_it_there_is_none_until_its_time_is_over(fired):
    seen(fired, "2020-01-10T08:00", span=timedelta(days=2))
    fired.turn("2020-01-11T01:00")
    fired.turn("2020-01-12T01:00")
    assert fired.subjects() == []
    fired.turn("2020-01-12T09:00")
    [reminder] = fired.told()
    assert reminder["notification_reason"] == "repeat"
    assert "Acknowledged by Ana on 10 Jan 2020, 08:00 UTC" in " ".join(reminder["watcher"]["text"].split())


def test_what_gets_worse_is_told_and_says_who_had_seen_it(fired):
    seen(fired, "2020-01-10T08:00")
    fired.release("2020-01-10T12:00", "MOZ3  2020-01-09  90  Palma")
    fired.turn("2020-01-10T13:00")
    [worse] = fired.told()
    assert worse["notification_reason"] == "worse"
    [detail] = worse["watcher"]["alerts"].values()
    assert detail["acknowledgement"]["author"] == "Ana"
    fired.turn("2020-01-11T14:00")
    [reminder] = fired.told()
    assert reminder["notification_reason"] == "repeat"


def test_its_end_is_told(fired):
    seen(fired, "2020-01-10T08:00")
    fired.release("2020-02-19 12:00", "MOZ4  2020-02-18  0  Palma")
    fired.turn("2020-02-20")
    assert [each["status"] for each in fired.told()] == ["resolved"]


def test_a_message_that_had_to_wait_still_says_who_had_seen_it(tmp_path):
    patient = ROUTES.replace("repeat_interval: 1d", "repeat_interval: 52w, group_interval: 60d")
    with installed(tmp_path, rules=RULES, routes=patient) as it:
        it.release("2020-01-08 12:00", "MOZ1  2020-01-07  1  Nampula")
        it.turn("2020-01-08 13:00")
        it.release("2020-01-09 12:00", "MOZ2  2020-01-08  20  Palma")
        it.turn("2020-01-10")
        assert len(it.subjects()) == 1
        seen(it, "2020-01-10T08:00")
        it.release("2020-02-20 12:00", "MOZ9  2020-02-19  0  Nampula")
        it.turn("2020-02-20 13:00")
        assert it.told() == [], "it waits for the group's interval"
        it.turn("2020-03-20")
        [over] = it.told()
        [detail] = over["watcher"]["alerts"].values()
        assert detail["acknowledgement"]["author"] == "Ana"
        assert detail["acknowledgement"]["note"] == "asked them"
