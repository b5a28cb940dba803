from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.detectors.snapshot import MemorySnapshot, at, event, known
from watcher.core.catalogue import Catalogue
from watcher.core.detectors import surge
from watcher.core.event import Event
from watcher.core.indicator import Indicator
from watcher.core.label import labels
from watcher.core.picture import Bar, SeriesPicture
from watcher.core.reading import Reading, Status
from watcher.core.selector import selector

HERE = selector({"admin1": "Cabo Delgado"})
ATTACKS = Indicator(indicator="attacks", title="Attacks in Cabo Delgado", count="events", unit="attacks", where=HERE)
DEATHS = Indicator(indicator="deaths", sum="fatalities", where=HERE)
DAYS = Indicator(indicator="days", count="days", where=HERE)
BY_DISTRICT = Indicator(indicator="by_district", count="events", unit="attacks", where=HERE, by=("admin2",))
NOWHERE = Indicator(indicator="nowhere", count="events", where=selector({"admin1": "Atlantis"}))
CATALOGUE = Catalogue(indicators={each.indicator: each for each in (ATTACKS, DEATHS, DAYS, BY_DISTRICT, NOWHERE)})

LAST = date(2020, 7, 6)
PAGE = Path(__file__).parents[3] / "docs" / "detectors" / "surge.md"
#: The columns of the page's tables of false alarms, by the name of the series in the simulations.
SIMULATED = (
    "mean 1 phi1.5",
    "mean 3 phi2",
    "mean 10 phi3",
    "mean 6 season .4 phi2",
    "mean 3 + 6 past surges/8y phi1.5",
    "fatalities 4 attacks/w",
)


def read(snapshot: MemorySnapshot, **parameters: object) -> list[Reading]:
    asked = surge.Parameters.model_validate({"indicator": "attacks", **parameters})
    return list(surge.read(asked, CATALOGUE, snapshot))


def weeks(*numbers: int, deaths: int | None = 0, first: int = 1, **fields) -> list[Event]:
    """So many events in each week of those that end with the last day, the oldest first; one a day, then again."""
    starts = [LAST - timedelta(days=7 * (len(numbers) - i) - 1) for i in range(len(numbers))]
    days = [start + timedelta(days=i % 7) for start, number in zip(starts, numbers, strict=True) for i in range(number)]
    return [event(first + i, day, deaths, **fields) for i, day in enumerate(days)]


def snapshot(*events: Event, begin: date = date(2020, 1, 1), **others) -> MemorySnapshot:
    """These events, and two elsewhere: on the first and on the last day that the source covers."""
    elsewhere = [event(9_000 + i, day, admin1="Nampula", admin2="Memba") for i, day in enumerate((begin, LAST))]
    return MemorySnapshot(at("2020-07-20"), known([*events, *elsewhere]), **others)


SURGE = weeks(6, 5, 4, 5, 12)


# --- what is compared -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "observed", "mean", "change", "first"),
    [
        pytest.param({}, 12, 5, 1.4, date(2020, 6, 30), id="a week against four by default"),
        pytest.param({"against": "1w"}, 12, 5, 1.4, date(2020, 6, 30), id="against the week before alone"),
        pytest.param({"against": "3w"}, 12, 14 / 3, 22 / 14, date(2020, 6, 30), id="against three, with a fraction"),
        pytest.param({"window": "14d"}, 17, 7.5, 19 / 15, date(2020, 6, 23), id="two weeks against two of two"),
        pytest.param({"window": "1d", "against": "6d"}, 1, 11 / 6, -5 / 11, LAST, id="a day against six"),
        pytest.param({"indicator": "days"}, 7, 5, 0.4, date(2020, 6, 30), id="days with an event"),
        pytest.param({"indicator": "deaths"}, 0, 0, 0, date(2020, 6, 30), id="nobody died, now or before"),
    ],
)
def test_a_window_is_held_against_the_mean_of_those_before(parameters, observed, mean, change, first):
    (reading,) = read(snapshot(*SURGE), **parameters)
    assert reading.values == {
        "observed": observed,
        "mean": pytest.approx(mean),
        "change": pytest.approx(change),
        "days": (LAST - first).days + 1,
        "period_start": first,
        "as_of": LAST,
    }
    assert (reading.watermark, reading.status) == (LAST, Status.OK)


