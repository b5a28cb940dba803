from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from tests.core.notices import transition
from tests.store.records import clash, deletion, keep, moment
from watcher.core.alert import Alert, Reason, State, Transition
from watcher.core.fact import Fact
from watcher.core.severity import Severity
from watcher.store.alerts import (
    RuleState,
    add_transition,
    alert,
    clear_dirty,
    dirty_marks,
    find_alerts,
    find_transitions,
    mark_dirty,
    moments_of_knowledge,
    rule_states,
    save_alert,
    save_rule_state,
)
from watcher.store.facts import assert_fact

NOW = moment("2020-07-07 13:00")
FIRING = Alert(
    fingerprint="aa11",
    rule="many-deaths",
    group=(("location", "Pobé"),),
    state=State.FIRING,
    severity=Severity.WARNING,
    worst=Severity.CRITICAL,
    episode=2,
    seq=5,
    active_at=NOW,
    fired_at=NOW,
    fired_watermark=date(2020, 7, 6),
    period=date(2020, 1, 1),
    told=True,
)
RESOLVED = Alert("aa22", "many-deaths", (("location", "Arbinda"),), State.RESOLVED, ended_at=NOW)
OCCURRED = Alert("bb33", "a-leader", (), State.EXPIRED, occurrence="leader|aqim|killed", known_at=NOW)


HEADLINE = Alert(transition().fingerprint, transition().rule, ())
OTHER = Alert("other", "other", ())


def save(store, *alerts: Alert) -> None:
    with store.writing() as tx:
        for each in alerts:
            save_alert(tx, each)


def add(store, *transitions: Transition) -> None:
    save(store, HEADLINE, OTHER)
    with store.writing() as tx:
        for each in transitions:
            add_transition(tx, each, now=NOW)


def test_an_alert_comes_back_as_it_was_saved(store):
    save(store, FIRING, RESOLVED, OCCURRED)
    with store.reading() as tx:
        assert {each.fingerprint: each for each in find_alerts(tx)} == {
            "aa11": FIRING,
            "aa22": RESOLVED,
            "bb33": OCCURRED,
        }


def test_an_alert_is_saved_over_itself(store):
    ended = replace(FIRING, state=State.RESOLVED, seq=6, ended_at=NOW)
    save(store, FIRING, ended)
    with store.reading() as tx:
        assert find_alerts(tx) == [ended]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param({}, ["bb33", "aa22", "aa11"], id="all, by rule and group"),
        pytest.param({"rule": "many-deaths"}, ["aa22", "aa11"], id="those of a rule"),
        pytest.param({"states": (State.FIRING, State.RECOVERING)}, ["aa11"], id="those that fire"),
        pytest.param({"rule": "a-leader", "states": (State.FIRING,)}, [], id="none"),
    ],
)
def test_alerts_are_found(wanted, found, store):
    save(store, FIRING, RESOLVED, OCCURRED)
    with store.reading() as tx:
        assert [each.fingerprint for each in find_alerts(tx, **wanted)] == found


@pytest.mark.parametrize(
    ("beginning", "found"),
    [("aa11", "aa11"), ("bb", "bb33"), ("aa", None), ("cc", None), ("a%1", None), ("a_11", None)],
    ids=["the whole", "a beginning", "a beginning of two", "of none", "a pattern", "another pattern"],
)
def test_an_alert_is_known_by_the_beginning_of_its_fingerprint(beginning, found, store):
    save(store, FIRING, RESOLVED, OCCURRED)
    with store.reading() as tx:
        one = alert(tx, beginning)
    assert (one.fingerprint if one else None) == found


def test_a_transition_comes_back_as_it_was_added_with_every_kind_of_value(store):
    values = {
        "count": 447,
        "ratio": 1.31478,
        "infinite": float("inf"),
        "below": float("-inf"),
        "day": date(2020, 7, 6),
        "word": "inf and more",
        "yes": True,
        "nothing": None,
    }
    told = transition(group=(("location", "Pobé"),), values=values, evidence={"headline": "31 % above", "records": [1]})
    add(store, told)
    with store.reading() as tx:
        [stored] = find_transitions(tx)
    assert stored.transition == told
    assert (stored.recorded_at, stored.newest_version) == (NOW, 0)


def test_transitions_are_found_the_newest_first(store):
    add(store, *(transition(seq=seq, episode=episode) for seq, episode in ((1, 1), (2, 1), (3, 2))))
    add(store, transition(fingerprint="other", rule="other", reason=Reason.WORSE))
    with store.reading() as tx:
        ours = transition().fingerprint
        assert [each.transition.seq for each in find_transitions(tx, fingerprint=ours)] == [3, 2, 1]
        assert [each.transition.seq for each in find_transitions(tx, fingerprint=ours, episode=1)] == [2, 1]
        assert [each.transition.seq for each in find_transitions(tx, fingerprint=ours, limit=1)] == [3]
        assert [each.transition.reason for each in find_transitions(tx, rule="other")] == [Reason.WORSE]


def test_a_transition_is_added_once(store):
    add(store, transition())
    with pytest.raises(IntegrityError):
        add(store, transition())


def test_a_transition_remembers_how_far_the_records_went(store):
    keep(store, clash("BFO1", stamp="2020-10-06"), clash("BFO2", stamp="2020-10-06"))
    add(store, transition())
    with store.reading() as tx:
        assert find_transitions(tx)[0].newest_version == 2


def test_how_far_a_rule_was_evaluated_is_kept_over_what_was_kept_before(store):
    early = RuleState("many-deaths", "h1", None, NOW, "no records")
    late = RuleState("many-deaths", "h2", NOW, NOW + timedelta(hours=1))
    with store.writing() as tx:
        for state in (early, RuleState("other", "h", NOW, NOW), late):
            save_rule_state(tx, state)
    with store.reading() as tx:
        assert rule_states(tx) == {"many-deaths": late, "other": RuleState("other", "h", NOW, NOW)}


def test_a_mark_keeps_the_earliest_moment_until_everything_has_been_evaluated(store):
    with store.writing() as tx:
        for hours in (2, 1, 3):
            mark_dirty(tx, "records:acled", NOW + timedelta(hours=hours))
        mark_dirty(tx, "facts", NOW)
        assert dirty_marks(tx) == {"records:acled": NOW + timedelta(hours=1), "facts": NOW}
        clear_dirty(tx)
        assert dirty_marks(tx) == {}


def test_the_moments_of_knowledge_are_those_at_which_anything_became_known_or_was_closed(store):
    keep(
        store,
        clash("BFO1", stamp="2020-10-06", fatalities=5),
        clash("BFO1", stamp="2020-10-13", fatalities=2),
        clash("BFO2", stamp="2020-10-13"),
        deletion("BFO2", stamp="2020-10-20"),
    )
    with store.writing() as tx:
        fact = Fact(state="truce", key=("Gourma",), value="agreed", since="2020-10-01", known="2020-10-15")
        assert_fact(tx, fact, now=moment("2020-10-16"))
    with store.reading() as tx:
        days = [f"{each:%m-%d}" for each in moments_of_knowledge(tx, moment("2020-10-06"), moment("2020-10-20"))]
    assert days == ["10-13", "10-15", "10-20"], "after the first moment, up to the last one"
