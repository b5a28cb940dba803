from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.core.detectors.snapshot import MemorySnapshot, at, event, known
from watcher.core.catalogue import Catalogue
from watcher.core.detectors import threshold
from watcher.core.indicator import Indicator
from watcher.core.label import labels
from watcher.core.picture import Bar, SeriesPicture
from watcher.core.reading import Reading, Status
from watcher.core.rule import Rule, judge

DEATHS = Indicator(indicator="deaths", title="Deaths in the Sahel region", sum="fatalities", source="acled")
ATTACKS = Indicator(indicator="attacks", count="events", unit="attacks", by=("admin1",))
DAYS = Indicator(indicator="days", count="days")
CATALOGUE = Catalogue(indicators={each.indicator: each for each in (DEATHS, ATTACKS, DAYS)})

NOVEMBER = [
    event(1, date(2020, 9, 1), 50),
    event(2, date(2020, 11, 1), 5),
    event(3, date(2020, 11, 1), 20),
    event(4, date(2020, 11, 7), None),
    event(5, date(2020, 11, 30), 0),
]


def read(snapshot: MemorySnapshot, **given: object) -> list[Reading]:
    parameters = threshold.Parameters.model_validate({"indicator": "deaths", **given})
    return list(threshold.read(parameters, CATALOGUE, snapshot))


def snapshot(*events, as_known: str = "2020-12-10", **others) -> MemorySnapshot:
    return MemorySnapshot(at(as_known), known(events), **others)


@pytest.mark.parametrize(
    ("given", "value", "first"),
    [
        pytest.param({}, 25, date(2020, 11, 1), id="30 days by default"),
        pytest.param({"window": "29d"}, 0, date(2020, 11, 2), id="a day less loses the first"),
        pytest.param({"window": "1d"}, 0, date(2020, 11, 30), id="the watermark's day alone"),
        pytest.param({"window": "13w"}, 75, date(2020, 9, 1), id="weeks"),
        pytest.param({"indicator": "days"}, 3, date(2020, 11, 1), id="days with an event"),
    ],
)
def test_the_window_ends_at_the_watermark_with_that_day(given, value, first):
    (reading,) = read(snapshot(*NOVEMBER), **given)
    assert (reading.values["value"], reading.values["period_start"]) == (value, first)
    assert (reading.values["as_of"], reading.watermark) == (date(2020, 11, 30), date(2020, 11, 30))


def test_the_newest_days_are_ignored_where_the_offset_says_so():
    (reading,) = read(snapshot(*NOVEMBER, query_offset=timedelta(days=11)))
    assert (reading.values["as_of"], reading.values["value"]) == (date(2020, 11, 29), 25)


def test_every_declared_output_has_a_value_and_no_other():
    (reading,) = read(snapshot(*NOVEMBER))
    assert set(reading.values) == set(threshold.OUTPUTS)


def test_its_sentences():
    (reading,) = read(snapshot(*NOVEMBER))
    assert reading.telling.headline == "Deaths in the Sahel region: 25 deaths in 30 days to 30 Nov 2020"
    assert reading.telling.sentence == "25 deaths in 4 events, 1 Nov 2020 to 30 Nov 2020."
    assert reading.telling.what == "4 events on 3 days of 30."
    assert reading.telling.sure == "A sum over a window, not a test: it does not say whether the number is unusual."
    assert reading.telling.unknown == ("1 of 4 events carries no number of deaths.",)
    assert reading.telling.source == ("records of acled",)
    assert reading.telling.arithmetic == (
        "Window: 1 Nov 2020 to 30 Nov 2020, 30 days ending at the watermark",
        "Value: 25 deaths in 4 events",
    )


def test_the_largest_records_come_first_then_the_latest():
    (reading,) = read(snapshot(*NOVEMBER))
    assert reading.telling.records == (3, 2, 5, 4)


def test_a_window_that_the_records_do_not_fill_says_so():
    (reading,) = read(snapshot(*NOVEMBER[1:]), window="40d")
    assert (reading.values["days"], reading.status) == (30, Status.OK)
    assert reading.telling.unknown[0] == "The records begin on 1 Nov 2020: 30 of 40 days are covered."


