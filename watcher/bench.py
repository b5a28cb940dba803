"""The bench: what every judgement in a turn needs, and how what it decides is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from watcher.core.across import Weighed
from watcher.core.alert import (
    Alert,
    Step,
    Transition,
)
from watcher.core.catalogue import Catalogue
from watcher.core.choice import weigh_together
from watcher.core.label import Labels
from watcher.core.message.phrase import mappings
from watcher.core.reading import Reading, Status, Value
from watcher.core.rule import Finding, Group, Rule, RuleSet
from watcher.core.sensitivity import Rereading, rereading, sensitivity
from watcher.evidence import evidence
from watcher.provenance import judged_by, terms
from watcher.store.alerts import (
    RuleState,
    add_transition,
    find_alerts,
    find_transitions,
    save_alert,
)
from watcher.store.order import Bound
from watcher.store.schema import Tx
from watcher.store.sealed import SealedSnapshot
from watcher.store.snapshot import StoreSnapshot
from watcher.store.sources import source_kinds

#: Snapshots that are kept for the rules of a tick, and for what is read again.
_SNAPSHOTS_KEPT = 16


class Told(NamedTuple):
    """A transition on its way to the outbox, with the rule and the alert it belongs to."""

    rule: Rule
    #: The group the rule stands in.
    group: Group
    alert: Alert
    transition: Transition

    @property
    def offset(self) -> timedelta | None:
        """The query offset of the rule, else of its group; None leaves it to the sources."""
        return self.group.query_offset if self.rule.query_offset is None else self.rule.query_offset


class Reread(NamedTuple):
    """What a rule reads at another moment or watermark than the tick's, by group."""

    snapshot: StoreSnapshot
    #: Only what can be judged.
    readings: Mapping[Labels, Reading]


