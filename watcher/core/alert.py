"""An alert's life: its states, the reasons for its changes, and the one step from a finding to a transition.

::

    inactive ─→ pending ─→ firing ⇄ recovering ─→ resolved | retracted     (resolved ─→ retracted, for a while)
                             └── event-like ────→ expired
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from watcher.core.label import Labels
from watcher.core.reading import Reading, Status, Value
from watcher.core.rule import Finding
from watcher.core.severity import Severity

#: How the identity of a rule about ourselves begins, which nobody wrote: no rule of a file can have such a one.
OURS = "watcher:"
#: How long a revision may still take back an episode that has ended.
WATCHED = timedelta(days=180)


class State(StrEnum):
    """Where an alert stands."""

    #: Nothing holds, and no episode is open.
    INACTIVE = "inactive"
    #: The condition holds, but not yet for as long as ``for`` asks.
    PENDING = "pending"
    #: The condition has held for long enough.
    FIRING = "firing"
    #: Still firing, but the condition has ceased; ``keep_firing_for`` or ``recovery`` holds it.
    RECOVERING = "recovering"
    #: The episode is over: the condition has ceased.
    RESOLVED = "resolved"
    #: The episode is over: as known now, it would never have fired.
    RETRACTED = "retracted"
    #: The episode of an event-like alert is over; nobody is told.
    EXPIRED = "expired"

    @property
    def is_open(self) -> bool:
        """Whether an episode is going on."""
        return self in {State.FIRING, State.RECOVERING}


class Reason(StrEnum):
    """Why a transition happened."""

    WAITING = "the condition holds, and waits for 'for'"
    GONE = "the condition ceased before 'for' ran out"
    HOLDS = "the condition holds"
    HELD = "the condition has held for the time 'for' asks"
    OCCURRED = "a new occurrence became known"
    BEFORE_ACTIVATION = "it was known before the rule came into force"
    STATE_AT_START = "it already held when watching began"
    WORSE = "the severity got worse"
    MILDER = "the severity got milder"
    CEASED = "the condition ceased"
    HOLDS_AGAIN = "the condition holds again"
    PERIOD_ENDED = "period ended"
    RETRACTED = "the records or facts behind it were revised or withdrawn"
    RAN_OUT = "its time ran out"
    RULE_REMOVED = "the rule is no longer in force"


@dataclass(frozen=True, slots=True)
class Alert:
    """A finding with a life: one per rule and group."""

    fingerprint: str
    #: The rule's identity.
    rule: str
    #: The group's labels; the rule's own labels are added when it is routed.
    group: Labels
    state: State = State.INACTIVE
    severity: Severity = Severity.INFO
    #: The worst severity of the episode: only a worse one is told.
    worst: Severity = Severity.INFO
    #: How many times it has fired.
    episode: int = 0
    #: Number of its last transition.
    seq: int = 0
    #: Tick at which the condition began to hold.
    active_at: datetime | None = None
    #: Tick at which the episode began.
    fired_at: datetime | None = None
    #: Tick at which the condition ceased; None while it holds.
    ceased_at: datetime | None = None
    #: Tick at which the episode ended.
    ended_at: datetime | None = None
    #: The watermark at which the episode began.
    fired_watermark: date | None = None
    #: First day of the calendar period the episode speaks of; None for windows that move.
    period: date | None = None
    #: What made the last occurrence of an event-like alert differ.
    occurrence: str = ""
    #: When that occurrence became known.
    known_at: datetime | None = None
    #: Whether the last episode was for telling: not one from before the rule's activation.
    told: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of an alert's state: a row that is never edited."""

    fingerprint: str
    rule: str
    group: Labels
    #: 1 for an alert's first transition, ascending without gaps.
    seq: int
    episode: int
    before: State
    after: State
    severity: Severity
    reason: Reason
    #: The tick at which it happened: what was known at this moment is what it was judged by.
    tick: datetime
    watermark: date | None
    rule_hash: str
    values: Mapping[str, Value] = field(default_factory=dict)
    #: Whether receivers are to be told.
    notify: bool = False
    #: Everything needed to tell and to explain: headline, what, sure, unknown, source, arithmetic, records, ...
    evidence: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Life:
    """The keys of a rule that shape the life of its alerts."""

    hold: timedelta = timedelta()
    keep_firing_for: timedelta = timedelta()
    event_like: bool = False
    no_data: str = "keep_last"


@dataclass(frozen=True, slots=True)
class Step:
    """What an alert does at a tick: how it stands afterwards, why, and whether anybody is told."""

    alert: Alert
    before: State
    reason: Reason
    notify: bool


