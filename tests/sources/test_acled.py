from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.sources.samples import (
    ACLED_2016,
    ACLED_2019,
    ACLED_2023,
    ACLED_MONADIC,
    ambushes,
    csv_bytes,
    events,
    read_acled,
    rejections,
    the_event,
    the_rejection,
)
from watcher.core.errors import DataError
from watcher.core.event import Actor, Deletion, Event, Role
from watcher.sources import acled

SIDES = (Actor(Role.A, "River Front"), Actor(Role.B, "Hill Front"))
HEADERS = {
    "2016, with an unnamed index": ACLED_2016,
    "2019": ACLED_2019,
    "2019, in upper case": tuple(name.upper() for name in ACLED_2019),
    "2023": ACLED_2023,
    "2023, with population columns": (*ACLED_2023, "population_best", "population_1km"),
    "2023, backwards": ACLED_2023[::-1],
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_an_event_reads_the_same_in_every_layout(header):
    rows = ambushes(header=tuple(map(str.lower, header))).split(b"\n", 1)[1]
    event = the_event(read_acled(",".join(header).encode() + b"\n" + rows))
    era: dict[str, Any] = {
        "disorder_type": "Political violence" if "disorder_type" in header else "",
        "sub_event_type": "" if header is ACLED_2016 else "Armed clash",
        "civilian_targeting": False if "civilian_targeting" in header else None,
        "stamp": None if header is ACLED_2016 else datetime(2020, 12, 7, 21, 3, 19, tzinfo=UTC),
    }
    assert event == Event(
        source="acled",
        external_id="MLI9001",
        date_start=date(2020, 12, 3),
        date_end=date(2020, 12, 3),
        time_precision=1,
        iso3="MLI",
        country="Mali",
        admin1="Mopti",
        admin2="Douentza",
        admin3="",
        location="Anywhere",
        latitude=14.5,
        longitude=-2.25,
        geo_precision=2,
        event_type="Battles",
        actors=SIDES,
        fatalities=4,
        fatalities_low=None,
        fatalities_high=None,
        publishers="Daily Paper; Other Paper",
        url="",
        notes="On 3 December 2020, the two fronts fought at Anywhere.",
        tags="",
        **era,
    )


def test_the_allies_of_2016_are_the_associated_actors_of_today():
    allied = ambushes({"ally_actor_1": "Herders; Hunters "}, header=ACLED_2016)
    assert [a.name for a in the_event(read_acled(allied)).actors if a.role == "with_a"] == ["Herders", "Hunters"]


def test_the_country_of_2016_is_found_by_its_number_when_its_name_is_unknown():
    event = the_event(read_acled(ambushes({"country": "Sudan francais"}, header=ACLED_2016)))
    assert (event.iso3, event.country) == ("MLI", "Sudan francais")


def test_a_misspelt_country_gets_a_suggestion():
    rejected = the_rejection(read_acled(ambushes({"country": "Mosambique", "iso": ""})))
    assert rejected.reason == "'Mosambique' is no country on the list; did you mean 'Mozambique'?"


def test_suggestions_stop_after_a_hundred_because_they_take_time():
    unknown = ({"country": f"Mosambique {number}", "iso": ""} for number in range(101))
    reasons = [rejected.reason for rejected in rejections(read_acled(ambushes(*unknown)))]
    assert "did you mean" in reasons[99]
    assert "did you mean" not in reasons[100]


@pytest.mark.parametrize("column", acled.NEEDED)
def test_a_header_that_lacks_a_material_column_is_refused(column):
    with pytest.raises(DataError, match=f"the header lacks {column};"):
        read_acled(ambushes(header=[name for name in ACLED_2023 if name != column]))


def test_a_header_with_a_column_twice_is_refused():
    with pytest.raises(DataError, match="the header has fatalities twice"):
        read_acled(ambushes(header=(*ACLED_2023, "fatalities")))


def test_the_first_day_can_be_set_for_records_older_than_acled():
    old = ambushes({"event_date": "1994-04-07"})
    assert "begins on 1997-01-01" in the_rejection(read_acled(old)).reason
    assert the_event(read_acled(old, earliest=date(1990, 1, 1))).date_start == date(1994, 4, 7)


def test_the_list_of_deleted_events_is_read_as_deletions():
    header = ("event_id_cnty", "deleted_timestamp", "remark")
    rows = [
        {"event_id_cnty": "MLI9001", "deleted_timestamp": "1625825678"},
        {"event_id_cnty": "MLI9002"},
        {"event_id_cnty": "2.02E+13", "deleted_timestamp": "1625825678"},
    ]
    known, undated, bad = read_acled(csv_bytes(header, rows))
    assert known == Deletion("acled", "MLI9001", datetime(2021, 7, 9, 10, 14, 38, tzinfo=UTC))
    assert undated == Deletion("acled", "MLI9002", None)
    assert the_rejection([bad]).column == "event_id_cnty"


class TestMonadicExports:
    def test_the_rows_of_an_event_need_not_be_neighbours(self):
        one, other = {"actor1": "River Front"}, {"actor1": "Hill Front", "assoc_actor_1": "Hunters"}
        between = [{"event_id_cnty": f"MLI{number}"} for number in range(50)]
        found = events(read_acled(ambushes(one, *between, other, header=ACLED_MONADIC)))
        assert len(found) == 51
        assert found[0].actors == (*SIDES, Actor(Role.WITH_B, "Hunters"))

    def test_the_newer_stamp_decides_what_else_is_said(self):
        older, newer = {"fatalities": "4"}, {"actor1": "Hill Front", "fatalities": "2", "timestamp": "1622040000"}
        event = the_event(read_acled(ambushes(older, newer, header=ACLED_MONADIC)))
        assert (event.fatalities, event.actors) == (2, SIDES)

    def test_a_repeated_actor_is_no_second_side(self):
        assert the_event(read_acled(ambushes({}, {}, header=ACLED_MONADIC))).actors == SIDES[:1]

    def test_rows_further_apart_than_the_window_come_out_by_themselves(self, monkeypatch):
        monkeypatch.setattr(acled, "_MONADIC_WINDOW", 2)
        rows = ["MLI1", "MLI2", "MLI3", "MLI4", "MLI1"]
        found = events(read_acled(ambushes(*({"event_id_cnty": row} for row in rows), header=ACLED_MONADIC)))
        assert [event.external_id for event in found] == rows
