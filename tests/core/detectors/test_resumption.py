from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.detectors.snapshot import MemorySnapshot, at, event, known
from watcher.core.catalogue import Catalogue
from watcher.core.detectors import resumption
from watcher.core.event import Event
from watcher.core.indicator import Indicator
from watcher.core.label import labels
from watcher.core.reading import Reading, Status
from watcher.core.selector import selector

HERE = selector({"admin1": "Cabo Delgado"})
RAIDS = Indicator(indicator="raids", title="Raids in Cabo Delgado", count="events", unit="raids", where=HERE)
DEATHS = Indicator(indicator="deaths", sum="fatalities", where=HERE)
DAYS = Indicator(indicator="days", count="days", where=HERE)
BY_DISTRICT = Indicator(indicator="by_district", count="events", where=HERE, by=("admin2",))
CATALOGUE = Catalogue(indicators={each.indicator: each for each in (RAIDS, DEATHS, DAYS, BY_DISTRICT)})

BEGIN, LAST = date(2019, 1, 1), date(2020, 3, 31)
PAGE = Path(__file__).parents[3] / "docs" / "detectors" / "resumption.md"


def read(snapshot: MemorySnapshot, **parameters: object) -> list[Reading]:
    asked = resumption.Parameters.model_validate({"indicator": "raids", "after": "45d", **parameters})
    return list(resumption.read(asked, CATALOGUE, snapshot))


def snapshot(*events: Event, begin: date = BEGIN, **others) -> MemorySnapshot:
    """These events, and two elsewhere: on the first and on the last day that the source covers."""
    elsewhere = [event(9_000 + i, day, admin1="Nampula", admin2="Memba") for i, day in enumerate((begin, LAST))]
    return MemorySnapshot(at("2020-04-10"), known([*events, *elsewhere]), **others)


def on(*days: str, first: int = 1, **fields) -> list[Event]:
    """One event on each day."""
    return [event(first + i, date.fromisoformat(day), **fields) for i, day in enumerate(days)]


RESUMED = on("2019-05-02", "2019-07-22", "2020-03-09", "2020-03-09", "2020-03-29")


# --- what a resumption is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "parameters", "expected"),
    [
        pytest.param(
            ["2019-07-22", "2020-03-09", "2020-03-09", "2020-03-29"],
            {},
            (3, 230, "2019-07-22", "2020-03-09"),
            id="events after months without one",
        ),
        pytest.param(
            ["2020-01-18", "2020-03-04"], {}, (1, 45, "2020-01-18", "2020-03-04"), id="exactly the days asked"
        ),
        pytest.param(
            ["2020-01-16", "2020-03-02"], {}, (1, 45, "2020-01-16", "2020-03-02"), id="the first of the newest days"
        ),
        pytest.param(
            ["2020-03-28", "2020-03-30", "2020-03-31"],
            {"after": "1d", "within": "2d"},
            (2, 1, "2020-03-28", "2020-03-30"),
            id="a single day without",
        ),
        pytest.param(
            ["2020-03-05", "2020-03-12", "2020-03-13", "2020-03-25"],
            {"after": "5d"},
            (1, 11, "2020-03-13", "2020-03-25"),
            id="of two resumptions the latest",
        ),
        pytest.param(["2020-03-10"], {}, (1, 434, "", "2020-03-10"), id="no event before, in all that is covered"),
        pytest.param(
            ["2019-01-01", "2020-03-10"],
            {},
            (1, 433, "2019-01-01", "2020-03-10"),
            id="an event on the first day covered",
        ),
    ],
)
def test_an_event_after_a_lull_is_a_resumption(days, parameters, expected):
    (reading,) = read(snapshot(*on(*days)), **parameters)
    observed, lull, last_before, first = expected
    assert reading.values == {
        "observed": observed,
        "lull_days": lull,
        "last_before": date.fromisoformat(last_before) if last_before else None,
        "first_date": date.fromisoformat(first),
        "period_start": date.fromisoformat(first),
        "as_of": LAST,
    }
    assert (reading.present, reading.status, reading.watermark) == (True, Status.OK, LAST)