def step(alert: Alert, finding: Finding, *, life: Life, tick: datetime, activated_at: datetime | None) -> Step | None:
    """Decide what an alert does now; None when it stays as it is.

    :param activated_at: the tick at which the rule could first be judged; None while that is now. What holds then is a
        state at start, and occurrences known up to then are recorded without being told.
    """
    if life.event_like:
        return _occurrence(alert, finding, life, tick, activated_at)
    if alert.state.is_open and _period_ended(alert, finding):
        return _end(alert, State.RESOLVED, Reason.PERIOD_ENDED, tick)
    finding = _without_data(_held_back(alert, finding), life)
    if finding.reading.status is not Status.OK and not finding.holds and life.no_data == "keep_last":
        return None
    if finding.holds:
        return _holds(alert, finding, life, tick, activated_at)
    return _ceases(alert, finding, life, tick)


def may_be_taken_back(alert: Alert, tick: datetime) -> bool:
    """Whether its episode has ended, and not so long ago that a revision would interest nobody."""
    return alert.state is State.RESOLVED and alert.ended_at is not None and tick - alert.ended_at <= WATCHED


def retract(alert: Alert, tick: datetime) -> Step:
    """End an episode whose ground is gone, or take back that it ended in any other way."""
    return _end(alert, State.RETRACTED, Reason.RETRACTED, tick)


def remove(alert: Alert, tick: datetime) -> Step | None:
    """End whatever goes on when the rule is no longer in force; None when nothing does."""
    if alert.state.is_open:
        return _end(alert, State.RESOLVED, Reason.RULE_REMOVED, tick)
    if alert.state is State.PENDING:
        return Step(
            replace(alert, state=State.INACTIVE, seq=alert.seq + 1), alert.state, Reason.RULE_REMOVED, notify=False
        )
    return None


def begins_episode(before: Alert, after: Alert) -> bool:
    """Whether a change begins an episode; of an occurrence that goes on another may take the place."""
    return after.state.is_open and (not before.state.is_open or after.episode > before.episode)


def over_limit(
    limit: int, changes: Iterable[tuple[Alert, Step]], standing: Iterable[Alert], *, event_like: bool
) -> int:
    """How many alerts of a rule would fire at once, when that is more than its limit and some of them are new; else 0.

    :param changes: each alert that changes, as it stands, and its step.
    :param event_like: an occurrence goes on for days after it was told: only those that begin together are too many.
    """
    moved = [(before, change.alert) for before, change in changes]
    begins = sum(begins_episode(before, after) for before, after in moved)
    ends = sum(before.state.is_open and not after.state.is_open for before, after in moved)
    goes_on = 0 if event_like else sum(alert.state.is_open for alert in standing) - ends
    firing = goes_on + begins
    return firing if limit and begins and firing > limit else 0


def due_at(alert: Alert, life: Life) -> datetime | None:
    """When time alone changes the alert: ``for`` or ``keep_firing_for`` runs out. None when it never does."""
    if alert.state is State.PENDING and alert.active_at is not None:
        return alert.active_at + life.hold
    if alert.state is State.RECOVERING and alert.ceased_at is not None:
        return alert.ceased_at + life.keep_firing_for
    if alert.state is State.FIRING and life.event_like and alert.fired_at is not None:
        return alert.fired_at + life.keep_firing_for
    return None


def _held_back(alert: Alert, finding: Finding) -> Finding:
    """A reading that is not among those by which an alert may begin; one that goes on is not asked again."""
    if alert.state.is_open or not finding.is_held_back:
        return finding
    return replace(finding, holds=False, recovers=True)


def _without_data(finding: Finding, life: Life) -> Finding:
    """A missing reading, as the rule's ``no_data`` takes it."""
    if finding.reading.status is Status.OK:
        return finding
    if life.no_data == "alert" and finding.reading.status is Status.NO_DATA:
        return replace(finding, holds=True, severity=Severity.WARNING, because=(finding.reading.reason,))
    return replace(finding, holds=False, recovers=True)


def _period_ended(alert: Alert, finding: Finding) -> bool:
    return alert.period is not None and finding.reading.period is not None and alert.period != finding.reading.period


