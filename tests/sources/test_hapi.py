"""HDX HAPI: a row is a month of one place and type; what is none is taken back."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.sources.samples import csv_bytes, events, rejections, the_event, the_rejection
from watcher.core.errors import DataError
from watcher.core.event import Deletion, Event, Record
from watcher.sources import hapi

TODAY = date(2024, 6, 15)
HEADER = (
    *("location_code", "has_hrp", "in_gho", "provider_admin1_name", "provider_admin2_name", "admin1_code"),
    *("admin1_name", "admin2_code", "admin2_name", "admin_level", "event_type", "events", "fatalities"),
    *("reference_period_start", "reference_period_end", "dataset_hdx_id", "resource_hdx_id", "warning", "error"),
)
#: A month that never was, as files write it.
MONTH = {
    "location_code": "MOZ",
    "has_hrp": "Y",
    "provider_admin1_name": "Cabo Delgado",
    "provider_admin2_name": "Macomia",
    "admin1_code": "MZ01",
    "admin1_name": "Cabo-Delgado",
    "admin2_code": "MZ0107",
    "admin_level": "2",
    "event_type": "political_violence",
    "events": "2",
    "fatalities": "3",
    "reference_period_start": "2024-05-01",
    "reference_period_end": "2024-05-31",
}
ID = "MOZ/2/MZ01/MZ0107/Cabo Delgado/Macomia/political_violence/2024-05"
COUNTRY = dict.fromkeys(("provider_admin1_name", "provider_admin2_name", "admin1_code", "admin2_code"), "")
LEVEL_0 = {**COUNTRY, "admin_level": "0"}


def read(data: bytes, **options: Any) -> list[Record]:
    return list(hapi.read(io.BytesIO(data), source="hapi", today=TODAY, settings=hapi.Settings(**options)))


def months(*changes: Mapping[str, str]) -> bytes:
    rows = csv_bytes(HEADER, [{**MONTH, **change} for change in changes or ({},)])
    return b"\xef\xbb\xbf" + rows


def test_a_row_of_a_file_is_read_in_full():
    assert the_event(read(months({"warning": "PCode length MZ1->MZ01"}))) == Event(
        source="hapi",
        external_id=ID,
        date_start=date(2024, 5, 1),
        date_end=date(2024, 5, 31),
        time_precision=3,
        iso3="MOZ",
        country="Mozambique",
        admin1="Cabo Delgado",
        admin2="Macomia",
        admin3="",
        location="",
        latitude=None,
        longitude=None,
        geo_precision=3,
        disorder_type="",
        event_type="political_violence",
        sub_event_type="",
        actors=(),
        fatalities=3,
        fatalities_low=None,
        fatalities_high=None,
        civilian_targeting=None,
        publishers="ACLED",
        url="",
        notes="PCode length MZ1->MZ01",
        tags="MZ01; MZ0107",
        stamp=None,
        incidents=2,
    )


def test_a_row_of_an_answer_is_the_same_record():
    row: dict[str, Any] = {name: MONTH[name] for name in MONTH if name != "has_hrp"}
    row |= {"has_hrp": True, "location_ref": 1, "location_name": "Mozambique", "admin_level": 2, "events": 2}
    row |= {"fatalities": 3, "reference_period_start": "2024-05-01T00:00:00"}
    row |= {"reference_period_end": "2024-05-31T23:59:59"}
    line = json.dumps(row).encode() + b"\n"
    assert the_event(read(line)) == the_event(read(months()))


@pytest.mark.parametrize("column", sorted({*MONTH} - {"has_hrp", "admin1_name", "events", "fatalities"}))
def test_what_makes_another_row_of_it_makes_another_record(column):
    other = {
        "location_code": "MLI",
        "admin_level": "1",
        "reference_period_start": "2024-04-01",
        "reference_period_end": "2024-04-30",
    }
    if column.startswith("reference"):
        changes = {name: other[name] for name in other if name.startswith("reference")}
    else:
        changes = {column: other.get(column, "another")}
    [first], [second] = read(months()), read(months(changes))
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert first.external_id != second.external_id


def test_deaths_in_demonstrations_are_unknown_and_not_zero():
    event = the_event(read(months({"event_type": "demonstration", "fatalities": ""})))
    assert (event.fatalities, event.incidents) == (None, 2)


def test_a_place_without_a_name_of_its_publisher_has_that_of_hdx():
    assert the_event(read(months({"provider_admin1_name": ""}))).admin1 == "Cabo-Delgado"


@pytest.mark.parametrize(
    ("event_type", "aims"), [("civilian_targeting", True), ("political_violence", None), ("demonstration", None)]
)
def test_only_what_aims_at_civilians_alone_says_so(event_type, aims):
    assert the_event(read(months({"event_type": event_type}))).civilian_targeting is aims


NO_RECORD = [
    pytest.param({"events": "0", "fatalities": "0"}, {}, id="nothing happened"),
    pytest.param({"events": "0", "fatalities": ""}, {}, id="no demonstration"),
    pytest.param(
        {"reference_period_start": "2024-06-01", "reference_period_end": "2024-06-30"}, {}, id="the month goes on"
    ),
    pytest.param({}, {"admin_level": 0}, id="another level is wanted"),
]


@pytest.mark.parametrize(("changes", "options"), NO_RECORD)
def test_what_is_no_record_takes_back_the_one_that_there_may_have_been(changes, options):
    event_id = ID.replace("2024-05", "2024-06") if "reference_period_start" in changes else ID
    assert read(months(changes), **options) == [Deletion("hapi", event_id, None)]


def test_deaths_without_an_event_are_kept():
    assert the_event(read(months({"events": "0", "fatalities": "1"}))).incidents == 0


def test_the_last_day_of_a_month_belongs_to_it():
    june = {"reference_period_start": "2024-06-01", "reference_period_end": "2024-06-30"}
    settings = hapi.Settings()
    for today, kind in ((date(2024, 6, 30), Deletion), (date(2024, 7, 1), Event)):
        [record] = hapi.read(io.BytesIO(months(june)), source="hapi", today=today, settings=settings)
        assert isinstance(record, kind)


def test_of_two_levels_of_a_countrys_month_the_finer_is_taken_wherever_it_stands():
    april = {"reference_period_start": "2024-04-01", "reference_period_end": "2024-04-30"}
    mali = {"location_code": "MLI"}
    data = months(LEVEL_0, {}, {**LEVEL_0, **april}, {**LEVEL_0, **mali}, {**LEVEL_0, "event_type": "demonstration"})
    records = read(data)
    assert [(each.iso3, each.date_start.month, each.external_id.split("/")[1]) for each in events(records)] == [
        ("MOZ", 5, "2"),
        ("MOZ", 4, "0"),
        ("MLI", 5, "0"),
    ]
    assert sum(isinstance(each, Deletion) for each in records) == 2


@pytest.mark.parametrize(("level", "found"), [(0, [7]), (2, [2]), (1, [])])
def test_the_level_can_be_chosen(level, found):
    assert [each.incidents for each in events(read(months({**LEVEL_0, "events": "7"}, {}), admin_level=level))] == found


BAD = [
    pytest.param({"error": "No matching admin"}, "error", "HDX itself says that the row is wrong: 'No matching", id="an error"),
    pytest.param({"events": ""}, "events", "is no whole number", id="no number of events"),
    pytest.param({"events": "-1"}, "events", "is not between 0 and", id="fewer events than none"),
    pytest.param({"fatalities": "1e2"}, "fatalities", "is no whole number", id="a rounded number"),
    pytest.param({"event_type": " "}, "event_type", "is empty, and must not be", id="no type"),
    pytest.param({"admin_level": "3"}, "admin_level", "is not between 0 and 2", id="a level that there is not"),
    pytest.param({"location_code": "XYZ"}, "country", "is no country on the list", id="no country"),
    pytest.param({"reference_period_end": "2024-05-30"}, "reference_period_start or _end", "is no calendar month", id="a month that ends early"),
    pytest.param({"reference_period_start": "2024-05-02"}, "reference_period_start or _end", "is no calendar month", id="a month that begins late"),
    pytest.param({"reference_period_start": "2024-07-01", "reference_period_end": "2024-07-31"}, "reference_period_start or _end", "lies in the future", id="a month that is to come"),
    pytest.param({"reference_period_start": "1996-12-01"}, "reference_period_start or _end", "begins on 1997-01-01", id="a month before there were any"),
    pytest.param({"provider_admin1_name": "x" * 1_001}, "a name or a code of a place", "is longer than", id="a name that is none"),
]  # fmt: skip


def test_a_month_that_is_to_come_is_refused_even_where_it_is_shorter_than_this_one():
    february = {"reference_period_start": "2023-02-01", "reference_period_end": "2023-02-28"}
    records = list(
        hapi.read(io.BytesIO(months(february)), source="hapi", today=date(2023, 1, 29), settings=hapi.Settings())
    )
    assert "2023-02-01 lies in the future" in the_rejection(records).reason


@pytest.mark.parametrize(("changes", "column", "reason"), BAD)
def test_a_row_that_cannot_be_read_says_why(changes, column, reason):
    found = the_rejection(read(months(changes)))
    assert found.column == column
    assert reason in found.reason


def test_what_waits_in_quarantine_can_be_read_again_under_its_header():
    found = the_rejection(read(months({"events": "many"})))
    mended = f"{found.header}\n{found.raw.replace('many', '4')}\n".encode()
    assert the_event(read(mended)).incidents == 4


@pytest.mark.parametrize("column", hapi.NEEDED)
def test_a_header_that_lacks_a_needed_column_is_refused(column):
    lacking = csv_bytes([name for name in HEADER if name != column], [MONTH])
    with pytest.raises(DataError, match=f"the header lacks {column};"):
        read(lacking)


def test_the_real_file_is_read(real_data):
    data = (real_data / "hapi" / "hdx_hapi_conflict_event_global_1997.csv").read_bytes()
    records = read(data)
    found = events(records)
    assert rejections(records) == []
    assert len(records) == len({each.external_id for each in records if not hasattr(each, "reason")}) == 6_000
    assert len(found) == 87
    assert Counter(each.event_type for each in found) == {
        "political_violence": 48,
        "civilian_targeting": 26,
        "demonstration": 13,
    }
    assert {each.fatalities for each in found if each.event_type == "demonstration"} == {None}
    assert sum(each.fatalities or 0 for each in found if each.event_type == "political_violence") > sum(
        each.fatalities or 0 for each in found if each.event_type == "civilian_targeting"
    )
    assert sum(bool(each.notes) for each in found) > 0, "remarks on place codes are kept, and refuse no row"


@pytest.mark.parametrize(("days", "months"), [(28, 1), (75, 3), (350, 12)], ids=["a month", "a quarter", "a year"])
def test_a_window_that_the_page_names_holds_so_many_months_whichever_is_the_newest(days, months):
    ends = [date(2019 + n // 12, n % 12 + 1, 1) - timedelta(days=1) for n in range(1, 72)]
    for newest in ends[24:]:
        begin = newest - timedelta(days=days - 1)
        assert sum(begin <= end <= newest for end in ends) == months
    page = (Path(__file__).parents[2] / "docs" / "reference" / "sources.md").read_text("utf-8")
    assert f"`{'window: ' if months == 1 else ''}{days}d`" in page


def test_windows_end_on_the_last_day_of_a_month_for_no_newer_day_is_left_out():
    assert hapi.DEFAULTS.query_offset == timedelta()
