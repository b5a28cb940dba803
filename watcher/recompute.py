"""Recomputation: a stored transition worked out again, from what the store held when it was written.

::

    transition → rule set in force then → snapshot as known at its tick, as recorded then → values and evidence

Nothing is written. What differs to the last digit is a fault: of the store, of this program, or of whoever edited either.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from watcher.bench import Bench
from watcher.core.alert import OURS, Alert, Reason, State, Transition
from watcher.core.message.phrase import mapping
from watcher.core.period import duration
from watcher.core.reading import Reading, Value
from watcher.core.rule import Finding, Group, Rule, RuleSet, judge
from watcher.core.rule_text import rule_set_from
from watcher.evaluate import unseen
from watcher.ground import Case, lost_ground, withdrawn
from watcher.store.alerts import StoredTransition, find_transitions, to_plain
from watcher.store.rule_sets import rule_set_of
from watcher.store.schema import Tx

#: Rule sets that are kept: transitions come in order, and rules change seldom.
_KEPT = 4
#: The reasons that take the severity from what was found.
_JUDGED = frozenset(
    {
        Reason.WAITING,
        Reason.HOLDS,
        Reason.HELD,
        Reason.OCCURRED,
        Reason.BEFORE_ACTIVATION,
        Reason.STATE_AT_START,
        Reason.WORSE,
        Reason.MILDER,
        Reason.HOLDS_AGAIN,
    }
)


class Difference(NamedTuple):
    """One value that is not what was stored."""

    #: ``values.ratio``, ``evidence.records[3].fatalities``.
    where: str
    stored: Any
    again: Any


class Recomputed(NamedTuple):
    """What became of one transition."""

    stored: StoredTransition
    differences: tuple[Difference, ...] = ()
    #: How many values were compared.
    compared: int = 0
    #: Why there is nothing to recompute; empty where there is.
    nothing: str = ""

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


class _Again(NamedTuple):
    """A transition as it is worked out again."""

    values: Mapping[str, Value]
    evidence: Mapping[str, object]
    watermark: object
    #: None where the severity did not come from what was found.
    severity: str | None


class Recomputer:
    """Works transitions out again; what the rules said is put together once for many of them."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._rule_sets: dict[int, RuleSet] = {}

    def recompute(self, stored: StoredTransition) -> Recomputed:
        """Compare one transition with what it is worked out to again."""
        nothing = _nothing(stored)
        if nothing:
            return Recomputed(stored, nothing=nothing)
        again = self._again(stored)
        before, after = _plain(_of(stored.transition)), _plain(again._asdict())
        if again.severity is None:
            del before["severity"], after["severity"]
        return Recomputed(stored, tuple(_differences("", before, after)), _count(before))

    def _again(self, stored: StoredTransition) -> _Again:
        work = _Work(self._tx, self._rule_set(stored), stored)
        return work.taken_back() if work.is_taken_back else work.judged()

    def _rule_set(self, stored: StoredTransition) -> RuleSet:
        number = stored.rule_set or 0
        if number not in self._rule_sets:
            if len(self._rule_sets) == _KEPT:
                del self._rule_sets[next(iter(self._rule_sets))]
            said = rule_set_of(self._tx, number)
            self._rule_sets[number] = rule_set_from(said.entries, said.content_hash)
        return self._rule_sets[number]


