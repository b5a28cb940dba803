from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.detectors.snapshot import MemorySnapshot, at, event, known
from watcher.core.catalogue import Catalogue
from watcher.core.detectors import record
from watcher.core.event import Event
from watcher.core.indicator import Indicator
from watcher.core.label import labels
from watcher.core.picture import SeriesPicture
from watcher.core.reading import Reading, Status
from watcher.core.selector import selector

HERE = selector({"admin1": "Cabo Delgado"})
DEATHS = Indicator(indicator="deaths", title="Deaths in Cabo Delgado", sum="fatalities", where=HERE)
ATTACKS = Indicator(indicator="attacks", count="events", unit="attacks", where=HERE)
DAYS = Indicator(indicator="days", count="days", where=HERE)
BY_DISTRICT = Indicator(indicator="by_district", sum="fatalities", where=HERE, by=("admin2",))
CATALOGUE = Catalogue(indicators={each.indicator: each for each in (DEATHS, ATTACKS, DAYS, BY_DISTRICT)})

LAST = date(2020, 11, 30)
PAGE = Path(__file__).parents[3] / "docs" / "detectors" / "record.md"
#: The columns of the page's table of false alarms, by the name of the series in the simulations.
SIMULATED = (
    "mean 1 phi1.5",
    "mean 3 phi2",
    "mean 10 phi3",
    "mean 6 season .4 phi2",
    "mean 3 + 6 past surges/8y phi1.5",
    "fatalities 4 attacks/w",
)


def read(snapshot: MemorySnapshot, **parameters: object) -> list[Reading]:
    asked = record.Parameters.model_validate({"indicator": "deaths", **parameters})
    return list(record.read(asked, CATALOGUE, snapshot))


def snapshot(*events: Event, begin: date = date(2018, 1, 1), **others) -> MemorySnapshot:
    """These events, and two elsewhere: on the first and on the last day that the source covers."""
    elsewhere = [event(9_000 + i, day, admin1="Nampula", admin2="Memba") for i, day in enumerate((begin, LAST))]
    return MemorySnapshot(at("2020-12-10"), known([*events, *elsewhere]), **others)


def deaths(*told: tuple[str, int | None], first: int = 1, **fields) -> list[Event]:
    """One event for each day, with so many deaths."""
    return [event(first + i, date.fromisoformat(day), number, **fields) for i, (day, number) in enumerate(told)]


def last_days(*numbers: int, **fields) -> list[Event]:
    """So many deaths on each of the last days, none of them left out."""
    first = LAST - timedelta(days=len(numbers) - 1)
    return [event(i + 1, first + timedelta(days=i), number, **fields) for i, number in enumerate(numbers) if number]


RECORD = deaths(
    ("2018-06-10", 90),
    ("2020-03-10", 60),
    ("2020-09-20", 40),
    ("2020-11-05", 30),
    ("2020-11-08", None),
    ("2020-11-30", 45),
)


# --- what is a record -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "parameters", "observed", "previous", "since"),
    [
        pytest.param((1, 0, 0, 0, 0, 3, 1), {}, 4, 3, None, id="more than ever before"),
        pytest.param((2, 2, 0, 0, 0, 3, 1), {}, 4, 4, "2020-11-25", id="as much as before is no record"),
        pytest.param((5, 2, 0, 0, 0, 3, 1), {}, 4, 7, "2020-11-25", id="less than before"),
        pytest.param((0, 0, 0, 0, 0, 4, 0), {}, 4, 4, "2020-11-29", id="as much as yesterday, of the same events"),
        pytest.param((9, 9, 9, 0, 0, 3, 1), {"lookback": "2d"}, 4, 3, None, id="yesterday and the day before alone"),
        pytest.param((9, 9, 9, 0, 0, 3, 1), {"lookback": "3d"}, 4, 9, "2020-11-27", id="a day more sees the last nine"),
        pytest.param((0, 0, 0, 0, 0, 0, 0), {}, 0, 0, "2020-11-29", id="nothing is no highest record"),
        pytest.param((3, 1, 1, 1, 1, 1, 0), {"window": "1d"}, 0, 3, "2020-11-29", id="nothing today"),
        pytest.param(
            (2,) * 12 + (0,), {"window": "1d", "direction": "lowest"}, 0, 2, None, id="nothing is a lowest record"
        ),
        pytest.param((2,) * 12 + (1,), {"window": "3d", "direction": "lowest"}, 5, 6, None, id="less than ever before"),
        pytest.param(
            (2,) * 5 + (0, 2, 2, 2, 2, 2, 1, 1),
            {"window": "3d", "direction": "lowest"},
            4,
            4,
            "2020-11-25",
            id="as little as before is no record",
        ),
        pytest.param((0, 9, 0, 0, 0, 1, 1), {"indicator": "days"}, 2, 1, None, id="days with an event"),
        pytest.param((0, 9, 0, 0, 0, 1, 1), {"indicator": "attacks"}, 2, 1, None, id="events"),
    ],
)
def test_the_window_is_held_against_those_that_end_in_the_lookback(days, parameters, observed, previous, since):
    earlier = deaths(("2019-01-01", 0), first=100)
    (reading,) = read(snapshot(*earlier, *last_days(*days)), **{"window": "2d", "lookback": "10d", **parameters})
    day = date.fromisoformat(since) if since else None
    assert (reading.values["observed"], reading.values["previous"], reading.values["since"]) == (
        observed,
        previous,
        day,
    )
    assert (reading.present, reading.status, reading.watermark) == (since is None, Status.OK, LAST)


