"""Coverage: which rules, severities and recoveries no test reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from watcher.core.alert import Reason, State
from watcher.core.rule import Rule, RuleSet
from watcher.ruletest.run import Passed

#: The names of the ways through a rule that are no severity.
FIRES, RECOVERS, WAITS = "fires", "recovers", "waits"


@dataclass(frozen=True, slots=True)
class Covered:
    """One rule, and the ways through it, each with whether a test took it."""

    rule: str
    #: ``fires``, then the severities it can have, then ``waits`` (a ``for``) and ``recovers``.
    ways: tuple[tuple[str, bool], ...]

    @property
    def is_tested(self) -> bool:
        """Whether it fires in any test."""
        return self.ways[0][1]

    @property
    def missing(self) -> tuple[str, ...]:
        """The ways that no test takes."""
        return tuple(name for name, taken in self.ways if not taken)


def coverage(sets: Iterable[RuleSet], passed: Iterable[Passed]) -> tuple[Covered, ...]:
    """Each rule of the sets, in the order of the files; a rule that stands in several is one."""
    steps = tuple(passed)
    rules = {rule.identity: (rule, each) for each in sets for rule in each.rules}
    return tuple(
        Covered(rule.alert, tuple(_ways(rule, within, [step for step in steps if step.rule == identity])))
        for identity, (rule, within) in rules.items()
    )


def _ways(rule: Rule, rules: RuleSet, steps: Sequence[Passed]) -> Iterator[tuple[str, bool]]:
    fired = [step for step in steps if step.after is State.FIRING]
    yield FIRES, bool(fired)
    severities = list(dict.fromkeys(tier.severity for tier in rule.defaults(rules.catalogue).severity))
    for severity in severities if len(severities) > 1 else ():
        yield severity, any(step.severity == severity for step in fired)
    if rule.hold:
        yield WAITS, any(step.after is State.PENDING for step in steps)
    if not rule.is_event_like:
        yield RECOVERS, any(step.after is State.RESOLVED and step.reason is Reason.CEASED for step in steps)


def counts(covered: Sequence[Covered]) -> tuple[int, int, int, int]:
    """Rules that are tested, rules in all, ways that are taken, ways in all."""
    ways = [taken for each in covered for _, taken in each.ways]
    return sum(each.is_tested for each in covered), len(covered), sum(ways), len(ways)
