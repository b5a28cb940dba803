"""Episodes, as what combines alerts sees them: what fired when, and how it stood at a moment."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.store.records import moment
from watcher.core.alert import Alert, Reason, State, Transition
from watcher.core.severity import Severity
from watcher.store.alerts import add_transition, find_episodes, save_alert, ticks_of_moves

RULE = "many-deaths"
FIRST, SECOND, THIRD, LAST = (moment(f"2020-07-0{day} 12:00") for day in range(1, 5))
LONG_AGO = moment("2019-01-01")


@pytest.fixture
def moved(store):
    """Store that an alert moved, each time in a transaction of its own."""
    seqs: dict[str, int] = {}

    def moved(
        name: str, before: State, after: State, tick: datetime, *, episode: int = 1, rule: str = RULE, **other: Severity
    ) -> None:
        seqs[name] = seqs.get(name, 0) + 1
        transition = Transition(
            fingerprint=name,
            rule=rule,
            group=(("location", name),),
            seq=seqs[name],
            episode=episode,
            before=before,
            after=after,
            severity=other.get("severity", Severity.WARNING),
            reason=Reason.HOLDS,
            tick=tick,
            watermark=None,
            rule_hash="",
            evidence={"headline": f"{name} {after}"},
        )
        with store.writing() as tx:
            save_alert(tx, Alert(name, rule, transition.group, after))
            add_transition(tx, transition, now=tick)

    return moved


def episodes(store, *, since: datetime = LONG_AGO, up_to: datetime = LAST) -> list[tuple[str, int, bool, bool]]:
    """Of each episode: alert, number, whether it goes on, and whether it was taken back."""
    with store.reading() as tx:
        found = find_episodes(tx, RULE, since=since, up_to=up_to)
    return [(each.fingerprint, each.episode, each.ended_at is None, each.was_retracted) for each in found]


def test_an_episode_has_what_its_alert_last_said_of_it(store, moved):
    moved("palma", State.INACTIVE, State.FIRING, FIRST)
    moved("palma", State.FIRING, State.FIRING, SECOND, severity=Severity.CRITICAL)
    with store.reading() as tx:
        [found] = find_episodes(tx, RULE, since=LONG_AGO, up_to=LAST)
    assert (found.labels, found.severity, found.headline) == ((("location", "palma"),), "critical", "palma firing")
    assert (found.fired_at, found.ended_at) == (FIRST, None)


def test_it_is_seen_as_it_stood_at_the_moment(store, moved):
    moved("palma", State.INACTIVE, State.FIRING, FIRST)
    moved("palma", State.FIRING, State.RECOVERING, SECOND)
    moved("palma", State.RECOVERING, State.RETRACTED, THIRD)
    assert episodes(store, up_to=FIRST - timedelta(seconds=1)) == []
    assert episodes(store, up_to=SECOND) == [("palma", 1, True, False)]
    assert episodes(store, up_to=THIRD) == [("palma", 1, False, True)]


def test_one_that_ended_is_found_while_it_fired_after_the_moment_asked(store, moved):
    moved("palma", State.INACTIVE, State.FIRING, FIRST)
    moved("palma", State.FIRING, State.RESOLVED, SECOND)
    moved("pemba", State.INACTIVE, State.FIRING, FIRST)
    assert episodes(store, since=FIRST - timedelta(seconds=1)) == [
        ("palma", 1, False, False),
        ("pemba", 1, True, False),
    ]
    assert episodes(store, since=FIRST) == [("pemba", 1, True, False)]


def test_what_waits_has_not_fired(store, moved):
    moved("palma", State.INACTIVE, State.PENDING, FIRST, episode=0)
    moved("palma", State.PENDING, State.INACTIVE, SECOND, episode=0)
    assert episodes(store) == []


def test_one_that_was_taken_back_stays_so_while_the_next_waits(store, moved):
    moved("palma", State.INACTIVE, State.FIRING, FIRST)
    moved("palma", State.FIRING, State.RETRACTED, SECOND)
    moved("palma", State.RETRACTED, State.PENDING, THIRD)
    assert episodes(store) == [("palma", 1, False, True)]
    moved("palma", State.PENDING, State.FIRING, LAST, episode=2)
    assert episodes(store) == [("palma", 1, False, True), ("palma", 2, True, False)]


def test_an_occurrence_from_before_the_rule_came_into_force_never_fired(store, moved):
    moved("palma", State.INACTIVE, State.EXPIRED, FIRST)
    assert episodes(store) == []


def test_the_ticks_at_which_alerts_of_rules_moved_are_found_once_and_in_order(store, moved):
    moved("palma", State.INACTIVE, State.FIRING, SECOND)
    moved("pemba", State.INACTIVE, State.FIRING, SECOND)
    moved("palma", State.FIRING, State.RESOLVED, THIRD)
    moved("other", State.INACTIVE, State.FIRING, SECOND, rule="other")
    moved("third", State.INACTIVE, State.FIRING, SECOND, rule="third")
    with store.reading() as tx:
        assert ticks_of_moves(tx, [RULE, "other"], after=FIRST) == [(RULE, SECOND), ("other", SECOND), (RULE, THIRD)]
        assert ticks_of_moves(tx, [RULE, "other"], after=SECOND) == [(RULE, THIRD)]
        assert ticks_of_moves(tx, [], after=FIRST) == []