@dataclass(frozen=True)
class _Work:
    """One transition, the rules of its time, and the store of its time."""

    tx: Tx
    rules: RuleSet
    stored: StoredTransition

    @property
    def transition(self) -> Transition:
        """What is worked out again."""
        return self.stored.transition

    @property
    def is_taken_back(self) -> bool:
        """Whether it is the end of an occurrence that is stated no longer: what is told then is what was told before."""
        return self.transition.reason is Reason.RETRACTED and self.rule.is_event_like

    @cached_property
    def place(self) -> tuple[Group, Rule]:
        """The rule in its group."""
        return next(
            (group, rule)
            for group in self.rules.groups
            for rule in group.rules
            if rule.identity == self.transition.rule
        )

    @property
    def rule(self) -> Rule:
        """The rule as it was written."""
        return self.place[1]

    @cached_property
    def bench(self) -> Bench:
        """What a judgement needs, as it was then."""
        offsets = mapping(mapping(self.transition.evidence.get("judged_by")).get("query_offset"))
        spans = {source: duration(str(text)) for source, text in offsets.items()}
        return Bench(self.tx, self.rules, spans, self.stored.recorded_at, bound=self.stored.bound)

    def taken_back(self) -> _Again:
        """The values and the evidence of the transition before, and that it is stated no longer."""
        before = self._history()[-1]
        values, detail = withdrawn(before)
        reading = self._reading()
        return _Again(values, detail, reading.watermark, None)

    def judged(self) -> _Again:
        """The values and the evidence of the reading, and the difference where ground was lost."""
        (group, rule), transition, bench = self.place, self.transition, self.bench
        reading = self._reading()
        weighed = bench.weighed(rule, group, transition.tick).get(reading.labels)
        finding = judge(rule, reading, bench.catalogue, weighed=weighed)
        snapshot = bench.snapshot(rule, group, transition.tick)
        detail = bench.evidence(rule, finding, snapshot)
        if transition.reason is Reason.RETRACTED:
            detail |= lost_ground(bench, Case(group, rule, self._alert(finding), finding, transition.tick)) or {}
        if transition.notify and transition.after.is_open:
            detail |= bench.sensitivity(rule, finding, snapshot)
        took = transition.reason in _JUDGED and finding.holds
        return _Again(reading.values, detail, reading.watermark, finding.severity.value if took else None)

    def _reading(self) -> Reading:
        group, rule = self.place
        readings = self.bench.readings(rule, group, self.transition.tick)
        mine = (reading for reading in readings if reading.labels == self.transition.group)
        return next(mine, None) or unseen(rule, readings, self.transition.group)

    def _alert(self, finding: Finding) -> Alert:
        """The alert as it stood before its ground was found to be gone."""
        transition = self.transition
        fired = next(
            each
            for each in self._history()
            if each.episode == transition.episode and each.after is State.FIRING and each.before is not State.RECOVERING
        )
        return Alert(
            transition.fingerprint,
            transition.rule,
            transition.group,
            state=transition.before,
            episode=transition.episode,
            fired_at=fired.tick,
            fired_watermark=fired.watermark,
            period=finding.reading.period,
        )

    def _history(self) -> list[Transition]:
        """The alert's transitions before this one, the oldest first."""
        found = find_transitions(self.tx, fingerprint=self.transition.fingerprint)
        return [each.transition for each in reversed(found) if each.transition.seq < self.transition.seq]


def _nothing(stored: StoredTransition) -> str:
    """Why there is nothing to recompute: no reading of the records stands behind it."""
    if stored.transition.rule.startswith(OURS):
        return "it is about ourselves: no records stand behind it"
    if stored.transition.reason is Reason.RULE_REMOVED:
        return "its rule was taken out: nothing was judged"
    return ""


# --- compared -----------------------------------------------------------------------------------------------------------


def _of(transition: Transition) -> dict[str, object]:
    return {
        "values": transition.values,
        "evidence": transition.evidence,
        "watermark": transition.watermark,
        "severity": transition.severity.value,
    }


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """As it is after a way through the store; numbers keep every digit."""
    values = {name: to_plain(value) for name, value in document["values"].items()}
    text = json.dumps({**document, "values": values, "watermark": to_plain(document["watermark"])})
    found: dict[str, Any] = json.loads(text)
    return found


def _differences(where: str, stored: Any, again: Any) -> Iterator[Difference]:
    """Every value that is not the same, by its place."""
    if isinstance(stored, dict) and isinstance(again, dict):
        for name in sorted(stored.keys() | again.keys()):
            yield from _differences(f"{where}.{name}" if where else name, stored.get(name), again.get(name))
    elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        for number, (one, other) in enumerate(zip(stored, again, strict=True)):
            yield from _differences(f"{where}[{number}]", one, other)
    elif stored != again or type(stored) is not type(again):
        yield Difference(where, stored, again)


def _count(document: Any) -> int:
    """How many single values a document holds."""
    if isinstance(document, dict):
        return sum(map(_count, document.values()))
    if isinstance(document, list):
        return sum(map(_count, document))
    return 1


def all_agree(found: Sequence[Recomputed]) -> bool:
    """Whether every transition is what it was."""
    return all(each.agrees for each in found)
