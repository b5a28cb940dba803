"""Evaluation: one transaction that judges what is due, moves alerts through their lives and stores what is to be told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeVar

from watcher.agenda import OPEN, Agenda, life
from watcher.core.alert import (
    OURS,
    Alert,
    Reason,
    Step,
    Transition,
    may_be_taken_back,
    over_limit,
    remove,
    retract,
    step,
)
from watcher.core.baseline import Baseline
from watcher.core.catalogue import Catalogue
from watcher.core.fact import Fact
from watcher.core.label import Labels
from watcher.core.period import tick_at_or_before
from watcher.core.reading import Reading, Status, Telling, Value
from watcher.core.rule import Finding, Group, Rule, RuleSet, judge
from watcher.evidence import difference, evidence, reading_period
from watcher.store.actors import name_actors
from watcher.store.alerts import (
    RuleState,
    add_transition,
    clear_dirty,
    dirty_marks,
    find_alerts,
    find_transitions,
    mark_dirty,
    moments_of_knowledge,
    rule_state,
    save_alert,
    save_rule_state,
)
from watcher.store.baselines import sync_baseline_files
from watcher.store.citations import sync_citations
from watcher.store.facts import sync_fact_files
from watcher.store.rule_sets import put_in_force, rule_set_in_force
from watcher.store.schema import Tx
from watcher.store.series import ensure_scopes
from watcher.store.snapshot import StoreSnapshot

Said = TypeVar("Said", Fact, Baseline)


class Told(NamedTuple):
    """A transition on its way to the outbox, with the rule and the alert it belongs to."""

    rule: Rule
    #: The group the rule stands in.
    group: Group
    alert: Alert
    transition: Transition


class Case(NamedTuple):
    """One alert before the judge."""

    group: Group
    rule: Rule
    alert: Alert
    finding: Finding
    tick: datetime


class Evaluated(NamedTuple):
    """What an evaluation did."""

    #: Evaluations of a rule at a tick.
    judged: int
    transitions: int
    #: Those of them that somebody is to be told.
    told: tuple[Told, ...]


NOTHING_EVALUATED = Evaluated(0, 0, ())


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
    #: What was read again, so that a hundred alerts that end together cost no more than one.
    rereads: dict[tuple[str, datetime, date | None], Reread] = field(default_factory=dict)

    @property
    def catalogue(self) -> Catalogue:
        """What the rules speak about."""
        return self.rules.catalogue

    def snapshot(self, rule: Rule, group: Group, tick: datetime) -> StoreSnapshot:
        """What was known at a tick; the rule's query offset wins over the group's, and that over the source's."""
        offset = group.query_offset if rule.query_offset is None else rule.query_offset
        return StoreSnapshot(self.tx, as_known=tick, offsets=self.offsets, query_offset=offset)

    def reread(self, rule: Rule, group: Group, as_known: datetime, *, up_to: date | None = None) -> Reread:
        """What a rule reads by what was known at a moment, up to a watermark."""
        key = (rule.identity, as_known, up_to)
        if key not in self.rereads:
            snapshot = self.snapshot(rule, group, as_known)
            snapshot = snapshot if up_to is None else snapshot.up_to(up_to)
            readings = rule.detector.read(rule.parameters, self.catalogue, snapshot)
            self.rereads[key] = Reread(snapshot, {each.labels: each for each in readings if each.status is Status.OK})
        return self.rereads[key]


def is_due(tx: Tx, rules: RuleSet, now: datetime) -> bool:
    """Whether an evaluation would find anything to do."""
    return rule_set_in_force(tx) != rules.content_hash or bool(Agenda(tx, rules, now))


def evaluate(bench: Bench) -> Evaluated:
    """Judge every rule at every tick that is due, in order, inside the caller's transaction."""
    tx, rules, now = bench.tx, bench.rules, bench.now
    told: list[Told] = []
    told += take_over(bench)
    agenda = Agenda(tx, rules, now)
    if agenda:
        name_actors(tx, {actor.actor: actor.spellings for actor in bench.catalogue.actors.values()})
    judged = transitions = 0
    while agenda:
        tick, due = agenda.next()
        for group, rule in due:
            moved = _evaluate_rule(bench, group, rule, tick)
            agenda.follow(group, rule, [each.alert for each in moved], tick=tick)
            judged += 1
            transitions += len(moved)
            told += [each for each in moved if each.transition.notify]
    clear_dirty(tx)
    return Evaluated(judged, transitions, tuple(told))


def take_over(bench: Bench) -> list[Told]:
    """Put the rules in force, unless they are: their facts, baselines and series, and the end of what they leave out."""
    tx, rules, now = bench.tx, bench.rules, bench.now
    if rule_set_in_force(tx) == rules.content_hash:
        return []
    catalogue = rules.catalogue
    sync_citations(tx, catalogue.citations, now=now)
    facts = sync_fact_files(tx, _by_source(catalogue.facts), catalogue.citations, now=now)
    baselines = sync_baseline_files(tx, _by_source(catalogue.baselines), catalogue.citations, now=now)
    for what, changed in (("facts", facts), ("baselines", baselines)):
        if changed.known_from is not None:
            mark_dirty(tx, what, changed.known_from)
    ensure_scopes(tx, rules.indicators, now=now)
    put_in_force(tx, rules.content_hash, rules.entries, now=now)
    live = {rule.identity for rule in rules.rules}
    return [
        told
        for alert in find_alerts(tx, states=OPEN)
        if alert.rule not in live and not alert.rule.startswith(OURS)
        for told in _removed(bench, alert)
    ]


