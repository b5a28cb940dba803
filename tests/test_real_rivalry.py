"""The rivalry of two groups, derived from real exports; what is expected is computed here from the rows, without watcher."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.installation import Installation, at, install
from watcher.core.derivation import derive, known_at
from watcher.core.detectors import absence, transition
from watcher.core.fact import StateDefinition
from watcher.core.reading import Reading, Status
from watcher.store.snapshot import StoreSnapshot

RELEASES = ("burkina_faso_released_2020-11-16.csv", "burkina_faso_released_2020-12-08.csv")
ISGS, JNIM = "Islamic State (Greater Sahara)", "JNIM: Group for Support of Islam and Muslims"
EITHER = f"{JNIM} and/or {ISGS}"
DYAD = ("isgs", "jnim")
DECEMBER = "2020-12-10"
RULES = f"""\
version: 1
actors:
  - {{actor: isgs, title: ISGS, aliases: ['{ISGS}']}}
  - {{actor: jnim, title: JNIM, aliases: ['{JNIM}']}}
indicators:
  - {{indicator: clashes, count: events, where: {{dyad: [$isgs, $jnim]}}, unit: clashes}}
states:
  - state: rivalry
    key: dyad
    values: [cordial, strained, clashing, truce]
    derived:
      - {{becomes: clashing, when: clashes >= 3 in 30d}}
      - {{becomes: strained, when: clashes = 0 in 90d, from: clashing}}
rules:
  - alert: ISGS-JNIM relation changed
    transition: {{rivalry: [$isgs, $jnim]}}
