from __future__ import annotations

from datetime import date

import pytest

from watcher.core.reading import Kind, Output, day_text


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        pytest.param(Kind.COUNT, 5242, "5\N{NO-BREAK SPACE}242", id="a count in thousands"),
        pytest.param(Kind.COUNT, 0, "0", id="no count"),
        pytest.param(Kind.NUMBER, 339.9452, "339.9", id="a number"),
        pytest.param(Kind.RATIO, 1.31478, "1.315", id="a ratio"),
        pytest.param(Kind.RATIO, float("inf"), "infinite", id="a ratio to nothing"),
        pytest.param(Kind.PROBABILITY, 0.02345, "0.023", id="a probability"),
        pytest.param(Kind.SHARE, 0.314, "31 %", id="a share"),
        pytest.param(Kind.PER_DAY, 2.3777, "2.38 a day", id="a rate"),
        pytest.param(Kind.DAYS, 188, "188 days", id="days"),
        pytest.param(Kind.DAYS, 1, "1 day", id="one day"),
        pytest.param(Kind.DAYS, 1.5, "1.5 days", id="a part of a day"),
        pytest.param(Kind.DATE, date(2020, 7, 6), "6 Jul 2020", id="a date"),
        pytest.param(Kind.TEXT, "weak", "weak", id="a word"),
        pytest.param(Kind.TEXT, "", "", id="no word"),
        pytest.param(Kind.TEXT, True, "True", id="yes or no"),
        pytest.param(Kind.DAYS, None, "unknown", id="nothing known"),
    ],
)
def test_a_value_is_written_in_its_unit(kind, value, text):
    assert Output("an_output", kind, "What it is.").format(value) == text


def test_a_date_is_written_the_same_in_every_locale():
    assert [day_text(date(2020, month, 1)).split()[1] for month in range(1, 13)] == (
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    )
