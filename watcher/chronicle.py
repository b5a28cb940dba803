"""The chronicle: what happened to alerts in one line of time, from the rows that each happening left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from watcher.core.alert import Alert, Reason, State
from watcher.core.label import Labels
from watcher.core.severity import Severity
from watcher.store.alerts import StoredTransition, find_alerts, find_transitions
from watcher.store.reviews import acknowledgements, verdicts
from watcher.store.schema import Tx
from watcher.store.timeline import Passing, passings

#: The kinds of lines; at the same moment they stand in this order.
KINDS = ("transition", "acknowledgement", "verdict", "delivery")


class Entry(NamedTuple):
    """One line."""

    at: datetime
    kind: str
    fingerprint: str
    rule: str
    group: Labels
    episode: int
    #: How severe the alert was then; None before its first transition.
    severity: Severity | None
    #: What happened, and why or with which words.
    what: str
    why: str
    #: Everything else, for JSON.
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines are wanted; what is empty or None leaves everything in."""

    fingerprint: str = ""
    rule: str = ""
    #: Labels that an alert must have.
    labels: Mapping[str, str] = field(default_factory=dict)
    severity: Severity | None = None
    #: Only transitions into this state.
    state: State | None = None
    #: Only transitions for this reason.
    reason: Reason | None = None
    kinds: frozenset[str] = frozenset(KINDS)
    since: datetime | None = None
    until: datetime | None = None
    #: The labels that a rule gives each of its alerts, by its identity.
    labels_of: Callable[[str], Mapping[str, str]] = field(default=lambda _rule: {})

    @property
    def _only_transitions(self) -> bool:
        return self.state is not None or self.reason is not None

    def wants_alert(self, alert: Alert) -> bool:
        """Whether anything about an alert is wanted."""
        if self.fingerprint not in {"", alert.fingerprint} or self.rule not in {"", alert.rule}:
            return False
        labels = {**self.labels_of(alert.rule), **dict(alert.group)}
        return all(labels.get(name, "") == value for name, value in self.labels.items())

    def wants(self, entry: Entry) -> bool:
        """Whether one line about a wanted alert is."""
        if entry.kind not in self.kinds or (self._only_transitions and entry.kind != "transition"):
            return False
        detail = entry.detail
        return (
            (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at <= self.until)
            and self.severity in {None, entry.severity}
            and (self.state is None or detail["after"] == self.state.value)
            and (self.reason is None or detail["reason"] == self.reason.name.lower())
        )


class _Past:
    """One alert and its transitions, the oldest first."""

    def __init__(self, alert: Alert, transitions: list[StoredTransition]) -> None:
        self.alert = alert
        self.transitions = transitions

    def severity_at(self, moment: datetime) -> Severity | None:
        before = [each.transition.severity for each in self.transitions if each.transition.tick <= moment]
        return before[-1] if before else None

    def episode_of(self, passing: Passing) -> int:
        """The episode a message is about; a reminder is about the one that went on when it was written."""
        for each in reversed(self.transitions):
            step = each.transition
            if step.seq == passing.seq or (not passing.seq and step.tick <= passing.written_at):
                return step.episode
        return self.alert.episode

    def entry(self, at: datetime, kind: str, *, episode: int, said: tuple[str, str], **detail: Any) -> Entry:
        alert, severity = self.alert, self.severity_at(at)
        return Entry(at, kind, alert.fingerprint, alert.rule, alert.group, episode, severity, *said, detail)


def chronicle(tx: Tx, wanted: Filter) -> list[Entry]:
    """The wanted lines, the oldest first."""
    pasts = _pasts(tx, wanted)
    entries = [
        *(entry for past in pasts.values() for entry in _transitions(past)),
        *_acknowledgements(tx, wanted, pasts),
        *_verdicts(tx, wanted, pasts),
        *_deliveries(tx, wanted, pasts),
    ]
    entries.sort(key=lambda entry: (entry.at, KINDS.index(entry.kind)))
    return [entry for entry in entries if wanted.wants(entry)]


def _pasts(tx: Tx, wanted: Filter) -> dict[str, _Past]:
    alerts = {each.fingerprint: each for each in find_alerts(tx, rule=wanted.rule) if wanted.wants_alert(each)}
    steps: dict[str, list[StoredTransition]] = defaultdict(list)
    for each in reversed(find_transitions(tx, fingerprint=wanted.fingerprint, rule=wanted.rule)):
        steps[each.transition.fingerprint].append(each)
    return {name: _Past(alert, steps[name]) for name, alert in alerts.items()}


def _transitions(past: _Past) -> Iterator[Entry]:
    for each in past.transitions:
        step = each.transition
        said = (f"{step.before.value} → {step.after.value}", step.reason.value)
        entry = past.entry(
            step.tick,
            "transition",
            episode=step.episode,
            said=said,
            seq=step.seq,
            before=step.before.value,
            after=step.after.value,
            reason=step.reason.name.lower(),
            watermark=step.watermark,
            values=dict(step.values),
            headline=step.evidence.get("headline", ""),
            difference=step.evidence.get("difference"),
            notify=step.notify,
            recorded_at=each.recorded_at,
        )
        yield entry._replace(severity=step.severity)


def _acknowledgements(tx: Tx, wanted: Filter, pasts: Mapping[str, _Past]) -> Iterator[Entry]:
    for said in acknowledgements(tx, wanted.fingerprint):
        if past := pasts.get(said.fingerprint):
            until = f" until {said.until:%Y-%m-%d %H:%M}" if said.until else ""
            told = "no longer acknowledged" if said.until == said.at else f"acknowledged{until}"
            yield past.entry(
                said.at,
                "acknowledgement",
                episode=said.episode,
                said=(f"{told}, by {said.author}", said.note),
                author=said.author,
                until=said.until,
                note=said.note,
            )


def _verdicts(tx: Tx, wanted: Filter, pasts: Mapping[str, _Past]) -> Iterator[Entry]:
    for said in verdicts(tx, wanted.fingerprint):
        if past := pasts.get(said.fingerprint):
            yield past.entry(
                said.at,
                "verdict",
                episode=said.episode,
                said=(f"{said.word.value}, by {said.author}", said.note),
                verdict=said.word.value,
                author=said.author,
                note=said.note,
            )


def _deliveries(tx: Tx, wanted: Filter, pasts: Mapping[str, _Past]) -> Iterator[Entry]:
    for each in passings(tx, wanted.fingerprint):
        if past := pasts.get(each.fingerprint):
            to = " ".join(filter(None, (each.endpoint, each.recipient)))
            yield past.entry(
                each.delivered_at or each.written_at,
                "delivery",
                episode=past.episode_of(each),
                said=(f"{each.state.value}: {each.reason} to {to}", each.why),
                seq=each.seq,
                message_reason=each.reason,
                endpoint=each.endpoint,
                recipient=each.recipient,
                delivery=each.state.value,
                attempts=each.attempts,
                written_at=each.written_at,
                delivered_at=each.delivered_at,
            )
