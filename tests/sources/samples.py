"""Hand-made files in the layouts of the sources. No row in here is anybody's data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from watcher.core.event import Event, Record, Rejection
from watcher.sources import acled, feed, reliefweb, table, ucdp

TODAY = date(2024, 6, 1)

ACLED_2016 = (
    *("", "actor1", "actor2", "admin1", "admin2", "admin3", "ally_actor_1", "ally_actor_2", "country", "data_id"),
    *("event_date", "event_id_cnty", "event_id_no_cnty", "event_type", "fatalities", "geo_precision", "gwno", "inter1"),
    *("inter2", "interaction", "latitude", "location", "longitude", "notes", "source", "time_precision", "year"),
)
ACLED_2019 = (
    *("data_id", "iso", "event_id_cnty", "event_id_no_cnty", "event_date", "year", "time_precision", "event_type"),
    *("sub_event_type", "actor1", "assoc_actor_1", "inter1", "actor2", "assoc_actor_2", "inter2", "interaction"),
    *("region", "country", "admin1", "admin2", "admin3", "location", "latitude", "longitude", "geo_precision"),
    *("source", "source_scale", "notes", "fatalities", "timestamp", "iso3"),
)
ACLED_2023 = (
    *("event_id_cnty", "event_date", "year", "time_precision", "disorder_type", "event_type", "sub_event_type"),
    *("actor1", "assoc_actor_1", "inter1", "actor2", "assoc_actor_2", "inter2", "interaction", "civilian_targeting"),
    *("iso", "region", "country", "admin1", "admin2", "admin3", "location", "latitude", "longitude", "geo_precision"),
    *("source", "source_scale", "notes", "fatalities", "tags", "timestamp"),
)
ACLED_MONADIC = tuple(name for name in ACLED_2023 if name not in {"actor2", "assoc_actor_2", "inter2"})

#: One event that never happened, in the columns of every layout.
AMBUSH = {
    "": "0",
    "data_id": "1234567",
    "iso": "466",
    "iso3": "MLI",
    "gwno": "432",
    "event_id_cnty": "MLI9001",
    "event_id_no_cnty": "9001",
    "event_date": "03 December 2020",
    "year": "2020",
    "time_precision": "1",
    "disorder_type": "Political violence",
    "event_type": "Battles",
    "sub_event_type": "Armed clash",
    "actor1": "River Front",
    "assoc_actor_1": "",
    "ally_actor_1": "",
    "inter1": "2",
    "actor2": "Hill Front",
    "assoc_actor_2": "",
    "ally_actor_2": "",
    "inter2": "2",
    "interaction": "22",
    "civilian_targeting": "",
    "region": "Western Africa",
    "country": "Mali",
    "admin1": "Mopti",
    "admin2": "Douentza",
    "admin3": "",
    "location": "Anywhere",
    "latitude": "14.5",
    "longitude": "-2.25",
    "geo_precision": "2",
    "source": "Daily Paper; Other Paper",
    "source_scale": "National",
    "notes": "On 3 December 2020, the two fronts fought at Anywhere.",
    "fatalities": "4",
    "tags": "",
    "timestamp": "1607374999",
}

GED = (
    *("id", "relid", "year", "active_year", "code_status", "type_of_violence", "conflict_dset_id", "conflict_new_id"),
    *("conflict_name", "dyad_dset_id", "dyad_new_id", "dyad_name", "side_a_dset_id", "side_a_new_id", "side_a"),
    *("side_b_dset_id", "side_b_new_id", "side_b", "number_of_sources", "source_article", "source_office"),
    *("source_date", "source_headline", "source_original", "where_prec", "where_coordinates", "where_description"),
    *("adm_1", "adm_2", "latitude", "longitude", "geom_wkt", "priogrid_gid", "country", "country_id", "region"),
    *("event_clarity", "date_prec", "date_start", "date_end", "deaths_a", "deaths_b", "deaths_civilians"),
    *("deaths_unknown", "best", "high", "low", "gwnoa", "gwnob"),
)
CLASH = {
    "id": "900001",
    "code_status": "Clear",
    "type_of_violence": "2",
    "conflict_new_id": "14000",
    "conflict_name": "River Front - Hill Front",
    "dyad_new_id": "15000",
    "dyad_name": "River Front - Hill Front",
    "side_a": "River Front",
    "side_b": "Hill Front",
    "number_of_sources": "2",
    "source_article": '"Daily Paper,2020-08-23,Fronts clash"',
    "source_office": "Daily Paper;Other Paper",
    "source_headline": "Fronts clash;Clash of fronts",
    "where_prec": "2",
    "where_coordinates": "Anywhere village",
    "where_description": "near Anywhere",
    "adm_1": "Mopti region",
    "adm_2": "Douentza cercle",
    "latitude": "14.5",
    "longitude": "-2.25",
    "country": "Mali",
    "country_id": "432",
    "event_clarity": "1",
    "date_prec": "1",
    "date_start": "2020-08-22",
    "date_end": "2020-08-22",
    "best": "12",
    "high": "15",
    "low": "9",
}


def csv_bytes(
    header: Sequence[str], rows: Iterable[Mapping[str, str]], *, delimiter: str = ",", line_end: str = "\n"
) -> bytes:
    """Rows under a header, as a file."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(header)
    writer.writerows([row.get(name, "") for name in header] for row in rows)
    return out.getvalue().encode()


def ambushes(*changes: Mapping[str, str], header: Sequence[str] = ACLED_2023, **how: Any) -> bytes:
    """A file in ACLED's layout: the ambush once for each mapping of changed cells."""
    return csv_bytes(header, [{**AMBUSH, **change} for change in changes or ({},)], **how)


def clashes(*changes: Mapping[str, str], header: Sequence[str] = GED, **how: Any) -> bytes:
    """A file in GED's layout: the clash once for each mapping of changed cells."""
    return csv_bytes(header, [{**CLASH, **change} for change in changes or ({},)], **how)


def read_acled(data: bytes, **options: Any) -> list[Record]:
    return list(acled.read(io.BytesIO(data), source="acled", today=TODAY, settings=acled.Settings(**options)))


def read_ucdp(data: bytes, **options: Any) -> list[Record]:
    return list(ucdp.read(io.BytesIO(data), source="ucdp", today=TODAY, settings=ucdp.Settings(**options)))


def read_reliefweb(data: bytes, **options: Any) -> list[Record]:
    settings = reliefweb.Settings(**options)
    return list(reliefweb.read(io.BytesIO(data), source="reliefweb", today=TODAY, settings=settings))


def read_feed(data: bytes, **options: Any) -> list[Record]:
    settings = feed.Settings.model_validate({"countries": ["Mali"]} | options)
    return list(feed.read(io.BytesIO(data), source="news", today=TODAY, settings=settings))


def read_rows(data: bytes, **options: Any) -> list[Record]:
    return list(table.read(io.BytesIO(data), source="log", today=TODAY, settings=table.Settings(**options)))


def events(records: Iterable[Record]) -> list[Event]:
    return [record for record in records if isinstance(record, Event)]


def rejections(records: Iterable[Record]) -> list[Rejection]:
    return [record for record in records if isinstance(record, Rejection)]


def the_event(records: Sequence[Record]) -> Event:
    """The only record, which must be an event."""
    assert len(records) == 1, records
    assert isinstance(records[0], Event), records[0]
    return records[0]


def the_rejection(records: Sequence[Record]) -> Rejection:
    """The only record, which must be a rejection."""
    assert len(records) == 1, records
    assert isinstance(records[0], Rejection), records[0]
    return records[0]