def test_a_day_with_two_events_is_one_day():
    twice = [*last_days(1, 0, 0, 0, 1, 1), *deaths(("2020-11-25", 1), first=50), *deaths(("2020-11-26", 1), first=60)]
    asked = {"window": "2d", "lookback": "10d", "indicator": "days"}
    (reading,) = read(snapshot(*deaths(("2018-03-01", 1), ("2018-03-02", 1), first=90), *twice), **asked)
    assert (reading.values["observed"], reading.values["previous"]) == (2, 2)
    (reading,) = read(snapshot(*deaths(("2018-03-01", 1), ("2018-03-01", 1), first=90), *last_days(1, 1)), **asked)
    assert reading.telling.headline == "days: highest 2-day total on record, 2 days to 30 Nov 2020"


def test_by_default_thirty_days_are_held_against_a_year():
    (reading,) = read(snapshot(*RECORD))
    assert reading.values == {
        "observed": 75,
        "previous": 60,
        "since": None,
        "period_start": date(2020, 11, 1),
        "as_of": LAST,
    }
    assert set(reading.values) == set(record.OUTPUTS)


def test_the_newest_days_are_ignored_where_the_offset_says_so():
    (reading,) = read(snapshot(*RECORD, query_offset=timedelta(days=11)))
    assert (reading.values["as_of"], reading.values["observed"]) == (date(2020, 11, 29), 30)
    assert not reading.present


def test_each_group_has_its_own_record():
    palma = deaths(("2020-03-01", 5), ("2020-11-30", 9))
    mueda = deaths(("2020-03-01", 9), ("2020-11-30", 5), first=100, admin2="Mueda")
    pemba = deaths(("2018-03-01", 9), first=200, admin2="Pemba")
    assert [
        (reading.labels, reading.values["observed"], reading.present)
        for reading in read(snapshot(*palma, *mueda, *pemba), indicator="by_district")
    ] == [
        (labels({"admin2": "Mueda"}), 5, False),
        (labels({"admin2": "Palma"}), 9, True),
        (labels({"admin2": "Pemba"}), 0, False),
    ]


# --- what it takes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "status", "reason"),
    [
        pytest.param(date(2019, 11, 1), Status.OK, "", id="all of the 396 days"),
        pytest.param(
            date(2019, 11, 2),
            Status.LEARNING,
            "records begin on 2 Nov 2019; 30 + 366 days need them from 1 Nov 2019 on",
            id="one day less",
        ),
    ],
)
def test_it_learns_until_the_source_covers_lookback_and_window(begin, status, reason):
    events = deaths(("2020-03-01", 5), ("2020-11-30", 9))
    readings = read(snapshot(*events, begin=begin), indicator="by_district")
    assert [(each.status, each.reason) for each in readings] == [(status, reason)]


def test_without_records_there_is_nothing_to_judge():
    for empty in (MemorySnapshot(at("2020-12-10")), snapshot()):
        (reading,) = read(empty)
        assert (reading.status, reading.reason) == (Status.NO_DATA, "no records for Deaths in Cabo Delgado")


