"""Sensitivity: whether a verdict holds with the low and the high count of the dead, and in another dataset.

A sum of deaths is as good as the counts behind it. The detector reads once more with a catalogue in which the indicator
is replaced, and the rule judges what it reads. That costs as much as a reading of the rule, for each variant, and is
done for what is told and for what somebody asks about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import NamedTuple

from watcher.core.catalogue import Catalogue
from watcher.core.detectors.frame import whole
from watcher.core.event import Event
from watcher.core.indicator import Indicator, Measure, Totals
from watcher.core.label import Labels
from watcher.core.period import Period
from watcher.core.reading import Reading, Status, day_text, reading_period
from watcher.core.rule import Finding, Rule, judge
from watcher.core.selector.coding import CODED, coded_fields, without_coding
from watcher.core.snapshot import Snapshot

#: The detectors whose verdict rests on a sum, by the output that is the sum.
SUMS: Mapping[str, str] = {
    "threshold": "value",
    "pace": "observed",
    "aberration": "observed",
    "surge": "observed",
    "record": "observed",
}
#: So many of the types that another dataset has are named.
SHOWN = 3
#: They are looked for among the events of the period and of its newest year.
LOOK_BACK = timedelta(days=365)
_MEASURES: Mapping[Measure, str] = {"fatalities": "best", "fatalities_low": "low", "fatalities_high": "high"}


class Variant(NamedTuple):
    """What is counted instead."""

    measure: Measure
    #: The one source that is counted; empty for those of the indicator.
    source: str = ""

    @property
    def name(self) -> str:
        """``the low estimate``, ``ucdp``, ``the low estimate of ucdp``."""
        estimate = f"the {_MEASURES[self.measure]} estimate"
        if not self.source:
            return estimate
        return self.source if self.measure == "fatalities" else f"{estimate} of {self.source}"


class Outcome(NamedTuple):
    """What a variant comes to."""

    variant: Variant
    #: None when the two cannot be compared.
    holds: bool | None
    #: The sum.
    value: int = 0
    #: Why they cannot be compared.
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rereading:
    """A rule's readings at one moment and watermark, with other counts; each variant is read once for all groups."""

    rule: Rule
    catalogue: Catalogue
    #: What the reading in question was read from, held back to its watermark.
    snapshot: Snapshot
    watermark: date
    _found: dict[Variant, Mapping[Labels, Finding]] = field(default_factory=dict)

    def outcomes(self, finding: Finding) -> list[Outcome]:
        """What each variant comes to for the finding's group; none where no records stand behind the reading."""
        indicator = self.rule.indicators(self.catalogue)[0]
        period, group = reading_period(finding.reading), finding.reading.labels
        if period is None:
            return []
        behind = [version.event for version in self.snapshot.events(indicator, group, period)]
        if not behind:
            return []
        measures = (each for each in _MEASURES if each != indicator.sum)
        own = [Variant(each) for each in measures if all(_carries(event, each, indicator) for event in behind)]
        others = self._other_sources(indicator, {event.source for event in behind})
        return [
            *(self._outcome(each, group, period) for each in own),
            *(outcome for source in others for outcome in self._of_source(source, group, period)),
        ]

    def _other_sources(self, indicator: Indicator, behind: set[str]) -> list[str]:
        """The sources that may tell something else than what is counted does."""
        if "source" in indicator.by:
            return []
        mine = set(indicator.sources) or behind
        return [each for each in self.snapshot.sources() if {each} != mine]

    def _of_source(self, source: str, group: Labels, period: Period) -> Iterator[Outcome]:
        best = Variant("fatalities", source)
        if self.snapshot.coverage(self._indicator(best)) is None:
            yield from self._coded_otherwise(best, group, period)
            return
        totals = self._totals(best, group, period)
        last = self.snapshot.watermark(self._indicator(best))
        if last is None or last < self.watermark:
            if totals.events:
                yield Outcome(best, None, reason=f"its records end before {day_text(self.watermark)}")
            return
        counted = self._outcome(best, group, period)
        yield counted
        if counted.holds is None:
            return
        for measure in (each for each in _MEASURES if each != "fatalities"):
            variant = Variant(measure, source)
            if totals.valued and self._totals(variant, group, period).valued >= totals.valued:
                yield self._outcome(variant, group, period)

    def _coded_otherwise(self, variant: Variant, group: Labels, period: Period) -> Iterator[Outcome]:
        """Why nothing of a source is selected that has records of the same places and groups."""
        indicator = self._indicator(variant)
        fields = coded_fields(indicator.where)
        wider = indicator.model_copy(update={"where": without_coding(indicator.where)})
        covered = self.snapshot.coverage(wider) if fields else None
        if covered is None:
            return
        newest = Period(max(covered.start, covered.end - LOOK_BACK), covered.end)
        events = [version.event for each in (period, newest) for version in self.snapshot.events(wider, group, each)]
        names = " and ".join(CODED[field] for field in fields)
        own = _some(sorted({getattr(event, fields[0]) for event in events} - {""}))
        theirs = f" ({own})" if own else ""
        reason = f"its records of these places and groups carry other {names}{theirs} than the selector asks for"
        yield Outcome(variant, None, reason=f"{reason}, so that none of them is counted")

    def _outcome(self, variant: Variant, group: Labels, period: Period) -> Outcome:
        found = self._read(variant).get(group)
        if found is None:
            return Outcome(variant, None, reason="it has no record of this group, or too few to judge by")
        value, days = found.reading.values[SUMS[self.rule.detector_name]], reading_period(found.reading)
        total = self._totals(variant, group, period).total
        if value != total or days != period:
            return Outcome(variant, None, reason="the rule would look at other days, or at a stated number")
        return Outcome(variant, found.holds, total)

    def _read(self, variant: Variant) -> Mapping[Labels, Finding]:
        if variant not in self._found:
            other = self._indicator(variant)
            indicators = {**self.catalogue.indicators, other.indicator: other}
            catalogue = replace(self.catalogue, indicators=indicators)
            readings = self.rule.detector.read(self.rule.parameters, catalogue, self.snapshot)
            self._found[variant] = {
                each.labels: judge(self.rule, each, catalogue) for each in readings if each.status is Status.OK
            }
        return self._found[variant]

    def _indicator(self, variant: Variant) -> Indicator:
        indicator = self.rule.indicators(self.catalogue)[0]
        source = {"source": (variant.source,)} if variant.source else {}
        return indicator.model_copy(update={"sum": variant.measure, **source})

    def _totals(self, variant: Variant, group: Labels, period: Period) -> Totals:
        return self.snapshot.totals(self._indicator(variant), group, period)


