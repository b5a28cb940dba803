"""GDELT: the rows of an article that speak of one country are one record, and nobody dies in them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.samples import events, rejections, the_event, the_rejection
from watcher.core.errors import DataError
from watcher.core.event import Actor, Event, Record, Role
from watcher.sources import gdelt, unpack
from watcher.sources.gdelt_article import joined

TODAY = date(2024, 6, 15)
#: A row that was never read out of an article that nobody wrote.
ROW = {
    "GLOBALEVENTID": "900000001",
    "SQLDATE": "20240614",
    "Actor1Name": "RIVER FRONT",
    "Actor2Name": "POLICE",
    "EventCode": "190",
    "EventRootCode": "19",
    "QuadClass": "4",
    "NumMentions": "10",
    "ActionGeo_Type": "4",
    "ActionGeo_FullName": "Palma, Cabo Delgado, Mozambique",
    "ActionGeo_CountryCode": "MZ",
    "ActionGeo_Lat": "-10.7753",
    "ActionGeo_Long": "40.4722",
    "DATEADDED": "20240614143000",
    "SOURCEURL": "https://www.news.example.org/a/1",
}
PROTEST = {"EventCode": "141", "EventRootCode": "14", "QuadClass": "3"}


def line(**changes: str) -> bytes:
    cells = ["x"] * gdelt.FIELDS
    for name, text in {**ROW, **changes}.items():
        cells[gdelt.READ[name]] = text
    return "\t".join(cells).encode() + b"\n"


def read(data: bytes, **options: Any) -> list[Record]:
    return list(gdelt.read(io.BytesIO(data), source="gdelt", today=TODAY, settings=gdelt.Settings(**options)))


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            # Of one moment, so that the same files make the same archive.
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def test_an_article_is_read_in_full():
    event = the_event(read(line()))
    assert event.external_id.startswith("20240614-MOZ-")
    assert event == Event(
        source="gdelt",
        external_id=event.external_id,
        date_start=date(2024, 6, 14),
        date_end=date(2024, 6, 14),
        time_precision=1,
        iso3="MOZ",
        country="Mozambique",
        admin1="Cabo Delgado",
        admin2="",
        admin3="",
        location="Palma",
        latitude=-10.7753,
        longitude=40.4722,
        geo_precision=2,
        disorder_type="Material conflict",
        event_type="19",
        sub_event_type="190",
        actors=(Actor(Role.A, "RIVER FRONT"), Actor(Role.B, "POLICE")),
        fatalities=None,
        fatalities_low=None,
        fatalities_high=None,
        civilian_targeting=None,
        publishers="news.example.org",
        url="https://www.news.example.org/a/1",
        notes="",
        tags="event 900000001; dated 20240614; mentions 10",
        stamp=datetime(2024, 6, 14, 14, 30, tzinfo=UTC),
    )


def test_the_rows_of_an_article_on_one_country_are_one_record_and_the_gravest_leads():
    data = (
        line(**PROTEST, Actor1Name="STUDENT", Actor2Name="POLICE")
        + line(Actor1Name="RIVER FRONT", Actor2Name="ARMY")
        + line(Actor1Name="STUDENT", Actor2Name="", EventCode="1823", EventRootCode="18")
    )
    event = the_event(read(data))
    assert (event.event_type, event.sub_event_type) == ("19", "190")
    assert event.actors == (
        Actor(Role.A, "RIVER FRONT"),
        Actor(Role.B, "ARMY"),
        Actor(Role.WITH_A, "STUDENT"),
        Actor(Role.WITH_B, "POLICE"),
    )


@pytest.mark.parametrize(
    ("one", "other", "leads"),
    [
        pytest.param({"EventCode": "193"}, {"EventCode": "195"}, "195", id="the higher code of one root"),
        pytest.param(
            {"EventCode": "193", "ActionGeo_Type": "1", "ActionGeo_FullName": "Mozambique"},
            {"EventCode": "193"},
            "Palma",
            id="of one code the one whose place is known best",
        ),
    ],
)
def test_of_two_rows_of_one_root_one_leads_whichever_comes_first(one, other, leads):
    found = [the_event(read(a + b)) for a, b in ((line(**one), line(**other)), (line(**other), line(**one)))]
    assert found[0] == found[1]
    assert leads in {found[0].sub_event_type, found[0].location}


ROWS = st.fixed_dictionaries(
    {
        "EventCode": st.sampled_from(["182", "183", "190", "193"]),
        "Actor1Name": st.sampled_from(["", "RIVER FRONT", "POLICE", "STUDENT"]),
        "Actor2Name": st.sampled_from(["", "RIVER FRONT", "POLICE", "ARMY"]),
        "ActionGeo_FullName": st.sampled_from(["Palma, Cabo Delgado, Mozambique", "Pemba, Cabo Delgado, Mozambique"]),
        "NumMentions": st.sampled_from(["1", "2"]),
    }
)


@given(rows=st.lists(ROWS, min_size=1, max_size=6), data=st.data())
def test_an_article_comes_to_the_same_in_whatever_order_and_parts_its_rows_come(rows, data):
    events = [the_event(read(line(**row, EventRootCode=row["EventCode"][:2]))) for row in rows]
    one = reduce(joined, data.draw(st.permutations(events)))
    cut = data.draw(st.integers(0, len(events)))
    parts = [reduce(joined, part) for part in (events[:cut], events[cut:]) if part]
    assert one.content_hash == reduce(joined, parts).content_hash
    assert one.event_type == max(event.event_type for event in events)
    named = {actor.name for event in events for actor in event.actors}
    assert {actor.name for actor in one.actors} == named


SEVERAL = [
    pytest.param({"SOURCEURL": "https://news.example.org/a/2"}, id="another article"),
    pytest.param({"ActionGeo_CountryCode": "TZ", "ActionGeo_FullName": "Tanzania"}, id="another country"),
    pytest.param({"DATEADDED": "20240615143000"}, id="the same article, found again on another day"),
]


@pytest.mark.parametrize("changes", SEVERAL)
def test_what_is_another_record(changes):
    assert len({event.external_id for event in events(read(line() + line(**changes)))}) == 2


def test_an_article_that_is_found_again_on_the_same_day_is_the_same_record():
    first, again = events(read(line() + line(DATEADDED="20240614144500")))
    assert first.external_id == again.external_id
    assert first.content_hash == again.content_hash


def test_it_counts_on_the_day_on_which_it_was_found_whatever_it_speaks_of():
    event = the_event(read(line(SQLDATE="20230614")))
    assert (event.date_end, event.tags) == (date(2024, 6, 14), "event 900000001; dated 20230614; mentions 10")


PLACES = [
    pytest.param("4", "Palma, Cabo Delgado, Mozambique", ("Palma", "Cabo Delgado", 2), id="a town"),
    pytest.param("3", "Palma, Illinois, United States", ("Palma", "Illinois", 2), id="a town of the United States"),
    pytest.param("4", "Minsk, Belarus (general), Belarus", ("Minsk", "", 2), id="a town of which nobody knows the province"),
    pytest.param("5", "Cabo Delgado, Mozambique", ("", "Cabo Delgado", 3), id="a province"),
    pytest.param("5", "Kogi State, Kogi, Nigeria", ("Kogi State", "Kogi", 3), id="a province that is named twice"),
    pytest.param("2", "Utah, United States", ("", "Utah", 3), id="a state"),
    pytest.param("1", "Mozambique", ("", "", 3), id="a country"),
]  # fmt: skip


@pytest.mark.parametrize(("geo_type", "name", "found"), PLACES)
def test_a_place_is_taken_apart(geo_type, name, found):
    event = the_event(read(line(ActionGeo_Type=geo_type, ActionGeo_FullName=name)))
    assert (event.location, event.admin1, event.geo_precision) == found


@pytest.mark.parametrize(
    ("fips", "iso3"), [("UV", "BFA"), ("NG", "NER"), ("NI", "NGA"), ("OD", "SSD"), ("RB", "SRB"), ("KV", "XKX")]
)
def test_countries_are_written_by_their_fips_codes(fips, iso3):
    assert the_event(read(line(ActionGeo_CountryCode=fips))).iso3 == iso3


@pytest.mark.parametrize("fips", ["", "OS"])
def test_what_happened_nowhere_is_passed_over(fips):
    assert len(read(line(ActionGeo_CountryCode=fips) + line())) == 1


def test_a_place_without_coordinates_has_none():
    event = the_event(read(line(ActionGeo_Lat="", ActionGeo_Long="")))
    assert (event.latitude, event.longitude) == (None, None)


@pytest.mark.parametrize(
    ("address", "publisher", "url"),
    [
        ("BBC Monitoring", "BBC Monitoring", ""),
        ("http://[broken/", "http://[broken/", "http://[broken/"),
        ("HTTPS://news.example.org/x", "news.example.org", "HTTPS://news.example.org/x"),
    ],
)
def test_what_is_no_address_on_the_web_is_named_all_the_same(address, publisher, url):
    event = the_event(read(line(SOURCEURL=address)))
    assert (event.publishers, event.url) == (publisher, url)


def test_quotation_marks_are_plain_characters():
    event = the_event(read(line(Actor1Name='"RIVER" FRONT', SOURCEURL='https://news.example.org/"a')))
    assert event.actors[0].name == '"RIVER" FRONT'


BAD = [
    pytest.param({"GLOBALEVENTID": "9.0E+8"}, "GLOBALEVENTID", "a spreadsheet has rounded it", id="a rounded id"),
    pytest.param({"GLOBALEVENTID": "MOZ1"}, "GLOBALEVENTID", "is no number of an event", id="an id of another kind"),
    pytest.param({"DATEADDED": "2.02E+13"}, "DATEADDED", "a spreadsheet has rounded it", id="a rounded moment"),
    pytest.param({"DATEADDED": "20240614"}, "DATEADDED", "is no moment as GDELT writes them", id="a day for a moment"),
    pytest.param({"DATEADDED": "20241314000000"}, "DATEADDED", "is no moment as GDELT writes them", id="a thirteenth month"),
    pytest.param({"DATEADDED": "20240617000000"}, "DATEADDED", "and tomorrow", id="an article of the future"),
    pytest.param({"DATEADDED": "20150217000000"}, "DATEADDED", "is no moment between 2015-02-18", id="before GDELT 2.0"),
    pytest.param({"EventCode": "43", "EventRootCode": "4"}, "EventCode or EventRootCode", "dropped its zero", id="a code without its zero"),
    pytest.param({"EventCode": "043"}, "EventRootCode", "is not the root of '043'", id="a code and a root that do not belong together"),
    pytest.param({"EventRootCode": "190"}, "EventRootCode", "is not the root of '190'", id="a root that is none"),
    pytest.param({"EventCode": "21", "EventRootCode": "21"}, "EventCode or EventRootCode", "is no code of CAMEO", id="a code that there is not"),
    pytest.param({"QuadClass": "5"}, "QuadClass", "is no class between 1 and 4", id="a class that there is not"),
    pytest.param({"ActionGeo_CountryCode": "XX"}, "country", "is no country on the list", id="a country that there is not"),
    pytest.param({"ActionGeo_Lat": "91.5"}, "ActionGeo_Lat", "is not between -90 and 90", id="a place beyond the pole"),
    pytest.param({"SOURCEURL": " "}, "SOURCEURL", "is no address of an article", id="no article"),
    pytest.param({"SOURCEURL": "x" * 8_001}, "SOURCEURL", "is no address of an article", id="an address without end"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "column", "reason"), BAD)
def test_a_row_that_cannot_be_read_says_why(changes, column, reason):
    found = the_rejection(read(line(**changes)))
    assert found.column == column
    assert reason in found.reason
    assert found.raw == line(**changes).decode().rstrip("\n")


def test_a_row_that_is_too_short_or_damaged_costs_no_other():
    records = read(line() + b"1\t2\t3\n\n" + line(Actor1Name="A\0B") + line(SOURCEURL="https://news.example.org/z"))
    assert len(events(records)) == 2
    assert [(each.row, each.line, each.reason) for each in rejections(records)] == [
        (2, 2, "the row has 3 fields, and an export of GDELT has 61"),
        (3, 4, "the line holds a NUL character, shown as \u2400"),
    ]


def test_names_of_fields_above_the_rows_are_passed_over():
    header = {name: name for name in gdelt.READ}
    assert len(events(read(line(**header) + line()))) == 1
    assert rejections(read(line(**header) + line())) == []


class Watched(io.BytesIO):
    """Counts the lines that were asked of it."""

    lines = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        self.lines += 1
        return super().readline(size)


@pytest.mark.parametrize(
    ("minutes", "most"), [pytest.param(15, 20_000, id="by the export"), pytest.param(0, 2, id="within one export")]
)
def test_articles_come_out_long_before_the_end(monkeypatch, minutes, most):
    monkeypatch.setattr(gdelt, "_MOST_ARTICLES", most)
    rows = (line(SOURCEURL=f"https://x.example/{n}", DATEADDED=f"202406141{n * minutes // 60}{n * minutes % 60:02}00") for n in range(9))  # fmt: skip
    stream = Watched(b"".join(rows))
    reading = gdelt.read(stream, source="gdelt", today=TODAY, settings=gdelt.Settings())
    next(reading)
    assert stream.lines <= 4
    assert len(list(reading)) == 8


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"a,b,c\n", id="another table"),
        pytest.param(line().replace(b"\n", b"\tmore\n"), id="another number of fields"),
        pytest.param(b"<html>", id="a web page"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_export_is_refused_whole(data):
    with pytest.raises(DataError):
        read(data)


# --- packed -----------------------------------------------------------------------------------------------------------


def test_an_export_is_read_as_it_is_downloaded():
    assert len(read(packed(export=line()))) == 1


def corrupt_otherwise() -> bytes:
    """An archive that is packed by LZMA, which raises errors of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("export", line() * 100)
    data = out.getvalue()
    at = data.index(b"export") + 21
    return data[:at] + b"\xff" * 8 + data[at + 8 :]


