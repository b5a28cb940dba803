"""Made-up records in ACLED's layout: any number of them, the same for the same seed."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

FIRST, LAST = date(2010, 1, 1), date(2025, 12, 31)
COUNTRIES = (
    *("Algeria", "Angola", "Benin", "Burkina Faso", "Burundi", "Cameroon", "Chad", "Ghana", "Kenya", "Libya"),
    *("Mali", "Mauritania", "Mozambique", "Niger", "Nigeria", "Somalia", "Sudan", "Tanzania", "Togo", "Uganda"),
)
PROVINCES = 15
EVENT_TYPES = {
    "Battles": "Armed clash",
    "Explosions/Remote violence": "Remote explosive/landmine/IED",
    "Violence against civilians": "Attack",
    "Protests": "Peaceful protest",
    "Riots": "Mob violence",
    "Strategic developments": "Looting/property destruction",
}
HEADER = (
    *("event_id_cnty", "event_date", "year", "time_precision", "disorder_type", "event_type", "sub_event_type"),
    *("actor1", "assoc_actor_1", "inter1", "actor2", "assoc_actor_2", "inter2", "interaction", "civilian_targeting"),
    *("iso", "region", "country", "admin1", "admin2", "admin3", "location", "latitude", "longitude", "geo_precision"),
    *("source", "source_scale", "notes", "fatalities", "tags", "timestamp"),
)
_ACTORS = 300
_NOTES = (
    *("a patrol was attacked near the road", "two villages were looted", "a house was burned", "nobody was hurt"),
    *("a vehicle was hit by an explosion", "witnesses heard shots in the night", "the number of dead is disputed"),
)


def province(country: str, number: int) -> str:
    """The name of a made-up first-level area."""
    return f"{country} {number:02}"


def write(path: Path, rows: int, *, seed: int = 2020, first_id: int = 1) -> Path:
    """Write a file of so many events, in the order of their days."""
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        writer.writerows(_rows(rows, random.Random(seed), first_id))
    return path


def _rows(rows: int, chance: random.Random, first_id: int) -> Iterator[tuple[object, ...]]:
    span = (LAST - FIRST).days
    types = list(EVENT_TYPES)
    for number in range(rows):
        day = FIRST + timedelta(days=number * (span + 1) // rows)
        country, event_type = chance.choice(COUNTRIES), chance.choice(types)
        area = province(country, chance.randrange(PROVINCES))
        stamp = int((datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=7)).timestamp())
        notes = f"On {day:%d %B %Y}, {'; '.join(chance.choices(_NOTES, k=5))}."
        yield (
            *(f"BEN{first_id + number}", f"{day:%d %B %Y}", day.year, 1, "Political violence", event_type),
            *(EVENT_TYPES[event_type], _actor(chance), "", "Rebel group", _actor(chance), "", "State forces"),
            *("State forces-Rebel group", "", "", "Africa", country, area, f"{area} {number % 40}", "", area),
            *(f"{chance.uniform(-20, 30):.4f}", f"{chance.uniform(-15, 45):.4f}", 1, "Bench", "National", notes),
            *(_deaths(chance), "", stamp),
        )


def _actor(chance: random.Random) -> str:
    return f"Group {chance.randrange(_ACTORS)}"


def _deaths(chance: random.Random) -> int:
    """One event in three has deaths, and a few have many: variance over mean is about nine."""
    return 0 if chance.random() < 2 / 3 else 1 + int(chance.paretovariate(1.6)) % 120
