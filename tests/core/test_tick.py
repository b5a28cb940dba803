from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watcher.core.tick import LONGEST_CATCH_UP, midnights, ticks_due

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MIDNIGHT = datetime(2020, 7, 7, tzinfo=UTC)
NOW = MIDNIGHT + 10 * HOUR + timedelta(minutes=25)


def at(hours: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("last", "moments", "dirty", "expected"),
    [
        pytest.param(None, [at(-100)], False, [at(10)], id="the first evaluation looks at the newest tick only"),
        pytest.param(at(9), [], False, [], id="nothing happened, nothing is due"),
        pytest.param(at(7), [at(7.5)], False, [at(8)], id="what became known is seen at the next tick"),
        pytest.param(at(7), [at(8)], False, [at(8)], id="what became known on a tick is seen at it"),
        pytest.param(at(7), [at(7.2), at(7.8), at(9.1)], False, [at(8), at(10)], id="each missed tick once, in order"),
        pytest.param(at(7), [at(10.2)], False, [], id="what becomes known after the newest tick waits for the next"),
        pytest.param(at(7), [at(6)], False, [], id="what was known before is old news"),
        pytest.param(at(7), [], True, [at(10)], id="late records are seen at the newest tick"),
        pytest.param(at(10), [], True, [at(10)], id="late records are seen at once, at the same tick again"),
        pytest.param(at(11), [], True, [], id="after a small step back of the clock nothing is judged backwards"),
        pytest.param(at(12), [], False, [at(10)], id="after a clock that was ahead the present is judged"),
    ],
)
def test_ticks_that_are_due(last, moments, dirty, expected):
    assert ticks_due(HOUR, last, NOW, moments=moments, dirty=dirty) == expected


def test_midnights_between_two_moments():
    assert midnights(at(-30), NOW) == [at(-24), at(0)]
    assert midnights(at(0), NOW) == []


def test_a_turn_after_years_looks_at_the_last_days_only():
    assert len(midnights(NOW - timedelta(days=5000), NOW)) == LONGEST_CATCH_UP // DAY