@pytest.mark.parametrize(
    ("parameters", "problems"),
    [
        pytest.param({}, [], id="nothing wrong"),
        pytest.param(
            {"indicator": "death"}, [("indicator", "no indicator 'death'; did you mean 'deaths'?")], id="a slip"
        ),
        *(
            pytest.param(
                {name: span},
                [(name, f"{name!r} is whole days, at least one, because events are dated by the day")],
                id=f"a {name} of {span}",
            )
            for name, span in (("window", "12h"), ("window", "0d"), ("lookback", "36h"))
        ),
    ],
)
def test_what_is_wrong_is_told_when_the_rule_loads(parameters, problems):
    asked = record.Parameters.model_validate({"indicator": "deaths", **parameters})
    assert list(record.problems(asked, CATALOGUE)) == problems


def test_it_counts_the_indicator_it_names():
    assert record.indicators(record.Parameters(indicator="deaths"), CATALOGUE) == (DEATHS,)
    assert record.indicators(record.Parameters(indicator="death"), CATALOGUE) == ()


@pytest.mark.parametrize("direction", ["highest", "lowest"])
def test_by_default_every_record_fires_and_goes_on_for_its_window(direction):
    own = record.defaults(record.Parameters(indicator="deaths", direction=direction), CATALOGUE)
    assert own.condition is not None
    assert own.condition.holds({"observed": 0}, record.OUTPUTS)
    assert (own.recovery, own.severity[0].severity, own.keep_firing_for) == (None, "warning", timedelta(days=30))


# --- what it says -----------------------------------------------------------------------------------------------------


def test_its_sentences():
    told = read(snapshot(*RECORD))[0].telling
    assert told.headline == "Deaths in Cabo Delgado: highest 30-day total since 9 Jul 2018, 75 deaths to 30 Nov 2020"
    assert told.sentence == (
        "75 deaths in 30 days, 1 Nov 2020 to 30 Nov 2020; "
        "the highest of the 366 days before is 60, in the 30 days to 8 Apr 2020."
    )
    assert told.what == "Events: 3. Held against the windows that end on 30 Nov 2019 to 29 Nov 2020."
    assert told.sure == "A rank, not a test: in a long series records come about by chance as well."
    assert (told.unknown, told.source) == (("1 of 3 events carries no number of deaths.",), ("records of acled",))
    assert told.arithmetic == (
        "Window: 1 Nov 2020 to 30 Nov 2020, 30 days ending at the watermark: 75 deaths",
        "Lookback: the 366 windows of 30 days that end on 30 Nov 2019 to 29 Nov 2020",
        "Previous: 60, in the 30 days to 8 Apr 2020",
        "Verdict: a record: 75 > 60",
    )
    assert told.records == (6, 4, 5)


def test_where_the_records_know_of_nothing_like_it_the_alert_says_from_when_on_they_do():
    told = read(snapshot(*RECORD[1:]))[0].telling
    assert told.headline == "Deaths in Cabo Delgado: highest 30-day total on record, 75 deaths to 30 Nov 2020"
    assert told.unknown[-1] == "The records begin on 1 Jan 2018: nothing is known of the time before."


@pytest.mark.parametrize(
    ("old", "past"),
    [
        pytest.param(("2019-11-01", 75), "since 30 Nov 2019", id="the newest window before the lookback"),
        pytest.param(("2018-01-01", 75), "since 30 Jan 2018", id="the day on which the records begin"),
        pytest.param(("2018-01-01", 74), "on record", id="not quite as much"),
    ],
)
def test_how_long_ago_is_looked_for_in_all_that_is_stored(old, past):
    events = [*RECORD[3:], *deaths(old, first=100)]
    headline = read(snapshot(*events), lookback="365d")[0].telling.headline
    assert headline == f"Deaths in Cabo Delgado: highest 30-day total {past}, 75 deaths to 30 Nov 2020"


def test_a_single_window_before_the_lookback_is_looked_at():
    told = read(snapshot(*last_days(4, 1, 1, 3), begin=date(2020, 11, 27)), window="1d", lookback="2d")[0].telling
    assert told.headline == "Deaths in Cabo Delgado: highest 1-day total since 27 Nov 2020, 3 deaths to 30 Nov 2020"


def test_where_the_records_begin_with_the_lookback_nothing_lies_before():
    told = read(snapshot(*last_days(1, 1, 3), begin=date(2020, 11, 28)), window="1d", lookback="2d")[0].telling
    assert told.headline == "Deaths in Cabo Delgado: highest 1-day total on record, 3 deaths to 30 Nov 2020"


