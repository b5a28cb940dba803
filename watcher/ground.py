"""The ground of an alert: whether a revision has taken it away, and what was told is to be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from watcher.bench import Bench
from watcher.core.alert import Alert, Transition, may_be_taken_back
from watcher.core.reading import Reading, Status, Value, period_of
from watcher.core.rule import Finding, Group, Rule, judge
from watcher.difference import Look, difference, look
from watcher.store.alerts import (
    RuleState,
    dirty_marks,
    find_transitions,
    moments_of_knowledge,
)
from watcher.store.order import Bound


class Case(NamedTuple):
    """One alert before the judge."""

    group: Group
    rule: Rule
    alert: Alert
    finding: Finding
    tick: datetime


def lost_ground(bench: Bench, case: Case) -> dict[str, object] | None:
    """The difference, when an episode's condition fails now and, by today's knowledge, failed when it fired.

    A rule that has become stricter takes no ground away: by what was known then, its condition must have held.
    """
    alert, rule = case.alert, case.rule
    if not _may_lose_ground(case) or alert.fired_at is None:
        return None
    if rule.members:
        return _lost_members(bench, case, alert.fired_at)
    return None if alert.fired_watermark is None else _lost_records(bench, case, alert.fired_at)


def _lost_records(bench: Bench, case: Case, fired_at: datetime) -> dict[str, object] | None:
    """The difference of the records and the baseline, at the watermark at which it fired."""
    alert, rule = case.alert, case.rule
    now = bench.reread(rule, case.group, case.tick, up_to=alert.fired_watermark)
    read = now.readings.get(alert.group)
    if _holds(bench, rule, read):
        return None
    # What came in later with an older stamp was not there when it fired, and is what takes its ground away.
    bound = _firing(bench, alert)
    then = bench.reread(rule, case.group, fired_at, up_to=alert.fired_watermark, bound=bound)
    fired = then.readings.get(alert.group)
    if fired is None or not _holds(bench, rule, fired):
        return None
    before = look(then.snapshot, fired.values)
    if before is None:
        return {}
    values = read.values if read else {}
    counted = period_of(values)
    # A gap that ends on the same day and begins later is what a new record makes of it; its days are those that were told.
    has_moved = counted is not None and counted.last != before.period.last
    after = Look(now.snapshot, values, counted if counted is not None and has_moved else before.period)
    return {"difference": difference(rule, before, after, catalogue=bench.catalogue, group=alert.group)}


def _firing(bench: Bench, alert: Alert) -> Bound | None:
    """Where in the order of recording the episode began."""
    history = find_transitions(bench.tx, fingerprint=alert.fingerprint, episode=alert.episode)
    began = (each for each in history if each.transition.tick == alert.fired_at and each.transition.after.is_open)
    return next((each.bound for each in reversed(list(began))), None)


def _lost_members(bench: Bench, case: Case, fired_at: datetime) -> dict[str, object] | None:
    """What was taken back, when a combination would not have fired without the alerts that were withdrawn since."""
    rule, catalogue = case.rule, bench.catalogue
    snapshot = bench.look(fired_at, hindsight=case.tick)
    [without] = rule.detector.read(rule.parameters, catalogue, snapshot)
    if judge(rule, without, catalogue).holds:
        return None
    [within] = rule.detector.read(rule.parameters, catalogue, bench.snapshot(rule, case.group, fired_at))
    if not judge(rule, within, catalogue).holds:
        return None
    gone = set(str(within.values["which"]).split("; ")) - set(str(without.values["which"]).split("; "))
    return {"difference": {"text": f"withdrawn since: {'; '.join(sorted(gone))}"}}


def _holds(bench: Bench, rule: Rule, reading: Reading | None) -> bool:
    return reading is not None and judge(rule, reading, bench.catalogue).holds


def taken_back(bench: Bench, alert: Alert) -> tuple[Mapping[str, Value], dict[str, object]]:
    """The values and the evidence of an occurrence that is stated no longer, as they were told."""
    return withdrawn(find_transitions(bench.tx, fingerprint=alert.fingerprint, limit=1)[0].transition)


def withdrawn(told: Transition) -> tuple[Mapping[str, Value], dict[str, object]]:
    """The same, from what was told last."""
    text = f"no longer stated: {told.evidence.get('headline', '')}"
    return told.values, {**told.evidence, "difference": {"text": text}}


def _may_lose_ground(case: Case) -> bool:
    """Whether a revision is to be looked for: the condition fails now, within the period in which it fired."""
    reading, alert = case.finding.reading, case.alert
    if case.rule.on_revision == "ignore" or case.rule.is_event_like or reading.status is not Status.OK:
        return False
    same_period = alert.period is None or reading.period in {None, alert.period}
    return not case.finding.holds and same_period


def watched_alerts(bench: Bench, standing: Mapping[str, Alert], known: RuleState | None, tick: datetime) -> set[str]:
    """The alerts whose ground may go: those that are open, and when records have come in, those that ended lately."""
    ended = {name for name, alert in standing.items() if may_be_taken_back(alert, tick)}
    if ended and known is not None and not dirty_marks(bench.tx):
        ended = ended if moments_of_knowledge(bench.tx, known.last_tick, tick) else set()
    return ended | {name for name, alert in standing.items() if alert.state.is_open}
