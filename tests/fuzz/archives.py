"""Packed answers and workbooks: whole or refused, and never more of either than there may be."""

from __future__ import annotations

import gzip
import io
import resource
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from tests.fuzz.target import Survive, Target, edited, edits, within_patience
from tests.sources.books import book, rows
from tests.sources.samples import read_rows
from tests.sources.test_any_bytes import BYTES
from tests.zoo import Server, answer
from watcher.core.errors import DataError
from watcher.core.event import Deletion, Event, Rejection
from watcher.net import Egress, EgressFailed, Fault

_LIMIT = 100_000
#: Memory that a small archive may cost, KiB.
_ROOM = 64 * 1024


# --- answers ----------------------------------------------------------------------------------------------------------

_TEXT = b"id,date,country\n" + b"1,2020-12-03,Mali\n" * 40
_PACKED = (
    gzip.compress(_TEXT),
    gzip.compress(_TEXT) + gzip.compress(_TEXT),
    gzip.compress(_TEXT) + b"\0" * 64 + gzip.compress(_TEXT),
    zlib.compress(_TEXT),
    gzip.compress(b"0" * 3_000_000),
    gzip.compress(b""),
)


def _unpacked(data: bytes) -> bytes | None:
    for unpack in (gzip.decompress, zlib.decompress):
        with suppress(OSError, EOFError, zlib.error):
            return unpack(data)
    return None


def _is_fetched(data: bytes) -> None:
    found, whole = _fetched(data), _unpacked(data)
    if data in _PACKED:
        assert found == (Fault.TOO_LARGE if whole is None or len(whole) > _LIMIT else whole)
    assert found in {Fault.PROTOCOL, Fault.TOO_LARGE, whole}, "a part, or something else"


def _fetched(data: bytes) -> bytes | Fault:
    egress = Egress(allow_networks=["127.0.0.0/8"])
    with Server(answer(200, body=data, Content_Encoding="gzip")) as server:
        try:
            return egress.fetch(server.url(), headers={}, deadline=timedelta(seconds=5), limit=_LIMIT).body
        except EgressFailed as failed:
            return failed.kind


# --- workbooks --------------------------------------------------------------------------------------------------------

_HEADER = ("REF", "DAY", "LAND", "DEAD", "WHAT", "AT")
_OWN = {
    "columns": {"id": "ref", "date": "day", "country": "land", "fatalities": "dead", "notes": "what", "stamp": "at"}
}
_ROWS = [(n, date(2020, 12, 3), "Mozambique", n, 'a "raid",\nat night', date(2020, 12, 4)) for n in range(4)]
_BOOK = book(rows(_HEADER, *_ROWS), texts="<si><t>Mali</t></si>", names=["Log", "Old"])
_METHODS = (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_PARTS = tuple(zipfile.ZipFile(io.BytesIO(_BOOK)).namelist())
_MARKUP = st.sampled_from(
    [b"<", b"</v>", b"<c>", b'r="ZZ9"', b't="s"', b"&amp;", b"<!--", b"]]>", b"\xff", b"1e999", b"\0", b"<row>"]
)


class Part(NamedTuple):
    """What happens to one file of a workbook."""

    name: str
    edits: list[tuple[float, int, str, bytes]]


def _packed_again(method: int, parts: list[Part], doubled: bool, around: list[tuple[float, int, str, bytes]]) -> bytes:
    out = io.BytesIO()
    changes = {part.name: part.edits for part in parts}
    with zipfile.ZipFile(io.BytesIO(_BOOK)) as good, zipfile.ZipFile(out, "w", method) as bad:
        for name in [*_PARTS, *(["xl/../../etc"] if doubled else [])]:
            content = good.read(name) if name in _PARTS else b"x"
            bad.writestr(name, edited(content, changes.get(name, [])))
    return edited(out.getvalue(), around)


_BOOKS = st.builds(
    _packed_again,
    st.sampled_from(_METHODS),
    st.lists(st.builds(Part, st.sampled_from(_PARTS), edits(_MARKUP)), max_size=2),
    st.booleans(),
    st.just([]) | edits(),
)
_STARTS = st.sampled_from(
    [b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"\xfd7zXZ\0", b"BZh9", b"7z\xbc\xaf", b"\xd0\xcf\x11\xe0"]
)


def _reads(data: bytes) -> None:
    with suppress(DataError):
        for record in read_rows(data, **_OWN):
            assert isinstance(record, Event | Deletion | Rejection)


@contextmanager
def _reading() -> Iterator[Survive]:
    _reads(_BOOK)

    def survive(data: bytes) -> None:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        within_patience(lambda: _reads(data))
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _ROOM

    yield survive


@contextmanager
def _fetching() -> Iterator[Survive]:
    yield _is_fetched


TARGETS = (
    Target(
        "packed answers",
        st.builds(edited, st.sampled_from(_PACKED), st.just([]) | edits()) | st.builds(bytes.__add__, _STARTS, BYTES),
        _fetching,
    ),
    Target("workbooks and archives", _BOOKS | st.builds(bytes.__add__, _STARTS, BYTES), _reading),
)
