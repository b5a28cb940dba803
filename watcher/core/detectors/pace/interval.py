"""Where the interval of the ratio and its p come from: one of several tests, or none.

All of them look once. The rule is looked at every day, so none of them ever sets the evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from watcher.core.detectors.pace.sides import Sides
from watcher.core.indicator import Indicator
from watcher.core.statistics import attacks, rates, weekly
from watcher.core.statistics.rates import RateTest, Tally
from watcher.core.statistics.student import student_quantile
from watcher.core.statistics.tails import normal_quantile

Test = Literal["auto", "none", "exact", "midp", "compound", "inflated", "quasi", "sequential"]

#: Confidence of every interval.
CONFIDENCE = 0.95


class Weeks(NamedTuple):
    """The weeks of both periods, each with its days; the last of a period may be shorter."""

    now: Sequence[Tally]
    before: Sequence[Tally]


@dataclass(frozen=True, slots=True)
class Interval:
    """What a test says of the ratio, and how it comes to say so."""

    #: The test that was used; never auto.
    test: Test
    #: None where there is no test, or where it says nothing.
    result: RateTest | None = None
    #: Why it says nothing; empty where it does.
    why: str = ""
    #: Under the root: the variance of the logarithm of the ratio; empty for tests that do not go that way.
    variance: str = ""
    error: float = 0.0
    #: So many standard errors to either side.
    reach: float = 0.0
    #: What was estimated on the way, as a step of its own; empty for nothing.
    step: str = ""


def chosen(test: Test, sides: Sides, indicator: Indicator, *, given: float | None) -> Test:
    """The test that ``auto`` stands for: counts are exact, sums go by their attacks where there are enough of them."""
    if test != "auto":
        return test
    if not indicator.is_sum:
        return "exact"
    return "compound" if given is None and _attacks(sides) else "inflated"


def interval(test: Test, sides: Sides, *, dispersion: float, weeks: Weeks | None) -> Interval:
    """Interval and p of the ratio by a test.

    :param dispersion: for the inflated test.
    :param weeks: for the quasi test; None where they are not counted from records.
    """
    return _TESTS[test](sides, dispersion, weeks)


def _none(_sides: Sides, _dispersion: float, _weeks: Weeks | None) -> Interval:
    return Interval("none", why="test: none")


def _sequential(_sides: Sides, _dispersion: float, _weeks: Weeks | None) -> Interval:
    return Interval("sequential", why="test: sequential, judged by its score alone")


def _exact(sides: Sides, _dispersion: float, _weeks: Weeks | None) -> Interval:
    return Interval("exact", rates.exact(sides.now.tally, sides.before.tally, confidence=CONFIDENCE))


def _midp(sides: Sides, _dispersion: float, _weeks: Weeks | None) -> Interval:
    return Interval("midp", rates.midp(sides.now.tally, sides.before.tally, confidence=CONFIDENCE))


def _inflated(sides: Sides, dispersion: float, _weeks: Weeks | None) -> Interval:
    return _by_dispersion("inflated", sides, dispersion)


def _compound(sides: Sides, _dispersion: float, _weeks: Weeks | None) -> Interval:
    both = _attacks(sides)
    if both is None:
        return Interval(
            "compound", why=f"fewer than {attacks.FEWEST} attacks with a value are stored in one of the periods"
        )
    pooled = attacks.pooled_dispersion(*both)
    if pooled and attacks.shares_spread(*both):
        step = f"Fewer than {attacks.OWN_SPREAD} attacks in a period: both share the dispersion {pooled:.3g}"
        return _by_dispersion("compound", sides, pooled, step=step)
    now, before = both
    result = attacks.compound((sides.now.tally.days, sides.before.tally.days), now, before, confidence=CONFIDENCE)
    if result is None:
        return Interval("compound", why=_ZERO)
    return Interval(
        "compound",
        result,
        variance=f"{now.squares}/{now.total}^2 + {before.squares}/{before.total}^2",
        error=attacks.compound_error(now, before),
        reach=normal_quantile((1 + CONFIDENCE) / 2),
    )


def _quasi(sides: Sides, _dispersion: float, weeks: Weeks | None) -> Interval:
    if weeks is None:
        return Interval("quasi", why="weeks are known only where both periods are counted from records")
    phi = weekly.pearson(weeks.now, weeks.before)
    result = weekly.quasi(weeks.now, weeks.before, confidence=CONFIDENCE)
    number = len(weeks.now) + len(weeks.before)
    if phi is None or result is None:
        few = f"there are fewer than {weekly.FEWEST_WEEKS} weeks"
        return Interval("quasi", why=few if number < weekly.FEWEST_WEEKS else _ZERO)
    return Interval(
        "quasi",
        result,
        variance=_inflated_variance(max(1.0, phi), sides),
        error=rates.inflated_error(sides.now.tally, sides.before.tally, dispersion=max(1.0, phi)),
        reach=student_quantile((1 + CONFIDENCE) / 2, number - 2),
        step=f"Pearson's phi of {number} weeks, their spread over what chance alone gives: {phi:.3g}"
        f"{', taken for 1' if phi < 1 else ''}; Student's t with {number - 2} degrees of freedom",
    )


_ZERO = "one of the two totals is zero"
_TESTS: dict[Test, Callable[[Sides, float, Weeks | None], Interval]] = {
    "none": _none,
    "sequential": _sequential,
    "exact": _exact,
    "midp": _midp,
    "inflated": _inflated,
    "compound": _compound,
    "quasi": _quasi,
}


def _by_dispersion(test: Test, sides: Sides, dispersion: float, *, step: str = "") -> Interval:
    now, before = sides.now.tally, sides.before.tally
    result = rates.inflated(now, before, dispersion=dispersion, confidence=CONFIDENCE)
    if result is None:
        return Interval(test, why=_ZERO)
    return Interval(
        test,
        result,
        variance=_inflated_variance(dispersion, sides),
        error=rates.inflated_error(now, before, dispersion=dispersion),
        reach=normal_quantile((1 + CONFIDENCE) / 2),
        step=step,
    )


def _inflated_variance(dispersion: float, sides: Sides) -> str:
    return f"{dispersion:.3g} x (1/{sides.now.total} + 1/{sides.before.total})"


def _attacks(sides: Sides) -> tuple[attacks.Severities, attacks.Severities] | None:
    """The attacks of both periods, where there are enough of them in the records."""
    now, before = sides.now.severities, sides.before.severities
    return (now, before) if now and before and attacks.suffice(now, before) else None
