from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.picture.test_drawing import CAPTION, GOLDEN, HOSTILE, PACE, PICTURES, SERIES, STATES
from watcher.core.picture import Bar, Caption, Lane, Picture, SeriesPicture, Span
from watcher.core.picture.terminal import drawn


@pytest.mark.parametrize("name", list(PICTURES))
@pytest.mark.parametrize("suffix", [pytest.param("", id="in Unicode"), pytest.param("-ascii", id="in ASCII")])
def test_a_picture_is_drawn_to_the_character(name, suffix):
    said = "\n".join(drawn(PICTURES[name], CAPTION, width=72, height=8, ascii_only=bool(suffix))) + "\n"
    golden = GOLDEN / f"{name}{suffix}.txt"
    if "UPDATE_GOLDEN" in os.environ:
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", list(PICTURES))
@pytest.mark.parametrize("width", [40, 72, 100])
def test_no_picture_is_wider_than_the_screen(name, width):
    for ascii_only in (False, True):
        lines = drawn(PICTURES[name], CAPTION, width=width, ascii_only=ascii_only)
        assert max(map(len, lines)) <= width
        assert not ascii_only or width < 72 or "\n".join(lines).isascii()


def test_an_alarm_of_one_day_is_seen_among_many_days():
    bars = tuple(Bar(date(2020, 1, 1) + timedelta(days=i), date(2020, 1, 1) + timedelta(days=i), 1) for i in range(400))
    loud = SeriesPicture("attacks", "day", (*bars[:200], replace_alarm(bars[200]), *bars[201:]))
    assert "▲" in "\n".join(drawn(loud, Caption(), width=60))


def replace_alarm(bar: Bar) -> Bar:
    return bar._replace(alarm=True)


def test_a_state_of_one_day_is_seen_in_its_lane():
    day = date(2020, 2, 3)
    lane = Lane("x", (Span("clashing", day, day),))
    assert "█" in drawn(replace(STATES, lanes=(lane,), last=date(2022, 1, 1)), Caption(), width=60)[2]


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(replace(PACE, points=()), id="no days"),
        pytest.param(replace(SERIES, bars=()), id="no bars"),
        pytest.param(replace(STATES, lanes=()), id="no lanes"),
        pytest.param(replace(SERIES, bars=(Bar(date(2020, 1, 1), date(2020, 1, 1), 0),)), id="a day without any"),
        pytest.param(replace(SERIES, unit=HOSTILE), id="a hostile unit"),
        pytest.param(replace(STATES, lanes=(Lane(HOSTILE, (Span(HOSTILE, None, None),)),)), id="hostile states"),
    ],
)
def test_a_picture_of_nothing_or_of_anything_is_still_lines(picture: Picture):
    lines = drawn(picture, CAPTION, width=40)
    assert lines
    assert not any(character in "".join(lines) for character in "\n\x00\x1b\u202e")


@given(
    totals=st.lists(st.integers(0, 10**6), min_size=1, max_size=130),
    every=st.sampled_from([1, 7, 28]),
    width=st.integers(40, 120),
    height=st.integers(4, 20),
)
def test_any_series_fits_and_its_highest_bar_reaches_the_most_rows(totals, every, width, height):
    bars = tuple(
        Bar(date(2020, 1, 1) + timedelta(days=every * i), date(2020, 1, 1) + timedelta(days=every * (i + 1) - 1), total)
        for i, total in enumerate(totals)
    )
    lines = drawn(SeriesPicture("attacks", "day", bars), Caption(), width=width, height=height)
    assert max(map(len, lines)) <= width
    assert len(lines) >= height + 3
