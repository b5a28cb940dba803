"""Every trap that real files have set, each with a row made by hand. The ids are the traps."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.sources.samples import (
    ACLED_2016,
    ACLED_2019,
    ACLED_2023,
    ACLED_MONADIC,
    AMBUSH,
    ambushes,
    clashes,
    events,
    read_acled,
    read_rows,
    read_ucdp,
    rejections,
    the_event,
    the_rejection,
)
from watcher.core.errors import DataError
from watcher.core.selector import selector
from watcher.sources import SOURCES

DAY = date(2020, 12, 3)


def test_two_exports_pasted_under_one_header_keep_their_good_rows_and_say_why_the_others_are_bad():
    columns = list(ACLED_2023)
    shifted = [columns[(at - 3) % len(columns)] for at in range(len(columns))]
    data = ambushes({}) + ambushes({"event_id_cnty": "MLI9002"}, header=shifted).split(b"\n", 1)[1]
    good, bad = read_acled(data)
    assert the_event([good]).external_id == "MLI9001"
    rejected = the_rejection([bad])
    assert (rejected.row, rejected.line, rejected.column) == (2, 3, "event_date")
    assert rejected.header == ",".join(ACLED_2023)
    assert "MLI9002" in rejected.raw


def test_the_rows_of_a_monadic_export_become_one_event_and_its_deaths_count_once():
    sides = ({"actor1": "River Front"}, {"event_id_cnty": "MLI9002"}, {"actor1": "Hill Front"})
    first, second = events(read_acled(ambushes(*sides, header=ACLED_MONADIC)))
    assert (first.external_id, first.fatalities) == ("MLI9001", 4)
    assert [(actor.role, actor.name) for actor in first.actors] == [("a", "River Front"), ("b", "Hill Front")]
    assert [actor.name for actor in second.actors] == ["River Front"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("03 December 2020", id="as ACLED exports it"),
        pytest.param("2020-12-03", id="ISO"),
        pytest.param("2020-12-03T00:00:00", id="ISO with a T and midnight"),
        pytest.param("2020-12-03 00:00:00.000", id="ISO with midnight and milliseconds"),
        pytest.param("3-Dec-20", id="a spreadsheet's, with two digits for the year"),
        pytest.param("03-December-20", id="the month in full and two digits for the year"),
        pytest.param("3 December 20", id="blanks and two digits for the year"),
    ],
)
def test_a_date_is_read_in_each_style_that_occurs(text):
    assert the_event(read_acled(ambushes({"event_date": text}))).date_start == DAY


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("0025-03-01", "begins on 1997-01-01", id="a year of the first century"),
        pytest.param("03/12/2020", "is no date", id="day and month, or month and day"),
        pytest.param("20201203", "is no date", id="eight digits"),
        pytest.param("2020-W49-4", "is no date", id="an ISO week, which Python reads"),
        pytest.param("31 June 2020", "is no date", id="a day that no month has"),
        pytest.param("03 Dezember 2020", "is no date", id="another language"),
        pytest.param("२०२०-१२-०३", "is no date", id="digits that are not ASCII"),
        pytest.param("2024-06-03", "lies in the future", id="later than tomorrow"),
        pytest.param("3-Jun-26", "lies in the future", id="two digits of a coming year"),
        pytest.param("", "is no date", id="nothing"),
        pytest.param("NA", "is no date", id="R's nothing"),
    ],
)
def test_a_date_that_is_none_is_refused_with_the_reason(text, reason):
    rejected = the_rejection(read_acled(ambushes({"event_date": text})))
    assert rejected.column == "event_date"
    assert reason in rejected.reason


def test_tomorrow_is_accepted_because_it_is_tomorrow_somewhere_already():
    assert the_event(read_acled(ambushes({"event_date": "2024-06-02"}))).date_start == date(2024, 6, 2)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_the_separator_is_found_by_the_header_and_not_by_what_notes_contain(delimiter):
    note = "one; two; three, four,\tfive;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;"
    assert the_event(read_acled(ambushes({"notes": note}, delimiter=delimiter))).notes == note


@pytest.mark.parametrize(
    "start",
    [b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf", "ï»¿".encode(), "ï".encode()],
    ids=["a byte order mark", "two of them", "one read as Latin-1 and saved again", "the rest that Stata leaves"],
)
def test_a_byte_order_mark_is_no_part_of_the_first_column(start):
    assert the_event(read_acled(start + ambushes())).external_id == "MLI9001"
    assert "\ufeff" not in the_rejection(read_acled(start + ambushes({"fatalities": "?"}))).header


def test_windows_line_ends_a_missing_last_one_and_newlines_in_quotes_are_all_read():
    data = ambushes({"notes": "two\r\nlines"}, {"event_id_cnty": "MLI9002"}, line_end="\r\n").rstrip(b"\r\n")
    first, second = events(read_acled(data))
    assert first.notes == "two\r\nlines"
    assert second.external_id == "MLI9002"


def test_mojibake_is_kept_as_it_is():
    damaged = "the government\x92s\xa0men"
    assert the_event(read_acled(ambushes({"notes": damaged}))).notes == damaged


def test_names_keep_their_accents_and_windows_1252_is_read_as_such():
    data = ambushes({"location": "Koulopagaré"}, header=ACLED_2019).decode().encode("cp1252")
    assert the_event(read_acled(data)).location == "Koulopagaré"


def test_na_is_nothing_where_a_column_may_be_empty():
    empty = ("assoc_actor_1", "actor2", "assoc_actor_2", "admin1", "admin2", "admin3", "civilian_targeting", "tags")
    event = the_event(read_acled(ambushes(dict.fromkeys((*empty, "fatalities", "timestamp"), "NA"))))
    assert (event.admin1, event.admin2, event.admin3, event.tags) == ("", "", "", "")
    assert [actor.name for actor in event.actors] == ["River Front"]
    assert (event.fatalities, event.stamp, event.civilian_targeting) == (None, None, False)


@pytest.mark.parametrize("column", ["event_id_cnty", "country", "event_date", "time_precision", "event_type"])
def test_na_is_never_an_id_a_country_a_date_or_a_type(column):
    other = {"iso": "NA"} if column == "country" else {}
    assert the_rejection(read_acled(ambushes({column: "NA", **other}))).column == column


def test_ids_of_namibia_are_ids_and_its_two_letters_are_read_only_where_asked():
    namibian = {"event_id_cnty": "NAM998", "country": "Namibia", "iso": "516"}
    assert the_event(read_acled(ambushes(namibian))).external_id == "NAM998"
    rows = {"columns": {"id": "id", "date": "date", "country": "country"}}
    data = b"id,date,country\n1,2020-12-03,NA\n"
    assert the_event(read_rows(data, **rows, country_as="iso2")).iso3 == "NAM"
    assert the_rejection(read_rows(data, **rows)).column == "country"
    norway = b"id,date,country\n1,2020-12-03,NO\n"
    assert the_event(read_rows(norway, **rows, country_as="iso2")).iso3 == "NOR"


def test_whole_numbers_may_be_written_as_floats():
    as_floats = {"fatalities": "4.0", "iso": "466.0", "timestamp": "1607374999.0", "time_precision": "1.0"}
    plain, floating = the_event(read_acled(ambushes())), the_event(read_acled(ambushes(as_floats)))
    assert floating == plain
    assert (
        the_event(read_ucdp(clashes({"id": "900001.0", "best": "12.0", "country_id": "432.0"}))).external_id == "900001"
    )


@pytest.mark.parametrize(
    ("column", "text"),
    [
        pytest.param("event_id_cnty", "2.02E+13", id="an id that a spreadsheet has rounded"),
        pytest.param("event_id_cnty", "2E13", id="an id that a spreadsheet has rounded to nothing"),
        pytest.param("event_id_cnty", "4158", id="an id without its country"),
        pytest.param("timestamp", "1.61E+09", id="a stamp that a spreadsheet has rounded"),
        pytest.param("timestamp", "1607374999000", id="a stamp in milliseconds"),
        pytest.param("timestamp", "4102444800", id="a stamp of the future"),
        pytest.param("fatalities", "4.5", id="half a death"),
        pytest.param("fatalities", "-1", id="less than no deaths"),
        pytest.param("fatalities", "1000000000", id="a thousand million deaths"),
        pytest.param("fatalities", "1_000", id="an underscore, which Python reads"),
        pytest.param("fatalities", "1,000", id="a separator of thousands"),
        pytest.param("fatalities", "१२", id="digits that are not ASCII, which Python reads"),
        pytest.param("fatalities", "9" * 5_000, id="five thousand digits"),
        pytest.param("fatalities", "Cabo Ligado; VOA", id="a neighbouring column"),
        pytest.param("fatalities", "several", id="a word"),
        pytest.param("latitude", "nan", id="not a number, which Python reads"),
        pytest.param("latitude", "1e1", id="scientific notation"),
        pytest.param("latitude", "91", id="north of the pole"),
        pytest.param("longitude", "-180.5", id="beyond the date line"),
        pytest.param("longitude", "1e400", id="more than a float holds"),
        pytest.param("time_precision", "4", id="a precision that ACLED does not have"),
        pytest.param("geo_precision", "0", id="a precision below the scale"),
        pytest.param("country", "Mordor", id="a country that is none"),
        pytest.param("actor1", "x" * 1_001, id="a text where a name should be"),
    ],
)
def test_what_is_no_value_of_its_column_is_refused_and_never_becomes_zero(column, text):
    missing = {"iso": ""} if column == "country" else {}
    rejected = the_rejection(read_acled(ambushes({column: text, **missing})))
    assert rejected.column == column
    assert repr(text[:20])[:-1] in rejected.reason


@pytest.mark.parametrize("rows", [4_999, 5_000])
def test_a_file_of_just_an_api_page_is_read_whole_and_known_as_a_page(rows):
    data = ambushes(*({"event_id_cnty": f"MLI{number}"} for number in range(rows)))
    assert len(events(read_acled(data))) == rows
    assert rows in SOURCES["acled"].DEFAULTS.page_sizes
    assert rows not in SOURCES["ucdp"].DEFAULTS.page_sizes | SOURCES["table"].DEFAULTS.page_sizes


def test_a_file_longer_than_an_api_page_is_read_to_its_end():
    data = ambushes(*({"event_id_cnty": f"MLI{number}"} for number in range(5_001)))
    assert len(events(read_acled(data))) == 5_001


def test_the_unstable_data_id_is_no_identity_and_the_ids_of_2016_are_ids():
    again = the_event(read_acled(ambushes({"data_id": "7654321"}, header=ACLED_2019)))
    assert again == the_event(read_acled(ambushes(header=ACLED_2019)))
    assert the_event(read_acled(ambushes({"event_id_cnty": "8188RTA"}, header=ACLED_2016))).external_id == "8188RTA"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param({"disorder_type": "Demostrations"}, id="a misspelt disorder type"),
        pytest.param(
            {"inter1": "Political militia", "interaction": "State forces-Civilians"}, id="inter codes as text"
        ),
        pytest.param({"event_type": "Battle-No change of territory"}, id="an event type of 2016"),
        pytest.param({"civilian_targeting": "Perhaps"}, id="an unknown word for civilian targeting"),
    ],
)
def test_an_unknown_word_in_an_open_list_is_kept_and_stops_nothing(words):
    event = the_event(read_acled(ambushes(words)))
    assert {event.disorder_type, event.event_type} >= {
        words[key] for key in ("disorder_type", "event_type") if key in words
    }
    assert event.civilian_targeting is (None if "civilian_targeting" in words else False)


def test_an_event_type_that_acled_does_not_have_is_kept_and_can_be_selected():
    event = the_event(read_acled(ambushes({"event_type": "Cyber attack", "sub_event_type": "Flood of requests"})))
    assert (event.event_type, event.sub_event_type) == ("Cyber attack", "Flood of requests")
    assert selector({"event_type": "cyber attack"}).matches(event)
    assert not selector({"event_type": "Battles"}).matches(event)


#: One name, written in all the ways in which files and people write it.
SPELLINGS = [
    pytest.param("Ménaka", "Menaka", id="without its accent"),
    pytest.param("Me\u0301naka", "M\u00e9naka", id="with the accent as a letter of its own (NFD)"),
    pytest.param("In\u00a0Delimane", "In Delimane", id="with a space that does not break"),
    pytest.param("M\u2019Bera", "M'Bera", id="with a typographic apostrophe"),
    pytest.param("M\u2018Bera", "M'Bera", id="with a typographic quotation mark"),
    pytest.param("M\u02bcBera", "M'Bera", id="with an apostrophe that is a letter"),
]


@pytest.mark.parametrize(("one", "other"), SPELLINGS)
@pytest.mark.parametrize("column", ["location", "admin2", "actor1"])
def test_a_name_is_selected_by_a_rule_that_writes_it(column, one, other):
    field = "actor" if column == "actor1" else column
    for written, asked in ((one, other), (other, one)):
        event = the_event(read_acled(ambushes({column: written})))
        assert selector({field: asked}).matches(event)
        assert not selector({field: f"{asked} Nord"}).matches(event)


def test_both_styles_of_inter_codes_give_the_same_event():
    text = {"inter1": "Rebel group", "inter2": "Rebel group", "interaction": "Rebel group-Rebel group"}
    assert read_acled(ambushes(text)) == read_acled(ambushes())


def test_missing_deaths_are_not_zero_deaths():
    unknown, none = events(read_acled(ambushes({"fatalities": ""}, {"fatalities": "0"})))
    assert (unknown.fatalities, none.fatalities) == (None, 0)


def test_low_and_high_estimates_are_carried_and_need_not_surround_the_best():
    event = the_event(read_ucdp(clashes({"best": "0", "low": "2", "high": "7"})))
    assert (event.fatalities, event.fatalities_low, event.fatalities_high) == (0, 2, 7)


def test_imprecise_times_and_places_are_read_with_their_precision():
    event = the_event(read_acled(ambushes({"time_precision": "3", "geo_precision": "3"})))
    assert (event.time_precision, event.geo_precision) == (3, 3)


def test_a_rule_can_leave_out_imprecise_days():
    rows = ({"event_id_cnty": f"MLI{number}", "time_precision": str(number)} for number in (1, 2, 3))
    to_the_day, to_the_week, to_the_month = events(read_acled(ambushes(*rows)))
    kept = [
        selector({"time_precision": 1}),
        selector({"time_precision": {"below": 2}}),
        selector({"time_precision": [1]}),
    ]
    for where in kept:
        assert [where.matches(event) for event in (to_the_day, to_the_week, to_the_month)] == [True, False, False]
    imprecise = selector({"not": {"time_precision": [1, 2]}})
    assert [imprecise.matches(event) for event in (to_the_day, to_the_week, to_the_month)] == [False, False, True]


def test_a_rule_can_leave_out_a_year_that_ucdp_has_no_day_for():
    day, year = events(read_ucdp(clashes({}, {"id": "900002", "date_prec": "5", "date_start": "2020-01-01"})))
    assert [selector({"time_precision": {"below": 3}}).matches(event) for event in (day, year)] == [True, False]


def test_a_mass_re_stamp_changes_no_content():
    stamped = {"timestamp": "1622040000", "data_id": "1", "source": "One Paper", "notes": "Reworded."}
    before, after = (the_event(read_acled(ambushes(change, header=ACLED_2019))) for change in ({}, stamped))
    assert before.content_hash == after.content_hash
    assert after.stamp == datetime(2021, 5, 26, 14, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "iso3"),
    [
        ("Democratic Republic of Congo", "COD"),
        ("Republic of Congo", "COG"),
        ("Ivory Coast", "CIV"),
        ("eSwatini", "SWZ"),
        ("East Timor", "TLS"),
        ("Cape Verde", "CPV"),
        ("Palestine", "PSE"),
        ("Kosovo", "XKX"),
    ],
)
def test_a_country_is_known_by_the_name_acled_gives_it(name, iso3):
    event = the_event(read_acled(ambushes({"country": name, "iso": "0"})))
    assert (event.iso3, event.country) == (iso3, name)


@pytest.mark.parametrize(
    ("name", "number", "iso3"),
    [
        ("DR Congo (Zaire)", "490", "COD"),
        ("Yemen (North Yemen)", "678", "YEM"),
        ("Myanmar (Burma)", "775", "MMR"),
        ("Russia (Soviet Union)", "365", "RUS"),
        ("Serbia (Yugoslavia)", "345", "SRB"),
        ("Cambodia (Kampuchea)", "811", "KHM"),
        ("Kingdom of eSwatini (Swaziland)", "572", "SWZ"),
    ],
)
def test_a_country_is_known_by_the_name_ucdp_gives_it(name, number, iso3):
    assert the_event(read_ucdp(clashes({"country": name, "country_id": number}))).iso3 == iso3


def test_two_letters_are_read_as_fips_only_where_the_settings_say_so():
    rows = {"columns": {"id": "id", "date": "date", "country": "where"}}
    data = b"id,date,where\n1,2020-12-03,NG\n"
    assert the_event(read_rows(data, **rows, country_as="fips")).iso3 == "NER"
    assert the_event(read_rows(data, **rows, country_as="iso2")).iso3 == "NGA"


@pytest.mark.parametrize(
    ("header", "claim", "said"),
    [(ACLED_2023, {"iso": "854"}, "854"), (ACLED_2019, {"iso3": "BFA"}, "Mali"), (ACLED_2016, {"gwno": "439"}, "439")],
    ids=["by ISO number", "by ISO letters", "by Gleditsch-Ward number"],
)
def test_columns_that_name_different_countries_are_refused(header, claim, said):
    rejected = the_rejection(read_acled(ambushes(claim, header=header)))
    assert rejected.column == "country"
    assert rejected.reason.startswith(f"'{said}' means ")


def test_monthly_sums_are_no_events_and_are_refused_whole():
    hapi = b"location_code,admin1_name,event_type,events,fatalities,reference_period_start\nMOZ,X,political_violence,2,3,2025-01-01\n"
    for read in (read_acled, read_ucdp):
        with pytest.raises(DataError, match="the header lacks"):
            read(hapi)


@pytest.mark.parametrize(
    "read", [lambda day: read_acled(ambushes({"event_date": day})), lambda day: read_ucdp(clashes({"date_end": day}))]
)
def test_a_row_of_the_future_is_refused(read):
    assert "lies in the future" in the_rejection(read("2024-06-03")).reason


def test_an_actor_recorded_as_and_or_proves_neither():
    either = "River Front and/or Hill Front"
    event = the_event(read_acled(ambushes({"actor1": either, "assoc_actor_2": "Herders; Hill Front And/Or Others;"})))
    assert [(actor.role, actor.name, actor.ambiguous) for actor in event.actors] == [
        ("a", either, True),
        ("b", "Hill Front", False),
        ("with_b", "Herders", False),
        ("with_b", "Hill Front And/Or Others", True),
    ]


def test_a_comma_list_of_ten_groups_is_ten_actors():
    sides = {"side_a": "Los Lobos , Los Tiguerones", "side_b": ", ".join(f"Group {n}" for n in range(10))}
    event = the_event(read_ucdp(clashes(sides)))
    assert [actor.name for actor in event.actors if actor.role == "a"] == ["Los Lobos", "Los Tiguerones"]
    assert len([actor for actor in event.actors if actor.role == "b"]) == 10


def test_events_of_the_same_day_place_and_deaths_stay_two_events():
    assert len(events(read_acled(ambushes({}, {"event_id_cnty": "MLI9002"})))) == 2


def test_an_event_without_an_id_is_refused():
    assert the_rejection(read_acled(ambushes({"event_id_cnty": ""}))).column == "event_id_cnty"


def test_nothing_of_a_rejected_row_is_lost_and_it_can_be_read_again():
    rejected = the_rejection(read_acled(ambushes({"fatalities": "some", "notes": 'he said "no";\nthen left'})))
    mended = f"{rejected.header}\n{rejected.raw}".replace("some", "4").encode()
    assert the_event(read_acled(mended)).notes == 'he said "no";\nthen left'


def test_the_ambush_itself_is_read_in_full():
    event = the_event(read_acled(ambushes()))
    assert event.publishers == AMBUSH["source"]
    assert event.stamp == datetime(2020, 12, 7, 21, 3, 19, tzinfo=UTC)
    assert not rejections(read_acled(ambushes()))