def _by_source(said: Mapping[str, tuple[Said, ...]]) -> dict[str, tuple[Said, ...]]:
    """What each file says, by the name of the file as a source."""
    return {f"file:{file}": each for file, each in said.items()}


def _removed(bench: Bench, alert: Alert) -> list[Told]:
    """End an alert whose rule is gone; whoever was told of it is told its end."""
    change = remove(alert, bench.now)
    if change is None:
        return []
    name = str(_last_evidence(bench, alert).get("alert", alert.rule))
    rule = Rule.model_construct(alert=name, id=alert.rule)
    transition = record(bench, change, {"alert": name})
    return [Told(rule, Group(), change.alert, transition)] if transition.notify else []


def _evaluate_rule(bench: Bench, group: Group, rule: Rule, tick: datetime) -> list[Told]:
    """Judge one rule at one tick."""
    snapshot = bench.snapshot(rule, group, tick)
    readings = tuple(rule.detector.read(rule.parameters, bench.catalogue, snapshot))
    known = rule_state(bench.tx, rule.identity)
    activated_at = known.activated_at if known else None
    standing = {alert.fingerprint: alert for alert in find_alerts(bench.tx, rule=rule.identity)}
    watched = _watched(bench, standing, known, tick)
    keys = life(rule, bench.catalogue)
    moves: list[_Move] = []
    for reading in (*readings, *_vanished(rule, readings, standing, watched)):
        fingerprint = rule.fingerprint(reading.labels)
        alert = standing.get(fingerprint) or Alert(fingerprint, rule.identity, reading.labels)
        case = Case(group, rule, alert, judge(rule, reading, bench.catalogue), tick)
        change = step(alert, case.finding, life=keys, tick=tick, activated_at=activated_at)
        lost = _lost_ground(bench, case) if fingerprint in watched else None
        if lost is not None:
            change = retract(alert, tick)
        if change is not None:
            moves.append(_Move(case, change, lost))
    kept, excess = _within_limit(rule, moves, standing)
    state = RuleState(rule.identity, rule.rule_hash, _activated_at(rule, readings, tick, activated_at), tick)
    problem = excess or next((reading.reason for reading in readings if reading.status is not Status.OK), "")
    save_rule_state(bench.tx, state._replace(problem=problem, held_back=len(moves) - len(kept)))
    return [_move(bench, move, snapshot) for move in kept]


class _Move(NamedTuple):
    """A change that an alert is about to make."""

    case: Case
    change: Step
    #: What changed in the records behind it, when its ground was taken away.
    lost: dict[str, object] | None

    @property
    def begins(self) -> bool:
        """Whether an episode begins."""
        return self.change.alert.state.is_open and not self.case.alert.state.is_open


def _within_limit(rule: Rule, moves: Sequence[_Move], standing: Mapping[str, Alert]) -> tuple[list[_Move], str]:
    """The changes that may be made, and what is wrong when more alerts would fire at once than the rule's limit.

    Then none of the new ones begins: so many at once are a mistake in the rule or in the records, and a flood helps
    nobody. They begin at the first turn at which they are few enough.
    """
    changes = [(move.case.alert, move.change) for move in moves]
    firing = over_limit(rule.limit, changes, standing.values(), event_like=rule.is_event_like)
    if not firing:
        return list(moves), ""
    kept = [move for move in moves if not move.begins]
    held_back = f"{len(moves) - len(kept)} new ones are held back"
    return kept, f"{firing} alerts would fire at once and the limit is {rule.limit}: {held_back}"


def _move(bench: Bench, move: _Move, snapshot: StoreSnapshot) -> Told:
    case, change = move.case, move.change
    rule, reading = case.rule, case.finding.reading
    if change.reason is Reason.RETRACTED and move.lost is None:
        # The reading is of another occurrence, or of none: what is taken back is what was told.
        values, detail = _taken_back(bench, change.alert)
    else:
        detail = {**evidence(rule, case.finding, bench.catalogue, snapshot), **(move.lost or {})}
        values = reading.values
    transition = _transition(
        change, case.tick, rule_hash=rule.rule_hash, values=values, detail=detail, watermark=reading.watermark
    )
    _store(bench, change.alert, transition)
    return Told(rule, case.group, change.alert, transition)


def look_again(bench: Bench, told: Told) -> Told:
    """The same alert with what there is to say of it now; as it was said before, when there is nothing to judge by."""
    rule, transition = told.rule, told.transition
    tick = tick_at_or_before(bench.now, told.group.interval)
    snapshot, readings = bench.reread(rule, told.group, tick)
    reading = readings.get(told.alert.group)
    if reading is None:
        return told
    detail = evidence(rule, judge(rule, reading, bench.catalogue), bench.catalogue, snapshot)
    again = replace(transition, tick=tick, watermark=reading.watermark, values=reading.values, evidence=detail)
    return told._replace(transition=again)


