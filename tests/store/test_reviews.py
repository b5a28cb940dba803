from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from watcher.core.alert import Alert, State
from watcher.core.matcher import matcher
from watcher.core.message.link import Action, Ticket
from watcher.core.severity import Severity
from watcher.core.verdict import Tally, Word
from watcher.store import schema
from watcher.store.alerts import save_alert
from watcher.store.links import Use, use, use_of
from watcher.store.reviews import (
    acknowledge,
    acknowledgements,
    judge,
    last_acknowledgement,
    standing_acknowledgement,
    tallies,
    verdict_on,
    verdicts,
)
from watcher.store.silences import add_silence

NOW = datetime(2020, 7, 7, 6, tzinfo=UTC)
FIRING = Alert(
    "0123", "rule", (), state=State.FIRING, severity=Severity.INFO, worst=Severity.WARNING, episode=2, fired_at=NOW
)


def test_an_acknowledgement_is_kept_as_it_was_said(store):
    with store.writing() as tx:
        save_alert(tx, FIRING)
        first = acknowledge(tx, FIRING, at=NOW, until=NOW + timedelta(days=1), author="Ana", note="seen")
        second = acknowledge(tx, FIRING, at=NOW + timedelta(hours=1), until=None, author="Ben")
    with store.reading() as tx:
        assert acknowledgements(tx, "0123") == acknowledgements(tx) == [first, second]
        assert first.severity is Severity.WARNING
        assert standing_acknowledgement(tx, FIRING, NOW + timedelta(days=9)) == second
        assert acknowledgements(tx, "9999") == []


def test_one_that_was_taken_back_is_not_told_any_more(store):
    with store.writing() as tx:
        save_alert(tx, FIRING)
        acknowledge(tx, FIRING, at=NOW, until=None, author="Ana")
        assert last_acknowledgement(tx, FIRING) is not None
        acknowledge(tx, FIRING, at=NOW, until=NOW, author="Ana")
        assert last_acknowledgement(tx, FIRING) is None
        assert standing_acknowledgement(tx, FIRING, NOW) is None


def test_verdicts_are_counted_by_rule_and_the_last_on_an_episode_counts(store):
    with store.writing() as tx:
        save_alert(tx, FIRING)
        judge(tx, FIRING, Word.TRUE, at=NOW, author="Ana")
        last = judge(tx, FIRING, Word.FALSE, at=NOW, author="Ben", note="a backlog")
    with store.reading() as tx:
        assert tallies(tx) == {"rule": Tally(false=1)}
        assert verdict_on(tx, FIRING) == last
        assert len(verdicts(tx)) == 2


def test_nobody_says_anything_of_an_alert_that_is_not_there(store):
    with pytest.raises(IntegrityError), store.writing() as tx:
        acknowledge(tx, FIRING, at=NOW, until=None, author="Ana")


def test_a_link_is_used_once(store):
    ticket = Ticket(Action.ACK, "0123", 2, NOW, "once")
    with store.writing() as tx:
        assert use_of(tx, ticket) is None
        assert use(tx, ticket, at=NOW, author="Ana")
        assert not use(tx, ticket, at=NOW, author="Ben")
        assert use_of(tx, ticket) == Use(NOW, "Ana")


def test_a_silence_is_stored_as_tests_of_labels(store):
    tests = [matcher("alertname", "=", 'A "b"'), matcher("country", "=", "Côte d'Ivoire")]
    with store.writing() as tx:
        end = NOW + timedelta(days=7)
        add_silence(tx, tests, starts_at=NOW, ends_at=end, author="Ana", comment="known", now=NOW)
        [row] = tx.execute(schema.silence.select()).mappings()
    assert row["matchers"] == r'["alertname=\"A \\\"b\\\"\"", "country=\"Côte d' + "'" + r'Ivoire\""]'
    assert (row["starts_at"], row["ends_at"], row["author"]) == (NOW, end, "Ana")
