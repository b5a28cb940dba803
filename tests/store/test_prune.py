"""Pruning: old messages leave, and never what an alert that matters or a judgement rests on."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.installation import Installation, at, installed
from watcher.config.settings import load_settings
from watcher.store import schema
from watcher.store.prune import Pruned, count_prunable, prune

YEAR = timedelta(days=400)
ROUTES = """\
route: {receiver: desk, group_by: [alertname], repeat_interval: 30d}
receivers:
  - name: desk
    file_configs: [{path: desk.jsonl}]
"""
KEPT = ("event", "transition", "rule_text", "alert", "load", "fact", "baseline")


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """An alert of 2018 that ended, one of 2020 that ended, and one that still fires."""
    folder = tmp_path_factory.mktemp("lived")
    with installed(folder, routes=ROUTES) as it:
        it.release("2018-05-20 12:00", "MOZ9  2018-05-19  1  Palma")
        it.turn("2018-05-20 13:00")
        it.release("2018-06-01 12:00", "MOZ1  2018-05-28  12  Palma")
        it.turn("2018-06-01 13:00")
        it.release("2018-08-01 12:00", "MOZ8  2018-07-31  1  Beira")
        it.turn("2018-08-01 13:00")
        it.release("2020-05-30 12:00", "MOZ2  2020-05-28  12  Mueda")
        it.turn("2020-05-30 13:00")
        it.release("2020-08-01 12:00", "MOZ7  2020-07-31  1  Beira")
        it.turn("2020-08-01 13:00")
        it.release("2020-08-20 12:00", "MOZ3  2020-08-19  12  Nampula")
        it.turn("2020-08-20 13:00")
    return folder


@pytest.fixture
def it(lived, tmp_path):
    """A copy of it."""
    folder = tmp_path / "copy"
    shutil.copytree(lived, folder)
    made = Installation(folder, load_settings(folder / "watcher.yaml"))
    yield made
    made.app.close()


def count(it, name: str) -> int:
    with it.app.store.reading() as tx:
        return tx.scalar(select(func.count()).select_from(getattr(schema, name))) or 0


def places(it) -> list[str]:
    query = select(schema.message.c.subject).order_by(schema.message.c.number)
    with it.app.store.reading() as tx:
        return [
            next(place for place in ("Palma", "Mueda", "Nampula") if place in line)
            for line in tx.execute(query).scalars()
        ]


def test_what_is_told_and_over_for_long_leaves(it):
    assert places(it) == ["Palma", "Palma", "Mueda", "Mueda", "Nampula"]
    done = prune(it.app.store, older_than=YEAR, now=at("2020-09-01"))
    assert (done.messages, done.deliveries, done.attempts) == (2, 2, 2)
    assert places(it) == ["Mueda", "Mueda", "Nampula"]


def test_what_would_leave_is_what_leaves(it):
    with it.app.store.reading() as tx:
        foreseen = count_prunable(tx, older_than=YEAR, now=at("2020-09-01"))
    assert prune(it.app.store, older_than=YEAR, now=at("2020-09-01")) == foreseen
    assert prune(it.app.store, older_than=YEAR, now=at("2020-09-01")) == Pruned()


def test_what_a_judgement_rests_on_never_leaves(it):
    before = {name: count(it, name) for name in KEPT}
    prune(it.app.store, older_than=YEAR, now=at("2030-01-01"))
    assert {name: count(it, name) for name in KEPT} == before


def test_a_message_about_an_alert_that_fires_stays_however_old(it):
    prune(it.app.store, older_than=YEAR, now=at("2030-01-01"))
    assert places(it) == ["Nampula"]
    it.release("2020-10-30 12:00", "MOZ6  2020-10-29  1  Beira")
    it.turn("2020-10-30 13:00")
    assert it.subjects()[-1].startswith("[ENDED]"), "and its end is told to whoever was told of it"


def test_messages_of_earlier_episodes_leave_while_a_later_one_goes_on(it):
    it.release("2020-08-25 12:00", "MOZ4  2020-08-24  30  Palma")
    it.turn("2020-08-25 13:00")
    prune(it.app.store, older_than=YEAR, now=at("2020-09-01"))
    assert places(it) == ["Mueda", "Mueda", "Nampula", "Palma"]


def test_nothing_is_judged_or_told_anew_after_it(it):
    it.told()
    prune(it.app.store, older_than=YEAR, now=at("2020-09-01"))
    it.turn("2020-09-01 13:00")
    assert it.told() == []


def test_nothing_younger_than_an_episode_is_watched_leaves(it):
    with pytest.raises(ValueError, match="an ended episode is watched for 180 days"):
        prune(it.app.store, older_than=timedelta(days=90), now=at("2020-09-01"))


def test_what_is_dead_stays(it):
    with it.app.store.writing() as tx:
        oldest = select(func.min(schema.delivery.c.number)).scalar_subquery()
        row = tx.execute(select(schema.delivery).where(schema.delivery.c.number == oldest)).one()
        tx.exec_driver_sql("pragma foreign_keys = off")
        tx.execute(
            schema.delivery.update().where(schema.delivery.c.id == row.id).values(previous="leased", state="dead")
        )
    assert prune(it.app.store, older_than=YEAR, now=at("2020-09-01")).messages == 1
