from __future__ import annotations

from datetime import date

import pytest

from tests.sources.samples import GED, clashes, read_ucdp, the_event, the_rejection
from watcher.core.errors import DataError
from watcher.core.event import Actor, Event, Role
from watcher.sources import ucdp


def test_an_event_is_read_in_full():
    assert the_event(read_ucdp(clashes(line_end="\r\n"))) == Event(
        source="ucdp",
        external_id="900001",
        date_start=date(2020, 8, 22),
        date_end=date(2020, 8, 22),
        time_precision=1,
        iso3="MLI",
        country="Mali",
        admin1="Mopti region",
        admin2="Douentza cercle",
        admin3="",
        location="Anywhere village",
        latitude=14.5,
        longitude=-2.25,
        geo_precision=2,
        disorder_type="",
        event_type="Non-state conflict",
        sub_event_type="",
        actors=(Actor(Role.A, "River Front"), Actor(Role.B, "Hill Front")),
        fatalities=12,
        fatalities_low=9,
        fatalities_high=15,
        civilian_targeting=False,
        publishers="Daily Paper; Other Paper",
        url="",
        notes="near Anywhere\nFronts clash;Clash of fronts",
        tags="conflict 14000: River Front - Hill Front; dyad 15000: River Front - Hill Front; clarity: 1; status: Clear",
        stamp=None,
    )


def test_whole_numbers_written_as_floats_make_no_difference():
    whole = ("id", "type_of_violence", "conflict_new_id", "dyad_new_id", "where_prec", "country_id", "event_clarity")
    numbers = (*whole, "date_prec", "best", "high", "low")
    floats = clashes().decode().split("\n")
    cells = floats[1].split(",")
    at = [index for index, name in enumerate(GED) if name in numbers]
    assert '"' in floats[1]
    plain = the_event(read_ucdp(clashes({"source_article": ""})))
    cells = clashes({"source_article": ""}).decode().split("\n")[1].split(",")
    for index in at:
        cells[index] += ".0"
    assert the_event(read_ucdp(f"{floats[0]}\n{','.join(cells)}\n".encode())) == plain


@pytest.mark.parametrize(
    ("code", "words", "aims_at_civilians"),
    [("1", "State-based conflict", False), ("2", "Non-state conflict", False), ("3", "One-sided violence", True)],
)
def test_the_type_of_violence_is_spelt_out(code, words, aims_at_civilians):
    event = the_event(read_ucdp(clashes({"type_of_violence": code})))
    assert (event.event_type, event.civilian_targeting) == (words, aims_at_civilians)


@pytest.mark.parametrize(("theirs", "ours"), [("1", 1), ("2", 2), ("3", 2), ("4", 3), ("5", 5)])
def test_the_precision_of_dates_is_put_on_our_scale(theirs, ours):
    assert the_event(read_ucdp(clashes({"date_prec": theirs}))).time_precision == ours


@pytest.mark.parametrize(("theirs", "ours"), [("1", 1), ("2", 2), ("3", 2), ("4", 3), ("5", 3), ("6", 3), ("7", 3)])
def test_the_precision_of_places_is_put_on_our_scale(theirs, ours):
    assert the_event(read_ucdp(clashes({"where_prec": theirs}))).geo_precision == ours


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param("2019-01-01", "2019-12-22", id="plain"),
        pytest.param("2019-01-01T00:00:00", "2019-12-22T00:00:00", id="as the API writes it"),
        pytest.param("2019-01-01 00:00:00.000", "2019-12-22 00:00:00.000", id="as the CSV writes it"),
    ],
)
def test_an_event_of_many_days_keeps_both_ends(start, end):
    event = the_event(read_ucdp(clashes({"date_start": start, "date_end": end})))
    assert (event.date_start, event.date_end) == (date(2019, 1, 1), date(2019, 12, 22))


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        pytest.param({"date_start": "2020-08-23"}, "date_end", id="an end before the start"),
        pytest.param({"date_start": "1988-12-31"}, "date_start or date_end", id="a year before the dataset"),
        pytest.param({"type_of_violence": "4"}, "type_of_violence", id="a type that does not exist"),
        pytest.param({"date_prec": "6"}, "date_prec", id="a date precision that does not exist"),
        pytest.param({"where_prec": ""}, "where_prec", id="no place precision"),
        pytest.param({"id": "9.0E+5"}, "id", id="an id that a spreadsheet has rounded"),
        pytest.param({"country": "Sudan"}, "country", id="a name and a number of different countries"),
        pytest.param({"best": "-1"}, "best, low or high", id="less than no deaths"),
    ],
)
def test_a_bad_row_is_rejected_with_its_column(changes, column):
    assert the_rejection(read_ucdp(clashes(changes))).column == column


def test_before_2013_the_full_reference_stands_in_for_headlines_and_publishers_are_unknown():
    event = the_event(read_ucdp(clashes({"source_headline": "", "source_office": "", "number_of_sources": "-1"})))
    assert event.publishers == ""
    assert event.notes == 'near Anywhere\n"Daily Paper,2020-08-23,Fronts clash"'


def test_a_number_alone_finds_the_country():
    assert the_event(read_ucdp(clashes({"country": "Soudan francais"}))).iso3 == "MLI"


@pytest.mark.parametrize("column", ucdp.NEEDED)
def test_a_header_that_lacks_a_material_column_is_refused(column):
    with pytest.raises(DataError, match=f"the header lacks {column};"):
        read_ucdp(clashes(header=[name for name in GED if name != column]))
