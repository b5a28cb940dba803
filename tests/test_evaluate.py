"""Evaluation: which rules are judged when, and what their alerts become."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.installation import RULES, at, installed
from watcher.core.alert import Reason, State
from watcher.store.alerts import dirty_marks, rule_states

WITH_FOR = RULES.replace("condition: [value >= 10]", "condition: [value >= 10]\n    for: 2d")
KEPT = RULES.replace("condition: [value >= 10]", "condition: [value >= 10]\n    keep_firing_for: 3d")
IN_GROUPS = """\
version: 1
indicators:
  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}}
groups:
  - group: hourly
    interval: 1h
    query_offset: 5d
    rules:
      - {alert: Of the group, threshold: {indicator: deaths, window: 1d}, condition: [value >= 50]}
      - {alert: Own, query_offset: 10d, threshold: {indicator: deaths, window: 1d}, condition: [value >= 50]}
  - group: plain
    interval: 1h
    rules:
      - {alert: Ungrouped, threshold: {indicator: deaths, window: 1d}, condition: [value >= 50]}
"""
BY_YEAR = """\
version: 1
indicators:
  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}, by: [location]}
rules:
  - alert: More deaths than in 2019
    pace: {indicator: deaths, above: YEAR, compare: same_period}
    condition: [ratio > 1]
