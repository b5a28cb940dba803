"""Hand-made rows in ACLED's layout. Nothing in here happened."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

COLUMNS = (
    *("event_id_cnty", "event_date", "year", "time_precision", "disorder_type", "event_type", "sub_event_type"),
    *("actor1", "assoc_actor_1", "inter1", "actor2", "assoc_actor_2", "inter2", "interaction", "civilian_targeting"),
    *("iso", "region", "country", "admin1", "admin2", "admin3", "location", "latitude", "longitude", "geo_precision"),
    *("source", "source_scale", "notes", "fatalities", "tags", "timestamp"),
)
_RAID = {
    "time_precision": "1",
    "disorder_type": "Political violence",
    "event_type": "Battles",
    "sub_event_type": "Armed clash",
    "actor1": "River Front",
    "inter1": "Rebel group",
    "actor2": "Hill Front",
    "inter2": "Rebel group",
    "interaction": "Rebel group-Rebel group",
    "iso": "854",
    "region": "Western Africa",
    "country": "Burkina Faso",
    "admin1": "Sahel",
    "admin2": "Soum",
    "location": "Nowhere",
    "latitude": "14.1",
    "longitude": "-1.6",
    "geo_precision": "1",
    "source": "Made Up Daily",
    "source_scale": "National",
    "notes": "made up",
}


def raid(number: int, day: str, deaths: object, **other: str) -> dict[str, Any]:
    """One event that never happened, known a week after its day."""
    when = date.fromisoformat(day)
    known = datetime.combine(when + timedelta(days=7), time(), UTC)
    return {
        **_RAID,
        "event_id_cnty": f"BFO{number}",
        "event_date": f"{when:%d %B %Y}",
        "year": str(when.year),
        "fatalities": str(deaths),
        "timestamp": str(int(known.timestamp())),
        **other,
    }


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as a file of ACLED's."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        out = csv.DictWriter(stream, COLUMNS, restval="")
        out.writeheader()
        out.writerows(rows)
    return path
