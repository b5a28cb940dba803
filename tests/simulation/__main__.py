"""False alarms and what is found for them, on made-up series: ``python -m tests.simulation``.

Every way of judging a week is put to every kind of series. What is measured is kept in a file as it comes, so that a run
that was stopped goes on where it was; ``--ways`` and ``--cells`` run a slice.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from math import sqrt
from pathlib import Path
from typing import NamedTuple

from tests.simulation.cells import CELLS, LASTS, WATCHED, WEEKS, Cell, surging, unchanged
from tests.simulation.ways import WAYS, Way


class Measured(NamedTuple):
    """What a way of judging comes to in one kind of series."""

    series: int
    #: Of all watched weeks.
    false_alarms: int
    #: Weeks with a false alarm, squared and summed over the series: alarms of one series come together.
    squares: int
    #: Surges found at all, and in their first week.
    found: int
    at_once: int

    @property
    def false_percent(self) -> float:
        """Percent of the weeks with a false alarm."""
        return 100 * self.false_alarms / (self.series * WATCHED)

    @property
    def false_error(self) -> float:
        """Its standard error, from the scatter between series."""
        mean = self.false_alarms / self.series
        return 100 / WATCHED * sqrt(max(0.0, self.squares / self.series - mean * mean) / self.series)

    @property
    def found_percent(self) -> float:
        """Percent of the surges that are found."""
        return 100 * self.found / self.series

    @property
    def at_once_percent(self) -> float:
        """Percent of the surges that are found in their first week."""
        return 100 * self.at_once / self.series


def measured(way: Way, cell: Cell, number: int) -> Measured:
    """So many series of a kind, watched for a year."""
    counts, found, at_once = [], 0, 0
    for each in range(number):
        plain = unchanged(cell, each)
        counts.append(sum(way(plain, at) for at in range(WEEKS - WATCHED, WEEKS)))
        surge, begin = surging(cell, each)
        alarms = [way(surge, at) for at in range(begin, begin + LASTS)]
        found, at_once = found + any(alarms), at_once + alarms[0]
    return Measured(number, sum(counts), sum(count * count for count in counts), found, at_once)


def makes_sense(way: str, cell: Cell) -> bool:
    """Only deaths are compounds."""
    return way != "compound" or cell.deaths


def table(done: Mapping[str, Measured]) -> str:
    """A table in Markdown: false alarms ± standard error / found / found at once, in percent."""
    cells = [name for name in CELLS if any(key.endswith(f"|{name}") for key in done)]
    lines = [f"| | {' | '.join(cells)} |", f"|---|{'---|' * len(cells)}"]
    for way in WAYS:
        texts = [_text(done.get(f"{way}|{cell}")) for cell in cells]
        if any(texts):
            lines.append(f"| {way} | {' | '.join(texts)} |")
    return "\n".join(lines)


def _text(each: Measured | None) -> str:
    if each is None:
        return ""
    false = f"{each.false_percent:.2f} ± {each.false_error:.2f}"
    return f"{false} / {each.found_percent:.0f} / {each.at_once_percent:.0f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is not measured yet, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--series", type=int, default=400, help="series of each kind (default: 400)")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="which ways of judging")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS), help="which kinds of series")
    parser.add_argument("--json", type=Path, default=Path("build/simulation.json"), help="where the figures are kept")
    options = parser.parse_args(arguments)
    done = _load(options.json)
    for way in options.ways:
        for cell in options.cells:
            key = f"{way}|{cell}"
            is_done = key in done and done[key].series == options.series
            if not is_done and makes_sense(way, CELLS[cell]):
                done[key] = measured(WAYS[way], CELLS[cell], options.series)
                print(f"{way:32} {cell:24} {_text(done[key])}", flush=True)
                _save(options.json, done)
    print(f"\n{table(done)}")


def _load(path: Path) -> dict[str, Measured]:
    if not path.exists():
        return {}
    return {key: Measured(*figures) for key, figures in json.loads(path.read_text("utf-8")).items()}


def _save(path: Path, done: Mapping[str, Measured]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
