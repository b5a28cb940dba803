"""`resumption` on a real export: when ISGS and JNIM, who had kept the peace, fought each other again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from tests.sources.samples import events
from tests.store.records import build, indicator, moment, take
from watcher.core.catalogue import Catalogue
from watcher.core.detectors import resumption
from watcher.core.indicator import Indicator
from watcher.core.label import NO_LABELS
from watcher.core.period import Period
from watcher.core.reading import Reading, Status
from watcher.core.rule import Rule, judge
from watcher.sources import SOURCES
from watcher.store.engine import Store
from watcher.store.migrate import create
from watcher.store.snapshot import StoreSnapshot

EXPORT = "burkina_faso_released_2020-12-08.csv"
#: A dyad counts associates as well: JNIM is once recorded beside the army, and once beside Katiba Macina.
SIDES = {
    "dyad": ["Islamic State (Greater Sahara)", "JNIM: Group for Support of Islam and Muslims"],
    "not": {"actor": {"startswith": ["Military Forces", "Katiba Macina"]}},
}
CLASHES = indicator(SIDES, count="events", unit="clashes", title="Clashes between ISGS and JNIM")
BATTLES = indicator({**SIDES, "event_type": "Battles"}, count="events")
DEATHS = indicator(SIDES)
EVER = Period(date(1997, 1, 1), date(2021, 1, 1))
APRIL = Period(date(2020, 4, 1), date(2020, 5, 1))

CATALOGUE = Catalogue(indicators={"clashes": CLASHES})
RULE = Rule.model_validate(
    {
        "alert": "ISGS-JNIM clashes resume",
        "resumption": {"indicator": "clashes", "after": "45d", "within": "30d"},
        "condition": ["observed >= 2"],
    }
)


@pytest.fixture(scope="module")
def burkina(real_data, tmp_path_factory) -> Iterator[Store]:
    """A store that holds the export."""
    source = SOURCES["acled"]
    with (real_data / "acled" / EXPORT).open("rb") as stream:
        found = list(source.read(stream, source="acled", today=date(2020, 12, 10), settings=source.Settings()))
    with create(f"sqlite:///{tmp_path_factory.mktemp('burkina')}/watcher.db") as store:
        series = [CLASHES, BATTLES, DEATHS]
        build(store, *series)
        take(store, *events(found), indicators=series, now=moment("2020-12-10"))
        yield store


def total(store: Store, asked: Indicator, period: Period) -> int:
    with store.reading() as tx:
        return known(tx).totals(asked, NO_LABELS, period).total


def known(tx) -> StoreSnapshot:
    """What was known on 10 December 2020."""
    return StoreSnapshot(tx, as_known=moment("2020-12-10"), offsets={})


def read(store: Store, day: str) -> Reading:
    with store.reading() as tx:
        snapshot = known(tx).up_to(date.fromisoformat(day))
        (reading,) = resumption.read(RULE.parameters, CATALOGUE, snapshot)
        assert reading.telling
        return reading


@pytest.mark.parametrize(
    ("asked", "period", "expected"),
    [
        pytest.param(CLASHES, EVER, 52, id="events with one on each side"),
        pytest.param(BATTLES, EVER, 47, id="battles among them"),
        pytest.param(DEATHS, EVER, 263, id="deaths"),
        pytest.param(CLASHES, APRIL, 9, id="events of April"),
        pytest.param(DEATHS, APRIL, 97, id="deaths of April"),
        pytest.param(CLASHES, Period(date(2019, 7, 1), date(2019, 8, 1)), 1, id="one in July 2019"),
        pytest.param(CLASHES, Period(date(2019, 8, 1), date(2020, 3, 1)), 0, id="then none until March"),
    ],
)
def test_the_clashes_are_those_of_the_two_and_of_nobody_else(asked, period, expected, burkina):
    assert total(burkina, asked, period) == expected


@pytest.mark.parametrize(
    ("day", "observed", "fires"),
    [
        pytest.param("2020-03-17", None, False, id="the day before: the lull goes on"),
        pytest.param("2020-03-18", 1, False, id="the first clash is found, and one is not enough for the rule"),
        pytest.param("2020-04-13", 1, False, id="still the only one"),
        pytest.param("2020-04-14", 2, True, id="with the second the rule fires"),
        pytest.param("2020-04-16", 4, True, id="on the last day on which the first counts as new"),
        pytest.param("2020-04-17", None, False, id="thirty days on: they clash, and resume no more"),
        pytest.param("2020-11-04", None, False, id="no lull of 45 days since"),
    ],
)
def test_they_resumed_on_18_march_2020_after_246_days(day, observed, fires, burkina):
    reading = read(burkina, day)
    assert (reading.status, reading.present) == (Status.OK, observed is not None)
    assert judge(RULE, reading, CATALOGUE).holds is fires
    assert reading.values["as_of"] == date.fromisoformat(day)
    resumed = (observed, 246, date(2019, 7, 15), date(2020, 3, 18))
    names = ("observed", "lull_days", "last_before", "first_date")
    assert tuple(reading.values[name] for name in names) == (resumed if observed else (0, None, None, None))


def test_what_the_alert_of_14_april_says(burkina):
    told = read(burkina, "2020-04-14").telling
    assert told.headline.endswith("resumed on 18 Mar 2020 after 246 days, 2 clashes to 14 Apr 2020")
    assert told.sentence == (
        "2 clashes since 18 Mar 2020, after 246 days without one; the last before was on 15 Jul 2019."
    )
    assert len(told.records) == 2


def test_the_clash_of_july_2019_was_the_first_that_the_records_know_of(burkina):
    reading = read(burkina, "2019-07-20")
    covered = (date(2019, 7, 15) - date(1997, 2, 1)).days
    assert (reading.present, reading.values["last_before"], reading.values["lull_days"]) == (True, None, covered)
    assert reading.telling.unknown == ("The records begin on 1 Feb 1997 with no event: the lull may be longer.",)