def test_no_record_says_what_was_higher():
    told = read(snapshot(*last_days(9, 0, 0, 0, 4)), window="2d", lookback="10d")[0].telling
    assert told.headline == "Deaths in Cabo Delgado: no highest 2-day total in 10 days, 4 deaths to 30 Nov 2020"
    assert told.sentence.endswith("the highest of the 10 days before is 9, in the 2 days to 27 Nov 2020.")
    assert told.arithmetic[-1] == "Verdict: no record: the 2 days to 27 Nov 2020 come to as much or more"


def test_a_lowest_record_and_none_in_their_own_words():
    lowest = {"window": "1d", "lookback": "3d", "direction": "lowest"}
    told = read(snapshot(*last_days(5, 5, 5, 1)), **lowest)[0].telling
    assert told.headline.startswith("Deaths in Cabo Delgado: lowest 1-day total since 26 Nov 2020, 1 death to")
    assert told.arithmetic[-1] == "Verdict: a record: 1 < 5"
    told = read(snapshot(*last_days(5, 1, 5, 1)), **lowest)[0].telling
    assert told.arithmetic[-1] == "Verdict: no record: the 1 day to 28 Nov 2020 come to as much or less"


# --- against a slow and simple oracle ---------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    numbers=st.lists(st.integers(0, 4), min_size=1, max_size=40),
    width=st.integers(1, 6),
    lookback=st.integers(1, 20),
    direction=st.sampled_from(["highest", "lowest"]),
)
def test_the_rolling_sums_are_those_added_up_one_by_one(numbers, width, lookback, direction):
    anything = deaths(("2018-06-01", 0), first=100)
    snap = snapshot(*anything, *last_days(*numbers))
    (reading,) = read(snap, window=f"{width}d", lookback=f"{lookback}d", direction=direction)
    sums = added_up([0] * 40 + numbers, width, lookback)
    observed, before = sums[0], sums[1:]
    beaten = [
        i
        for i, each in enumerate(before, start=1)
        if (each >= observed if direction == "highest" else each <= observed)
    ]
    assert reading.values["observed"] == observed
    assert reading.values["previous"] == (max(before) if direction == "highest" else min(before))
    assert reading.values["since"] == (LAST - timedelta(days=beaten[0]) if beaten else None)
    assert reading.present is not bool(beaten)


def added_up(numbers: Sequence[int], width: int, lookback: int) -> list[int]:
    """The sum of the window that ends on the last day, then of those that end on the days before."""
    ends = range(len(numbers), len(numbers) - lookback - 1, -1)
    return [sum(numbers[end - width : end]) for end in ends]


# --- its page ---------------------------------------------------------------------------------------------------------


def test_its_page_lists_its_outputs_and_its_worked_example():
    page = PAGE.read_text(encoding="utf-8")
    (reading,) = read(snapshot(*RECORD))
    for output in record.OUTPUTS.values():
        assert f"| `{output.name}` | {output.kind.value} | {output.meaning} |" in page
    told = reading.telling
    for line in (told.headline, told.sentence, told.what, *told.unknown, *told.arithmetic):
        assert line in page


def test_its_page_prints_the_false_alarms_that_were_measured(reference):
    simulated = json.loads((reference / "statistics" / "sim" / "sim_detectors.json").read_text())
    cells = [f"{simulated['hdx record: 4w sum > max of last 52w'][series][0]:.1f}" for series in SIMULATED]
    rows = [line.split("|") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    assert cells in [[cell.strip() for cell in row[2:-1]] for row in rows]


def test_its_picture_ends_with_the_record_that_passed_the_one_before():
    (reading,) = read(snapshot(*RECORD))
    drawn = reading.telling.picture
    assert isinstance(drawn, SeriesPicture)
    newest = drawn.bars[-1]
    assert (newest.first, newest.last, newest.alarm) == (LAST, LAST, True)
    assert (newest.observed, newest.bound) == (reading.values["observed"], reading.values["previous"])
    assert max(bar.observed for bar in drawn.bars[:-1]) == reading.values["previous"]
    assert len(drawn.bars) == record.PICTURE_DAYS


def test_where_there_is_no_record_its_picture_shows_no_alarm():
    (reading,) = read(snapshot(*last_days(5, 2, 0, 0, 0, 3, 1)), window="2d", lookback="10d")
    drawn = reading.telling.picture
    assert isinstance(drawn, SeriesPicture)
    assert [bar.observed for bar in drawn.bars] == [0, 0, 0, 0, 5, 7, 2, 0, 0, 3, 4]
    assert not any(bar.alarm for bar in drawn.bars)
