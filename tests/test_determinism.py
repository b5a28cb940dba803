"""The same releases give the same transitions, however many turns are taken: cron, daemon and a late restart agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.installation import Installation, at, installed

RULES = """\
version: 1
indicators:
  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}, by: [location]}
rules:
  - alert: At once
    threshold: {indicator: deaths, window: 4d}
    condition: [value >= 10]
    severity: {critical: value >= 20, otherwise: warning}
  - alert: After a while
    threshold: {indicator: deaths, window: 4d}
    condition: [value >= 10]
    for: 30h
  - alert: For a while
    threshold: {indicator: deaths, window: 4d}
    condition: [value >= 10]
    keep_firing_for: 50h
  - alert: Until it is much better
    threshold: {indicator: deaths, window: 4d}
    condition: [value >= 15]
    recovery: [value < 5]
"""
BEGIN = at("2020-06-01 13:00")
END = at("2020-06-15 13:00")
IDS = ["MOZ1", "MOZ2", "MOZ3"]
PLACES = ["Palma", "Mueda"]


class Row(NamedTuple):
    """One record of a release, new or revised."""

    id: str
    days_ago: int
    deaths: int
    place: str

    def written(self, released: datetime) -> str:
        day = released.date() - timedelta(days=self.days_ago)
        return f"{self.id}  {day}  {self.deaths}  {self.place}"


Rows = st.lists(
    st.builds(Row, st.sampled_from(IDS), st.integers(0, 3), st.sampled_from([0, 4, 10, 25]), st.sampled_from(PLACES)),
    min_size=1,
    max_size=3,
    unique_by=lambda row: row.id,
)
#: Releases, by the hours after the beginning at which they come out.
Releases = st.dictionaries(st.integers(2, 24 * 10), Rows, min_size=1, max_size=4)


def play(folder: Path, releases: dict[int, list[Row]], turns: Sequence[datetime]) -> list[tuple[object, ...]]:
    """The transitions, when turns are taken at these moments."""
    folder.mkdir()
    with installed(folder, rules=RULES) as it:
        it.release("2020-06-01 12:00", "MOZ0  2020-05-31  0  Palma")
        it.turn(f"{BEGIN:%Y-%m-%d %H:%M}")
        waiting = sorted(releases.items())
        for moment in sorted(turns):
            while waiting and BEGIN + timedelta(hours=waiting[0][0]) <= moment:
                hours, rows = waiting.pop(0)
                release(it, BEGIN + timedelta(hours=hours), rows)
            it.turn(f"{moment:%Y-%m-%d %H:%M}")
        return [
            (each.rule, each.group, each.seq, each.tick, each.before, each.after, each.severity, each.reason)
            for each in sorted(it.transitions(), key=lambda each: (each.fingerprint, each.seq))
        ]


def release(it: Installation, moment: datetime, rows: list[Row]) -> None:
    it.release(f"{moment:%Y-%m-%d %H:%M}", *(row.written(moment) for row in rows))


def at_each_release(releases: dict[int, list[Row]]) -> list[datetime]:
    return [BEGIN + timedelta(hours=hours) for hours in releases]


@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(releases=Releases, further=st.sets(st.integers(1, 24 * 13), max_size=3))
def test_one_late_turn_gives_the_same_transitions_as_many(releases, further, tmp_path_factory):
    folder = tmp_path_factory.mktemp("played")
    in_between = [BEGIN + timedelta(hours=hours) for hours in further]
    late = play(folder / "late", releases, [END])
    assert play(folder / "each", releases, [*at_each_release(releases), END]) == late
    assert play(folder / "often", releases, [*at_each_release(releases), *in_between, END]) == late


@pytest.mark.parametrize(
    ("rule", "after", "hours"),
    [
        pytest.param("after-a-while", "firing", 30, id="for runs out"),
        pytest.param("for-a-while", "resolved", 4 * 24 + 50, id="keep_firing_for runs out"),
    ],
)
def test_a_late_turn_finds_the_very_moment_at_which(rule, after, hours, tmp_path):
    first = {26: [Row("MOZ1", 0, 10, "Palma")], 26 + 4 * 24: [Row("MOZ2", 0, 0, "Mueda")]}
    moves = [each for each in play(tmp_path / "late", first, [END]) if each[0] == rule and str(each[5]) == after]
    assert [each[3] for each in moves] == [BEGIN + timedelta(hours=26 + hours)]
