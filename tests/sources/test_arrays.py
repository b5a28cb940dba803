"""One JSON array, read like JSON Lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.samples import events, read_rows, rejections
from watcher.core.errors import DataError

OWN = {"columns": {"id": "id", "date": "date", "country": "land", "notes": "notes"}}


def row(number: int, **changes: object) -> dict[str, object]:
    return {"id": number, "date": "2020-12-03", "land": "Mozambique", **changes}


@pytest.mark.parametrize("indent", [None, 2], ids=["on one line", "over many lines"])
def test_an_array_gives_the_records_of_its_elements(indent):
    data = json.dumps([row(n, notes="[1,\n 2]") for n in range(3_000)], indent=indent).encode()
    found = events(read_rows(b"\xef\xbb\xbf " + data, **OWN))
    assert [event.external_id for event in found] == [str(n) for n in range(3_000)]
    assert {event.notes for event in found} == {"[1,\n 2]"}


def test_a_bad_element_costs_itself_alone():
    records = read_rows(json.dumps([row(1), row(2, date="soon"), "three", row(4)]).encode(), **OWN)
    assert [event.external_id for event in events(records)] == ["1", "4"]
    assert [bad.line for bad in rejections(records)] == [2, 3]


def test_a_rejected_element_can_be_read_again_and_no_other_line_end_is_touched():
    data = json.dumps([row(1, land="Mozambik", notes="a\u2028b")], indent=2, ensure_ascii=False).encode()
    [bad] = rejections(read_rows(data, **OWN))
    [mended] = events(read_rows(bad.raw.replace("Mozambik", "Mozambique").encode() + b"\n", **OWN))
    assert mended.notes == "a\u2028b"


def test_an_empty_array_is_nothing_new():
    assert read_rows(b" [ ]\n", **OWN) == []


REFUSED = {
    "cut off between elements": (b'[{"id": 1},', "is cut off"),
    "cut off in an element": (b'[{"id": 1}, {"id"', "element 2 of the JSON array is damaged, cut off"),
    "no comma": (b'[{"id": 1} {"id": 2}]', "is damaged"),
    "not UTF-8": (b'[{"id": "\xff"}]', "is not UTF-8"),
    "nested without end": (b'[{"id": ' + b"[" * 100_000, "is nested too deep|is damaged"),
    "an element that is too long": (
        json.dumps([row(1, notes="x" * (1 << 20)), row(2)]).encode(),
        "element 1 .* is too long",
    ),
    "an element without end": (b'["' + b"x" * (2 << 20), "too long"),
}


@pytest.mark.parametrize(("data", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_whole_array_is_refused(data, words):
    with pytest.raises(DataError, match=words):
        read_rows(data, **OWN)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text(max_size=5)), max_size=5))
def test_any_array_gives_as_many_records_as_it_has_elements(elements):
    assert len(read_rows(json.dumps(elements, indent=1).encode(), **OWN)) == len(elements)
