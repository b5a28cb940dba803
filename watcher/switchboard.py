"""The switchboard: who is told of an alert, in which group, and what may keep it from being told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from watcher.core.alert import OURS, Alert, State
from watcher.core.digest import Digest
from watcher.core.interval import Intervals
from watcher.core.label import Labels
from watcher.core.message import Desk
from watcher.core.message.group import Clockwork, Timing
from watcher.core.message.grouping import group_key, group_labels
from watcher.core.muting import Hush, Inhibition
from watcher.core.route import Route, Target
from watcher.core.rule import Group, Rule, RuleSet, RuleStatus
from watcher.core.severity import Severity
from watcher.endpoint import Endpoint, Endpoints, of_receiver
from watcher.endpoint_troubles import ABOUT
from watcher.store.alerts import find_alerts
from watcher.store.schema import Tx
from watcher.store.silences import find_silences

#: The receiver of rules with ``status: test``.
TEST_RECEIVER = "test"


#: After so long without success the receiver to fall back on is told.
FALLBACK_AFTER, FALLBACK_AFTER_CRITICAL = timedelta(hours=1), timedelta(minutes=10)


class Terms(NamedTuple):
    """What a receiver is spared, as watcher.yaml has it."""

    #: When it hears everything of a day in one message; None: it hears of each group by itself.
    digest: Digest | None = None
    #: Messages in an hour, at each of its channels; 0: any number.
    max_per_hour: int = 0
    #: The receiver that is told instead when it takes nothing; empty: none.
    fallback: str = ""
    #: How long it may take nothing before that; None: as :meth:`patience_with` has it.
    fallback_after: timedelta | None = None

    def patience_with(self, severity: Severity) -> timedelta:
        """How long a message may go untold before the fallback is told."""
        if self.fallback_after is not None:
            return self.fallback_after
        return FALLBACK_AFTER_CRITICAL if severity is Severity.CRITICAL else FALLBACK_AFTER


class Slot(NamedTuple):
    """Where an item goes: one group at one endpoint."""

    endpoint: Endpoint
    key: str
    labels: tuple[tuple[str, str], ...]
    timing: Timing


@dataclass(frozen=True, slots=True)
class Switchboard:
    """Who is told of what, and in whose words."""

    route: Route
    endpoints: Endpoints
    desk: Desk
    #: Time intervals by the names that routes and silences know them by.
    intervals: Intervals = field(default_factory=dict)
    inhibitions: tuple[Inhibition, ...] = ()
    #: What each receiver is spared, by its name.
    terms: Mapping[str, Terms] = field(default_factory=dict)

    @property
    def fallbacks(self) -> Mapping[str, str]:
        """Receiver → the receiver that is told instead when it cannot be."""
        return {name: terms.fallback for name, terms in self.terms.items() if terms.fallback}

    def terms_of(self, endpoint: str) -> Terms:
        """What the receiver of an endpoint is spared."""
        known = self.endpoints.get(endpoint)
        return self.terms.get(known.receiver, Terms()) if known else Terms()

    def clockwork_of(self, endpoint: str, *, patient: bool) -> Clockwork:
        """What the groups of an endpoint are judged by."""
        return Clockwork(self.intervals, self.terms_of(endpoint).digest, self.desk.timezone, patient)


def labels_of(rule: Rule, group: Group, own: Labels, severity: Severity) -> dict[str, str]:
    """Everything that an alert is routed by."""
    return {**group.labels, **rule.labels, **dict(own), "alertname": rule.alert, "severity": severity.value}


#: Rules with the groups they stand in, by their identity.
Rulebook = Mapping[str, tuple[Group, Rule]]


def rulebook(rules: RuleSet) -> Rulebook:
    """Every rule by its identity."""
    return {rule.identity: (group, rule) for group in rules.groups for rule in group.rules}


def rule_of(alert: Alert, book: Rulebook) -> tuple[Group, Rule] | None:
    """The rule of an alert with the group it stands in; one that nobody wrote, where the alert is about ourselves."""
    if alert.rule.startswith(OURS):
        return Group(), Rule.model_construct(alert=alert.rule.removeprefix(OURS), id=alert.rule)
    return book.get(alert.rule)


def hush_of(tx: Tx, rules: RuleSet, board: Switchboard, now: datetime) -> Hush:
    """Everything that mutes single alerts at a moment."""
    silences = [each.silence for each in find_silences(tx, at=now)]
    firing = _firing(tx, rules) if board.inhibitions else ()
    return Hush(silences, board.inhibitions, firing, board.intervals)


def _firing(tx: Tx, rules: RuleSet) -> list[Mapping[str, str]]:
    """The labels of what fires and is told; a rule that is only tried out keeps nobody from hearing of others."""
    book = rulebook(rules)
    found: list[Mapping[str, str]] = []
    for alert in find_alerts(tx, states=(State.FIRING, State.RECOVERING)):
        place = rule_of(alert, book)
        if place is not None and alert.told and place[1].status is RuleStatus.STABLE:
            found.append(labels_of(place[1], place[0], alert.group, alert.severity))
    return found


def routed(rule: Rule, labels: Mapping[str, str], board: Switchboard) -> list[Slot]:
    """Where the tree of routes sends an alert, by endpoint."""
    repeats = not rule.is_event_like
    return [
        _slot(endpoint, labels, target.group_by, Timing.of(target, repeats=repeats), board)
        for target in targets(rule, labels, board.route)
        for endpoint in _channels(rule, labels, board, target.receiver)
    ]


def _channels(rule: Rule, labels: Mapping[str, str], board: Switchboard, receiver: str) -> list[Endpoint]:
    """The channels of a receiver; an alert about one of them never goes through it."""
    about = labels.get(ABOUT, "") if (rule.id or "").startswith(OURS) else ""
    others = [each for each in of_receiver(board.endpoints, receiver) if each.name != about]
    instead = of_receiver(board.endpoints, board.fallbacks.get(receiver, "")) if about and not others else []
    return others or [each for each in instead if each.name != about]


def targets(rule: Rule, labels: Mapping[str, str], route: Route) -> tuple[Target, ...]:
    """The receivers of an alert; a rule on test speaks to the receiver of tests, an experimental one to nobody."""
    found = route.targets(labels)
    match rule.status:
        case RuleStatus.EXPERIMENTAL:
            return ()
        case RuleStatus.TEST:
            return (replace(found[0], receiver=TEST_RECEIVER),)
        case _:
            return found


def root_slot(endpoint: Endpoint, labels: Mapping[str, str], board: Switchboard) -> Slot:
    """How an endpoint groups an alert that is no longer routed to it: as the root of the tree does."""
    root = board.route
    target = Target(endpoint.receiver, root.group_by, root.repeat_interval, root.group_wait, root.group_interval)
    return _slot(endpoint, labels, root.group_by, Timing.of(target, repeats=True), board)


def ungrouped(slot: Slot) -> Slot:
    """The same endpoint, for what is told in one message whatever its labels."""
    return slot if slot.timing.in_digest else slot._replace(key=group_key(slot.endpoint.receiver, {}), labels=())


def digest_key(receiver: str) -> str:
    """The one group of a digest."""
    return f"{receiver}:digest"


def _slot(
    endpoint: Endpoint, labels: Mapping[str, str], group_by: Sequence[str], timing: Timing, board: Switchboard
) -> Slot:
    digest = board.terms_of(endpoint.name).digest
    is_critical = labels.get("severity") == Severity.CRITICAL.value
    if digest is not None and (digest.critical or not is_critical):
        return Slot(endpoint, digest_key(endpoint.receiver), (), timing._replace(in_digest=True))
    own = group_labels(labels, group_by)
    return Slot(endpoint, group_key(endpoint.receiver, own), tuple(sorted(own.items())), timing)
