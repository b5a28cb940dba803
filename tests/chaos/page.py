"""The page of figures: what the notes of the long tier add up to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median

from tests.chaos.rows import Row

#: What stands between these lines is written by ``make chaos``.
BEGIN, END = "<!-- figures: written by make chaos -->", "<!-- end of figures -->"


def write_page(page: Path, rows: Mapping[str, Row], notes: Path) -> None:
    """Put the figures into the page, and leave the words around them alone."""
    text = page.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{_table(rows, notes)}\n{END}{after}")


def _table(rows: Mapping[str, Row], notes: Path) -> str:
    lines = ["| row | what is done | slices | figures |", "|---|---|---|---|"]
    tables = []
    for row in sorted(rows.values(), key=lambda each: int(each.code[1:])):
        found = _read(notes / f"{row.code}.jsonl")
        words = {name: value for name, value in _added(found).items() if not isinstance(value, str)}
        said = ", ".join(f"{name} {_number(value)}" for name, value in words.items()) or "not run"
        lines.append(f"| {row.code} | {row.title} | {len(found)} of {row.slices} | {said} |")
        if texts := {name: value for each in found for name, value in each.items() if isinstance(value, str)}:
            tables += ["", f"### {row.code}: {row.title}", "", "| what the other side does | what it means for us |"]
            tables += ["|---|---|", *(f"| {name} | {value} |" for name, value in texts.items())]
    return "\n".join([*lines, *tables, ""])


def _read(path: Path) -> list[dict[str, object]]:
    """The figures of each slice; of one that was run twice, the last."""
    notes = map(json.loads, path.read_text().splitlines()) if path.exists() else ()
    return list({note["seed"]: note["figures"] for note in notes}.values())


def _added(found: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """The sum of each figure; the greatest of those whose name begins with ``max``; all samples of one."""
    total: dict[str, object] = {}
    for figures in found:
        for name, value in figures.items():
            before = total.get(name, 0)
            if isinstance(value, list):
                total[name] = [*(before if isinstance(before, list) else ()), *value]
            elif isinstance(value, int | float) and isinstance(before, int | float):
                total[name] = max(before, value) if name.startswith("max ") else before + value
    return total


def _number(value: object) -> str:
    if isinstance(value, list):
        return f"median {median(value):.2f}, max {max(value):.2f} ({len(value)} times)"
    return f"{value:.1f}" if isinstance(value, float) else f"{value}"
