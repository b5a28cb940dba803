from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.sources import cells

CALM = settings(deadline=None)


@CALM
@given(text=st.text(max_size=20))
def test_any_text_is_a_whole_number_that_is_written_there_or_a_value_error(text):
    with suppress(ValueError):
        value = cells.whole(-1_000, 1_000)(text)
        assert text.strip().split(".")[0].lstrip("-").lstrip("0") == str(abs(value)).lstrip("0")
        assert text.strip().isascii()


@CALM
@given(value=st.integers(-1_000, 1_000))
def test_a_whole_number_is_read_back_also_as_a_float(value):
    read = cells.whole(-1_000, 1_000)
    assert read(str(value)) == read(f" {value}.0") == value


@CALM
@given(value=st.floats(-90, 90))
def test_a_decimal_number_is_read_back(value):
    assert cells.latitude(f" {value:.12f} ") == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    "text", ["inf", "nan", "1e400", "1_0", "0x1", "१२", "--1", "1.", ".5", "1.2.3", "", " ", "12345"]
)
def test_what_python_or_nobody_calls_a_number_is_refused(text):
    with pytest.raises(ValueError, match="is no decimal number"):
        cells.longitude(text)


def test_minus_zero_is_zero_so_that_a_place_keeps_its_hash():
    assert math.copysign(1, cells.latitude("-0.0")) == 1


def test_nothing_stays_nothing():
    read = cells.optional(cells.whole(0, 9))
    assert (read(""), read(" "), read("NA"), read("0")) == (None, None, None, 0)


def test_a_refusal_names_the_column_and_shows_the_text_cut_to_a_bearable_length():
    with pytest.raises(cells.BadCell) as caught:
        cells.column("fatalities", cells.deaths)["many " * 100]
    assert caught.value.column == "fatalities"
    assert caught.value.reason == f"{('many ' * 12)!r}... is no whole number"


def test_a_memo_parses_a_text_once_and_forgets_when_it_is_full(monkeypatch):
    monkeypatch.setattr(cells, "_REMEMBERED", 2)
    asked: list[str] = []

    def measure(text: str) -> int:
        asked.append(text)
        return len(text)

    memo = cells.Memo(measure)
    assert [memo[text] for text in ("a", "a", "bb", "a", "ccc", "a")] == [1, 1, 2, 1, 3, 1]
    assert asked == ["a", "bb", "ccc", "a"]
    assert len(memo) <= 2


@pytest.mark.parametrize("key", ["x" * 301, ("x" * 150, "y" * 151)], ids=["a long text", "long texts together"])
def test_a_memo_does_not_keep_what_is_long(key):
    memo = cells.Memo[str | tuple[str, ...], int](len)
    assert memo[key] == len(key)
    assert not memo


@pytest.mark.parametrize(("text", "key"), [("900001.0", "900001"), (" A-1 ", "A-1"), ("007", "007"), ("12E4", "12E4")])
def test_a_key_is_kept_as_it_is_written(text, key):
    assert cells.identifier(text) == key


@pytest.mark.parametrize("text", ["", " ", "2.02E+13", "2,02e+13", "2E+13", "1.5e7", "x" * 1_001])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(ValueError, match=r"identifier|scientific"):
        cells.identifier(text)
