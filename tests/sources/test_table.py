from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from tests.sources.samples import events, read_rows, rejections, the_event, the_rejection
from watcher.core.errors import DataError
from watcher.core.event import Actor, Deletion, Role
from watcher.sources import table

SMALL = {"columns": {"id": "ref", "date": "day", "country": "land", "fatalities": "dead"}}
FULL = {"columns": {part: f"The {part}" for part in table.PARTS}, "nulls": ["", "-"]}
ROW = {
    "id": "17",
    "date": "2020-12-03",
    "date_end": "2020-12-05",
    "time_precision": "2",
    "country": "mozambique",
    "admin1": " Cabo Delgado",
    "admin2": "Macomia",
    "admin3": "-",
    "location": "Anywhere",
    "latitude": "-12.5",
    "longitude": "40.25",
    "geo_precision": "1",
    "disorder_type": "Violence",
    "event_type": "Raid",
    "sub_event_type": "043",
    "actor1": "Raiders; Helpers",
    "assoc_actor_1": "Drivers",
    "actor2": "Village A and/or Village B",
    "assoc_actor_2": "",
    "fatalities": "7",
    "fatalities_low": "5",
    "fatalities_high": "-",
    "incidents": "3",
    "civilian_targeting": "Yes",
    "publishers": "Radio",
    "url": "https://example.org/17",
    "notes": "a raid",
    "tags": "night",
    "stamp": "2020-12-06T10:00:00+02:00",
    "deleted": "no",
}


def full_csv(**changes: str) -> bytes:
    row = {**ROW, **changes}
    return (",".join(f"the_{part.upper()}" for part in row) + "\n" + ",".join(row.values()) + "\n").encode()


def full_json(**changes: object) -> bytes:
    return json.dumps({f"the {part}": value for part, value in {**ROW, **changes}.items()}).encode() + b"\n"


@pytest.mark.parametrize(
    "data",
    [full_csv(), full_json(), full_json(civilian_targeting=True, deleted=False, fatalities=7, latitude=-12.5)],
    ids=["CSV", "JSON Lines of texts", "JSON Lines of numbers and truth values"],
)
def test_every_part_of_an_event_can_come_from_a_column(data):
    event = the_event(read_rows(data, **FULL))
    assert event._asdict() == {
        **{part: text for part, text in ROW.items() if part in event._fields},
        "source": "log",
        "external_id": "17",
        "date_start": date(2020, 12, 3),
        "date_end": date(2020, 12, 5),
        "time_precision": 2,
        "iso3": "MOZ",
        "country": "mozambique",
        "admin1": "Cabo Delgado",
        "admin3": "",
        "latitude": -12.5,
        "longitude": 40.25,
        "geo_precision": 1,
        "actors": (
            Actor(Role.A, "Raiders"),
            Actor(Role.A, "Helpers"),
            Actor(Role.WITH_A, "Drivers"),
            Actor(Role.B, "Village A and/or Village B", ambiguous=True),
        ),
        "fatalities": 7,
        "fatalities_low": 5,
        "fatalities_high": None,
        "incidents": 3,
        "civilian_targeting": True,
        "stamp": datetime(2020, 12, 6, 8, tzinfo=UTC),
    }


def test_what_no_column_gives_is_unknown_and_not_zero():
    event = the_event(read_rows(b"ref;day;land;dead\nA-1;2020-12-03;MOZ;\n", **SMALL))
    assert (event.external_id, event.iso3, event.country) == ("A-1", "MOZ", "MOZ")
    assert (event.fatalities, event.latitude, event.stamp, event.actors) == (None, None, None, ())
    assert (event.date_end, event.time_precision) == (date(2020, 12, 3), 1)


def test_a_constant_stands_in_every_row():
    settings = {
        "columns": {"id": "ref", "date": "day"},
        "constants": {"country": "Mozambique", "time_precision": 3, "civilian_targeting": True, "fatalities": 1.0},
    }
    event = the_event(read_rows(b"ref,day\n1,2020-12-03\n", **settings))
    assert (event.iso3, event.time_precision, event.civilian_targeting, event.fatalities) == ("MOZ", 3, True, 1)