@pytest.mark.parametrize(
    ("days", "parameters", "first"),
    [
        pytest.param(["2020-01-19", "2020-03-04"], {}, "2020-03-02", id="one day short of a lull"),
        pytest.param(["2019-07-22", "2020-03-01"], {}, "2020-03-02", id="it resumed a day too long ago"),
        pytest.param(["2019-07-22", "2020-03-01", "2020-03-20"], {}, "2020-03-02", id="and went on since"),
        pytest.param(["2019-07-22"], {}, "2020-03-02", id="the lull goes on"),
        pytest.param(["2020-03-31", "2020-03-30"], {"after": "1d", "within": "1d"}, "2020-03-31", id="day after day"),
    ],
)
def test_anything_else_is_none(days, parameters, first):
    (reading,) = read(snapshot(*on(*days)), **parameters)
    assert reading.values == {
        "observed": 0,
        "lull_days": None,
        "last_before": None,
        "first_date": None,
        "period_start": date.fromisoformat(first),
        "as_of": LAST,
    }
    assert (reading.present, reading.status, reading.watermark) == (False, Status.OK, LAST)


def test_every_declared_output_has_a_value_and_no_other():
    for events in (RESUMED, on("2019-07-22")):
        (reading,) = read(snapshot(*events))
        assert set(reading.values) == set(resumption.OUTPUTS)


@pytest.mark.parametrize("indicator", ["deaths", "days"])
def test_a_lull_is_one_of_events_and_events_are_counted_whatever_the_indicator_measures(indicator):
    quiet = [event(1, date(2020, 2, 20), 0)]
    (reading,) = read(snapshot(*quiet, *on("2020-03-09", first=10, deaths=9)), indicator=indicator)
    assert not reading.present, "an event in which nobody died ends the lull"
    (reading,) = read(snapshot(*RESUMED), indicator=indicator)
    assert (reading.values["observed"], reading.values["lull_days"]) == (3, 230)
    assert "3 events to 31 Mar 2020" in reading.telling.headline


def test_the_newest_days_are_ignored_where_the_offset_says_so():
    (reading,) = read(snapshot(*RESUMED, query_offset=timedelta(days=13)))
    assert (reading.values["as_of"], reading.values["observed"]) == (date(2020, 3, 28), 2)


def test_each_group_has_its_own_lull():
    palma, mueda = on("2019-07-22", "2020-03-09"), on("2020-02-22", "2020-03-09", first=100, admin2="Mueda")
    pemba = on("2019-07-22", first=200, admin2="Pemba")
    assert [
        (reading.labels, reading.present, reading.values["lull_days"])
        for reading in read(snapshot(*palma, *mueda, *pemba), indicator="by_district")
    ] == [
        (labels({"admin2": "Mueda"}), False, None),
        (labels({"admin2": "Palma"}), True, 230),
        (labels({"admin2": "Pemba"}), False, None),
    ]


# --- what it takes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "days", "status", "present"),
    [
        pytest.param("2020-01-25", ["2020-03-10"], Status.OK, True, id="the lull before the first event is covered"),
        pytest.param("2020-01-26", ["2020-03-10"], Status.LEARNING, True, id="one day of it is not"),
        pytest.param(
            "2020-01-26",
            ["2020-02-20", "2020-03-10"],
            Status.OK,
            False,
            id="an earlier event decides that there was none",
        ),
        pytest.param(
            "2020-02-20",
            ["2020-03-05"],
            Status.LEARNING,
            True,
            id="the first event is among the newest, its lull unknown",
        ),
    ],
)
def test_the_lull_must_be_covered(begin, days, status, present):
    (reading,) = read(snapshot(*on(*days), begin=date.fromisoformat(begin)))
    assert (reading.status, reading.present) == (status, present)