def corrupt(data: bytes) -> bytes:
    at = data.index(b"export") + 20
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


ARCHIVES = [
    pytest.param(packed(a=line(), b=line()), "holds 2 files, and should hold one", id="two files"),
    pytest.param(packed(), "holds 0 files, and should hold one", id="none"),
    pytest.param(corrupt(packed(export=line())), "is damaged or locked", id="a byte that was turned"),
    pytest.param(corrupt_otherwise(), "is damaged or locked", id="damage in one that is packed in another way"),
    pytest.param(packed(export=line())[:-30], "is damaged or locked", id="cut off"),
    pytest.param(packed(export=bytes(3 << 20)), "unpacked, the archive is larger than 2 MB", id="far larger than it looks"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "words"), ARCHIVES)
def test_an_archive_that_is_none_is_refused(data, words):
    with pytest.raises(DataError) as refused:
        unpack.unpacked(io.BytesIO(data), most=2 << 20)
    assert words in str(refused.value)


def test_what_an_archive_says_of_its_size_is_not_believed():
    data = bytearray(packed(export=bytes(3 << 20)))
    size = (3 << 20).to_bytes(4, "little")
    while size in data:
        at = data.index(size)
        data[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(DataError):
        unpack.unpacked(io.BytesIO(bytes(data)), most=2 << 20)


def test_fields_stand_where_the_codebook_has_them(real_data):
    with (real_data / "gdelt" / "GDELT_2.0_Events_columns.csv").open(encoding="utf-8", newline="") as file:
        names = [row["tableId"] for row in csv.DictReader(file)]
    assert (len(names), {name: names.index(name) for name in gdelt.READ}) == (gdelt.FIELDS, gdelt.READ)


def test_the_real_export_is_read(real_data):
    data = (real_data / "gdelt" / "20191024143000.export.CSV").read_bytes()
    records = read(data)
    found = events(records)
    rows = [row.split("\t") for row in data.decode().splitlines()]
    countries = {(row[60], row[53]) for row in rows if row[53] not in {"", "OS"}}
    assert rejections(records) == []
    assert len(rows) == 2_111
    assert len(found) == len({event.external_id for event in found}) == 591
    assert len(countries) == 591
    assert {event.fatalities for event in found} == {None}
    assert {event.date_end for event in found} == {date(2019, 10, 24)}
    violent = {(row[60], row[53]) for row in rows if row[28] in {"18", "19", "20"} and row[53] not in {"", "OS"}}
    assert sum(event.event_type in {"18", "19", "20"} for event in found) == len(violent)
    assert Counter(event.iso3 for event in found)["MOZ"] == len({row[60] for row in rows if row[53] == "MZ"}) == 3


def test_a_packed_export_is_the_same(real_data):
    data = (real_data / "gdelt" / "20191024143000.export.CSV").read_bytes()
    assert read(packed(export=data)) == read(data)