def test_a_record_marked_as_deleted_is_taken_back_whatever_else_its_row_holds():
    records = read_rows(full_csv(deleted="TRUE", date="", fatalities="?"), **FULL)
    assert records == [Deletion("log", "17", datetime(2020, 12, 6, 8, tzinfo=UTC))]


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("%d/%m/%Y", "3/12/2020"),
        ("%m/%d/%Y", "12/3/2020"),
        ("%d.%m.%y", "03.12.20"),
        ("%Y%m%d", "20201203"),
        ("%d %b %Y", "3 Sept 2020"),
        ("%Y-%m-%d %H:%M", "2020-12-03 23:59"),
        ("%B %d, %Y", "December 3, 2020"),
    ],
)
def test_a_date_is_read_in_the_style_the_settings_name(style, text):
    settings = {"columns": {"id": "ref", "date": "day"}, "constants": {"country": "MOZ"}, "date_formats": [style]}
    event = the_event(read_rows(f'ref,day\n1,"{text}"\n'.encode(), **settings))
    assert event.date_start == date(2020, 9 if "Sept" in text else 12, 3)


@pytest.mark.parametrize(
    ("style", "text"),
    [("%Y%m%d", "2020123"), ("%d/%m/%Y", "12/13/2020"), ("%d/%m/%Y", "3-12-2020"), ("%d %b %Y", "3 Foo 2020")],
)
def test_a_date_in_any_other_style_is_refused(style, text):
    settings = {"columns": {"id": "ref", "date": "day"}, "constants": {"country": "MOZ"}, "date_formats": [style]}
    assert the_rejection(read_rows(f"ref,day\n1,{text}\n".encode(), **settings)).column == "date"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("name", "MOZAMBÍQUE"),
        ("name", "moz"),
        ("iso3", "MOZ"),
        ("iso2", "MZ"),
        ("numeric", "508.0"),
        ("gw", "541"),
        ("fips", "MZ"),
    ],
)
def test_a_country_is_found_as_the_settings_say_it_is_written(written, text):
    data = f"ref,day,land,dead\n1,2020-12-03,{text},1\n".encode()
    assert the_event(read_rows(data, **SMALL, country_as=written)).iso3 == "MOZ"


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        pytest.param({"id": ""}, "id", id="no id"),
        pytest.param({"id": "2.02E+13"}, "id", id="an id that a spreadsheet has rounded"),
        pytest.param({"country": "-"}, "country", id="no country"),
        pytest.param({"date": "-"}, "date", id="no date"),
        pytest.param({"date_end": "2020-12-02"}, "date_end", id="an end before the start"),
        pytest.param({"time_precision": "6"}, "time_precision", id="a precision off the scale"),
        pytest.param({"civilian_targeting": "maybe"}, "civilian_targeting", id="neither yes nor no"),
        pytest.param({"stamp": "2020-13-06T10:00"}, "stamp", id="a stamp in a month that is none"),
        pytest.param({"stamp": "1999-12-31T23:59Z"}, "stamp", id="a stamp before there were stamps"),
        pytest.param({"deleted": "perhaps"}, "deleted", id="perhaps deleted"),
    ],
)
def test_a_bad_row_is_rejected_with_its_part(changes, column):
    for data in (full_csv(**changes), full_json(**changes)):
        assert the_rejection(read_rows(data, **FULL)).column == column


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1607374999", datetime(2020, 12, 7, 21, 3, 19, tzinfo=UTC)),
        ("2020-12-06T10:00:00Z", datetime(2020, 12, 6, 10, tzinfo=UTC)),
        ("2020-12-06 10:00", datetime(2020, 12, 6, 10, tzinfo=UTC)),
        ("2020-12-06", datetime(2020, 12, 6, tzinfo=UTC)),
        ("2020-12-06T10:00:00.5-05:00", datetime(2020, 12, 6, 15, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_a_stamp_is_seconds_or_iso_and_without_a_zone_it_is_utc(text, moment):
    assert the_event(read_rows(full_csv(stamp=text), **FULL)).stamp == moment


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"columns": {"id": "ref"}}, "columns.date", id="no column for the date"),
        pytest.param({"columns": {"id": "r", "date": "d"}}, "say which column holds the country", id="no country"),
        pytest.param({"columns": {"id": "r", "date": "d", "deaths": "x"}}, "columns.deaths", id="an unknown part"),
        pytest.param({"constants": {"deaths": 3}}, "constants: deaths cannot be constant", id="an unknown constant"),
        pytest.param({"constants": {"id": 3}}, "constants: id cannot be constant", id="the same id everywhere"),
        pytest.param({"date_formats": []}, "date_formats must not be empty", id="no date style"),
        pytest.param({"date_formats": ["%Y-%j"]}, "is no date style", id="a directive that is not known"),
        pytest.param({"date_formats": ["%d/%m/%Y", "%m/%d/%Y"]}, "the same text as different days", id="both orders"),
        pytest.param({"country_as": "flag"}, "country_as", id="an unknown way to write countries"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, says):
    with pytest.raises(ValidationError) as caught:
        table.Settings.model_validate({**SMALL, **changes})
    assert says in "\n".join(f"{'.'.join(map(str, e['loc']))} {e['msg']}" for e in caught.value.errors())