def _activated_at(
    rule: Rule, readings: Sequence[Reading], tick: datetime, activated_at: datetime | None
) -> datetime | None:
    """When the rule came into force: at the first tick at which it can be judged."""
    nothing_happened = rule.is_event_like and not readings
    can_be_judged = nothing_happened or any(reading.status is Status.OK for reading in readings)
    return tick if activated_at is None and can_be_judged else activated_at


def _watched(bench: Bench, standing: Mapping[str, Alert], known: RuleState | None, tick: datetime) -> set[str]:
    """The alerts whose ground may go: those that are open, and when records have come in, those that ended lately."""
    ended = {name for name, alert in standing.items() if may_be_taken_back(alert, tick)}
    if ended and known is not None and not dirty_marks(bench.tx):
        ended = ended if moments_of_knowledge(bench.tx, known.last_tick, tick) else set()
    return ended | {name for name, alert in standing.items() if alert.state.is_open}


def _vanished(
    rule: Rule, readings: Sequence[Reading], standing: Mapping[str, Alert], watched: Collection[str]
) -> list[Reading]:
    """Alerts that go on although their group is not seen: it is absent, or no group can be judged at all."""
    seen = {rule.fingerprint(reading.labels) for reading in readings}
    said = Telling(headline=rule.alert, sentence="Nothing is known of this group any more.")
    absent = Reading(present=False, tell=lambda: said)
    blind = next((reading for reading in readings if reading.status is not Status.OK and not reading.labels), absent)
    return [
        replace(blind, labels=alert.group)
        for fingerprint, alert in standing.items()
        if fingerprint not in seen and (alert.state in OPEN or fingerprint in watched)
    ]


def _lost_ground(bench: Bench, case: Case) -> dict[str, object] | None:
    """The difference, when an episode's condition fails now and, by today's knowledge, failed when it fired.

    A rule that has become stricter takes no ground away: by what was known then, its condition must have held.
    """
    alert, rule = case.alert, case.rule
    if not _may_lose_ground(case) or alert.fired_at is None:
        return None
    if rule.members:
        return _lost_members(bench, case, alert.fired_at)
    if alert.fired_watermark is None:
        return None
    now = bench.reread(rule, case.group, case.tick, up_to=alert.fired_watermark)
    then = bench.reread(rule, case.group, alert.fired_at, up_to=alert.fired_watermark)
    fired = then.readings.get(alert.group)
    if fired is None or not _holds(bench, rule, fired) or _holds(bench, rule, now.readings.get(alert.group)):
        return None
    period = reading_period(fired)
    if period is None:
        return {}
    changed = difference(rule, then.snapshot, now.snapshot, catalogue=bench.catalogue, group=alert.group, period=period)
    return {"difference": changed}


def _lost_members(bench: Bench, case: Case, fired_at: datetime) -> dict[str, object] | None:
    """What was taken back, when a combination would not have fired without the alerts that were withdrawn since."""
    rule, catalogue = case.rule, bench.catalogue
    snapshot = StoreSnapshot(bench.tx, as_known=fired_at, offsets=bench.offsets, hindsight=case.tick)
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


def _taken_back(bench: Bench, alert: Alert) -> tuple[Mapping[str, Value], dict[str, object]]:
    """The values and the evidence of an occurrence that is stated no longer, as they were told."""
    told = find_transitions(bench.tx, fingerprint=alert.fingerprint, limit=1)[0].transition
    text = f"no longer stated: {told.evidence.get('headline', '')}"
    return told.values, {**told.evidence, "difference": {"text": text}}


def _last_evidence(bench: Bench, alert: Alert) -> Mapping[str, object]:
    """What stood behind the alert's last transition."""
    return find_transitions(bench.tx, fingerprint=alert.fingerprint, limit=1)[0].transition.evidence


def _may_lose_ground(case: Case) -> bool:
    """Whether a revision is to be looked for: the condition fails now, within the period in which it fired."""
    reading, alert = case.finding.reading, case.alert
    if case.rule.on_revision == "ignore" or case.rule.is_event_like or reading.status is not Status.OK:
        return False
    same_period = alert.period is None or reading.period in {None, alert.period}
    return not case.finding.holds and same_period


def _transition(
    change: Step,
    tick: datetime,
    *,
    rule_hash: str,
    values: Mapping[str, Value],
    detail: Mapping[str, object],
    watermark: date | None,
) -> Transition:
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


def record(bench: Bench, change: Step, detail: Mapping[str, object]) -> Transition:
    """Store a change that no reading stands behind, at this moment."""
    transition = _transition(change, bench.now, rule_hash="", values={}, detail=detail, watermark=None)
    _store(bench, change.alert, transition)
    return transition


def _store(bench: Bench, alert: Alert, transition: Transition) -> None:
    save_alert(bench.tx, alert)
    add_transition(bench.tx, transition, now=bench.now)
