"""Made-up years as a detector sees them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from watcher.core.indicator import Indicator
from watcher.core.label import NO_LABELS
from watcher.core.period import Period
from watcher.simulated import Course, MadeUp, SimulatedSnapshot

MARCH = Period(date(2020, 3, 1), date(2020, 4, 1))


def test_nothing_made_up_is_counted_of_a_coverage_gap():
    gap = {"from": "2020-03-10", "to": "2020-03-12", "because": "the line was cut"}
    cut = Indicator.model_validate({"indicator": "cut", "sum": "fatalities", "coverage_gaps": [gap]})
    whole = Indicator(indicator="whole", sum="fatalities")
    days = [date(2020, 3, 9), date(2020, 3, 10), date(2020, 3, 12), date(2020, 3, 13)]
    course = Course([(day, 2**i) for i, day in enumerate(days)])
    world = MadeUp({NO_LABELS: course}, MARCH, ())
    snapshot = SimulatedSnapshot(world, datetime(2020, 4, 1, tzinfo=UTC), MARCH.last)
    until = Period(MARCH.start, date(2020, 3, 13))
    for indicator, total, largest, seen in ((cut, 9, 1, [days[0], days[3]]), (whole, 15, 4, days)):
        assert snapshot.totals(indicator, NO_LABELS, MARCH).total == total
        assert [day for day, _ in snapshot.daily(indicator, NO_LABELS, MARCH)] == seen
        assert [each.day for each in snapshot.by_day(indicator, MARCH)[NO_LABELS]] == seen
        assert snapshot.largest(indicator, NO_LABELS, until) == largest
