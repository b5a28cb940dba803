"""An inquiry: how one rule stands at a moment, read as a turn reads it, and nothing changed by asking."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from watcher.bench import Bench, Told
from watcher.core.alert import Alert, Reason, Transition
from watcher.core.condition import Comparison, Condition
from watcher.core.detectors.frame import Defaults
from watcher.core.label import Labels
from watcher.core.reading import Reading, Status
from watcher.core.rule import Finding, Group, Rule, RuleSet, judge
from watcher.since import Since, since
from watcher.store.rule_sets import rule_set_in_force
from watcher.store.schema import Tx
from watcher.store.told import last_endpoint


class Part(NamedTuple):
    """One line of a condition, held against the values."""

    text: str
    #: What was found: ``ratio is 1.315``.
    found: str
    holds: bool


class Answer(NamedTuple):
    """How the rule stands for one group."""

    finding: Finding
    #: The condition's lines, each on its own; empty when the detector has no condition, or nothing could be read.
    parts: tuple[Part, ...]
    #: What a transition at this moment would carry.
    evidence: Mapping[str, object]

    @property
    def reading(self) -> Reading:
        """What the detector sees."""
        return self.finding.reading

    @property
    def holds(self) -> bool:
        """Whether it could be judged, and the condition holds; whether an alert may begin is another question."""
        return self.finding.holds and self.reading.status is Status.OK


class Inquiry(NamedTuple):
    """How a rule stands at a moment."""

    rule: Rule
    group: Group
    #: The rule's own keys, with the detector's defaults in the gaps.
    keys: Defaults
    moment: datetime
    #: One per group of the indicator, in a fixed order.
    answers: tuple[Answer, ...]
    #: Whether the store holds the facts and stated numbers of this rule set; else the next turn takes them over.
    is_in_force: bool
    #: What it was read by.
    bench: Bench

    def answer(self, group: Labels) -> Answer | None:
        """The answer for one group; None when nothing is known of it."""
        return next((each for each in self.answers if each.reading.labels == group), None)

    def since(self, alert: Alert) -> Since | None:
        """What has changed since anybody was last told of an alert that goes on; None when nobody was."""
        answer, spoken = self.answer(alert.group), last_endpoint(self.bench.tx, alert.fingerprint)
        if answer is None or spoken is None or not alert.state.is_open:
            return None
        transition = Transition(
            alert.fingerprint,
            alert.rule,
            alert.group,
            seq=alert.seq,
            episode=alert.episode,
            before=alert.state,
            after=alert.state,
            severity=alert.severity,
            reason=Reason.HOLDS,
            tick=self.moment,
            watermark=answer.reading.watermark,
            rule_hash=self.rule.rule_hash,
            values=answer.reading.values,
        )
        found = since(self.bench, Told(self.rule, self.group, alert, transition), spoken)
        return found if found is not None and found.moment <= self.moment else None


def inquire(tx: Tx, rules: RuleSet, rule: Rule, *, offsets: Mapping[str, timedelta], moment: datetime) -> Inquiry:
    """Read and judge a rule by what was known at a moment."""
    group = next(group for group in rules.groups if rule in group.rules)
    bench = Bench(tx, rules, offsets, moment)
    snapshot = bench.snapshot(rule, group, moment)
    keys = rule.defaults(rules.catalogue)
    answers = []
    weighed = bench.weighed(rule, group, moment)
    readings = bench.readings(rule, group, moment)
    for reading in readings:
        finding = judge(rule, reading, rules.catalogue, weighed=weighed.get(reading.labels))
        parts = _parts(keys.condition, reading, rule) if keys.condition and reading.values else ()
        detail = bench.evidence(rule, finding, snapshot)
        if finding.holds or len(readings) == 1:
            # Of a hundred groups for which nothing holds, nobody asks whether it would hold with other counts.
            detail |= bench.sensitivity(rule, finding, snapshot)
        answers.append(Answer(finding, tuple(parts), detail))
    return Inquiry(rule, group, keys, moment, tuple(answers), rule_set_in_force(tx) == rules.content_hash, bench)


def _parts(condition: Condition, reading: Reading, rule: Rule) -> list[Part]:
    """The lines of a condition; where any of several may hold, they are one line."""
    if condition.any:
        return [_either(condition, reading, rule)]
    return [
        _compared(part, reading, rule) if isinstance(part, Comparison) else _either(part, reading, rule)
        for part in condition.parts
    ]


def _compared(part: Comparison, reading: Reading, rule: Rule) -> Part:
    outputs = rule.detector.OUTPUTS
    found = f"{part.output} is {outputs[part.output].format(reading.values.get(part.output))}"
    return Part(str(part), found, part.holds(reading.values, outputs))


def _either(condition: Condition, reading: Reading, rule: Rule) -> Part:
    outputs = rule.detector.OUTPUTS
    names = dict.fromkeys(each.output for each in condition.comparisons())
    found = ", ".join(f"{name} is {outputs[name].format(reading.values.get(name))}" for name in names)
    return Part(str(condition), found, condition.holds(reading.values, outputs))