"""


class Thresholds(NamedTuple):
    """So many clashes in so many days, and so many days without one."""

    least: int
    window: int
    calm: int


class Clash(NamedTuple):
    """A row with one group on each side, as its first name."""

    day: date
    deaths: int
    battle: bool
    stamp: datetime


def rows(path: Path) -> list[Mapping[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def day_of(row: Mapping[str, str]) -> date:
    return datetime.strptime(row["event_date"], "%d %B %Y").replace(tzinfo=UTC).date()


def clashes_in(path: Path) -> list[Clash]:
    return sorted(
        Clash(
            day_of(row),
            int(row["fatalities"]),
            row["event_type"] == "Battles",
            datetime.fromtimestamp(int(row["timestamp"]), UTC),
        )
        for row in rows(path)
        if {row["actor1"], row["actor2"]} == {ISGS, JNIM}
    )


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def states(days: list[date], covered: list[date], limits: Thresholds) -> list[tuple[date, str]]:
    """The changes, by looking at every day."""
    found, current = [], ""
    for number, day in enumerate(covered, start=1):
        calm = not any(day - timedelta(days=limits.calm) < each <= day for each in days)
        value = current
        if sum(day - timedelta(days=limits.window) < each <= day for each in days) >= limits.least:
            value = "clashing"
        elif current == "clashing" and calm and number >= limits.calm:
            value = "strained"
        if value != current:
            found.append((day, value))
            current = value
    return found


@pytest.fixture(scope="module")
def exports(real_data) -> list[Path]:
    paths = [real_data / "acled" / name for name in RELEASES]
    if not all(path.is_file() for path in paths):
        pytest.skip("the exports of Burkina Faso are not there")
    return paths


@pytest.fixture(scope="module")
def installation(exports, tmp_path_factory) -> Iterator[Installation]:
    """Both releases, read in the order in which they were published."""
    folder = tmp_path_factory.mktemp("rivalry")
    settings = install(folder, rules=RULES)
    made = Installation(folder, settings)
    for path, moment in zip(exports, ("2020-11-17", "2020-12-09"), strict=True):
        (folder / "inbox" / path.name).symlink_to(path)
        made.turn(moment, notify=False)
    yield made
    made.app.close()


@pytest.fixture(scope="module")
def clashes(exports) -> list[Clash]:
    return clashes_in(exports[-1])


@pytest.fixture(scope="module")
def covered(exports) -> list[date]:
    days = [day_of(row) for row in rows(exports[-1])]
    return days_between(min(days), max(days))


def snapshot_of(installation: Installation, tx, moment: str = DECEMBER) -> StoreSnapshot:
    return StoreSnapshot(tx, as_known=at(moment), offsets={"acled": timedelta()})


def test_the_rows_are_those_that_the_test_speaks_of(exports, clashes):
    assert (len(clashes), sum(each.deaths for each in clashes), sum(each.battle for each in clashes)) == (52, 263, 47)
    months = [f"{each.day:%Y-%m}" for each in clashes]
    assert (months.count("2019-07"), min(each for each in months if each > "2019-07")) == (1, "2020-03")
    april = [each for each in clashes if f"{each.day:%Y-%m}" == "2020-04"]
    assert (len(april), sum(each.deaths for each in april)) == (9, 97)
    assert sum(EITHER in {row["actor1"], row["actor2"]} for row in rows(exports[-1])) > 500


def test_who_may_be_either_is_no_clash(installation, clashes):
    [indicator] = installation.app.rules.indicators
    with installation.app.store.reading() as tx:
        snapshot = snapshot_of(installation, tx)
        coverage = snapshot.coverage(indicator)
        assert coverage is not None
        found = [version.event for version in snapshot.events(indicator, (), coverage)]
    assert sorted(event.date_end for event in found) == [each.day for each in clashes]
    assert not any(actor.name == EITHER for event in found for actor in event.actors)


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Thresholds(3, 30, 90), id="three in thirty days, none in ninety"),
        pytest.param(Thresholds(3, 30, 25), id="none in twenty-five"),
        pytest.param(Thresholds(3, 14, 15), id="narrower windows change more often"),
        pytest.param(Thresholds(2, 60, 180), id="a longer memory"),
    ],
)
def test_the_derived_rivalry_changes_on_the_days_that_the_rows_give(installation, clashes, covered, limits):
    ways = [
        {"becomes": "clashing", "when": f"clashes >= {limits.least} in {limits.window}d", "of": DYAD},
        {"becomes": "strained", "when": f"clashes = 0 in {limits.calm}d", "from": "clashing", "of": DYAD},
    ]
    rivalry = StateDefinition.model_validate({"state": "rivalry", "key": "dyad", "derived": ways})
    with installation.app.store.reading() as tx:
        found = derive(rivalry, installation.app.rules.catalogue, snapshot_of(installation, tx))
    expected = states([each.day for each in clashes], covered, limits)
    assert expected
    assert [(each.day, each.value) for each in found[DYAD]] == expected


def read(installation: Installation, moment: str) -> list[Reading]:
    catalogue = installation.app.rules.catalogue
    parameters = transition.Parameters.model_validate({"rivalry": ["$isgs", "$jnim"]})
    with installation.app.store.reading() as tx:
        readings = list(transition.read(parameters, catalogue, snapshot_of(installation, tx, moment)))
        assert all(reading.telling.headline for reading in readings)
    return readings


def test_as_known_in_december_2020_the_two_groups_clash(installation, clashes, covered):
    days = [each.day for each in clashes]
    [(first, value)] = states(days, covered, Thresholds(3, 30, 90))
    number = sum(first - timedelta(days=30) < day <= first for day in days)
    (reading,) = read(installation, DECEMBER)
    assert (reading.values["to"], reading.values["since"], reading.values["basis"]) == (value, first, "derived")
    assert value == "clashing"
    assert reading.telling.headline == (
        f"ISGS and JNIM: clashing since {first.day} {first:%b %Y}, not known before "
        f"(derived from clashes >= 3 in 30d: {number} on {first.day} {first:%b %Y})"
    )


def test_it_was_known_when_the_newest_of_its_records_was(installation, clashes):
    catalogue = installation.app.rules.catalogue
    with installation.app.store.reading() as tx:
        snapshot = snapshot_of(installation, tx)
        [change] = derive(catalogue.states["rivalry"], catalogue, snapshot)[DYAD]
        known = known_at(change, snapshot)
    assert known == max(each.stamp for each in clashes if each.day in change.period)


def test_no_ninety_days_pass_without_a_clash(clashes, covered):
    """Hence nothing turns strained as known in December 2020."""
    days = [each.day for each in clashes if each.day >= date(2020, 3, 18)]
    gaps = [(later - earlier).days for earlier, later in zip(days, [*days[1:], covered[-1]], strict=True)]
    assert max(gaps) < 90


def test_the_source_has_a_rhythm_and_falls_silent_after_three_times_its_longest_gap(installation, exports):
    arrivals = sorted(
        {datetime.fromtimestamp(int(row["timestamp"]), UTC).date() for path in exports for row in rows(path)}
    )
    gaps = sorted((later - earlier).days for earlier, later in pairwise(arrivals))
    bound = 3 * gaps[-(-99 * len(gaps) // 100) - 1]
    parameters = absence.Parameters.model_validate({"of": "records", "by": ["source"]})
    found = []
    for more in (bound, bound + 1):
        moment = (arrivals[-1] + timedelta(days=more)).isoformat()
        with installation.app.store.reading() as tx:
            [reading] = absence.read(
                parameters, installation.app.rules.catalogue, snapshot_of(installation, tx, moment)
            )
        assert (reading.status, reading.values["longer_than"]) == (Status.OK, bound)
        found.append(reading.present)
    assert found == [False, True]