def _holds(alert: Alert, finding: Finding, life: Life, tick: datetime, activated_at: datetime | None) -> Step | None:
    if alert.state is State.RECOVERING:
        again = replace(alert, state=State.FIRING, ceased_at=None, seq=alert.seq + 1)
        return _with_severity(again, finding.severity, Step(again, alert.state, Reason.HOLDS_AGAIN, notify=False))
    if alert.state is State.FIRING:
        return _with_severity(replace(alert, seq=alert.seq + 1), finding.severity, None)
    if alert.state is State.PENDING and alert.active_at is not None:
        held = tick - alert.active_at >= life.hold
        return _fire(alert, finding, tick, Reason.HELD) if held else None
    if life.hold:
        waiting = replace(alert, state=State.PENDING, active_at=tick, severity=finding.severity, seq=alert.seq + 1)
        return Step(waiting, alert.state, Reason.WAITING, notify=False)
    return _fire(alert, finding, tick, Reason.STATE_AT_START if activated_at is None else Reason.HOLDS)


def _fire(alert: Alert, finding: Finding, tick: datetime, reason: Reason) -> Step:
    fired = replace(
        alert,
        state=State.FIRING,
        severity=finding.severity,
        worst=finding.severity,
        episode=alert.episode + 1,
        seq=alert.seq + 1,
        active_at=alert.active_at if alert.state is State.PENDING else tick,
        fired_at=tick,
        ceased_at=None,
        ended_at=None,
        fired_watermark=finding.reading.watermark,
        period=finding.reading.period,
        occurrence=finding.reading.occurrence,
        known_at=finding.reading.known_at,
        told=True,
    )
    return Step(fired, alert.state, reason, notify=True)


def _with_severity(alert: Alert, severity: Severity, otherwise: Step | None) -> Step | None:
    """Take a new severity over within an episode: a worse one than ever in it is told."""
    if severity is alert.severity:
        return otherwise
    worse = severity.rank > alert.severity.rank
    worst = max(alert.worst, severity, key=lambda level: level.rank)
    changed = replace(alert, severity=severity, worst=worst)
    before = otherwise.before if otherwise else State.FIRING
    return Step(changed, before, Reason.WORSE if worse else Reason.MILDER, notify=severity.rank > alert.worst.rank)


def _ceases(alert: Alert, finding: Finding, life: Life, tick: datetime) -> Step | None:
    if alert.state is State.PENDING:
        gone = replace(alert, state=State.INACTIVE, active_at=None, seq=alert.seq + 1)
        return Step(gone, alert.state, Reason.GONE, notify=False)
    if not alert.state.is_open:
        return None
    ceased_at = alert.ceased_at or tick
    if finding.recovers and tick - ceased_at >= life.keep_firing_for:
        return _end(alert, State.RESOLVED, Reason.CEASED, tick)
    if alert.state is State.RECOVERING:
        return None
    recovering = replace(alert, state=State.RECOVERING, ceased_at=tick, seq=alert.seq + 1)
    return Step(recovering, alert.state, Reason.CEASED, notify=False)


def _end(alert: Alert, state: State, reason: Reason, tick: datetime) -> Step:
    ended = replace(alert, state=state, ceased_at=alert.ceased_at or tick, ended_at=tick, seq=alert.seq + 1)
    return Step(ended, alert.state, reason, notify=alert.told and state is not State.EXPIRED)


def _occurrence(
    alert: Alert, finding: Finding, life: Life, tick: datetime, activated_at: datetime | None
) -> Step | None:
    """An event-like alert: each new occurrence is an episode; it ends silently, or is taken back."""
    reading = finding.reading
    can_be_judged = reading.status is Status.OK
    # What was taken back and is stated again later is news again.
    is_another = can_be_judged and (reading.occurrence != alert.occurrence or alert.state is State.RETRACTED)
    if finding.holds and is_another and _is_news(alert, reading):
        return _occurs(alert, finding, tick, activated_at or tick)
    if alert.state is not State.FIRING:
        return None
    if is_another:
        return retract(alert, tick)
    if alert.fired_at is not None and tick - alert.fired_at >= life.keep_firing_for:
        return _end(alert, State.EXPIRED, Reason.RAN_OUT, tick)
    return None


def _is_news(alert: Alert, reading: Reading) -> bool:
    """An older occurrence that comes to light because a newer one was taken back is no news.

    While the last one is still stated, what follows it is, whenever it became known.
    """
    if alert.occurrence in (reading.stated or (reading.occurrence,)):
        return True
    return alert.known_at is None or reading.known_at is None or reading.known_at > alert.known_at


def _occurs(alert: Alert, finding: Finding, tick: datetime, activated_at: datetime) -> Step:
    fired = _fire(alert, finding, tick, Reason.OCCURRED)
    if finding.reading.known_at is None or finding.reading.known_at > activated_at:
        return fired
    silent = replace(fired.alert, state=State.EXPIRED, ended_at=tick, told=False)
    return Step(silent, alert.state, Reason.BEFORE_ACTIVATION, notify=False)