def test_a_group_that_has_dropped_to_zero_is_read_as_zero():
    events = [event(1, date(2020, 9, 1), 9, admin1="Est"), event(2, date(2020, 11, 30), 1, admin1="Sahel")]
    assert [
        (reading.labels, reading.values["value"], reading.telling.headline)
        for reading in read(snapshot(*events), indicator="attacks")
    ] == [
        (labels({"admin1": "Est"}), 0, "attacks, Est: no attacks in 30 days to 30 Nov 2020"),
        (labels({"admin1": "Sahel"}), 1, "attacks, Sahel: 1 attack in 30 days to 30 Nov 2020"),
    ]


def test_without_records_there_is_nothing_to_judge():
    (reading,) = read(snapshot())
    assert (reading.status, reading.reason) == (Status.NO_DATA, "no records for Deaths in the Sahel region")


@pytest.mark.parametrize(
    ("limit", "holds"), [pytest.param(24, True, id="passed"), pytest.param(25, False, id="reached")]
)
def test_the_condition_is_the_authors(limit, holds):
    rule = Rule.model_validate(
        {"alert": "Deaths", "threshold": {"indicator": "deaths"}, "condition": f"value > {limit}"}
    )
    (reading,) = threshold.read(rule.parameters, CATALOGUE, snapshot(*NOVEMBER))
    assert judge(rule, reading, CATALOGUE).holds is holds


def test_it_has_no_condition_of_its_own():
    own = threshold.defaults(threshold.Parameters(indicator="deaths"), CATALOGUE)
    assert (own.condition, own.recovery, own.severity[0].severity) == (None, None, "warning")


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        pytest.param({}, [], id="nothing wrong"),
        pytest.param(
            {"indicator": "death"},
            [("indicator", "no indicator 'death'; did you mean 'deaths'?")],
            id="a slip in the name",
        ),
        pytest.param(
            {"window": "12h"},
            [("window", "a window is at least one day, because events are dated by the day; write 1d or more")],
            id="half a day",
        ),
    ],
)
def test_what_is_wrong_is_told_when_the_rule_loads(given, problems):
    parameters = threshold.Parameters.model_validate({"indicator": "deaths", **given})
    assert list(threshold.problems(parameters, CATALOGUE)) == problems


def test_its_page_lists_its_outputs_and_its_worked_example():
    page = (Path(__file__).parents[3] / "docs" / "detectors" / "threshold.md").read_text(encoding="utf-8")
    (reading,) = read(snapshot(*NOVEMBER))
    for output in threshold.OUTPUTS.values():
        assert f"| `{output.name}` | {output.kind.value} | {output.meaning} |" in page
    for line in (reading.telling.headline, reading.telling.sentence, *reading.telling.unknown):
        assert line in page


@pytest.mark.parametrize(
    ("given", "per", "bars", "last"),
    [
        pytest.param({}, "day", 30, Bar(date(2020, 11, 30), date(2020, 11, 30), 0), id="each day"),
        pytest.param({"window": "26w"}, "7 days", 26, Bar(date(2020, 11, 24), date(2020, 11, 30), 0), id="each week"),
        pytest.param(
            {"window": "121d"}, "7 days", 18, Bar(date(2020, 11, 24), date(2020, 11, 30), 0), id="a part of one"
        ),
        pytest.param(
            {"indicator": "days"}, "day", 30, Bar(date(2020, 11, 30), date(2020, 11, 30), 1), id="days with an event"
        ),
    ],
)
def test_its_picture_shows_what_the_window_is_made_of(given, per, bars, last):
    (reading,) = read(snapshot(*NOVEMBER), **given)
    drawn = reading.telling.picture
    assert isinstance(drawn, SeriesPicture)
    assert (drawn.per, len(drawn.bars), drawn.bars[-1]) == (per, bars, last)
    assert drawn.bars[0].first == reading.values["period_start"]
    assert sum(bar.observed for bar in drawn.bars) == reading.values["value"]
