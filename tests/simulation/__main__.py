"""How often nothing is taken for something, by simulation: ``python -m tests.simulation``.

Five parts: ``weeks``, every way of judging a week put to every kind of series; ``years``, a rule of ``pace`` looked at on
every day; ``doubled``, the same with twice as many attacks; ``chances``, p-values held against what they claim; ``moves``,
the delay of a source looked at every week. What is measured is kept in a file as it comes, so that
a run that was stopped goes on where it was. ``--parts``, ``--ways``, ``--cells`` and ``--worlds`` run a slice.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.simulation import chances, kept, moves, weeks, years
from tests.simulation.cells import CELLS, Cell
from tests.simulation.chances import CHANCES, LEVELS, Small
from tests.simulation.kept import Job
from tests.simulation.moves import Moved
from tests.simulation.ways import WAYS
from tests.simulation.weeks import Measured
from tests.simulation.worlds import WORLDS
from tests.simulation.years import Found, Reached

Done = Mapping[str, Any]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is not measured yet, and print the tables."""
    options = _options(arguments)
    done = kept.load(options.json)
    for part in options.parts:
        kept.do(_JOBS[part](options), done, options.json)
    for part in options.parts:
        print(f"\n{TABLES[part](done)}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=_JOBS, default=list(_JOBS), help="what to measure")
    parser.add_argument("--series", type=int, default=400, help="weeks: series of each kind (default: 400)")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="weeks: which ways of judging")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS), help="weeks: which kinds of series")
    parser.add_argument("--years", type=int, default=5_000, help="years: of each kind (default: 5000)")
    parser.add_argument("--doubled", type=int, default=1_000, help="doubled: years of each kind (default: 1000)")
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=list(WORLDS), help="years, doubled: which kinds")
    parser.add_argument("--histories", type=int, default=10_000, help="chances: p-values of each kind (default: 10000)")
    parser.add_argument("--sources", type=int, default=400, help="moves: years of each kind of source (default: 400)")
    parser.add_argument("--json", type=Path, default=Path("build/simulation.json"), help="where the figures are kept")
    return parser.parse_args(arguments)


# --- what is measured -------------------------------------------------------------------------------------------------


def _weeks(options: argparse.Namespace) -> Iterator[Job]:
    for way in options.ways:
        for cell in options.cells:
            if makes_sense(way, CELLS[cell]):
                yield Job(f"{way}|{cell}", options.series, partial(weeks.measured, WAYS[way], CELLS[cell]))


def _years(options: argparse.Namespace) -> Iterator[Job]:
    for name in options.worlds:
        yield Job(f"years|{name}", options.years, partial(years.reached, WORLDS[name]))


def _doubled(options: argparse.Namespace) -> Iterator[Job]:
    for name in options.worlds:
        yield Job(f"doubled|{name}", options.doubled, partial(years.found, WORLDS[name]))


def _chances(options: argparse.Namespace) -> Iterator[Job]:
    for name, chance in CHANCES.items():
        yield Job(f"chances|{name}", options.histories, partial(chances.small, chance))


def _moves(options: argparse.Namespace) -> Iterator[Job]:
    for name, kind in moves.KINDS.items():
        yield Job(f"moves|{name}", options.sources, partial(moves.moves, kind))


def makes_sense(way: str, cell: Cell) -> bool:
    """Only deaths are compounds."""
    return way != "compound" or cell.deaths


# --- the tables of the page, in Markdown ------------------------------------------------------------------------------


def table_of_weeks(done: Done) -> str:
    """False alarms ± standard error / found / found at once, in percent."""
    cells = [name for name in CELLS if any(f"{way}|{name}" in done for way in WAYS)]
    fields = {way: [done.get(f"{way}|{cell}") for cell in cells] for way in WAYS}
    rows = (
        _row(way, *(str(Measured(*each)) if each else "" for each in found))
        for way, found in fields.items()
        if any(found)
    )
    return "\n".join((*_head("", *cells), *rows))


def table_of_years(done: Done) -> str:
    """Percent of years that reach each critical value ± standard error."""
    rows = (
        _row(name, *str(Reached(*done[f"years|{name}"])).split(" / ")) for name in WORLDS if f"years|{name}" in done
    )
    return "\n".join((*_head("a year of", "moderate, 3.0", "strong, 4.75", "7.1"), *rows))


def table_of_doubled(done: Done) -> str:
    """Percent of years with twice as many attacks that reach the critical values, and the median day."""
    rows = (
        _row(name, *str(Found(*done[f"doubled|{name}"])).split(" / ")) for name in WORLDS if f"doubled|{name}" in done
    )
    return "\n".join((*_head("twice as many", "moderate, found", "strong, found"), *rows))


def table_of_chances(done: Done) -> str:
    """Percent of p-values at or below each level."""
    rows = (
        _row(*name.split("|"), *str(Small(*done[f"chances|{name}"])).split(" / "))
        for name in CHANCES
        if f"chances|{name}" in done
    )
    return "\n".join((*_head("p of", "in", *(f"{100 * level:g} %" for level in LEVELS)), *rows))


def table_of_moves(done: Done) -> str:
    """Percent of source-years in which a delay seems to have moved, and in which a doubled one is seen; the median day."""
    rows = (
        _row(name, *str(Moved(*done[f"moves|{name}"])).split(" / ")) for name in moves.KINDS if f"moves|{name}" in done
    )
    return "\n".join((*_head("records", "unchanged, told", "doubled, told", "after days"), *rows))


def _head(*names: str) -> tuple[str, str]:
    return _row(*names), f"|{'---|' * len(names)}"


def _row(*fields: str) -> str:
    return f"| {' | '.join(fields)} |"


_JOBS: Mapping[str, Callable[[argparse.Namespace], Iterator[Job]]] = {
    "weeks": _weeks,
    "years": _years,
    "doubled": _doubled,
    "chances": _chances,
    "moves": _moves,
}
TABLES: Mapping[str, Callable[[Done], str]] = {
    "weeks": table_of_weeks,
    "years": table_of_years,
    "doubled": table_of_doubled,
    "chances": table_of_chances,
    "moves": table_of_moves,
}

if __name__ == "__main__":
    main()