def _some(names: Sequence[str]) -> str:
    """``Non-state conflict, One-sided violence and 4 more``."""
    more = [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
    *most, last = [*names[:SHOWN], *more] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _carries(event: Event, measure: Measure, indicator: Indicator) -> bool:
    """Whether an event that has a number of the indicator's measure has one of another."""
    return event.number(indicator.sum or "fatalities") is None or event.number(measure) is not None


def rereading(rule: Rule, reading: Reading, catalogue: Catalogue, snapshot: Snapshot) -> Rereading | None:
    """Where a rule can be read again with other counts; None when it does not rest on a sum of deaths."""
    if rule.detector_name not in SUMS or reading.status is not Status.OK or reading.watermark is None:
        return None
    if not any(indicator.is_sum for indicator in rule.indicators(catalogue)):
        return None
    return Rereading(rule, catalogue, snapshot.up_to(reading.watermark), reading.watermark)


def sensitivity(finding: Finding, outcomes: Iterable[Outcome]) -> dict[str, object]:
    """What the outcomes say of a finding, as JSON; empty when there is nothing to compare it with."""
    found = list(outcomes)
    if not found:
        return {}
    variants = [
        {
            "name": each.variant.name,
            "measure": each.variant.measure,
            "source": each.variant.source,
            "holds": each.holds,
            "value": None if each.holds is None else each.value,
            "reason": each.reason,
        }
        for each in found
    ]
    return {"text": _text(found, holds=finding.holds), "variants": variants}


def _text(outcomes: Iterable[Outcome], *, holds: bool) -> str:
    """Write ``Holds with the low estimate (412), not with the low estimate of ucdp (201).`` and what is not compared."""
    by_verdict: dict[bool | None, list[Outcome]] = {}
    for each in outcomes:
        by_verdict.setdefault(each.holds, []).append(each)
    yes, no = (_several(by_verdict.get(each, ())) for each in (True, False))
    parts = []
    if yes:
        parts.append(f"{'Holds' if holds else 'Would hold'} with {yes}{f', not with {no}' if no else ''}.")
    elif no:
        parts.append(f"Does not hold with {no}{'' if holds else ' either'}.")
    parts += [f"Not compared with {each.variant.name}: {each.reason}." for each in by_verdict.get(None, ())]
    return " ".join(parts)


def _several(outcomes: Iterable[Outcome]) -> str:
    *most, last = [f"{each.variant.name} ({whole(each.value)})" for each in outcomes] or [""]
    return f"{', '.join(most)} and {last}" if most else last
