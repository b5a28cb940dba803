"""The reference tables of the rate tests, which lie beside the checkout; a test without its table is skipped."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

RATES = Path(__file__).parents[4] / "shared" / "reference" / "statistics" / "rates"
#: The tables have twelve significant digits.
PRINTED = 1e-9


def table(name: str) -> list[dict[str, str]]:
    """The rows of a table; none where it is not there."""
    path = RATES / name
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rows(name: str) -> list[Any]:
    """The rows of a table as the parameters of a test."""
    absent = pytest.param({}, id="absent", marks=pytest.mark.skip(reason=f"the reference table {name} is not here"))
    return [pytest.param(row, id=row["id"]) for row in table(name)] or [absent]


def number(row: dict[str, str], column: str) -> float:
    """A number of a row."""
    return float(row[column])