@dataclass(frozen=True, slots=True)
class Bench:
    """What every judgement in a turn needs."""

    tx: Tx
    rules: RuleSet
    #: Each source's query offset.
    offsets: Mapping[str, timedelta]
    now: datetime
    #: Where the order of recording is to end, for what is recomputed; None looks at everything.
    bound: Bound | None = None
    #: What was read again, so that a hundred alerts that end together cost no more than one.
    rereads: dict[tuple[str, datetime, date | None, Bound | None], Reread] = field(default_factory=dict)
    #: What was known at the last ticks that were asked about: the rules of a tick look at one snapshot.
    snapshots: dict[tuple[datetime, timedelta | None], StoreSnapshot] = field(default_factory=dict)
    #: The alerts of each rule that was judged, by fingerprint, as they stand; every change is stored as well.
    standing: dict[str, dict[str, Alert]] = field(default_factory=dict)
    #: What rules whose readings are weighed together read at the last tick that was asked about.
    together: dict[tuple[datetime, str], tuple[Reading, ...]] = field(default_factory=dict)
    #: What rules read with other counts of the dead, by rule, knowledge and watermark, for the alerts that are told.
    variants: dict[tuple[str, datetime, date], Rereading] = field(default_factory=dict)
    #: How far each rule is; stored when the turn's judgements are done.
    states: dict[str, RuleState] = field(default_factory=dict)

    @property
    def catalogue(self) -> Catalogue:
        """What the rules speak about."""
        return self.rules.catalogue

    def snapshot(self, rule: Rule, group: Group, tick: datetime) -> StoreSnapshot:
        """What was known at a tick; the rule's query offset wins over the group's, and that over the source's."""
        offset = group.query_offset if rule.query_offset is None else rule.query_offset
        if (tick, offset) not in self.snapshots:
            if len(self.snapshots) >= _SNAPSHOTS_KEPT:
                self.snapshots.clear()
            self.snapshots[tick, offset] = self.look(tick, offset)
        return self.snapshots[tick, offset]

    def look(
        self,
        tick: datetime,
        query_offset: timedelta | None = None,
        *,
        hindsight: datetime | None = None,
        bound: Bound | None = None,
    ) -> StoreSnapshot:
        """What was known at a tick, and by hindsight which alerts were taken back.

        :param bound: what was recorded later is not seen.
        """
        how: dict[str, Any] = {"as_known": tick, "query_offset": query_offset, "hindsight": hindsight}
        place = bound or self.bound
        if place is None:
            return StoreSnapshot(self.tx, offsets=self.offsets, **how)
        return SealedSnapshot(self.tx, place, offsets=self.offsets, **how)

    def readings(self, rule: Rule, group: Group, tick: datetime) -> tuple[Reading, ...]:
        """What a rule reads at a tick; kept where its readings are weighed, for the rules that are weighed with it."""
        if (tick, rule.identity) in self.together:
            return self.together[tick, rule.identity]
        snapshot = self.snapshot(rule, group, tick)
        readings = tuple(rule.detector.read(rule.parameters, self.catalogue, snapshot))
        if group.across_of(rule) is not None:
            if any(kept != tick for kept, _ in self.together):
                self.together.clear()
            self.together[tick, rule.identity] = readings
        return readings

    def weighed(self, rule: Rule, group: Group, tick: datetime) -> Mapping[Labels, Weighed]:
        """What the series of a rule come to at a tick among all that are weighed together."""
        return weigh_together(group, rule, self.catalogue, lambda each: self.readings(each, group, tick))

    def evidence(self, rule: Rule, finding: Finding, snapshot: StoreSnapshot) -> dict[str, object]:
        """Everything that stands behind a finding, with what it was judged by and under which terms."""
        detail = evidence(rule, finding, self.catalogue, snapshot)
        kinds = source_kinds(self.tx)
        sources = [{**each, **terms(kinds.get(str(each["name"]), ""))} for each in mappings(detail["sources"])]
        return {**detail, "sources": sources, "judged_by": judged_by(rule, self.catalogue, self.offsets)}

    def sensitivity(self, rule: Rule, finding: Finding, snapshot: StoreSnapshot) -> dict[str, object]:
        """Whether the verdict holds with other counts of the dead, as part of the evidence; empty when it has none."""
        watermark = finding.reading.watermark
        if watermark is None:
            return {}
        key = (rule.identity, snapshot.as_known, watermark)
        again = self.variants.get(key) or rereading(rule, finding.reading, self.catalogue, snapshot)
        if again is None:
            return {}
        self.variants[key] = again
        found = sensitivity(finding, again.outcomes(finding))
        return {"sensitivity": found} if found else {}

    def alerts_of(self, rule: Rule) -> dict[str, Alert]:
        """The alerts of a rule as they stand, by fingerprint."""
        if rule.identity not in self.standing:
            found = find_alerts(self.tx, rule=rule.identity)
            self.standing[rule.identity] = {alert.fingerprint: alert for alert in found}
        return self.standing[rule.identity]

    def reread(
        self, rule: Rule, group: Group, as_known: datetime, *, up_to: date | None = None, bound: Bound | None = None
    ) -> Reread:
        """What a rule reads by what was known at a moment, up to a watermark.

        :param bound: what was recorded later is not seen.
        """
        key = (rule.identity, as_known, up_to, bound)
        if key not in self.rereads:
            offset = group.query_offset if rule.query_offset is None else rule.query_offset
            sealed = None if bound is None else self.look(as_known, offset, bound=bound)
            snapshot = sealed or self.snapshot(rule, group, as_known)
            snapshot = snapshot if up_to is None else snapshot.up_to(up_to)
            readings = rule.detector.read(rule.parameters, self.catalogue, snapshot)
            self.rereads[key] = Reread(snapshot, {each.labels: each for each in readings if each.status is Status.OK})
        return self.rereads[key]


def record(bench: Bench, change: Step, detail: Mapping[str, object]) -> Transition:
    """Store a change that no reading stands behind, at this moment."""
    transition = transition_of(change, bench.now, rule_hash="", values={}, detail=detail, watermark=None)
    store_change(bench, change.alert, transition)
    return transition


def transition_of(
    change: Step,
    tick: datetime,
    *,
    rule_hash: str,
    values: Mapping[str, Value],
    detail: Mapping[str, object],
    watermark: date | None,
) -> Transition:
    """A step of an alert as the row that is never edited."""
    alert = change.alert
    return Transition(
        fingerprint=alert.fingerprint,
        rule=alert.rule,
        group=alert.group,
        seq=alert.seq,
        episode=alert.episode,
        before=change.before,
        after=alert.state,
        severity=alert.severity,
        reason=change.reason,
        tick=tick,
        watermark=watermark,
        rule_hash=rule_hash,
        values=values,
        notify=change.notify,
        evidence=detail,
    )


def store_change(bench: Bench, alert: Alert, transition: Transition) -> None:
    """Store how an alert stands now, and what brought it there."""
    save_alert(bench.tx, alert)
    if alert.rule in bench.standing:
        bench.standing[alert.rule][alert.fingerprint] = alert
    add_transition(bench.tx, transition, now=bench.now)


def last_evidence(bench: Bench, alert: Alert) -> Mapping[str, object]:
    """What stood behind the alert's last transition."""
    return find_transitions(bench.tx, fingerprint=alert.fingerprint, limit=1)[0].transition.evidence