def test_every_declared_output_has_a_value_and_no_other():
    (reading,) = read(snapshot(*SURGE))
    assert set(reading.values) == set(surge.OUTPUTS)


@pytest.mark.parametrize(
    ("numbers", "change", "shown"),
    [
        pytest.param((0, 0, 0, 0, 3), math.inf, "infinite", id="something after nothing"),
        pytest.param((0, 0, 0, 0, 0), 0, "0 %", id="nothing after nothing"),
        pytest.param((1, 0, 0, 0, 0), -1, "-100 %", id="nothing after something"),
        pytest.param((1, 1, 1, 1, 1), 0, "0 %", id="as before"),
    ],
)
def test_a_change_from_or_to_nothing(numbers, change, shown):
    (reading,) = read(snapshot(*weeks(2, *numbers)))
    assert reading.values["change"] == change
    assert surge.OUTPUTS["change"].format(reading.values["change"]) == shown


def test_the_newest_days_are_ignored_where_the_offset_says_so():
    (reading,) = read(snapshot(*SURGE, query_offset=timedelta(days=15)))
    assert (reading.values["as_of"], reading.values["observed"]) == (date(2020, 7, 5), 11)


def test_a_group_that_has_dropped_to_zero_is_read_as_zero():
    palma, mueda = weeks(1, 1, 1, 1, 3), weeks(2, 2, 2, 2, 0, first=100, admin2="Mueda")
    assert [
        (reading.labels, reading.values["observed"], reading.values["change"])
        for reading in read(snapshot(*palma, *mueda), indicator="by_district")
    ] == [(labels({"admin2": "Mueda"}), 0, -1), (labels({"admin2": "Palma"}), 3, 2)]


# --- what it takes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "status", "reason"),
    [
        pytest.param(date(2020, 6, 2), Status.OK, "", id="all of the 35 days"),
        pytest.param(
            date(2020, 6, 3),
            Status.LEARNING,
            "records begin on 3 Jun 2020; 7 days against 28 need them from 2 Jun 2020 on",
            id="one day less",
        ),
    ],
)
def test_it_learns_until_the_source_covers_the_windows(begin, status, reason):
    events = weeks(1, 1, 1, 3)
    readings = read(snapshot(*events, begin=begin), indicator="by_district")
    assert [(each.status, each.reason) for each in readings] == [(status, reason)]


def test_without_records_there_is_nothing_to_judge():
    (reading,) = read(MemorySnapshot(at("2020-07-20")))
    assert (reading.status, reading.reason) == (Status.NO_DATA, "no records for Attacks in Cabo Delgado")
    (reading,) = read(snapshot(*SURGE), indicator="nowhere")
    assert (reading.status, reading.reason) == (Status.NO_DATA, "no records for nowhere")


@pytest.mark.parametrize(
    ("parameters", "problems"),
    [
        pytest.param({}, [], id="nothing wrong"),
        pytest.param({"window": "4w", "against": "52w"}, [], id="the threat preset"),
        pytest.param(
            {"indicator": "attack"},
            [("indicator", "no indicator 'attack'; did you mean 'attacks'?")],
            id="a slip in the name",
        ),
        pytest.param(
            {"against": "30d"},
            [("against", "must be a multiple of the window, 7d; write 28d or 35d")],
            id="thirty days are no weeks",
        ),
        pytest.param(
            {"against": "3d"}, [("against", "must be a multiple of the window, 7d; write 7d")], id="less than a window"
        ),
        pytest.param(
            {"against": "0d"}, [("against", "must be a multiple of the window, 7d; write 7d")], id="against nothing"
        ),
        *(
            pytest.param(
                {"window": window},
                [("window", "'window' is whole days, at least one, because events are dated by the day")],
                id=f"a window of {window}",
            )
            for window in ("0d", "12h", "36h")
        ),
    ],
)
def test_what_is_wrong_is_told_when_the_rule_loads(parameters, problems):
    asked = surge.Parameters.model_validate({"indicator": "attacks", **parameters})
    assert list(surge.problems(asked, CATALOGUE)) == problems