def test_a_column_that_the_settings_name_and_the_file_lacks_is_refused_with_what_was_found():
    with pytest.raises(DataError, match="the header lacks dead; found ref, day, land"):
        read_rows(b"ref,day,land\n1,2020-12-03,MOZ\n", **SMALL)


class TestJsonLines:
    def line(self, **changes: object) -> str:
        return json.dumps({"ref": 1, "day": "2020-12-03", "land": "MOZ", "dead": 3, **changes})

    def test_keys_may_be_missing_and_others_may_be_there(self):
        event = the_event(read_rows(b'{"ref": "x", "day": "2020-12-03", "land": "MOZ", "more": [1, {}]}\n', **SMALL))
        assert event.fatalities is None

    def test_numbers_keep_their_digits(self):
        assert (
            the_event(read_rows(self.line(ref=12345678901234567890).encode(), **SMALL)).external_id
            == "12345678901234567890"
        )

    def test_blank_lines_and_a_byte_order_mark_are_passed_over(self):
        data = f"\ufeff\n{self.line()}\r\n\n  \n{self.line(ref=2)}\n".encode()
        assert [event.external_id for event in events(read_rows(data, **SMALL))] == ["1", "2"]

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            pytest.param('{"ref": 1, "ref": 2}', "a key stands twice", id="a key that stands twice"),
            pytest.param('{"ref": 1, "REF": 2}', "a key stands twice", id="a key in upper and lower case"),
            pytest.param('{"dead": NaN}', "NaN is no number", id="not a number"),
            pytest.param('{"dead": -Infinity}', "-Infinity is no number", id="infinity"),
            pytest.param("[1, 2]", "the line holds no object", id="a list"),
            pytest.param('"text"', "the line holds no object", id="a text"),
            pytest.param("{" * 20, "the line is no JSON", id="no JSON"),
            pytest.param(
                '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deep", id="a hundred thousand brackets"
            ),
            pytest.param('{"ref": {"a": 1}}', "a list or an object stands", id="an object for a text"),
            pytest.param('{"ref": "\\ud800"}', "a lone surrogate", id="half a character"),
            pytest.param('{"ref": "a\\u0000b"}', "a NUL character", id="an escaped NUL"),
            pytest.param('{"ref": "a\0b"}', "a NUL character, shown as", id="a bare NUL"),
            pytest.param('{"ref": 1, "dead": ' + "9" * 1_000_000 + "}", "is no whole number", id="a million digits"),
            pytest.param('{"ref": 1, "dead": 1e400}', "is no whole number", id="more than a float holds"),
        ],
    )
    def test_a_bad_line_is_rejected_and_its_neighbours_are_read(self, line, reason):
        others = '"day": "2020-12-03", "land": "MOZ"}'
        text = line[:-1] + ", " + others if line.startswith('{"ref": 1, "dead"') else line
        first, bad, last = read_rows(f"{self.line()}\n\n{text}\n{self.line(ref=2)}\n".encode(), **SMALL)
        rejected = the_rejection([bad])
        assert reason in rejected.reason
        assert (rejected.row, rejected.line, rejected.header) == (2, 3, "")
        assert [event.external_id for event in events([first, last])] == ["1", "2"]

    def test_half_a_line_at_the_end_is_rejected_as_cut_off(self):
        good, bad = read_rows(f"{self.line()}\n{self.line()[:20]}".encode(), **SMALL)
        assert the_event([good])
        assert the_rejection([bad]).reason.startswith("the last line is cut off")

    def test_a_last_line_without_its_newline_is_read(self):
        assert len(events(read_rows(f"{self.line()}\n{self.line(ref=2)}".encode(), **SMALL))) == 2

    def test_a_json_array_is_no_csv_where_the_settings_say_csv(self):
        with pytest.raises(DataError, match="this is JSON"):
            read_rows(f"[{self.line()}]".encode(), **SMALL, format="csv")

    def test_a_rejected_line_can_be_read_again(self):
        (rejected,) = rejections(read_rows(self.line(dead="some").encode(), **SMALL))
        again = f"{rejected.header}\n{rejected.raw}".replace('"some"', "4").encode()
        assert the_event(read_rows(again, **SMALL)).fatalities == 4