def test_it_says_from_when_on_it_needs_records():
    (reading,) = read(snapshot(*on("2020-03-10"), begin=date(2020, 1, 26)))
    assert reading.reason == "records begin on 26 Jan 2020; a lull of 45 days needs them from 25 Jan 2020 on"
    assert not reading.values


@pytest.mark.parametrize(
    ("begin", "status"),
    [
        pytest.param("2020-03-02", Status.OK, id="the newest days are covered, and nothing is in them"),
        pytest.param("2020-03-03", Status.LEARNING, id="one of them is not"),
    ],
)
def test_a_group_without_events_among_the_newest_days_is_quiet_only_where_they_are_covered(begin, status):
    """Palma's only event lies after the watermark: it is a group, and there is nothing of it to be seen."""
    later = on("2020-04-02")
    snap = snapshot(*later, begin=date.fromisoformat(begin), query_offset=timedelta(days=10))
    (reading,) = read(snap, indicator="by_district")
    assert (reading.labels, reading.status) == (labels({"admin2": "Palma"}), status)


def test_without_records_there_is_nothing_to_judge():
    for empty in (MemorySnapshot(at("2020-04-10")), snapshot()):
        (reading,) = read(empty)
        assert (reading.status, reading.reason) == (Status.NO_DATA, "no records for Raids in Cabo Delgado")


@pytest.mark.parametrize(
    ("parameters", "problems"),
    [
        pytest.param({}, [], id="nothing wrong"),
        pytest.param({"indicator": "raid"}, [("indicator", "no indicator 'raid'; did you mean 'raids'?")], id="a slip"),
        *(
            pytest.param(
                {name: span},
                [(name, f"{name!r} is whole days, at least one, because events are dated by the day")],
                id=f"{name} {span}",
            )
            for name, span in (("after", "12h"), ("after", "0d"), ("within", "36h"))
        ),
    ],
)
def test_what_is_wrong_is_told_when_the_rule_loads(parameters, problems):
    asked = resumption.Parameters.model_validate({"indicator": "raids", "after": "45d", **parameters})
    assert list(resumption.problems(asked, CATALOGUE)) == problems


def test_it_counts_the_indicator_it_names():
    asked = {"after": timedelta(days=45)}
    assert resumption.indicators(resumption.Parameters(indicator="raids", **asked), CATALOGUE) == (RAIDS,)
    assert resumption.indicators(resumption.Parameters(indicator="raid", **asked), CATALOGUE) == ()


def test_by_default_one_event_is_enough():
    own = resumption.defaults(resumption.Parameters(indicator="raids", after=timedelta(days=45)), CATALOGUE)
    assert own.condition is not None
    assert own.condition.holds({"observed": 1}, resumption.OUTPUTS)
    assert (own.recovery, own.severity[0].severity, own.keep_firing_for) == (None, "warning", timedelta())


# --- what it says -----------------------------------------------------------------------------------------------------

CHANCE = "A count of days without an event, not a test: where events are rare, lulls come about by chance."


def test_its_sentences():
    told = read(snapshot(*RESUMED))[0].telling
    assert told.headline == "Raids in Cabo Delgado: resumed on 9 Mar 2020 after 230 days, 3 raids to 31 Mar 2020"
    assert told.sentence == "3 raids since 9 Mar 2020, after 230 days without one; the last before was on 22 Jul 2019."
    assert told.what == (
        "3 raids, 9 Mar 2020 to 31 Mar 2020. Before that none for 230 days; the last before was on 22 Jul 2019."
    )
    assert (told.sure, told.unknown, told.source) == (CHANCE, (), ("records of acled",))
    assert told.arithmetic == (
        "Newest days: 2 Mar 2020 to 31 Mar 2020, 30 days to the watermark",
        "First event after the lull: 9 Mar 2020; the last before was on 22 Jul 2019",
        "Lull: 230 days between, neither end counted; at least 45 asked",
        "Observed: 3 raids, 9 Mar 2020 to 31 Mar 2020",
    )
    assert told.records == (5, 4, 3)


