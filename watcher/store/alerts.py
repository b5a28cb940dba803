"""Alerts as they stand, their transitions, the state of rules, and what waits to be evaluated."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, Select, bindparam, delete, func, insert, select, update

from watcher.core.alert import Alert, Reason, State, Transition
from watcher.core.label import Labels
from watcher.core.reading import Value
from watcher.core.severity import Severity
from watcher.core.snapshot import Episode
from watcher.store import schema
from watcher.store.order import Bound
from watcher.store.rule_sets import newest_rule_set
from watcher.store.schema import Tx

_alert = schema.alert
_transition = schema.transition
_rule_state = schema.rule_state
_dirty = schema.dirty


class RuleState(NamedTuple):
    """How far a rule has been evaluated."""

    rule: str
    rule_hash: str
    #: Tick at which it could first be judged; None until then.
    activated_at: datetime | None
    #: Last tick it was evaluated at.
    last_tick: datetime
    #: Why it could not be judged at the last tick; empty when it could.
    problem: str = ""
    #: Alerts held back at that tick, because more than the rule's limit would have fired.
    held_back: int = 0
    #: JSON: the series for which the condition held at that tick and that ``across: top`` left untold.
    further: str = "[]"


#: What an alert is between two episodes, under the number of the one that is over.
_BETWEEN_EPISODES = (State.PENDING, State.INACTIVE)
_RULE_STATE = tuple(_rule_state.c[field] for field in RuleState._fields)


class StoredTransition(NamedTuple):
    """A transition with its place in the history."""

    id: int
    transition: Transition
    #: Our own clock.
    recorded_at: datetime
    #: Newest record version at that moment: bounds a replay.
    newest_version: int
    #: The rule set that was in force; None before there was any.
    rule_set: int | None = None

    @property
    def bound(self) -> Bound:
        """Its place in the order of recording."""
        return Bound(self.id, self.newest_version, self.recorded_at)


def find_alerts(tx: Tx, *, rule: str = "", states: Collection[State] = ()) -> list[Alert]:
    """The alerts of a rule, or in some states, by rule and group."""
    query = _alerts(of_a_rule=bool(rule), in_states=bool(states))
    wanted: dict[str, object] = {"of": rule} if rule else {}
    if states:
        wanted |= {"states": [state.value for state in states]}
    return [_to_alert(row) for row in tx.execute(query, wanted).mappings()]


@cache
def _alerts(*, of_a_rule: bool, in_states: bool) -> Select[Any]:
    query = select(_alert).order_by(_alert.c.rule, _alert.c.group)
    if of_a_rule:
        query = query.where(_alert.c.rule == bindparam("of"))
    if in_states:
        query = query.where(_alert.c.state.in_(bindparam("states", expanding=True)))
    return query


def alert(tx: Tx, fingerprint: str) -> Alert | None:
    """One alert; a unique beginning of its fingerprint is enough."""
    query = select(_alert).where(_alert.c.fingerprint.startswith(fingerprint, autoescape=True)).limit(2)
    rows = tx.execute(query).mappings().all()
    return _to_alert(rows[0]) if len(rows) == 1 else None


def save_alert(tx: Tx, standing: Alert) -> None:
    """Store how an alert stands now."""
    values = {**_alert_values(standing)}
    changed = tx.execute(update(_alert).where(_alert.c.fingerprint == standing.fingerprint).values(values))
    if changed.rowcount == 0:
        tx.execute(insert(_alert).values(fingerprint=standing.fingerprint, **values))


def add_transition(tx: Tx, transition: Transition, *, now: datetime) -> None:
    """Add a transition to the history, which is never edited."""
    body = {
        "values": {name: to_plain(value) for name, value in transition.values.items()},
        "evidence": transition.evidence,
    }
    newest = tx.execute(select(func.coalesce(func.max(schema.event.c.version), 0))).scalar_one()
    tx.execute(
        insert(_transition).values(
            fingerprint=transition.fingerprint,
            seq=transition.seq,
            episode=transition.episode,
            rule=transition.rule,
            group=json.dumps(transition.group),
            before=transition.before.value,
            after=transition.after.value,
            severity=transition.severity.value,
            reason=transition.reason.name.lower(),
            tick=transition.tick,
            watermark=transition.watermark,
            rule_hash=transition.rule_hash,
            notify=int(transition.notify),
            newest_version=newest,
            rule_set=newest_rule_set(tx),
            body=json.dumps(body, ensure_ascii=False, sort_keys=True),
            recorded_at=now,
        )
    )


def find_transitions(
    tx: Tx,
    *,
    fingerprint: str = "",
    rule: str = "",
    episode: int | None = None,
    up_to: datetime | None = None,
    limit: int | None = None,
) -> list[StoredTransition]:
    """Transitions, the newest first.

    :param up_to: the last tick whose transitions are wanted.
    """
    query = select(_transition).order_by(_transition.c.id.desc())
    if up_to is not None:
        query = query.where(_transition.c.tick <= up_to)
    if fingerprint:
        query = query.where(_transition.c.fingerprint == fingerprint)
    if rule:
        query = query.where(_transition.c.rule == rule)
    if episode is not None:
        query = query.where(_transition.c.episode == episode)
    if limit is not None:
        query = query.limit(limit)
    return [to_transition(row) for row in tx.execute(query).mappings()]


def find_episodes(tx: Tx, rule: str, *, since: datetime, up_to: datetime, bound: Bound | None = None) -> list[Episode]:
    """The episodes of a rule's alerts as they stood at ``up_to``, that went on or fired after ``since``.

    :param bound: what was recorded later is not seen.
    """
    newest: dict[tuple[str, int], Transition] = {}
    fired: dict[tuple[str, int], datetime] = {}
    # By way of the alerts of the rule, which are few: the transitions have no index on it.
    query = select(_transition).join(_alert).where(_alert.c.rule == rule, _transition.c.tick <= up_to)
    if bound is not None:
        query = query.where(_transition.c.id < bound.transition)
    for row in tx.execute(query.order_by(_transition.c.id)).mappings():
        step = to_transition(row).transition
        if step.after in _BETWEEN_EPISODES:
            continue
        key = (step.fingerprint, step.episode)
        if step.after is State.FIRING and step.before is not State.RECOVERING:
            fired.setdefault(key, step.tick)
        newest[key] = step
        before = (step.fingerprint, step.episode - 1)
        if before in newest and newest[before].after.is_open:
            # A new occurrence takes the place of the last one.
            newest[before] = replace(newest[before], after=State.EXPIRED, tick=step.tick)
    found = [_episode(newest[key], at) for key, at in fired.items()]
    lately = [each for each in found if each.ended_at is None or each.fired_at > since]
    return sorted(lately, key=lambda each: (each.fired_at, each.fingerprint))


def ticks_of_moves(tx: Tx, rules: Collection[str], *, after: datetime) -> list[tuple[str, datetime]]:
    """Each tick after a moment at which an alert of these rules changed: (rule, tick), in the order of time."""
    query = select(_transition.c.rule, _transition.c.tick).distinct().join(_alert)
    query = query.where(_alert.c.rule.in_(sorted(rules)), _transition.c.tick > after)
    return [(row.rule, row.tick) for row in tx.execute(query.order_by(_transition.c.tick, _transition.c.rule))]


def _episode(newest: Transition, fired_at: datetime) -> Episode:
    is_open = newest.after.is_open
    return Episode(
        fingerprint=newest.fingerprint,
        labels=newest.group,
        episode=newest.episode,
        severity=newest.severity.value,
        fired_at=fired_at,
        ended_at=None if is_open else newest.tick,
        was_retracted=newest.after is State.RETRACTED,
        headline=str(newest.evidence.get("headline", "")),
    )


def rule_states(tx: Tx) -> dict[str, RuleState]:
    """How far each rule has been evaluated."""
    return {row.rule: RuleState(*row) for row in tx.execute(select(*_RULE_STATE))}


def rule_state(tx: Tx, rule: str) -> RuleState | None:
    """How far one rule has been evaluated; None when it never was."""
    row = tx.execute(select(*_RULE_STATE).where(_rule_state.c.rule == rule)).one_or_none()
    return None if row is None else RuleState(*row)


def save_rule_state(tx: Tx, state: RuleState) -> None:
    """Store how far a rule has been evaluated."""
    values = state._asdict()
    changed = tx.execute(update(_rule_state).where(_rule_state.c.rule == state.rule).values(values))
    if changed.rowcount == 0:
        tx.execute(insert(_rule_state).values(values))


def forget_rule_states(tx: Tx, live: Collection[str]) -> None:
    """Forget how far rules that are gone were evaluated: one that comes back begins anew."""
    for rule in rule_states(tx).keys() - set(live):
        tx.execute(delete(_rule_state).where(_rule_state.c.rule == rule))


def mark_dirty(tx: Tx, what: str, since: datetime) -> None:
    """Note that something changed which no evaluation has seen yet: ``records:<source>``, ``facts``, ``rules``."""
    known = tx.execute(select(_dirty.c.since).where(_dirty.c.what == what)).scalar_one_or_none()
    if known is None:
        tx.execute(insert(_dirty).values(what=what, since=since))
    elif since < known:
        tx.execute(update(_dirty).where(_dirty.c.what == what).values(since=since))


def dirty_marks(tx: Tx) -> dict[str, datetime]:
    """What changed since the last evaluation, with the least knowledge time of the change."""
    return {row.what: row.since for row in tx.execute(select(_dirty.c.what, _dirty.c.since))}


def clear_dirty(tx: Tx) -> None:
    """Everything has been evaluated."""
    tx.execute(_dirty.delete())


def moments_of_knowledge(tx: Tx, after: datetime, up_to: datetime) -> list[datetime]:
    """When, in (after, up_to], anything became known or was closed: records, facts and baselines."""
    span = {"after": after, "up_to": up_to}
    return sorted({moment for query in _moments() for moment in tx.execute(query, span).scalars()})


@cache
def _moments() -> tuple[Select[datetime], ...]:
    """The moments in (after, up_to], by the columns they stand in."""
    columns = [schema.release.c.known_from]
    columns += [column for book in (schema.fact, schema.baseline) for column in (book.c.known_from, book.c.known_to)]
    return tuple(
        select(column).distinct().where(column > bindparam("after"), column <= bindparam("up_to")) for column in columns
    )


def _alert_values(standing: Alert) -> dict[str, Any]:
    return {
        "rule": standing.rule,
        "group": json.dumps(standing.group, ensure_ascii=False),
        "state": standing.state.value,
        "severity": standing.severity.value,
        "worst": standing.worst.value,
        "episode": standing.episode,
        "seq": standing.seq,
        "active_at": standing.active_at,
        "fired_at": standing.fired_at,
        "ceased_at": standing.ceased_at,
        "ended_at": standing.ended_at,
        "fired_watermark": standing.fired_watermark,
        "period": standing.period,
        "occurrence": standing.occurrence,
        "known_at": standing.known_at,
        "told": int(standing.told),
    }


def _to_alert(row: RowMapping) -> Alert:
    values = dict(row)
    return Alert(
        **{
            **values,
            "group": _labels(values["group"]),
            "state": State(values["state"]),
            "severity": Severity(values["severity"]),
            "worst": Severity(values["worst"]),
            "told": bool(values["told"]),
        }
    )


def to_transition(row: RowMapping) -> StoredTransition:
    """A row of the history."""
    body = json.loads(row["body"])
    transition = Transition(
        fingerprint=row["fingerprint"],
        rule=row["rule"],
        group=_labels(row["group"]),
        seq=row["seq"],
        episode=row["episode"],
        before=State(row["before"]),
        after=State(row["after"]),
        severity=Severity(row["severity"]),
        reason=Reason[row["reason"].upper()],
        tick=row["tick"],
        watermark=row["watermark"],
        rule_hash=row["rule_hash"],
        values={name: to_value(value) for name, value in body["values"].items()},
        notify=bool(row["notify"]),
        evidence=body["evidence"],
    )
    return StoredTransition(row["id"], transition, row["recorded_at"], row["newest_version"], row["rule_set"])


def _labels(text: str) -> Labels:
    return tuple((name, value) for name, value in json.loads(text))


def to_plain(value: object) -> object:
    """A value as JSON: a date is marked, so that it comes back as one."""
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return str(value) if isinstance(value, float) and value in {float("inf"), float("-inf")} else value


def to_value(value: object) -> Value:
    """A value as it was before it became JSON."""
    if isinstance(value, Mapping):
        return date.fromisoformat(value["date"])
    if value in {"inf", "-inf"}:
        return float(str(value))
    return value if isinstance(value, int | float | str | bool) else None
