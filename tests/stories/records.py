"""Records of a story: a short table becomes a file as ACLED publishes it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files

from tests.stories.page import moment

#: What the columns of a story are called in the file; every other column has the file's own name.
COLUMNS = {
    "id": "event_id_cnty",
    "date": "event_date",
    "deaths": "fatalities",
    "place": "location",
    "type": "event_type",
}
#: What a row is unless its table says otherwise.
USUAL = {
    "time_precision": "1",
    "event_type": "Battles",
    "actor1": "Islamist Militia (Mozambique)",
    "country": "Mozambique",
    "admin1": "Cabo Delgado",
    "latitude": "-12.0",
    "longitude": "40.0",
    "geo_precision": "1",
    "source": "A newspaper",
    "fatalities": "0",
}
_GAP = re.compile(r" {2,}")


def acled_file(table: Sequence[str], now: datetime) -> str:
    """The rows of a table, stamped with the moment they were released unless a column ``known`` says another."""
    rows = [USUAL | _named(row, now) for row in _rows(table)]
    return _csv(_demo_rows()[0], rows)


def deletions_file(ids: Sequence[str], now: datetime) -> str:
    """The source's list of what it has deleted."""
    header = ["event_id_cnty", "deleted_timestamp"]
    return _csv(header, [{"event_id_cnty": each, "deleted_timestamp": str(int(now.timestamp()))} for each in ids])


def demo_file(after: datetime, now: datetime) -> str:
    """What the demo's source released in between."""
    header, *rows = _demo_rows()
    stamp = header.index("timestamp")
    released = [row for row in rows if after.timestamp() < int(row[stamp]) <= now.timestamp()]
    return _csv(header, [dict(zip(header, row, strict=True)) for row in released])


def _rows(table: Sequence[str]) -> Iterator[dict[str, str]]:
    header, *rows = [_GAP.split(line.strip()) for line in table]
    for row in rows:
        yield dict(zip(header, row, strict=True))


def _named(row: Mapping[str, str], now: datetime) -> dict[str, str]:
    known = moment(row["known"]) if "known" in row else now
    named = {COLUMNS.get(name, name): value for name, value in row.items() if name != "known"}
    return named | {"timestamp": str(int(known.astimezone(UTC).timestamp()))}


def _demo_rows() -> list[list[str]]:
    text = (files("watcher.demo") / "records.csv").read_text(encoding="ascii")
    return list(csv.reader(text.splitlines()))


def _csv(header: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