"""


@pytest.fixture
def it(tmp_path):
    with installed(tmp_path) as it:
        yield it


def begin(it, *rows: str) -> None:
    """A first load in which nothing holds."""
    it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma", *rows)
    it.turn("2020-06-01 13:00")


def moves(it) -> list[tuple[str, State, Reason]]:
    return [(" ".join(value for _, value in each.group), each.after, each.reason) for each in it.transitions()]


def test_without_anything_new_nothing_is_judged(it):
    begin(it)
    done = it.turn("2020-06-01 13:00:30")
    assert (done.evaluated.judged, done.did_something) == (0, False)


def test_a_new_day_is_something_new(it):
    begin(it)
    assert it.turn("2020-06-02 09:00").evaluated.judged == 1


def test_each_moment_of_knowledge_that_was_missed_is_judged_in_order(it):
    begin(it)
    it.release("2020-06-03 12:00", "MOZ2  2020-06-01  10  Palma")
    it.release("2020-06-05 12:00", "MOZ2  2020-06-01  2  Palma")
    done = it.turn("2020-06-05 13:00")
    ticks = [
        at(day)
        for day in ("2020-06-02", "2020-06-03", "2020-06-03 12:00", "2020-06-04", "2020-06-05", "2020-06-05 12:00")
    ]
    assert done.evaluated.judged == len(ticks) + 1, "and once more now, because records have come in"
    assert [(each.tick, each.after) for each in it.transitions()] == [
        (at("2020-06-03 12:00"), State.FIRING),
        (at("2020-06-05 12:00"), State.RETRACTED),
    ]


def test_what_became_known_before_the_last_turn_and_came_in_late_is_judged_now(it):
    begin(it)
    it.turn("2020-06-10 13:00")
    it.release("2020-06-04 12:00", "MOZ2  2020-06-02  10  Palma")
    it.turn("2020-06-10 13:05")
    assert [(each.tick, each.after) for each in it.transitions()] == [(at("2020-06-10 13:05"), State.FIRING)]


def test_a_pending_alert_fires_when_for_runs_out_and_not_before(tmp_path):
    with installed(tmp_path, rules=WITH_FOR) as it:
        begin(it)
        it.release("2020-06-02 12:00", "MOZ2  2020-06-01  10  Palma")
        it.turn("2020-06-02 13:00")
        it.turn("2020-06-04 11:59")
        assert it.alerts()["Palma"].state is State.PENDING
        it.turn("2020-06-04 12:30")
        assert [(each.tick, each.reason) for each in it.transitions()] == [
            (at("2020-06-02 12:00"), Reason.WAITING),
            (at("2020-06-04 12:00"), Reason.HELD),
        ]


def test_what_ceases_while_it_is_pending_was_never_an_alert(tmp_path):
    with installed(tmp_path, rules=WITH_FOR) as it:
        begin(it)
        it.release("2020-06-02 12:00", "MOZ2  2020-06-01  10  Palma")
        it.turn("2020-06-02 13:00")
        it.release("2020-06-03 12:00", "MOZ2  2020-06-01  3  Palma")
        it.turn("2020-06-05 13:00")
        assert it.alerts()["Palma"].state is State.INACTIVE
        assert it.told() == []


def test_an_alert_is_kept_firing_and_then_ends(tmp_path):
    with installed(tmp_path, rules=KEPT) as it:
        begin(it)
        it.release("2020-06-02 12:00", "MOZ2  2020-06-01  10  Palma")
        it.release("2020-07-05 12:00", "MOZ3  2020-07-02  0  Palma")
        it.turn("2020-07-06 13:00")
        assert it.alerts()["Palma"].state is State.RECOVERING
        it.turn("2020-07-08 13:00")
        assert [(each.tick, each.after) for each in it.transitions()] == [
            (at("2020-06-02 12:00"), State.FIRING),
            (at("2020-07-05 12:00"), State.RECOVERING),
            (at("2020-07-08 12:00"), State.RESOLVED),
        ]


def test_a_revision_while_it_is_kept_firing_takes_it_back_at_once(tmp_path):
    with installed(tmp_path, rules=KEPT) as it:
        begin(it)
        it.release("2020-06-02 12:00", "MOZ2  2020-06-01  10  Palma")
        it.turn("2020-06-02 13:00")
        it.release("2020-06-03 12:00", "MOZ2  2020-06-01  3  Palma")
        it.turn("2020-06-03 13:00")
        assert it.alerts()["Palma"].state is State.RETRACTED


def test_a_rule_that_ignores_revisions_resolves(tmp_path):
    with installed(tmp_path, rules=RULES + "    on_revision: ignore\n") as it:
        begin(it)
        it.release("2020-06-02 12:00", "MOZ2  2020-06-01  10  Palma")
        it.turn("2020-06-02 13:00")
        it.release("2020-06-03 12:00", "MOZ2  2020-06-01  3  Palma")
        it.turn("2020-06-03 13:00")
        assert it.alerts()["Palma"].state is State.RESOLVED


def test_a_revision_of_days_after_it_fired_is_no_retraction(it):
    begin(it)
    it.release("2020-06-02 12:00", "MOZ2  2020-06-01  10  Palma")
    it.release("2020-06-10 12:00", "MOZ3  2020-06-09  5  Palma")
    it.turn("2020-06-10 13:00")
    it.release("2020-07-05 12:00", "MOZ3  2020-06-09  1  Palma", "MOZ4  2020-07-04  0  Palma")
    it.turn("2020-07-05 13:00")
    assert it.alerts()["Palma"].state is State.RESOLVED


def test_a_stricter_rule_ends_an_alert_and_takes_nothing_back(it):
    begin(it)
    it.release("2020-06-02 12:00", "MOZ2  2020-06-01  10  Palma")
    it.turn("2020-06-02 13:00")
    it.write_rules(RULES.replace("value >= 10", "value >= 20"))
    it.turn("2020-06-02 14:00")
    assert it.alerts()["Palma"].state is State.RESOLVED


def test_the_difference_names_the_records_that_were_revised_deleted_and_added(it):
    begin(it)
    it.release("2020-06-02 12:00", "MOZ2  2020-06-01  10  Palma", "MOZ3  2020-06-01  4  Palma")
    it.turn("2020-06-02 13:00")
    it.release("2020-06-03 12:00", "MOZ2  2020-06-01  1  Palma", "MOZ4  2020-05-30  1  Palma")
    (it.folder / "inbox" / "deleted.csv").write_text(
        f"event_id_cnty,deleted_timestamp\nMOZ3,{int(it.now.timestamp())}\n"
    )
    it.turn("2020-06-03 13:00")
    assert it.transitions()[-1].evidence["difference"] == {
        "new": ["MOZ4"],
        "deleted": ["MOZ3"],
        "revised": ["MOZ2"],
        "left": [],
        "entered": [],
        "counts": {"new": 1, "deleted": 1, "revised": 1, "left": 0, "entered": 0},
        "window": {},
        "baseline": {},
        "before": 15,
        "after": 3,
        "what": "the source deleted 1 record and revised 1 record and added 1 record",
        "text": "the source deleted 1 record and revised 1 record and added 1 record: 15 → 3 deaths",
    }


def test_when_no_group_can_be_judged_their_alerts_stay_as_they_are(tmp_path):
    with installed(tmp_path, rules=BY_YEAR.replace("YEAR", "2019")) as it:
        it.release("2020-01-07 12:00", "MOZ1  2019-01-01  1  Palma", "MOZ2  2020-01-01  0  Palma")
        it.turn("2020-01-07 13:00")
        it.release("2020-02-04 12:00", "MOZ3  2020-02-01  9  Palma")
        it.turn("2020-02-04 13:00")
        assert it.alerts()["Palma"].state is State.FIRING
        it.write_rules(BY_YEAR.replace("YEAR", "2018"))
        it.turn("2020-02-04 14:00")
        assert it.alerts()["Palma"].state is State.FIRING
        with it.app.store.reading() as tx:
            assert rule_states(tx)["more-deaths-than-in-2019"].problem.startswith("no records cover 1 Jan 2018")


def test_a_group_of_which_nothing_is_known_any_more_ends(it):
    begin(it)
    it.release("2020-06-02 12:00", "MOZ2  2020-06-01  10  Mueda")
    it.turn("2020-06-02 13:00")
    it.release("2020-06-03 12:00", "MOZ2  2020-06-01  10  Palma")
    it.turn("2020-06-03 13:00")
    assert {place: alert.state for place, alert in it.alerts().items()} == {
        "Mueda": State.RETRACTED,
        "Palma": State.FIRING,
    }


def test_a_rule_that_is_gone_ends_what_goes_on(tmp_path):
    with installed(tmp_path, rules=WITH_FOR) as it:
        begin(it, "MOZ2  2020-05-28  10  Mueda")
        it.turn("2020-06-03 13:00")
        it.release("2020-06-04 12:00", "MOZ3  2020-06-03  10  Palma")
        it.turn("2020-06-04 13:00")
        it.write_rules(RULES.replace("Many deaths in a place", "Another rule").replace(">= 10", ">= 99"))
        it.turn("2020-06-05 13:00")
        assert moves(it)[-2:] == [
            ("Mueda", State.RESOLVED, Reason.RULE_REMOVED),
            ("Palma", State.INACTIVE, Reason.RULE_REMOVED),
        ]
        assert it.subjects()[-1] == "[ENDED] Many deaths in a place (Mueda): the rule is no longer in force"


def test_a_rule_that_comes_back_begins_anew(it):
    begin(it)
    it.write_rules(RULES.replace("Many deaths in a place", "Another rule").replace(">= 10", ">= 99"))
    it.turn("2020-06-03 13:00")
    it.release("2020-06-04 12:00", "MOZ2  2020-06-03  10  Palma")
    it.release("2020-08-04 12:00", "MOZ3  2020-08-03  10  Mueda")
    it.turn("2020-08-04 13:00")
    it.write_rules(RULES)
    it.turn("2020-08-05 13:00")
    assert moves(it) == [("Mueda", State.FIRING, Reason.STATE_AT_START)]


def test_a_rule_that_was_renamed_keeps_its_alerts(it):
    begin(it)
    it.release("2020-06-02 12:00", "MOZ2  2020-06-01  10  Palma")
    it.turn("2020-06-02 13:00")
    it.told()
    it.write_rules(
        RULES.replace(
            "alert: Many deaths in a place", "alert: Ten deaths in a place\n    formerly: [Many deaths in a place]"
        )
    )
    it.turn("2020-06-03 13:00")
    assert (it.alerts()["Palma"].episode, it.told()) == (1, [])


def test_a_rule_of_an_hourly_group_is_judged_at_full_hours(tmp_path):
    with installed(tmp_path, rules=IN_GROUPS) as it:
        begin(it)
        it.release("2020-06-02 12:20", "MOZ2  2020-06-01  50  Palma")
        it.turn("2020-06-02 12:59")
        assert it.transitions() == []
        it.turn("2020-06-02 13:01")
        assert {each.tick for each in it.transitions()} == {at("2020-06-02 13:00")}


def test_what_was_evaluated_leaves_no_mark(it):
    it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma")
    it.turn("2020-06-01 13:00")
    with it.app.store.reading() as tx:
        assert dirty_marks(tx) == {}


def test_a_gap_of_years_is_caught_up_in_a_bounded_number_of_ticks(it):
    begin(it)
    assert it.turn("2024-06-01 13:00").evaluated.judged <= timedelta(days=400).days + 1


def test_the_watermark_of_a_rule_is_held_back_by_its_own_offset_then_its_groups_then_its_sources(tmp_path):
    with installed(tmp_path, rules=IN_GROUPS) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-31  10  Palma", "MOZ2  2020-05-01  0  Palma")
        it.turn("2020-06-01 13:00")
        with it.app.store.reading() as tx:
            assert all(state.activated_at for state in rule_states(tx).values())
        it.release("2020-06-20 12:00", "MOZ3  2020-06-19  99  Palma")
        it.turn("2020-07-01 13:00")
        fired = {each.rule: (each.tick.date().isoformat(), str(each.watermark)) for each in it.transitions()}
        assert fired == {
            "ungrouped": ("2020-06-20", "2020-06-19"),
            "of-the-group": ("2020-06-24", "2020-06-19"),
            "own": ("2020-06-29", "2020-06-19"),
        }
