"""Alerts about ourselves: ordinary alerts, named ``Watcher...``, of rules that nobody wrote.

A trouble stands or it does not; its alert lives as those of a rule do, and is routed by its labels.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from watcher.bench import Bench, Told, record
from watcher.core.across import several
from watcher.core.alert import OURS, Alert, Life, State, step
from watcher.core.errors import ConfigError
from watcher.core.label import Labels, fingerprint, labels
from watcher.core.message.phrase import counted
from watcher.core.reading import Reading, Telling
from watcher.core.rule import Finding, Group, Rule, RuleSet, RuleStatus
from watcher.core.severity import Severity
from watcher.store.alerts import alert, find_alerts, rule_states
from watcher.store.schema import Tx

#: Whatever stands is news, also at the first look: nothing was known before it.
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)

RULES_INVALID = "WatcherRulesInvalid"
RULE_LIMIT = "WatcherRuleLimit"
FURTHER_SERIES = "WatcherFurtherSeries"
#: So many of them are named.
NAMED = 20


class Trouble(NamedTuple):
    """Something about ourselves that a person must know."""

    #: ``WatcherRulesInvalid``.
    alert: str
    labels: Labels
    headline: str
    #: What is wrong, and what to do about it.
    sentence: str
    severity: Severity = Severity.WARNING

    @property
    def key(self) -> tuple[str, Labels]:
        """What makes two troubles the same."""
        return f"{OURS}{self.alert}", self.labels


def rules_invalid(error: ConfigError, content: str) -> Trouble:
    """The rules on disk do not load, and the last good ones stay in force.

    :param content: hash over the files as they are: each state of them is told once.
    """
    first, *rest = error.problems
    more = f", and {counted(len(rest), 'more problem')}" if rest else ""
    sentence = f"The last good rules stay in force until these load: {first}{more}. See: watcher lint."
    return Trouble(RULES_INVALID, labels({"content": content}), f"Rules not reloaded: {first.summary}", sentence)


def over_limit(tx: Tx, rules: RuleSet) -> list[Trouble]:
    """The rules of which more alerts would fire at once than their limit allows; not of those that tell nobody."""
    states = rule_states(tx)
    return [
        Trouble(
            RULE_LIMIT,
            labels({"rule": rule.identity}),
            f"{rule.alert}: alerts held back",
            f"{states[rule.identity].problem}. Look at what the rule sees (watcher explain), or raise its limit.",
        )
        for rule in rules.rules
        if rule.identity in states and states[rule.identity].held_back and rule.status is not RuleStatus.EXPERIMENTAL
    ]


def further_series(tx: Tx, rules: RuleSet) -> list[Trouble]:
    """The series that stand out and that ``across: top`` leaves untold, rule by rule: told once for each set of them.

    They are routed as the rule's alerts are; of a rule that is not stable nothing is told.
    """
    states = rule_states(tx)
    found = []
    for group in rules.groups:
        for rule in (each for each in group.rules if each.status is RuleStatus.STABLE and each.identity in states):
            names = json.loads(states[rule.identity].further)
            if names:
                found.append(_further(rule, {**group.labels, **rule.labels}, names))
    return found


def _further(rule: Rule, routing: Mapping[str, str], names: Sequence[str]) -> Trouble:
    content = hashlib.blake2b(json.dumps(sorted(names)).encode(), digest_size=6).hexdigest()
    return Trouble(
        FURTHER_SERIES,
        labels({**routing, "rule": rule.identity, "content": content}),
        f"{rule.alert}: {len(names)} more",
        f"The condition holds for {several(names, most=NAMED)} as well; of so many at once only the first are told one by "
        f"one ('across: top'). See: watcher explain {rule.identity}",
        Severity.INFO,
    )


def has_news(tx: Tx, troubles: Collection[Trouble]) -> bool:
    """Whether one of these troubles has not been told yet, or one that was told is over."""
    return {(each.rule, each.group) for each in _open(tx)} != {each.key for each in troubles}


def tell_of(bench: Bench, troubles: Collection[Trouble]) -> list[Told]:
    """Begin an alert for each trouble that has begun, end those whose trouble is over, and return what is to be told."""
    standing = {(each.rule, each.group): each for each in _open(bench.tx)}
    wanted = {each.key for each in troubles}
    begun = [_begin(bench, each) for each in troubles if each.key not in standing]
    over = [_end(bench, each) for key, each in standing.items() if key not in wanted]
    return [each for each in (*begun, *over) if each.transition.notify]


def _open(tx: Tx) -> list[Alert]:
    return [each for each in find_alerts(tx, states=(State.FIRING, State.RECOVERING)) if each.rule.startswith(OURS)]


def _begin(bench: Bench, trouble: Trouble) -> Told:
    identity, labels = trouble.key
    name = fingerprint(identity, labels)
    standing = alert(bench.tx, name) or Alert(name, identity, labels)
    said = Telling(headline=trouble.headline, sentence=trouble.sentence)
    return _move(bench, trouble.alert, standing, said, severity=trouble.severity)


def _end(bench: Bench, standing: Alert) -> Told:
    said = Telling(headline="Over", sentence="What was wrong is so no longer.")
    name = standing.rule.removeprefix(OURS)
    return _move(bench, name, standing, said, quietly=name == FURTHER_SERIES)


def _move(
    bench: Bench,
    name: str,
    standing: Alert,
    said: Telling,
    *,
    severity: Severity | None = None,
    quietly: bool = False,
) -> Told:
    """Take the one step: a severity begins an episode, None ends it, without a word where nobody is to act on that."""
    finding = Finding(
        rule=standing.rule,
        reading=Reading(labels=standing.group, tell=partial(_as_it_is, said)),
        holds=severity is not None,
        recovers=severity is None,
        severity=severity or standing.severity,
        because=(),
    )
    change = step(standing, finding, life=Life(), tick=bench.now, activated_at=_ALWAYS)
    if change is None:
        msg = f"{name} is {standing.state} and cannot be {'begun' if severity else 'ended'}"
        raise ValueError(msg)
    if quietly:
        change = replace(change, notify=False)
    rule = Rule.model_construct(alert=name, id=standing.rule)
    detail = {"alert": name, "headline": said.headline, "sentence": said.sentence}
    return Told(rule, Group(), change.alert, record(bench, change, detail))


def _as_it_is(said: Telling) -> Telling:
    return said
