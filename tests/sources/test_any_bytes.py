"""Whatever bytes come, a reader yields records or refuses the file; it never breaks and never hangs."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.sources import test_gdelt, test_hapi
from tests.sources.feeds import ATOM, BOMB, RDF, item, rss
from tests.sources.samples import (
    ACLED_2016,
    ACLED_2023,
    ACLED_MONADIC,
    ambushes,
    clashes,
    csv_bytes,
    events,
    read_acled,
    read_feed,
    read_reliefweb,
    read_rows,
    read_ucdp,
)
from watcher.core.errors import DataError
from watcher.core.event import Deletion, Event, Rejection

OWN = {"columns": {"id": "id", "date": "date", "country": "country", "notes": "notes"}}
READERS = {
    "acled": read_acled,
    "ucdp": read_ucdp,
    "hapi": test_hapi.read,
    "gdelt": test_gdelt.read,
    "reliefweb": read_reliefweb,
    "feed": read_feed,
    "table, CSV": lambda data: read_rows(data, **OWN, format="csv"),
    "table, JSON Lines": lambda data: read_rows(data, **OWN, format="jsonl"),
}
HEADS = {
    "acled": [csv_bytes(header, []) for header in (ACLED_2016, ACLED_2023, ACLED_MONADIC)],
    "ucdp": [csv_bytes(clashes().decode().split("\n")[0].split(","), [])],
    "hapi": [csv_bytes(test_hapi.HEADER, []), test_hapi.months()],
    "gdelt": [test_gdelt.line(), test_gdelt.packed(export=test_gdelt.line())],
    "reliefweb": [
        b'{"id": "1", "fields": {"title": "x", "date": {"created": "2020-12-03T00:00:00+00:00"}}}\n',
        b'{"data": [{',
    ],
    "feed": [
        rss(item(1, pubDate="Mon, 03 Jun 2019 10:00:00 GMT")),
        ATOM,
        RDF,
        BOMB,
        b"<rss><channel>",
        b'{"id": "x"}\n',
    ],
    "table, CSV": [b"id,date,country,notes\n"],
    "table, JSON Lines": [b'{"id": 1, "date": "2020-12-03", "country": "MOZ"}\n'],
}
#: What breaks parsers, more often than chance would have it.
NASTY = st.sampled_from(
    [b'"', b",", b";", b"\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"{", b"[", b"NA", b"1e9", b"\\u"]
) | st.sampled_from([b"<", b"&", b"]]>", b"</item>"])
BYTES = st.lists(st.one_of(NASTY, st.binary(max_size=8)), max_size=60).map(b"".join)
CALM = settings(max_examples=60, deadline=None)


def survives(reader: str, data: bytes) -> None:
    try:
        records = READERS[reader](data)
    except DataError:
        return
    for record in records:
        assert isinstance(record, Event | Deletion | Rejection)
        repr(record).encode()
    assert all(record.reason and record.line >= 1 for record in records if isinstance(record, Rejection))


@pytest.mark.parametrize("reader", READERS)
@CALM
@given(data=BYTES)
@example(data=b"")
@example(data=b"\xff\xfe")
def test_any_bytes_are_read_or_refused(reader, data):
    survives(reader, data)


@pytest.mark.parametrize("reader", READERS)
@CALM
@given(data=st.data(), body=BYTES)
def test_any_bytes_under_a_good_header_are_read_or_rejected(reader, data, body):
    survives(reader, data.draw(st.sampled_from(HEADS[reader])) + body)


ROWS = 12
GOOD = ambushes(
    *(
        {
            "event_id_cnty": f"MLI{number}",
            "notes": f'the "{number}" of them,\nand more' if number % 4 == 0 else "plain, notes",
        }
        for number in range(ROWS)
    )
)
START = GOOD.index(b"\n") + 1


@CALM
@given(
    places=st.lists(
        st.tuples(
            st.integers(START, len(GOOD) - 1),
            st.sampled_from(["cut", "put", "change"]),
            st.one_of(NASTY, st.binary(max_size=2)),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_damage_costs_the_rows_it_touches_and_no_others(places):
    damaged = bytearray(GOOD)
    for place, how, what in sorted(places, reverse=True):
        damaged[place : place if how == "put" else place + 1] = b"" if how == "cut" else what
    before = {event.external_id: event for event in events(read_acled(GOOD))}
    after = {event.external_id: event for event in events(read_acled(bytes(damaged)))}
    kept = sum(after.get(key) == event for key, event in before.items())
    assert len(before) == ROWS
    # A line end put into a row, or cut between two, touches both halves.
    assert kept >= ROWS - 2 * len(places)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('x",","\n', id="a quotation mark that stays open on every line"),
        pytest.param('"\n', id="nothing but quotation marks"),
        pytest.param('""\n', id="empty quoted cells"),
        pytest.param(",\n", id="commas"),
        pytest.param("\n", id="nothing"),
        pytest.param("a\0b\n", id="NUL"),
        pytest.param('"' + "a," * 500 + "\n", id="long open rows"),
        pytest.param(ambushes({"country": "Somewhere", "iso": ""}).decode().split("\n", 1)[1], id="unknown countries"),
    ],
)
def test_a_quarter_of_a_megabyte_of_the_worst_takes_no_two_seconds(line):
    data = csv_bytes(ACLED_2023, []) + (line * (262_144 // len(line))).encode()
    start = time.process_time()
    read_acled(data)
    assert time.process_time() - start < 2