def test_a_lull_as_long_as_the_records_may_be_longer():
    told = read(snapshot(*on("2020-03-10")))[0].telling
    assert told.sentence == "1 raid since 10 Mar 2020, after 434 days without one; no event before is known."
    assert told.unknown == ("The records begin on 1 Jan 2019 with no event: the lull may be longer.",)


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        pytest.param(
            ["2020-02-20", "2020-03-05", "2020-03-06"],
            "2 raids in 30 days, none of them after 45 days without one. The last was on 6 Mar 2020.",
            id="events that follow others",
        ),
        pytest.param(["2019-07-22"], "No raids in 30 days. The last was on 22 Jul 2019.", id="none"),
    ],
)
def test_no_resumption_says_when_the_last_event_was(days, sentence):
    told = read(snapshot(*on(*days)))[0].telling
    assert told.headline == "Raids in Cabo Delgado: no resumption in 30 days to 31 Mar 2020"
    assert (told.sentence, told.sure) == (sentence, CHANCE)
    assert told.arithmetic[1] == "Lull: none of 45 days or more ended among them"


def test_a_group_of_which_nothing_can_be_seen_says_so():
    told = read(snapshot(*on("2020-04-02"), query_offset=timedelta(days=10)))[0].telling
    assert told.sentence == "No raids in 30 days. None is known."


# --- against a slow and simple oracle ---------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    counts=st.lists(st.sampled_from([0, 0, 0, 1, 2]), min_size=1, max_size=50),
    after=st.integers(1, 12),
    within=st.integers(1, 20),
)
def test_a_lull_is_what_counting_the_days_one_by_one_finds(counts, after, within):
    begin = LAST - timedelta(days=len(counts) - 1)
    days = [begin + timedelta(days=i) for i, number in enumerate(counts) for _ in range(number)]
    snap = snapshot(*(event(i, day) for i, day in enumerate(days, start=1)), begin=begin)
    (reading,) = read(snap, after=f"{after}d", within=f"{within}d")
    if not any(counts):
        assert reading.status is Status.NO_DATA
        return
    found = counted_one_by_one(counts, after, within)
    if found is None:
        unseen = ([0] * 50, [0] * 50 + [1])
        decided = not any(counted_one_by_one(before + counts, after, within) for before in unseen)
        assert (reading.status, reading.present) == ((Status.OK, False) if decided else (Status.LEARNING, True))
        return
    first, lull = found
    told = reading.values["first_date"], reading.values["lull_days"], reading.values["observed"]
    assert told == (begin + timedelta(days=first), lull, sum(counts[first:]))
    last = max((i for i in range(first) if counts[i]), default=None)
    assert reading.values["last_before"] == (None if last is None else begin + timedelta(days=last))


def counted_one_by_one(counts: Sequence[int], after: int, within: int) -> tuple[int, int] | None:
    """The day of the latest event that so many days without one precede, and how many days those are."""
    for day in range(len(counts) - 1, max(-1, len(counts) - within - 1), -1):
        lull = 0
        while day - lull - 1 >= 0 and counts[day - lull - 1] == 0:
            lull += 1
        if counts[day] and lull >= after:
            return day, lull
    return None


# --- its page ---------------------------------------------------------------------------------------------------------


def test_its_page_lists_its_outputs_and_its_worked_example():
    page = PAGE.read_text(encoding="utf-8")
    (reading,) = read(snapshot(*RESUMED))
    for output in resumption.OUTPUTS.values():
        assert f"| `{output.name}` | {output.kind.value} | {output.meaning} |" in page
    for line in (reading.telling.headline, reading.telling.sentence, *reading.telling.arithmetic):
        assert line in page
