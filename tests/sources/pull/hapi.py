"""HDX HAPI on loopback: pages of months by limit and offset, and a wall before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.sources.pull.api import Api, Asked, Said, said

IDENTIFIER = "ZGVzazpkZXNrQGV4YW1wbGUub3Jn"
PATH = "/api/v2/coordination-context/conflict-events"
_LAST = {"01": 31, "02": 28, "03": 31, "04": 30, "05": 31, "06": 30, "07": 31, "08": 31, "09": 30, "10": 31, "11": 30}


def month(place: str, *, of: str = "2026-10", **changes: Any) -> dict[str, Any]:
    """A month of a district that never was, as the API writes it."""
    row = {
        "location_ref": 1,
        "location_code": "MOZ",
        "location_name": "Mozambique",
        "has_hrp": True,
        "in_gho": True,
        "provider_admin1_name": "Cabo Delgado",
        "provider_admin2_name": place,
        "admin1_ref": 1,
        "admin1_code": "MZ01",
        "admin1_name": "Cabo Delgado",
        "admin2_ref": 1,
        "admin2_code": f"MZ01{place}",
        "admin2_name": place,
        "admin_level": 2,
        "resource_hdx_id": "11111111-2222-3333-4444-555555555555",
        "event_type": "political_violence",
        "events": 2,
        "fatalities": 3,
        "reference_period_start": f"{of}-01T00:00:00",
        "reference_period_end": f"{of}-{_LAST.get(of[5:], 31)}T23:59:59",
    }
    return row | changes


@dataclass
class Hapi(Api):
    """The API."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    #: It gives no more rows at a time than this.
    most: int = 1_000_000

    def answer(self, asked: Asked, body: bytes) -> Said:
        self.asked.append(asked)
        if (fault := self.fault(asked)) is not None:
            return fault
        if asked.headers.get("x-hdx-hapi-app-identifier") != IDENTIFIER:
            return said({"error": "Missing app identifier"}, 403)
        assert asked.path == PATH
        start, size = int(asked.asked["offset"]), min(int(asked.asked["limit"]), self.most)
        return said({"data": [row for row in self.rows if _picks(asked.asked, row)][start : start + size]})

    def offsets(self) -> list[int]:
        """The offsets that were asked for."""
        return [int(each.asked["offset"]) for each in self.asked]


def _picks(asked: Mapping[str, str], row: Mapping[str, Any]) -> bool:
    """As moments: a month that ends at 23:59:59 ends later than its last day begins."""
    return bool(
        row["location_code"] == asked.get("location_code", row["location_code"])
        and row["reference_period_start"] >= asked["start_date"]
        and row["reference_period_end"] <= asked["end_date"]
    )