def test_it_counts_the_indicator_it_names():
    assert surge.indicators(surge.Parameters(indicator="attacks"), CATALOGUE) == (ATTACKS,)
    assert surge.indicators(surge.Parameters(indicator="attack"), CATALOGUE) == ()


# --- when it fires ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "holds"),
    [
        pytest.param((1, 1, 1, 1, 2), True, id="twice a mean of one"),
        pytest.param((3, 2, 3, 3, 6), True, id="a little more than twice"),
        pytest.param((3, 3, 3, 3, 5), False, id="less than twice"),
        pytest.param((1, 1, 1, 0, 9), False, id="a mean below one"),
        pytest.param((0, 0, 0, 0, 9), False, id="after nothing"),
    ],
)
def test_by_default_it_fires_at_twice_a_mean_of_at_least_one(numbers, holds):
    own = surge.defaults(surge.Parameters(indicator="attacks"), CATALOGUE)
    (reading,) = read(snapshot(*weeks(1, *numbers)))
    assert own.condition is not None
    assert own.condition.holds(reading.values, surge.OUTPUTS) is holds
    assert (own.recovery, own.severity[0].severity, own.keep_firing_for) == (None, "warning", timedelta())


# --- what it says -----------------------------------------------------------------------------------------------------


def test_its_sentences():
    told = read(snapshot(*SURGE))[0].telling
    assert told.headline == "Attacks in Cabo Delgado: up 140 % in 7 days to 6 Jul 2020, 12 attacks"
    assert told.sentence == (
        "12 attacks in 7 days, 30 Jun 2020 to 6 Jul 2020; the 4 windows of 7 days before came to 5 on average."
    )
    assert told.what == "The windows before came to 6, 5, 4, 5."
    assert told.sure == "A percent change, not a test: it does not know how much the number varies by itself."
    assert (told.unknown, told.source) == ((), ("records of acled",))
    assert told.arithmetic == (
        "Window: 30 Jun 2020 to 6 Jul 2020, 7 days ending at the watermark: 12 attacks",
        "Before: 2 Jun 2020 to 29 Jun 2020, 4 x 7 days: 6, 5, 4, 5",
        "Mean: 20 / 4 = 5",
        "Change: 12 / 5 - 1 = 140 %",
    )


@pytest.mark.parametrize(
    ("events", "headline"),
    [
        pytest.param(weeks(4, 4, 4, 4, 2), "down 50 % in 7 days to 6 Jul 2020, 2 attacks", id="fewer"),
        pytest.param(weeks(4, 4, 4, 4, 4), "unchanged in 7 days to 6 Jul 2020, 4 attacks", id="as many"),
        pytest.param(
            weeks(9, 0, 0, 0, 0, 2), "2 attacks in 7 days to 6 Jul 2020, none in the 28 days before", id="after none"
        ),
        pytest.param(
            weeks(9, 0, 0, 0, 0, 0), "no attacks in 7 days to 6 Jul 2020, none in the 28 days before", id="none at all"
        ),
    ],
)
def test_the_headline_says_what_became_of_it(events, headline):
    assert read(snapshot(*events))[0].telling.headline == f"Attacks in Cabo Delgado: {headline}"


def test_a_change_from_nothing_shows_no_division():
    told = read(snapshot(*weeks(9, 0, 0, 0, 0, 2)))[0].telling
    assert told.arithmetic[-1] == "Change: infinite, from a mean of 0"


def test_one_window_before_has_no_average():
    told = read(snapshot(*SURGE), against="7d")[0].telling
    assert told.sentence == "12 attacks in 7 days, 30 Jun 2020 to 6 Jul 2020; the 7 days before came to 5."


def test_of_many_windows_the_least_and_the_most_are_told():
    told = read(snapshot(*weeks(1, 3, 2, 2, 2, 2, 2, 4)), against="7w")[0].telling
    assert told.what == "The windows before came to between 1 and 3 each."
    assert told.sentence.endswith("the 7 windows of 7 days before came to 2 on average.")


