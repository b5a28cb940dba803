from __future__ import annotations

import doctest
import re
from datetime import date, timedelta
from math import inf, nan
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.core.message import chart
from watcher.core.message.chart import above_for_good, bar, pace_chart, sparkline
from watcher.core.picture import Point

GOLDEN = Path(__file__).parent / "golden"
FIRST = date(2020, 1, 1)


def days(count: int, observed: object = 0, expected: object = 0) -> list[Point]:
    """So many days from 1 January 2020 on; observed and expected are numbers, or functions of the day."""
    return [
        (FIRST + timedelta(days=i), *(each(i) if callable(each) else each for each in (observed, expected)))  # type: ignore[misc]
        for i in range(count)
    ]


#: Behind the pace until spring, above it from then on: 447 by 6 July against 340.
YEAR = days(188, lambda i: i if i < 80 else 80 + (i - 80) * 367 // 107, lambda i: (i + 1) * 660 / 365)


@pytest.mark.parametrize(
    ("name", "drawing"),
    [
        pytest.param("chart", pace_chart(YEAR, unit="deaths"), id="in Braille"),
        pytest.param(
            "chart-ascii", pace_chart(YEAR, unit="deaths", width=60, height=8, ascii_only=True), id="in ASCII"
        ),
    ],
)
def test_the_chart_looks_as_its_golden_copy(name: str, drawing: str):
    assert drawing + "\n" == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_colour_adds_nothing_but_colour():
    plain = pace_chart(YEAR, unit="deaths")
    coloured = pace_chart(YEAR, unit="deaths", colour=True)
    assert coloured != plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_ascii_is_ascii():
    assert pace_chart(YEAR, unit="deaths", ascii_only=True).isascii()


@pytest.mark.parametrize("width", [60, 72, 80, 100])
def test_a_chart_fits_its_width_and_names_both_ends(width: int):
    drawing = pace_chart(YEAR, unit="deaths", width=width)
    assert max(map(len, drawing.splitlines())) <= width
    assert "1 Jan 2020" in drawing
    assert "6 Jul 2020" in drawing


@pytest.mark.parametrize(
    ("points", "shown"),
    [
        pytest.param([], ["deaths: no days to draw"], id="no day"),
        pytest.param([(FIRST, nan, 1.0), (FIRST, 1.0, inf)], ["deaths: no days to draw"], id="no number"),
        pytest.param(days(1, 5, 2), ["observed 5", "pace 2", "1 Jan 2020 to 1 Jan 2020"], id="one day"),
        pytest.param(days(20), ["1 ┤", "0 ┤", "observed 0", "8 Jan", "15 Jan"], id="nothing happened"),
        pytest.param(days(9, 3, 0), ["3 ┤", "3 Jan", "4 Jan"], id="a few days are named one by one"),
        pytest.param(days(70, -4, 1), ["observed -4", "15 Jan"], id="what is below zero lies on the floor"),
        pytest.param(
            days(300, lambda i: i * 99_999, 1), ["30 000 000 ┤", "above it ever since 2 Jan 2020"], id="far above"
        ),
        pytest.param(days(4_000, 1, 1), ["2022", "13 Dec 2030"], id="years"),
        pytest.param(days(1_200, 1, 1), ["1 Jan", "14 Apr 2023"], id="a few years"),
        pytest.param(days(36_500, 1, 1), ["2040", "7 Dec 2119"], id="a century"),
        pytest.param([(date.min, 0, 0), (date.max, 1, 1)], ["1 Jan 1 ", "31 Dec 9999"], id="all days there are"),
        pytest.param(days(9, 1e15, 1), ["1 000 000 000 000 000 ┤", "observed"], id="numbers that leave little room"),
        pytest.param(
            [YEAR[-1], YEAR[0]], ["1 Jan 2020", "6 Jul 2020", "observed 447"], id="two stated days, in any order"
        ),
    ],
)
def test_odd_series_are_drawn_too(points: list[Point], shown: list[str]):
    drawing = pace_chart(points, unit="deaths")
    assert [each for each in shown if each not in drawing] == []


def test_where_two_dates_have_no_room_the_first_stands_alone():
    lines = pace_chart(days(9, 1e15, 1), width=40, unit="deaths").splitlines()
    assert "1 Jan 2020" in map(str.strip, lines)


def test_the_mark_stands_below_the_first_day_above_for_good():
    drawing = pace_chart(YEAR, unit="deaths").splitlines()
    floor = next(line for line in drawing if "└" in line)
    since = above_for_good(YEAR)
    assert since is not None
    share = (since - FIRST).days / 187
    assert abs((floor.index("▲") - 5) / 66 - share) < 0.02
    assert f"▲ above it ever since {since.day} " in drawing[-1]


@pytest.mark.parametrize(
    ("points", "since"),
    [
        pytest.param([], None, id="no day"),
        pytest.param(days(5, 2, 2), None, id="equal is not above"),
        pytest.param(days(5, lambda i: 3 if i < 4 else 0, 1), None, id="below at the end"),
        pytest.param(days(5, lambda i: 0 if i == 2 else 3, 1), date(2020, 1, 4), id="after the last day below"),
        pytest.param(days(5, 3, 1), FIRST, id="from the first day"),
    ],
)
def test_above_for_good_is_the_first_day_without_a_day_below_after_it(points: list[Point], since: date | None):
    assert above_for_good(points) == since


@settings(max_examples=60, deadline=None)
@given(
    points=st.lists(
        st.tuples(
            st.dates(),
            st.floats(-1e15, 1e15) | st.just(nan),
            st.floats(0, 1e15, allow_subnormal=False),
        ),
        max_size=30,
    ),
    width=st.integers(-5, 120),
    height=st.integers(-5, 40),
    ascii_only=st.booleans(),
)
def test_any_series_fits(points: list[Point], width: int, height: int, ascii_only: bool):
    drawing = pace_chart(points, width=width, height=height, unit="deaths\n\x1b[2J", ascii_only=ascii_only)
    assert max(map(len, drawing.splitlines())) <= max(40, width)
    assert "\x1b" not in drawing


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([0, 0, 0], "▁▁▁"),
        ([5], "█"),
        ([0, 1, 2, 4], "▁▃▅█"),
        ([-2, 0, 2], "▁▅█"),
        ([1, nan, inf, 1], "█  █"),
    ],
)
def test_a_sparkline_has_one_bar_for_each_value(values: list[float], line: str):
    assert sparkline(values) == line


def test_a_sparkline_can_be_thinned_and_be_ascii():
    assert sparkline([0, 0, 4, 4], width=2) == "▁█"
    assert sparkline([0, 4], width=5) == "▁█"
    assert len(sparkline(range(1_000), width=52)) == 52
    assert sparkline([0, 4], ascii_only=True) == "_#"


@pytest.mark.parametrize(
    ("share", "drawn"),
    [(0, "    "), (0.5, "██  "), (0.28, "█▏  "), (1, "████"), (7, "████"), (-1, "    "), (nan, "    ")],
)
def test_a_bar_shows_a_share(share: float, drawn: str):
    assert bar(share, 4) == drawn


def test_a_bar_can_be_ascii():
    assert bar(0.5, 4, ascii_only=True) == "##  "


def test_the_examples_in_the_module_hold():
    assert doctest.testmod(chart).failed == 0
