"""What a pace rule takes once its sums are known: ``python -m tests.bench.pace WORK NUMBER``, each in a process of its own.

Reading and judging looks at ratio and evidence; interval and p are worked out when a rule or a message asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, cast, get_args

from tests.bench.measure import Figures, spent, tell
from watcher.core.catalogue import Catalogue
from watcher.core.detectors import pace
from watcher.core.detectors.pace.interval import Test, Weeks, interval
from watcher.core.detectors.pace.sides import Side, Sides
from watcher.core.indicator import Indicator, Totals
from watcher.core.label import NO_LABELS
from watcher.core.period import Period
from watcher.core.rule import Rule, judge
from watcher.core.snapshot import Snapshot
from watcher.core.statistics.rates import Tally

AS_KNOWN = datetime(2020, 7, 14, tzinfo=UTC)
NOW, BEFORE = Period(date(2020, 1, 1), AS_KNOWN.date()), Period.of_year(2019)
#: The article's deaths, and attacks that carry them.
SUMS = {NOW: Totals(206, 206, 447, 2_120, 130), BEFORE: Totals(309, 309, 660, 3_168, 190)}


class Known:
    """A snapshot whose answers cost nothing."""

    as_known = AS_KNOWN

    def coverage(self, _indicator: Indicator) -> Period:
        return Period(BEFORE.start, NOW.end)

    def groups(self, _indicator: Indicator) -> list[Any]:
        return [NO_LABELS]

    def totals(self, _indicator: Indicator, _group: Any, period: Period) -> Totals:
        return SUMS[period]

    def straddling(self, *_asked: object) -> tuple[()]:
        return ()

    def baselines(self, _indicator: Indicator) -> tuple[()]:
        return ()

    def largest(self, *_asked: object) -> int:
        return 31


def judged(number: str, measure: Mapping[str, str]) -> Figures:
    """One rule with its default condition and severity, read and judged so many times."""
    indicator = Indicator.model_validate({"indicator": "made_up", **measure})
    catalogue = Catalogue(indicators={"made_up": indicator})
    rule = Rule.model_validate({"alert": "Pace", "pace": {"indicator": "made_up", "above": 2019}})
    snapshot = cast("Snapshot", Known())

    def once() -> bool:
        [reading] = pace.read(rule.parameters, catalogue, snapshot)
        return judge(rule, reading, catalogue).holds

    return least(once, number)


def tested(number: str, *, test: Test) -> Figures:
    """Interval and p by one test, so many times."""
    now, before = (Side(period, sums.total, sums.events, totals=sums) for period, sums in SUMS.items())
    sides, both = Sides(now, before, None), Weeks(_weeks(NOW), _weeks(BEFORE))

    def once() -> str:
        result = interval(test, sides, dispersion=5, weeks=both).result
        return f"{result.p:.10g} {result.low:.10g}" if result else ""

    return least(once, number)


def _weeks(period: Period) -> list[Tally]:
    """Weeks with one attack more and one less in turn; the rest of the days in a last one."""
    whole, rest = divmod(period.days, 7)
    each = SUMS[period].total // (whole + 1)
    weeks = [Tally(each + (-1) ** number, 7) for number in range(whole)]
    return [*weeks, Tally(SUMS[period].total - sum(week.total for week in weeks), rest or 7)]


def least(work: Callable[[], Any], number: str) -> Figures:
    """Seconds for one, the least of five runs."""
    runs = [spent(lambda: [work() for _ in range(int(number))]) for _ in range(5)]
    return {"seconds": min(seconds for seconds, _ in runs) / int(number), "answer": runs[0][1][0]}


WORKS: Mapping[str, Callable[..., Figures]] = {
    "attacks": partial(judged, measure={"count": "events"}),
    "deaths": partial(judged, measure={"sum": "fatalities"}),
    **{test: partial(tested, test=test) for test in get_args(Test)},
}

if __name__ == "__main__":
    tell(WORKS)