def test_a_large_mean_is_told_without_a_fraction():
    told = read(snapshot(*weeks(1, 1, 1, 1, deaths=1_234)), indicator="deaths", against="3w")[0].telling
    assert told.arithmetic[2] == "Mean: 3\N{NO-BREAK SPACE}702 / 3 = 1\N{NO-BREAK SPACE}234"


def test_deaths_that_nobody_counted_are_told_and_the_deadliest_comes_first():
    told = read(snapshot(event(1, date(2020, 7, 1), 5), event(2, date(2020, 7, 2), None)), indicator="deaths")[
        0
    ].telling
    assert told.unknown == ("1 of 2 events carries no number of deaths.",)
    assert told.records == (1, 2)


def test_the_chart_runs_from_the_first_of_the_windows_before():
    chart = read(snapshot(*SURGE))[0].telling.chart
    assert [chart[0][0], chart[-1]] == [date(2020, 6, 2), (LAST, 32.0, pytest.approx(25.0))]
    assert len(chart) == 35
    assert read(snapshot(*SURGE), indicator="days")[0].telling.chart[-1][1] == 27.0
    long = read(snapshot(*SURGE, begin=date(2018, 1, 1)), window="28d", against="364d")[0].telling.chart
    assert (len(long), long[-1][0]) == (surge.CHART_DAYS, LAST)


# --- against a slow and simple oracle ---------------------------------------------------------------------------------


def events_of(counts: Sequence[int]) -> list[Event]:
    """So many events on each day of those that end with the last day."""
    first = LAST - timedelta(days=len(counts) - 1)
    days = [first + timedelta(days=i) for i, number in enumerate(counts) for _ in range(number)]
    return [event(number, day) for number, day in enumerate(days, start=1)]


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(0, 3), min_size=1, max_size=45),
    width=st.integers(1, 7),
    windows=st.integers(1, 5),
    measure=st.sampled_from(["attacks", "days"]),
)
def test_the_mean_is_that_of_the_windows_summed_one_by_one(counts, width, windows, measure):
    counts = [0] * max(0, width * (windows + 1) - len(counts)) + counts
    readings = read(snapshot(*events_of(counts)), indicator=measure, window=f"{width}d", against=f"{width * windows}d")
    if not any(counts):
        assert [reading.status for reading in readings] == [Status.NO_DATA]
        return
    values = [min(1, number) for number in counts] if measure == "days" else counts
    backwards = values[::-1]
    observed, *before = (sum(backwards[i * width : (i + 1) * width]) for i in range(windows + 1))
    mean = Fraction(sum(before), windows)
    change = (observed / mean - 1) if mean else Fraction(0)
    (reading,) = readings
    assert (reading.values["observed"], reading.values["mean"]) == (observed, float(mean))
    assert reading.values["change"] == (math.inf if observed and not mean else float(change))


# --- its page ---------------------------------------------------------------------------------------------------------


def test_its_page_lists_its_outputs_and_its_worked_example():
    page = PAGE.read_text(encoding="utf-8")
    (reading,) = read(snapshot(*SURGE))
    for output in surge.OUTPUTS.values():
        assert f"| `{output.name}` | {output.kind.value} | {output.meaning} |" in page
    for line in (reading.telling.headline, reading.telling.sentence, reading.telling.what, *reading.telling.arithmetic):
        assert line in page


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("surge", "acled_surge +100% vs 4w, avg>=1"),
        ("`threat`", "acled_threat month >=2x year, avg>=1"),
        ("`change`", "acled_change >25% vs 52w"),
    ],
)
def test_its_page_prints_the_false_alarms_that_were_measured(row, rule, reference):
    simulated = json.loads((reference / "statistics" / "sim" / "sim_detectors.json").read_text())[rule]
    cells = [f"{simulated[series][0]:.1f}" for series in SIMULATED]
    lines = [line.split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {row}")]
    assert [cell.strip() for cell in lines[0][2:-1]] == cells


def test_its_picture_shows_the_windows_beside_their_mean():
    drawn = read(snapshot(*SURGE))[0].telling.picture
    assert isinstance(drawn, SeriesPicture)
    assert [bar.observed for bar in drawn.bars] == [6, 5, 4, 5, 12]
    assert drawn.bars[-1] == Bar(date(2020, 6, 30), LAST, 12, expected=5.0)
