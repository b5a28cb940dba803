"""Whole turns on PostgreSQL: the same transitions at the same ticks, and the same messages, as on SQLite."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests import test_recompute
from tests.installation import SETTINGS, installed
from watcher.core.errors import ConfigError, Problem
from watcher.own_alerts import rules_invalid

#: A rule with a limit, one that waits, a combination of both in a slower group, and one that others combine.
RULES = """\
version: 1
indicators:
  - {indicator: places, title: Deaths, sum: fatalities, where: {country: Mozambique}, by: [location]}
  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}}
rules:
  - alert: Many deaths in a place
    threshold: {indicator: places, window: 30d}
    condition: [value >= 10]
    limit: 2
  - alert: Many deaths
    threshold: {indicator: deaths, window: 5d}
    condition: [value >= 30]
    for: 2h
  - alert: Either
    combine: {any: [Both, Many deaths], within: 2d}
groups:
  - group: slow
    interval: 4h
    rules:
      - {alert: Both, combine: {all: [Many deaths, Many deaths in a place], within: 5d}}
"""
RELEASES = {
    "2020-06-01 12:00": ["MOZ1  2020-05-20  1  Palma"],
    "2020-06-02 12:00": [f"MOZ{number}  2020-06-02  20  Place{number}" for number in range(2, 5)],
    "2020-06-03 07:30": ["MOZ4  2020-06-02  0  Place4"],
    "2020-06-09 12:00": ["MOZ5  2020-06-09  0  Palma"],
}


def told_by(folder, *, url: str = "") -> tuple[list[Any], list[Any]]:
    """What happened in a month of turns, and the messages about it."""
    folder.mkdir()
    store = f"store: {{url: '{url}'}}\n" if url else ""
    with installed(folder, rules=RULES, settings=SETTINGS + store) as it:
        for moment, rows in RELEASES.items():
            it.release(moment, *rows)
            it.turn(moment)
            it.turn(moment.replace(":00", ":59").replace(":30", ":45"))
        broken = rules_invalid(ConfigError([Problem("a.yaml", 3, 5, "unknown key 'x'")]), "one")
        good, it.app = it.app, replace(it.app, troubles=(broken,))
        it.turn("2020-06-09 18:00")
        it.app = good
        it.turn("2020-06-30 09:00")
        return it.transitions(), it.told()


def test_turns_on_postgresql_give_what_turns_on_sqlite_give(tmp_path, postgresql_url):
    moved, told = told_by(tmp_path / "here")
    assert {each.rule for each in moved} == {
        *("many-deaths-in-a-place", "many-deaths", "both", "either"),
        *("watcher:WatcherRuleLimit", "watcher:WatcherRulesInvalid"),
    }
    assert len(told) > 5
    assert told_by(tmp_path / "there", url=postgresql_url) == (moved, told)
    assert [path.name for path in (tmp_path / "there" / "state").glob("*.db")] == []


def test_what_was_told_is_worked_out_again_on_postgresql(tmp_path, postgresql_url):
    url = f"store: {{url: '{postgresql_url}'}}\n"
    with installed(tmp_path, rules=test_recompute.PACE, settings=SETTINGS + url) as it:
        test_recompute.begin(it)
        for happens in test_recompute.LATER.values():
            happens(it)
        assert test_recompute.agreed(it) > len(test_recompute.LATER)
