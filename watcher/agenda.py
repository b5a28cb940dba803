"""The agenda: which rules are to be judged at which tick, and what a judgement adds to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from watcher.core.alert import Alert, Life, State, due_at
from watcher.core.catalogue import Catalogue
from watcher.core.detectors.combine import member_identity
from watcher.core.period import tick_at_or_after
from watcher.core.rule import Group, Rule, RuleSet, ranks
from watcher.core.tick import midnights, ticks_due
from watcher.store.alerts import dirty_marks, find_alerts, moments_of_knowledge, rule_states, ticks_of_moves
from watcher.store.schema import Tx

#: The states of alerts that time alone may change.
OPEN = (State.PENDING, State.FIRING, State.RECOVERING)


class Agenda:
    """The judgements that are due, by tick and by the identity of the rule."""

    def __init__(self, tx: Tx, rules: RuleSet, now: datetime) -> None:
        self._rules = rules
        self._now = now
        self._due = _plan(tx, rules, now)
        self._combining = _combining(rules)
        #: The tick that was taken last, and the rules that are being judged at it.
        self._taken: tuple[datetime, set[str]] = (now, set())

    def __bool__(self) -> bool:
        return bool(self._due)

    def next(self) -> tuple[datetime, list[tuple[Group, Rule]]]:
        """Take the earliest tick, with the rules that are due at it: members before what combines them."""
        tick = min(self._due)
        self._taken = (tick, self._due.pop(tick))
        return tick, _in_order(self._rules, self._taken[1])

    def follow(self, group: Group, rule: Rule, moved: Collection[Alert], *, tick: datetime) -> None:
        """Add what follows from alerts of a rule that have just changed."""
        for further in self._run_outs(group, rule, moved, tick):
            self._due[further].add(rule.identity)
        for combining in self._combining.get(rule.identity, ()) if moved else ():
            for moment in combining.moments(tick):
                self._add(combining.rule, tick_at_or_after(moment, combining.interval))

    def _add(self, identity: str, tick: datetime) -> None:
        taken, judged = self._taken
        # What combines a rule is judged after it, and if it is due at this tick anyway, it is still to come.
        if tick <= self._now and not (tick == taken and identity in judged):
            self._due[tick].add(identity)

    def _run_outs(self, group: Group, rule: Rule, moved: Iterable[Alert], after: datetime) -> Iterator[datetime]:
        """The ticks of a late turn at which time alone will change an alert that has just begun to wait."""
        keys = life(rule, self._rules.catalogue)
        for alert in moved:
            due = due_at(alert, keys)
            tick = tick_at_or_after(due, group.interval) if due is not None else after
            if after < tick <= self._now:
                yield tick


def life(rule: Rule, catalogue: Catalogue) -> Life:
    """The keys of a rule that shape the life of its alerts."""
    keep = rule.defaults(catalogue).keep_firing_for
    return Life(hold=rule.hold, keep_firing_for=keep, event_like=rule.is_event_like, no_data=rule.no_data)


class _Combining(NamedTuple):
    """A rule that combines another: when it has to look."""

    #: Its identity.
    rule: str
    interval: timedelta
    within: timedelta

    def moments(self, tick: datetime) -> tuple[datetime, datetime]:
        """When an alert of a member changed, and when it no longer counts if it fired then."""
        return tick, tick + self.within


def _plan(tx: Tx, rules: RuleSet, now: datetime) -> dict[datetime, set[str]]:
    """Which rules are due at which tick, by their identity."""
    states, dirty = rule_states(tx), bool(dirty_marks(tx))
    last_ticks = [states[rule.identity].last_tick for rule in rules.rules if rule.identity in states]
    oldest = min(last_ticks, default=now)
    moments = [*moments_of_knowledge(tx, oldest, now), *midnights(oldest, now)]
    waiting = _waiting(tx, rules, oldest)
    due: dict[datetime, set[str]] = defaultdict(set)
    for group in rules.groups:
        for rule in group.rules:
            state = states.get(rule.identity)
            changed = dirty or (state is not None and state.rule_hash != rule.rule_hash)
            own = [*moments, *waiting.get(rule.identity, ())]
            for tick in ticks_due(group.interval, state.last_tick if state else None, now, moments=own, dirty=changed):
                due[tick].add(rule.identity)
    return due


def _waiting(tx: Tx, rules: RuleSet, oldest: datetime) -> dict[str, list[datetime]]:
    """When a ``for`` or a ``keep_firing_for`` runs out, and when a member moved or ceases to count, by rule.

    :param oldest: the last tick of the rule that is furthest behind.
    """
    lives = {rule.identity: life(rule, rules.catalogue) for rule in rules.rules}
    waiting: dict[str, list[datetime]] = defaultdict(list)
    for alert in find_alerts(tx, states=OPEN):
        if alert.rule in lives and (due := due_at(alert, lives[alert.rule])) is not None:
            waiting[alert.rule].append(due)
    combining = _combining(rules)
    if combining:
        longest = max(each.within for found in combining.values() for each in found)
        for member, tick in ticks_of_moves(tx, combining, after=oldest - longest):
            for each in combining[member]:
                waiting[each.rule] += each.moments(tick)
    return waiting


def _combining(rules: RuleSet) -> dict[str, list[_Combining]]:
    """By the identity of a member, the rules that combine it."""
    found: dict[str, list[_Combining]] = defaultdict(list)
    for group in rules.groups:
        for rule in group.rules:
            if rule.combine is not None:
                for identity in sorted(_members(rule, rules)):
                    found[identity].append(_Combining(rule.identity, group.interval, rule.combine.within))
    return found


def _members(rule: Rule, rules: RuleSet) -> set[str]:
    """The identities of the rules that a rule combines, without those whose alerts never count."""
    return {identity for name in rule.members if (identity := member_identity(name, rules.catalogue))}


def _in_order(rules: RuleSet, due: Collection[str]) -> list[tuple[Group, Rule]]:
    """The rules that are due, in the order of the files, but members before what combines them."""
    found = [(group, rule) for group in rules.groups for rule in group.rules if rule.identity in due]
    ranked = ranks(rules.rules) if any(rule.members for _, rule in found) else {}
    return sorted(found, key=lambda each: ranked.get(each[1].identity, 0))
