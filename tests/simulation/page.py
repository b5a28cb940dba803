"""What the page says of a simulation, so that tests can hold a slice of it against the page, and the page against others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "false-alarms.md"

#: The fields of a table by row and column, each as its numbers.
Table = Mapping[tuple[str, str], tuple[float, ...]]


def table(first: str, page: Path = PAGE) -> Table:
    """The table whose heading has this as its first column of figures."""
    lines = iter(page.read_text("utf-8").splitlines())
    head = next(line for line in lines if line.startswith("|") and first in _fields(line))
    names, places = _fields(head), range(_fields(head).index(first), len(_fields(head)))
    rows: dict[tuple[str, str], tuple[float, ...]] = {}
    next(lines)
    while (line := next(lines, "")).startswith("|"):
        fields = _fields(line)
        row = "|".join(fields[: places.start])
        rows |= {(row, names[at]): tuple(map(float, re.findall(r"[\d.]+", fields[at]))) for at in places if fields[at]}
    return rows


def _fields(line: str) -> list[str]:
    return [field.strip() for field in line.strip()[1:-1].split("|")]
