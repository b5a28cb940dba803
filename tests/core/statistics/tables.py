"""Reference tables: our own beside the detectors' tests, the whole collection beside the checkout."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

OURS = Path(__file__).parents[1] / "detectors" / "reference"
#: The whole collection, of which the project carries what is our own.
ALL = Path(__file__).parents[4] / "shared" / "reference" / "statistics"

OWN_SERIES = ("syn_sparse", "syn_low", "syn_mid", "syn_fatal")
#: Series of other people: the first two and ours are long enough for five years.
OTHER_SERIES = ("agona", "newport", "k1", "m1", "hepatitisA")
LONG_SERIES = (*OWN_SERIES, "agona", "newport")
SHORT_SERIES = ("k1", "m1", "hepatitisA")
WEEKLY = (*OWN_SERIES, *OTHER_SERIES)

#: The gate for means, dispersions and p-values, and for what has closed forms.
CLOSE, EXACT = 1e-4, 1e-9
#: The tables have twelve significant digits.
PRINTED = 1e-9
#: Below this a mean has no digits that could be compared.
NO_MEAN = 1e-6

_ABSENT = "the reference table {} is not here"


def table(folder: str, name: str) -> list[dict[str, str]]:
    """The rows of a table; a test that needs one which is not here is skipped."""
    path = _path(folder, name)
    if not path.exists():
        pytest.skip(_ABSENT.format(name))
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rows(folder: str, name: str) -> list[Any]:
    """The rows of a table as the parameters of a test."""
    if not _path(folder, name).exists():
        return [pytest.param({}, id="absent", marks=pytest.mark.skip(reason=_ABSENT.format(name)))]
    return [pytest.param(row, id=row["id"]) for row in table(folder, name)]


def number(row: dict[str, str], column: str) -> float:
    """A number of a row."""
    return float(row[column])


def _path(folder: str, name: str) -> Path:
    ours = OURS / f"{name}.csv"
    return ours if ours.exists() else ALL / folder / f"{name}.csv"


def detector(series: str, config: str) -> list[dict[str, str]]:
    """What R says of a series, week by week."""
    return table("detectors", f"{series}__{config}")


def parameters(series: str, config: str) -> Mapping[str, Any]:
    """With which parameters R was called."""
    path = ALL / "detectors" / f"{series}__{config}.json"
    if not path.exists():
        pytest.skip(f"the parameters of {series} {config} are not here")
    found: Mapping[str, Any] = json.loads(path.read_text("utf-8"))["params"]
    return found


def series(name: str) -> list[int]:
    """The counts of a series."""
    return [int(row["observed"]) for row in table("series", name)]


def days(name: str) -> list[date | None]:
    """The days of a series; a series by index has none."""
    return [date.fromisoformat(row["date"]) if row["date"] else None for row in table("series", name)]


def rates(name: str) -> dict[str, list[dict[str, str]]]:
    """The rows of a table, set by set."""
    sets: dict[str, list[dict[str, str]]] = {}
    for row in table("rates", name):
        sets.setdefault(row["set"], []).append(row)
    return sets
