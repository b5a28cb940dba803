"""Replay: past days are judged as turns at their first instants would have judged them, and nothing is written."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.installation import Installation, at, installed
from watcher.core.alert import State
from watcher.core.period import Period
from watcher.core.rule import Rule, RuleSet
from watcher.feeds import query_offsets
from watcher.replay import Player
from watcher.replayed import Replay, watched_output
from watcher.store.alerts import find_transitions

#: Judged once a day, as a replay does.
RULES = """\
version: 1
indicators:
  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}, by: [location]}
groups:
  - group: daily
    interval: 1d
    rules:
      - alert: At once
        threshold: {indicator: deaths, window: 4d}
        condition: [value >= 10]
        severity: {critical: value >= 20, otherwise: warning}
      - alert: After a while
        threshold: {indicator: deaths, window: 4d}
        condition: [value >= 10]
        for: 2d
      - alert: For a while
        threshold: {indicator: deaths, window: 4d}
        condition: [value >= 10]
        keep_firing_for: 3d
      - alert: Until it is much better
        threshold: {indicator: deaths, window: 4d}
        condition: [value >= 15]
        recovery: [value < 5]
      - alert: Not too many
        threshold: {indicator: deaths, window: 4d}
        condition: [value >= 10]
        limit: 1
      - alert: Two at a time
        combine: {all: [At once, Until it is much better], within: 2d}
