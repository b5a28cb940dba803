"""ReliefWeb's reports and disasters as records."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.sources.pull.reports import disaster, report
from tests.sources.samples import events, the_event, the_rejection
from watcher.core.errors import DataError
from watcher.core.event import Record
from watcher.sources import reliefweb

TODAY = date(2026, 11, 28)


def read(data: bytes, **options: Any) -> list[Record]:
    chosen = reliefweb.Settings(**options)
    return list(reliefweb.read(io.BytesIO(data), source="rw", today=TODAY, settings=chosen))


def lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_a_report_is_a_record_of_its_primary_country():
    niger = {"name": "Niger; the", "iso3": "ner"}
    several: dict[str, Any] = {
        "country": [{"name": "Mali", "iso3": "mli"}, niger],
        "disaster": [{"name": "Sahel Crisis"}],
    }
    event = the_event(read(lines(report(4142589, **several))))
    assert (event.source, event.external_id, event.date_start, event.date_end) == (
        *("rw", "4142589"),
        *(date(2026, 10, 29), date(2026, 10, 29)),
    )
    assert (event.iso3, event.country) == ("MLI", "Mali")
    assert (event.disorder_type, event.event_type, event.sub_event_type) == ("Report", "Situation Report", "")
    assert (event.publishers, event.url) == ("AOC", "https://reliefweb.example/report/4142589")
    assert event.notes == "Report 4142589: fighting near Anywhere"
    assert event.tags.split("; ") == [
        "country: Niger, the",
        "theme: Protection and Human Rights",
        "disaster: Sahel Crisis",
        "language: en",
    ]
    assert event.stamp == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert event.fatalities is None, "nobody has counted"


def test_a_disaster_is_one_of_its_type_and_shares_no_id_with_a_report():
    event = the_event(read(lines(disaster(52345))))
    assert (event.external_id, event.date_start) == ("disaster 52345", date(2026, 10, 28))
    assert (event.disorder_type, event.event_type, event.sub_event_type) == ("Disaster", "Flood", "ongoing")
    assert (event.notes, event.tags) == ("Mali: Floods - Oct 2026", "glide: FL-2026-000001-MLI")


LIBERAL = [
    pytest.param({"id": 7}, {}, "7", id="an id that is a number"),
    pytest.param({"id": None}, {}, "5", id="no id but the one of its fields"),
    pytest.param({}, {"format": None, "source": None, "theme": None, "language": None}, "5", id="nothing that is not needed"),
    pytest.param({}, {"source": {"name": "One"}, "format": {"name": "Map"}}, "5", id="one object in the place of a list"),
    pytest.param({}, {"primary_country": None}, "5", id="no primary country but a list"),
    pytest.param({}, {"primary_country": {"name": "Mali"}}, "5", id="a country without code"),
    pytest.param({}, {"primary_country": {"iso3": "MLI"}}, "5", id="a country without name"),
    pytest.param({}, {"date": {"original": None}}, "5", id="no date but the one of posting"),
    pytest.param({}, {"date": {"changed": None}}, "5", id="no stamp"),
]  # fmt: skip


@pytest.mark.parametrize(("outer", "fields", "key"), LIBERAL)
def test_what_is_not_needed_may_be_missing_or_written_otherwise(outer, fields, key):
    event = the_event(read(lines(report(5, **fields) | outer)))
    assert (event.external_id, event.iso3) == (key, "MLI")


REJECTED = [
    pytest.param({"fields": None}, {}, "fields", "there is nothing of a report in it", id="no fields"),
    pytest.param({"fields": []}, {}, "fields", "there is nothing of a report in it", id="a list of fields"),
    pytest.param({"id": [1]}, {}, "id", "a list or an object stands where", id="an id that is a list"),
    pytest.param({}, {"title": " "}, "title", "is empty, and must not be", id="no title"),
    pytest.param({}, {"title": "a\0b"}, "title", "holds a NUL character", id="NUL"),
    pytest.param({}, {"title": "half \ud800"}, "title", "half a character", id="half a character"),
    pytest.param({}, {"primary_country": {"name": "World", "iso3": "wld"}}, "country", "'World' is no country on the list", id="the world"),
    pytest.param({}, {"primary_country": None, "country": []}, "primary_country", "there is no country", id="no country"),
    pytest.param({}, {"country": ["Mali"]}, "country", "there is no object", id="a text in the place of an object"),
    pytest.param({}, {"primary_country": {"name": "x" * 2_000, "iso3": "mli"}}, "name", "is longer than 1,000", id="an endless name"),
    pytest.param({}, {"date": {"original": "2027-03-01T00:00:00+00:00"}}, "date", "lies in the future", id="a day to come"),
    pytest.param({}, {"date": {"original": "0025-03-01T00:00:00+00:00"}}, "date", "this source begins on 1970-01-01", id="a slip in the year"),
    pytest.param({}, {"date": {"original": "yesterday"}}, "date", "is no date as this source writes them", id="a date in words"),
    pytest.param({}, {"date": {"changed": "2038-01-01T00:00:00+00:00"}}, "date.changed", "is no moment between", id="a stamp of the future"),
]  # fmt: skip


@pytest.mark.parametrize(("outer", "fields", "column", "reason"), REJECTED)
def test_what_cannot_be_read_waits_in_quarantine_and_costs_no_other(outer, fields, column, reason):
    bad, good = read(lines(report(5, **fields) | outer, report(6)))
    rejection = the_rejection([bad])
    assert (rejection.column, rejection.row) == (column, 1)
    assert reason in rejection.reason
    assert the_event([good]).external_id == "6"
    again = the_rejection(read(rejection.raw.encode("utf-8", "surrogatepass") + b"\n"))
    assert again.reason == rejection.reason, "its line can be read by itself"


def test_a_report_without_any_date_waits():
    bare = report(5)
    del bare["fields"]["date"]
    assert the_rejection(read(lines(bare))).reason == "there is no date"


@pytest.mark.parametrize("indent", [None, 1], ids=["in one line", "in many"])
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_saved_answer_is_read_whole(rows, indent):
    answer = {"totalCount": rows, "data": [report(number) for number in range(1, rows + 1)]}
    assert len(events(read(json.dumps(answer, indent=indent).encode()))) == rows
    assert len(events(read(b"\xef\xbb\xbf" + json.dumps(answer["data"], indent=indent).encode()))) == rows


def test_a_saved_answer_may_be_one_long_line():
    answer = json.dumps({"data": [report(number, body="x" * 9_000) for number in range(1, 300)]}).encode()
    assert len(answer) > 2 << 20
    assert len(events(read(answer))) == 299


def test_a_bad_first_line_costs_no_other():
    found = read(b'{"id": "1", "fie\n' + lines(report(2)))
    assert [type(each).__name__ for each in found] == ["Rejection", "Event"]


REFUSED = [
    pytest.param(b"<html>", "this is a web page", id="a web page"),
    pytest.param(b"", "there is no line of text", id="nothing"),
    pytest.param(json.dumps({"data": [report(1)]}).encode()[:-9], "no JSON, or not the whole of it", id="half an answer"),
    pytest.param(b'{"data": {"1": 2}}', "no layout we know", id="another layout"),
    pytest.param(b'{"data": [' * 50_000, "nested too deep", id="a nest"),
    pytest.param(b'{"data": ["\xff"]}', "no JSON, or not the whole of it", id="another encoding"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "words"), REFUSED)
def test_what_is_no_answer_is_refused(data, words):
    with pytest.raises(DataError, match=words):
        read(data)


def test_an_answer_larger_than_any_page_is_refused(monkeypatch):
    monkeypatch.setattr(reliefweb, "MOST", 1_000)
    with pytest.raises(DataError, match="the answer is longer than"):
        read(json.dumps({"data": [report(1, body="x" * 1_000)]}).encode())


def test_the_reconstructed_answer_is_read(real_data):
    event = the_event(read((real_data / "api_samples" / "reliefweb_v2_reports.reconstructed.json").read_bytes()))
    assert (event.external_id, event.iso3, event.publishers, event.date_start) == (
        *("4142589", "MOZ", "OCHA"),
        date(2025, 2, 3),
    )
