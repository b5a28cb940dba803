"""Which rule set was in force when, and what it said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from watcher.store import schema
from watcher.store.rule_sets import put_in_force, rule_set_history, rule_set_in_force

NOW = datetime(2020, 7, 1, tzinfo=UTC)
FIRST = {"rule one": "alert: One", "indicator deaths": "sum: fatalities"}
SECOND = {"rule one": "alert: One, changed", "indicator deaths": "sum: fatalities"}


def test_the_rule_set_in_force_is_the_last_one(store):
    with store.writing() as tx:
        assert rule_set_in_force(tx) == ""
        for number, content_hash in enumerate(("a", "b", "a")):
            put_in_force(tx, content_hash, {}, now=NOW + timedelta(hours=number))
        assert rule_set_in_force(tx) == "a"


def test_what_each_set_said_can_be_read_the_newest_first(store):
    with store.writing() as tx:
        put_in_force(tx, "a", FIRST, now=NOW)
        put_in_force(tx, "b", SECOND, now=NOW + timedelta(days=1))
    with store.reading() as tx:
        newest, oldest = rule_set_history(tx)
        assert (newest.content_hash, newest.in_force_from, newest.entries) == ("b", NOW + timedelta(days=1), SECOND)
        assert (oldest.content_hash, oldest.in_force_from, oldest.entries) == ("a", NOW, FIRST)
        assert [each.content_hash for each in rule_set_history(tx, limit=1)] == ["b"]


def test_a_text_that_stays_is_kept_once(store):
    with store.writing() as tx:
        put_in_force(tx, "a", FIRST, now=NOW)
        put_in_force(tx, "b", SECOND, now=NOW)
        assert tx.execute(select(func.count()).select_from(schema.rule_text)).scalar() == 3
