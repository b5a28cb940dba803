"""Two totals compared through every test that totals allow: what they are worth under one dispersion after the other.

Nobody can see from two totals how much chance is in them. Attacks are counted one by one; deaths come in lumps, and the
answer hangs on the dispersion. So the same two totals are judged under several, and it is told where the answer turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from watcher.core.statistics import attacks, rates
from watcher.core.statistics.attacks import Split
from watcher.core.statistics.rates import Evidence, RateTest, Tally

Test = Literal["exact", "mid-p", "inflated"]

#: Variance over mean of deaths of which nothing is known.
ASSUMED_DISPERSION = 5.0


@dataclass(frozen=True, slots=True)
class Totals:
    """Two totals, and what else is known of them."""

    now: Tally
    before: Tally
    #: Attacks behind each total; None when unknown, and when the totals count attacks themselves.
    now_attacks: int | None = None
    before_attacks: int | None = None
    #: Variance over mean, where somebody knows it.
    dispersion: float | None = None
    #: Days of the period that the current one is the beginning of; None for one that leads nowhere.
    whole_days: int | None = None

    @property
    def are_sums(self) -> bool:
        """Whether something stands behind the totals that comes in lumps."""
        return (self.now_attacks, self.before_attacks, self.dispersion) != (None, None, None)

    @property
    def least_dispersion(self) -> float:
        """The larger mean per attack, for sums cannot vary less; 1 where no attacks are known."""
        sides = ((self.now, self.now_attacks), (self.before, self.before_attacks))
        return max([1.0, *(side.total / number for side, number in sides if number)])


@dataclass(frozen=True, slots=True)
class Judgement:
    """The totals under one dispersion."""

    #: What the dispersion is, in a few words: "deaths, assumed".
    reading: str
    test: Test
    dispersion: float
    #: None where the test says nothing, because a total is zero.
    result: RateTest | None
    score: float
    evidence: Evidence
    #: Interval of the total at the end of the whole period; None where there is none.
    projected: tuple[float, float] | None
    smallest_visible_ratio: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All there is to say."""

    totals: Totals
    ratio: float
    #: What the rate before gives for the days of the current period.
    expected: float
    llr: float
    #: At this rate by the end of the whole period; None where there is none.
    projected: float | None
    split: Split | None
    #: One-sided p of the attacks alone; None where they are not known.
    attacks_p: float | None
    judgements: tuple[Judgement, ...]
    #: The one that the verdict goes by.
    main: Judgement


def compare(totals: Totals) -> Comparison:
    """Judge two totals under every dispersion that may be theirs."""
    now, before = totals.now, totals.before
    judgements = tuple(_judgements(totals))
    mains = [each for each in judgements if each.dispersion == _main_dispersion(totals)]
    whole = totals.whole_days
    return Comparison(
        totals,
        ratio=rates.rate_ratio(now, before),
        expected=before.rate * now.days,
        llr=rates.sequential(now, before),
        projected=now.rate * whole if whole is not None else None,
        split=_split(totals),
        attacks_p=_attacks_p(totals),
        judgements=judgements,
        main=mains[0],
    )


def largest_dispersion_of(found: Comparison, score: float) -> float:
    """The dispersion up to which the score is still so much."""
    return found.llr / score


def evidence_of(score: float, totals: Totals, dispersion: float) -> Evidence:
    """The words for a score; none before the days and events that the critical values ask for."""
    events = totals.now.total / dispersion if totals.now_attacks is None else totals.now_attacks
    if totals.now.days < rates.SEQUENTIAL_DAYS or events < rates.SEQUENTIAL_EVENTS:
        return "none"
    return rates.evidence(score)


def _main_dispersion(totals: Totals) -> float:
    if totals.dispersion is not None:
        return max(totals.dispersion, totals.least_dispersion)
    return max(ASSUMED_DISPERSION, totals.least_dispersion) if totals.are_sums else 1.0


def _judgements(totals: Totals) -> Iterator[Judgement]:
    yield _judgement("each counts for itself", "exact", 1.0, totals)
    yield _judgement("each counts for itself", "mid-p", 1.0, totals)
    least, given = totals.least_dispersion, totals.dispersion
    known = {least: "least, the mean per attack", ASSUMED_DISPERSION: "assumed"}
    known = {value: words for value, words in known.items() if value > 1}
    if given is not None and given > least:
        known[given] = "given"
    for dispersion in sorted(known):
        yield _judgement(f"in lumps: {known[dispersion]}", "inflated", dispersion, totals)


def _judgement(reading: str, test: Test, dispersion: float, totals: Totals) -> Judgement:
    now, before = totals.now, totals.before
    score = rates.sequential(now, before) / dispersion
    left = max(0.0, totals.whole_days - now.days) if totals.whole_days is not None else None
    return Judgement(
        reading,
        test,
        dispersion,
        result=_result(test, dispersion, totals),
        score=score,
        evidence=evidence_of(score, totals, dispersion),
        projected=None if left is None else rates.projection(now, left, dispersion=dispersion),
        smallest_visible_ratio=rates.smallest_visible_ratio(now.days, before, dispersion=dispersion),
    )


def _result(test: Test, dispersion: float, totals: Totals) -> RateTest | None:
    match test:
        case "exact":
            return rates.exact(totals.now, totals.before)
        case "mid-p":
            return rates.midp(totals.now, totals.before)
        case _:
            return rates.inflated(totals.now, totals.before, dispersion=dispersion)


def _split(totals: Totals) -> Split | None:
    if totals.now_attacks is None or totals.before_attacks is None:
        return None
    return attacks.split(totals.now, totals.before, (totals.now_attacks, totals.before_attacks))


def _attacks_p(totals: Totals) -> float | None:
    if totals.now_attacks is None or totals.before_attacks is None:
        return None
    both = Tally(totals.now_attacks, totals.now.days), Tally(totals.before_attacks, totals.before.days)
    return rates.exact_p(*both)
