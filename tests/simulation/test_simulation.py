"""A slice of the simulation: a few series of each kind come to what the page says of four hundred."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.simulation.__main__ import Measured, main, measured, table
from tests.simulation.cells import CELLS, LASTS, WATCHED, WEEKS, surging, unchanged
from tests.simulation.ways import WAYS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "false-alarms.md"
#: So many series in the fast suite; the difference may be so many standard errors of the slice.
SERIES, ERRORS = 12, 4.0


def said(way: str, cell: str) -> tuple[float, float]:
    """Percent of weeks with a false alarm, and of surges found, as the page says."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    heads, *rows = [line[1:-1].split("|") for line in lines if " ± " in line or "mean 0.2, scatter 1.3 |" in line[:30]]
    row = next(each for each in rows if each[0].strip() == way)
    field = row[[head.strip() for head in heads].index(cell)]
    false, _, found, _ = (float(number) for number in re.findall(r"[\d.]+", field))
    return false, found


@pytest.mark.parametrize(
    ("way", "cell"),
    [
        ("seasonal", "mean 3, scatter 2"),
        ("recent", "mean 10, scatter 3"),
        ("shift", "mean 4, rising"),
        ("compound", "deaths of 4 attacks"),
        ("ears_c3", "mean 1, scatter 1.5"),
        ("zscore", "mean 3, past surges"),
        ("surge, 1 week against 4", "mean 3, scatter 2"),
        ("record, 4 weeks in 52", "mean 6, seasonal"),
    ],
)
def test_a_slice_comes_to_what_the_page_says(way, cell):
    done = measured(WAYS[way], CELLS[cell], SERIES)
    false, found = said(way, cell)
    # Alarms of one series come together, so a slice scatters about three times as much as single weeks would.
    error = 3 * (false * (100 - false) / (SERIES * WATCHED)) ** 0.5
    assert abs(done.false_percent - false) <= ERRORS / 2 * error
    assert abs(done.found_percent - found) <= ERRORS * (found * (100 - found) / SERIES + 1) ** 0.5


def test_a_surge_is_in_the_watched_year_and_nowhere_else():
    cell = CELLS["mean 10, scatter 3"]
    for number in range(5):
        plain, (surge, begin) = unchanged(cell, number), surging(cell, number)
        assert WEEKS - WATCHED <= begin <= WEEKS - LASTS
        assert surge.counts[:begin] == plain.counts[:begin]
        assert surge.counts[begin + LASTS :] == plain.counts[begin + LASTS :]
        assert sum(surge.counts[begin : begin + LASTS]) > 2 * 4 * 10


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path, capsys):
    kept = tmp_path / "kept.json"
    asked = ["--series", "2", "--json", str(kept), "--ways", "record, 4 weeks in 52", "--cells"]
    main([*asked, "mean 3, scatter 2"])
    first = kept.read_text()
    capsys.readouterr()
    main([*asked, "mean 3, scatter 2", "mean 10, scatter 3"])
    printed = capsys.readouterr().out
    assert len(first) < len(kept.read_text())
    assert printed.count("record, 4 weeks in 52") == 2


def test_the_table_has_errors():
    done = {"recent|mean 3, scatter 2": Measured(100, 52, 104, 80, 20)}
    assert "| recent | 1.00 ± 0.17 / 80 / 20 |" in table(done)
