"""The arithmetic of ``pace``, step by step, for whoever wants to check it by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from watcher.core.detectors.frame import counted, period_text
from watcher.core.detectors.pace.sides import Side
from watcher.core.detectors.pace.words import Told, cites, made_of, ratio_text
from watcher.core.fact import Citation
from watcher.core.reading import day_text, number_of_days
from watcher.core.statistics import rates
from watcher.core.statistics.rates import Tally

#: Tests that look at the totals alone, as a title tells them.
_PLAIN = {"exact": "exact", "midp": "mid-p"}


def arithmetic(told: Told, citations: Mapping[str, Citation]) -> Iterator[str]:
    """Every step with its numbers."""
    now, before, verdict = told.now.tally, told.before.tally, told.verdict
    yield f"Observed: {made_of(told.now, told.indicator)}, {_origin(told.now)}"
    yield f"Baseline: {made_of(told.before, told.indicator)}, {_origin(told.before)}"
    yield from _exposure(told)
    yield f"Rate: {now.total} / {now.days:g} = {now.rate:.4f} a day; baseline {before.total} / {before.days} = {before.rate:.4f}"
    yield f"Ratio: {now.rate:.4f} / {before.rate:.4f} = {ratio_text(verdict.ratio)}"
    yield from _split(told)
    yield f"Expected: {before.rate:.4f} x {number_of_days(now.days)} = {verdict.expected:.1f}"
    if verdict.projection is not None:
        reach = verdict.projection
        yield (
            f"Projected: {now.rate:.4f} x {reach.whole.days} days = {reach.total:.0f} by {day_text(reach.whole.last)}, "
            f"95 % predictive interval {reach.low:.0f} to {reach.high:.0f}"
        )
    yield f"Dispersion D: {verdict.dispersion.basis}"
    if verdict.interval.step:
        yield verdict.interval.step
    yield _interval(told)
    yield from _score(told)
    yield f"Smallest ratio that p < 0.01 could tell after {number_of_days(now.days)}: {ratio_text(verdict.smallest_visible_ratio)}"
    if told.largest and told.without_largest is not None:
        yield f"Largest event: {told.largest} of {now.total} {told.noun}; without it the ratio is {told.without_largest:.3f}"
    for cite in cites(told):
        yield _cited(cite, citations)


def _origin(side: Side) -> str:
    not_covered = f" without {counted(side.uncovered, 'days')} that the records do not cover" if side.uncovered else ""
    in_gaps = f" without {counted(side.gap_days, 'days')} in coverage gaps" if side.gap_days else ""
    left_out = " and".join(part for part in (not_covered, in_gaps) if part)
    period = f"{period_text(side.period)}, {counted(side.days, 'days')} with both ends{left_out}"
    return f"{period}, stated as {side.stated.baseline}" if side.stated else f"{period}, counted from records"


def _exposure(told: Told) -> Iterator[str]:
    """How late reports shorten the days; nothing where all is taken to be known."""
    now, seen = told.now, told.now.seen
    if now.gap_days:
        yield f"Exposure: {now.days + now.gap_days} days less {now.gap_days} in coverage gaps = {counted(now.days, 'days')}"
    if seen:
        yield (
            f"Exposure: the shares known of {counted(seen.days, 'days')} add up to {seen.effective_days:.2f} days, by the "
            f"delays of {seen.curve.reports} records; that counts instead"
        )


def _split(told: Told) -> Iterator[str]:
    """The ratio of a sum as more attacks and deadlier ones, with the exact test of the attacks alone."""
    split, now, before = told.verdict.split, told.now, told.before
    if split is None or now.valued is None or before.valued is None:
        return
    p = rates.exact(Tally(now.valued, now.tally.days), Tally(before.valued, before.tally.days)).p
    yield (
        f"Attacks: {now.valued} / {now.tally.days:g} against {before.valued} / {before.days} a day, {split.attacks:.3f} times, "
        f"exact one-sided p {p:.3g}"
    )
    yield (
        f"{told.noun.capitalize()} per attack: {now.total / now.valued:.3f} against {before.total / before.valued:.3f}, "
        f"{split.severity:.3f} times; {split.attacks:.3f} x {split.severity:.3f} = {told.verdict.ratio:.3f}"
    )


def _interval(told: Told) -> str:
    found, now, before = told.verdict.interval, told.now.tally, told.before.tally
    if found.result is None:
        return f"Interval of the ratio: none ({found.why})"
    said = f"{ratio_text(found.result.low)} to {ratio_text(found.result.high)} (95 %), one-sided p {found.result.p:.3g}"
    if found.test in _PLAIN:
        return (
            f"Interval of the ratio, {_PLAIN[found.test]}: {said}, from {now.total} of {now.total + before.total} "
            f"in {now.days:g} of {now.days + before.days:g} days"
        )
    return (
        f"Interval of the ratio: se of its logarithm = sqrt({found.variance}) = {found.error:.4f}; "
        f"exp({math.log(told.verdict.ratio):.4f} -+ {found.reach:.2f} x {found.error:.4f}) = {said}"
    )


def _score(told: Told) -> Iterator[str]:
    verdict, now, before = told.verdict, told.now.tally, told.before.tally
    both = f"{now.total + before.total} ln({now.total + before.total}/{now.days + before.days:g})"
    if verdict.llr > 0:
        yield (
            f"Log-likelihood ratio: {now.total} ln({now.total}/{now.days:g}) + {before.total} ln({before.total}/{before.days})"
            f" - {both} = {verdict.llr:.2f}"
        )
    else:
        yield "Log-likelihood ratio: 0, because the rate is not above the baseline's"
    gates = f"{rates.SEQUENTIAL_DAYS} days and {rates.SEQUENTIAL_EVENTS} events"
    yield (
        f"Score: {verdict.llr:.2f} / {verdict.dispersion.value:.3g} = {verdict.score:.2f}; "
        f"weak under {rates.MODERATE_SCORE:g}, moderate under {rates.STRONG_SCORE:g}, else strong: {verdict.evidence}"
        f"{'' if verdict.is_judged else f', because {gates} are needed'}"
    )


def _cited(cite: str, citations: Mapping[str, Citation]) -> str:
    citation = citations.get(cite)
    if citation is None:
        return f"Cited: {cite}"
    url = f", {citation.url}" if citation.url else ""
    return f"Cited: {citation.title}, {citation.reference}{url}"
