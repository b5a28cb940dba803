"""Evaluation: one transaction that judges what is due, moves alerts through their lives and stores what is to be told."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from watcher.agenda import OPEN, Agenda, life
from watcher.bench import Bench, Told, store_change, transition_of
from watcher.core.across import Weighed, series_name
from watcher.core.alert import (
    Alert,
    Reason,
    Step,
    begins_episode,
    over_limit,
    retract,
    step,
)
from watcher.core.label import Labels
from watcher.core.period import tick_at_or_before
from watcher.core.reading import Reading, Status, Telling
from watcher.core.rule import Group, Rule, RuleSet, judge
from watcher.ground import Case, lost_ground, taken_back, watched_alerts
from watcher.store.actors import name_actors
from watcher.store.alerts import (
    RuleState,
    clear_dirty,
    rule_states,
    save_rule_state,
)
from watcher.store.rule_sets import rule_set_in_force
from watcher.store.schema import Tx
from watcher.store.snapshot import StoreSnapshot
from watcher.takeover import take_over


class Evaluated(NamedTuple):
    """What an evaluation did."""

    #: Evaluations of a rule at a tick.
    judged: int
    transitions: int
    #: Those of them that somebody is to be told.
    told: tuple[Told, ...]


NOTHING_EVALUATED = Evaluated(0, 0, ())


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
    bench.states.update(rule_states(tx))
    judged_rules: dict[str, None] = {}
    judged = transitions = 0
    while agenda:
        tick, due = agenda.next()
        for group, rule in due:
            moved = _evaluate_rule(bench, group, rule, tick)
            agenda.follow(group, rule, [each.alert for each in moved], tick=tick)
            judged_rules[rule.identity] = None
            judged += 1
            transitions += len(moved)
            told += [each for each in moved if each.transition.notify]
    for identity in judged_rules:
        save_rule_state(tx, bench.states[identity])
    clear_dirty(tx)
    return Evaluated(judged, transitions, tuple(told))


def _evaluate_rule(bench: Bench, group: Group, rule: Rule, tick: datetime) -> list[Told]:
    """Judge one rule at one tick."""
    snapshot = bench.snapshot(rule, group, tick)
    readings = bench.readings(rule, group, tick)
    weighed = bench.weighed(rule, group, tick)
    known = bench.states.get(rule.identity)
    activated_at = known.activated_at if known else None
    standing = bench.alerts_of(rule)
    watched = watched_alerts(bench, standing, known, tick)
    keys = life(rule, bench.catalogue)
    moves: list[_Move] = []
    for reading in (*readings, *_vanished(rule, readings, standing, watched)):
        fingerprint = rule.fingerprint(reading.labels)
        alert = standing.get(fingerprint) or Alert(fingerprint, rule.identity, reading.labels)
        finding = judge(rule, reading, bench.catalogue, weighed=weighed.get(reading.labels))
        case = Case(group, rule, alert, finding, tick)
        change = step(alert, finding, life=keys, tick=tick, activated_at=activated_at)
        lost = lost_ground(bench, case) if fingerprint in watched else None
        if lost is not None:
            change = retract(alert, tick)
        if change is not None:
            moves.append(_Move(case, change, lost))
    kept, excess = _within_limit(rule, moves, standing)
    state = RuleState(rule.identity, rule.rule_hash, _activated_at(rule, readings, tick, activated_at), tick)
    problem = excess or next((reading.reason for reading in readings if reading.status is not Status.OK), "")
    bench.states[rule.identity] = state._replace(
        problem=problem, held_back=len(moves) - len(kept), further=json.dumps(_further(rule, group, weighed, standing))
    )
    return [_move(bench, move, snapshot) for move in kept]


def _further(rule: Rule, group: Group, weighed: Mapping[Labels, Weighed], standing: Mapping[str, Alert]) -> list[str]:
    """The series, those that stand out most first, for which the condition holds and that ``top`` leaves untold."""
    across = group.across_of(rule)
    if across is None or across.top is None:
        return []
    untold = (labels for labels, each in weighed.items() if not each.begins)
    going_on = {alert.group for alert in standing.values() if alert.state.is_open}
    return [series_name(rule.alert, labels) for labels in untold if labels not in going_on]


class _Move(NamedTuple):
    """A change that an alert is about to make."""

    case: Case
    change: Step
    #: What changed in the records behind it, when its ground was taken away.
    lost: dict[str, object] | None

    @property
    def begins(self) -> bool:
        """Whether an episode begins."""
        return begins_episode(self.case.alert, self.change.alert)


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
        values, detail = taken_back(bench, change.alert)
    else:
        detail = {**bench.evidence(rule, case.finding, snapshot), **(move.lost or {})}
        if change.notify and change.alert.state.is_open:
            detail |= bench.sensitivity(rule, case.finding, snapshot)
        values = reading.values
    transition = transition_of(
        change, case.tick, rule_hash=rule.rule_hash, values=values, detail=detail, watermark=reading.watermark
    )
    store_change(bench, change.alert, transition)
    return Told(rule, case.group, change.alert, transition)


def look_again(bench: Bench, told: Told) -> Told:
    """The same alert with what there is to say of it now; as it was said before, when there is nothing to judge by."""
    rule, transition = told.rule, told.transition
    tick = tick_at_or_before(bench.now, told.group.interval)
    snapshot, readings = bench.reread(rule, told.group, tick)
    reading = readings.get(told.alert.group)
    if reading is None:
        return told
    finding = judge(rule, reading, bench.catalogue)
    detail = bench.evidence(rule, finding, snapshot) | bench.sensitivity(rule, finding, snapshot)
    again = replace(transition, tick=tick, watermark=reading.watermark, values=reading.values, evidence=detail)
    return told._replace(transition=again)


def _activated_at(
    rule: Rule, readings: Sequence[Reading], tick: datetime, activated_at: datetime | None
) -> datetime | None:
    """When the rule came into force: at the first tick at which it can be judged."""
    nothing_happened = rule.is_event_like and not readings
    can_be_judged = nothing_happened or any(reading.status is Status.OK for reading in readings)
    return tick if activated_at is None and can_be_judged else activated_at


def _vanished(
    rule: Rule, readings: Sequence[Reading], standing: Mapping[str, Alert], watched: Collection[str]
) -> list[Reading]:
    """Alerts that go on although their group is not seen: it is absent, or no group can be judged at all."""
    seen = {rule.fingerprint(reading.labels) for reading in readings}
    return [
        unseen(rule, readings, alert.group)
        for fingerprint, alert in standing.items()
        if fingerprint not in seen and (alert.state in OPEN or fingerprint in watched)
    ]


def unseen(rule: Rule, readings: Sequence[Reading], group: Labels) -> Reading:
    """What is read of a group that is not seen: that it is absent, or why no group can be judged at all."""
    said = Telling(headline=rule.alert, sentence="Nothing is known of this group any more.")
    absent = Reading(present=False, tell=lambda: said)
    blind = next((reading for reading in readings if reading.status is not Status.OK and not reading.labels), absent)
    return replace(blind, labels=group)
