"""JSON Lines of ACLED and UCDP: each object is a row under a header of its own, as strict as a table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sources.samples import ACLED_2023, AMBUSH, CLASH, events, read_acled, read_ucdp, the_event, the_rejection
from watcher.core.errors import DataError
from watcher.core.event import Deletion, Event, Rejection
from watcher.sources.ucdp_release import Release

ROW = {name: AMBUSH[name] for name in ACLED_2023}
BY_KIND = [pytest.param(read_acled, ROW, id="acled"), pytest.param(read_ucdp, CLASH, id="ucdp")]


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.mark.parametrize(("read", "row"), BY_KIND)
def test_an_object_is_the_event_that_its_row_in_a_table_is(read, row):
    header = ",".join(f'"{name}"' for name in row)
    cells = ",".join('"{}"'.format(value.replace('"', '""')) for value in row.values())
    assert the_event(read(lines(row))) == the_event(read(f"{header}\n{cells}\n".encode()))


@pytest.mark.parametrize(("read", "row"), BY_KIND)
def test_numbers_flags_and_nothing_are_read_as_what_they_say(read, row):
    numbers = {k: float(v) if "." in v else int(v) for k, v in row.items() if v.lstrip("-").replace(".", "").isdigit()}
    nothing = {k: None for k, v in row.items() if v == ""}
    assert the_event(read(lines(row | numbers | nothing | {"active_year": True}))) == the_event(read(lines(row)))


def test_events_and_deletions_come_in_any_order():
    deletion = {"event_id_cnty": "MLI7", "deleted_timestamp": "1607374999"}
    other = {"deleted_timestamp": 1607374999, "event_id_cnty": "MLI8", "by": ["somebody"]}
    found = read_acled(lines(deletion, ROW, other, ROW | {"event_id_cnty": "MLI9"}))
    assert [type(each) for each in found] == [Deletion, Event, Deletion, Event]


def test_an_event_that_a_release_lacks_is_a_deletion_of_its_rank():
    found = read_ucdp(lines(CLASH | {"release": "26.0.3"}, {"id": "900001", "release": "26.1", "removed": True}))
    assert events(found)[0].stamp == Release.read("26.0.3").stamp
    assert found[1] == Deletion("ucdp", "900001", Release.read("26.1").stamp)


@pytest.mark.parametrize("read", [read_acled, read_ucdp])
def test_a_row_that_tells_no_release_has_no_rank(read):
    row = ROW | {"timestamp": ""} if read is read_acled else CLASH
    assert the_event(read(lines(row))).stamp is None


BAD = [
    pytest.param({"admin3": ...}, "the object lacks admin3", "", id="a column is missing"),
    pytest.param({"fatalities": [4]}, "a list or an object stands where", "fatalities", id="a list in a cell"),
    pytest.param({"event_id_cnty": None}, "is no event id of ACLED", "event_id_cnty", id="no id"),
    pytest.param({"event_date": "0025-03-01"}, "this source begins on 1997", "event_date", id="a slip of the year"),
    pytest.param({"fatalities": "4.5"}, "is no whole number", "fatalities", id="half a death"),
]


@pytest.mark.parametrize(("change", "reason", "column"), BAD)
def test_a_bad_object_goes_to_quarantine_and_can_be_tried_again(change, reason, column):
    row = {k: v for k, v in (ROW | change).items() if v is not ...}
    found = read_acled(lines(ROW, row, ROW | {"event_id_cnty": "MLI2"}))
    assert [type(each) for each in found] == [Event, Rejection, Event]
    rejected = the_rejection(found[1:2])
    assert (reason in rejected.reason, rejected.column, rejected.row, rejected.line) == (True, column, 2, 2)
    assert the_rejection(read_acled(f"{rejected.raw}\n".encode())).reason == rejected.reason


def test_a_removal_without_a_release_is_refused():
    found = read_ucdp(lines(CLASH, {"id": 1, "removed": True}, {"id": 1, "release": "June", "removed": True}))
    assert [each.reason for each in found if isinstance(each, Rejection)] == [
        "the object lacks release",
        "'June' is no release of UCDP (such as 25.1 or 26.0.6)",
    ]


def test_a_monadic_export_is_put_together():
    half = {k: v for k, v in ROW.items() if k not in {"actor2", "assoc_actor_2", "inter2"}}
    event = the_event(read_acled(lines(half, half | {"actor1": "Hill Front"})))
    assert [actor.name for actor in event.actors] == ["River Front", "Hill Front"]


@pytest.mark.parametrize("read", [read_acled, read_ucdp])
@pytest.mark.parametrize(
    "data", [b'{"status": 200, "data": []}\n', b'{\n "id": 1\n}\n', b"[1]\n", b'{"id"\n', b"{" * 100_000 + b"\n"]
)
def test_other_json_is_refused_whole(read, data):
    with pytest.raises(DataError, match="no layout we know"):
        read(data)


def test_many_layouts_in_one_file_are_read():
    names = list(ROW)
    rows = [{name: ROW[name] for name in names[n:] + names[:n]} for n in range(len(names))]
    assert len(events(read_acled(lines(*rows)))) == len(names)