"""
FIRST, LAST = date(2020, 6, 2), date(2020, 6, 20)
DAYS = Period.between(FIRST, LAST)
NAMES = ["At once", "After a while", "For a while", "Until it is much better", "Not too many", "Two at a time"]


#: What came out, and when.
RELEASES = {
    "2020-06-01 12:00": ["MOZ1  2020-05-28  1  Palma"],
    "2020-06-03 12:00": ["MOZ2  2020-06-02  12  Palma", "MOZ3  2020-06-02  16  Mueda"],
    "2020-06-05 12:00": ["MOZ4  2020-06-04  30  Palma", "MOZ3  2020-06-02  3  Mueda"],
    "2020-06-09 12:00": ["MOZ5  2020-06-08  1  Mueda"],
    "2020-06-14 12:00": ["MOZ6  2020-06-13  18  Mueda"],
    "2020-06-16 12:00": ["MOZ7  2020-06-15  1  Mueda"],
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """An installation that took a turn at each first instant of a day, while records were released and revised."""
    with installed(tmp_path_factory.mktemp("lived"), rules=RULES) as it:
        for day in (FIRST + timedelta(days=n) for n in range(DAYS.days)):
            for moment, rows in RELEASES.items():
                if at(moment) <= at(str(day)) < at(moment) + timedelta(days=1):
                    it.release(moment, *rows)
            it.turn(str(day))
        yield it


def rule_of(rules: RuleSet, name: str) -> Rule:
    return next(rule for rule in rules.rules if rule.alert == name)


def replayed(it: Installation, name: str, days: Period = DAYS, rules: RuleSet | None = None) -> Replay:
    rules = rules or it.app.rules
    with it.app.store.reading() as tx:
        return Player(tx, rules, offsets=query_offsets(it.settings), days=days).play(rule_of(rules, name))


def lived_episodes(it: Installation, name: str) -> list[tuple[str, str, str, str]]:
    """(group, fired, ended, how) of each episode that the turns of an installation made."""
    found: dict[tuple[str, int], list[str]] = {}
    with it.app.store.reading() as tx:
        history = [
            each.transition for each in reversed(find_transitions(tx, rule=rule_of(it.app.rules, name).identity))
        ]
    for each in history:
        key = (each.fingerprint, each.episode)
        if each.after is State.FIRING and not each.before.is_open:
            found[key] = [" ".join(value for _, value in each.group), f"{each.tick:%m-%d}", "", ""]
        elif each.before.is_open and not each.after.is_open:
            found[key][2:] = [f"{each.tick:%m-%d}", each.after.value]
    return sorted(tuple(each) for each in found.values())  # type: ignore[misc]


def replayed_episodes(played: Replay) -> list[tuple[str, str, str, str]]:
    return sorted(
        (
            " ".join(value for _, value in each.group),
            f"{each.since:%m-%d}",
            f"{each.until:%m-%d}" if each.until else "",
            each.end.value if each.end else "",
        )
        for each in played.episodes
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_replay_finds_the_episodes_that_turns_made(lived, name):
    episodes = replayed_episodes(replayed(lived, name))
    assert episodes
    assert episodes == lived_episodes(lived, name)


def test_the_episodes_are_those_of_the_story(lived):
    assert replayed_episodes(replayed(lived, "At once")) == [
        ("Mueda", "06-04", "06-06", "retracted"),
        ("Mueda", "06-15", "", ""),
        ("Palma", "06-04", "06-10", "resolved"),
    ]


def test_an_episode_tells_its_severities_its_values_and_its_sentence(lived):
    palma = next(each for each in replayed(lived, "At once").episodes if each.group == (("location", "Palma"),))
    assert [(f"{tick:%m-%d}", severity.value) for tick, severity in palma.severities] == [
        ("06-04", "warning"),
        ("06-06", "critical"),
    ]
    assert palma.worst.value == "critical"
    assert palma.severity_at(at("2020-06-05")).value == "warning"
    assert palma.values["value"] == 12


@pytest.mark.parametrize("name", NAMES)
def test_rules_whose_series_nobody_keeps_are_replayed_alike(lived, tmp_path, name):
    """A rule that is being written has no series in the store yet: the same numbers come from the records."""
    with installed(tmp_path, rules=RULES.replace("Mozambique}", "Mozambique, event_type: Battles}")) as other:
        played = replayed(lived, name, rules=other.app.rules)
    assert replayed_episodes(played) == replayed_episodes(replayed(lived, name))
    assert played.judged == replayed(lived, name).judged


def test_days_on_which_nothing_could_have_changed_are_not_judged_again(lived):
    played = replayed(lived, "At once")
    judged = [f"{point.tick:%m-%d}" for point in played.course[(("location", "Palma"),)]]
    assert judged == ["06-02", "06-04", "06-06", "06-10", "06-15", "06-17"]
    assert played.judged[(("location", "Palma"),)] == DAYS.days


def test_what_combines_alerts_is_judged_day_by_day_because_time_alone_changes_it(lived):
    played = replayed(lived, "Two at a time")
    assert len(played.course[()]) == DAYS.days


def test_the_shares_of_a_group_add_up(lived):
    played = replayed(lived, "At once")
    palma, mueda = (("location", "Palma"),), (("location", "Mueda"),)
    assert (played.firing_days(palma), played.changes(palma)) == (6, 2)
    assert (played.firing_days(mueda), played.changes(mueda)) == (2 + 6, 3)


def test_a_replay_may_begin_in_the_middle(lived):
    later = replayed(lived, "At once", Period.between(date(2020, 6, 8), LAST))
    assert replayed_episodes(later)[-1] == ("Palma", "06-08", "06-10", "resolved")


def test_a_replay_of_days_before_the_first_record_finds_nothing_and_says_why(lived):
    before = replayed(lived, "At once", Period.between(date(2020, 1, 1), date(2020, 1, 31)))
    assert (before.episodes, before.judged) == ((), {})
    assert before.problem


def test_each_day_is_told_to_whoever_waits(lived):
    told: list[tuple[int, int]] = []
    with lived.app.store.reading() as tx:
        player = Player(
            tx, lived.app.rules, offsets={}, days=DAYS, progress=lambda done, all_: told.append((done, all_))
        )
        player.play(rule_of(lived.app.rules, "At once"))
    assert told == [(day, DAYS.days) for day in range(1, DAYS.days + 1)]


def test_nothing_is_written(lived):
    path = Path(str(lived.app.store.path))
    before = path.read_bytes()
    replayed(lived, "Two at a time")
    assert path.read_bytes() == before


@pytest.mark.parametrize(("name", "output"), [("At once", "value"), ("Two at a time", "members")])
def test_the_output_that_is_watched_is_the_one_the_condition_compares(lived, name, output):
    assert watched_output(rule_of(lived.app.rules, name), lived.app.rules.catalogue) == output
