"""``rule/effect``: a key that changes nothing: a recovery that always holds, a severity that another one hides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from watcher.config.rules import Site
from watcher.core.condition import Comparison, Condition
from watcher.core.detectors.frame import Defaults
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.reading import Output
from watcher.lint.check import Context, found
from watcher.lint.contradiction import clashes, impossible

NAME = "rule/effect"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "A `recovery`, a `severity` or a `for` that changes nothing."

#: What an occurrence has no use for, and why.
_FOR_NOTHING: Mapping[str, str] = {
    "recovery": "ends by itself",
    "for": "is told as soon as it is known",
    "no_data": "ends by itself",
}
_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "=": "!=", "!=": "="}


def check(context: Context) -> Iterator[Problem]:
    """Hold the keys of each rule against each other, and against what its detector is."""
    for site in context.sites:
        keys, outputs = site.rule.defaults(context.catalogue), site.rule.detector.OUTPUTS
        if keys.condition and impossible([keys.condition], outputs):
            continue
        yield from _of_an_occurrence(site) if site.rule.is_event_like else _recovery(site, keys)
        if site.rule.severity:
            yield from _severities(site, keys)


def _of_an_occurrence(site: Site) -> Iterator[Problem]:
    written = site.page.document.at(site.path)
    for key, why in _FOR_NOTHING.items():
        if key in written:
            sentence = f"{key!r} changes nothing: an alert of {site.rule.detector_name!r} {why}; leave it out"
            yield found(NAME, site.page.document, (*site.path, key), sentence, at_key=True)


def _recovery(site: Site, keys: Defaults) -> Iterator[Problem]:
    if not (site.rule.recovery and keys.condition):
        return
    left = [opposite(keys.condition), opposite(site.rule.recovery)]
    if impossible(left, site.rule.detector.OUTPUTS):
        sentence = (
            "the recovery changes nothing: it holds whenever the condition does not; "
            "ask for more, e.g. a lower bound, or leave it out"
        )
        yield found(NAME, site.page.document, (*site.path, "recovery"), sentence, at_key=True)


def _severities(site: Site, keys: Defaults) -> Iterator[Problem]:
    """Severities that a worse one hides."""
    worse: list[str] = []
    hidden_by: list[Condition] = []
    for tier in keys.severity:
        wanted = [each for each in (keys.condition, tier.when) if each is not None]
        if hidden_by and _is_hidden(wanted, hidden_by, site.rule.detector.OUTPUTS):
            key = "otherwise" if tier.when is None else tier.severity
            sentence = (
                f"the severity {tier.severity!r} is never reached: {' or '.join(worse)} always holds before it; "
                "change one of the bounds, or leave it out"
            )
            yield found(NAME, site.page.document, (*site.path, "severity", key), sentence, at_key=True)
        if tier.when is not None:
            worse.append(repr(tier.severity))
            hidden_by.append(opposite(tier.when))


def _is_hidden(wanted: Sequence[Condition], hidden_by: Sequence[Condition], outputs: Mapping[str, Output]) -> bool:
    """Whether nothing that holds what is wanted escapes the severities before; what cannot hold at all is not hidden.

    An output without a value escapes every comparison: only of one that the way in question wants is it known that it has one.
    """
    if impossible(wanted, outputs):
        return False
    # By what they are, not by what they say: the opposite of a severity may say the same.
    has_value = {id(each) for condition in wanted for each in condition.comparisons() if each.op != "!="}
    return all(any(id(each) in has_value for each in clash) for clash in clashes([*wanted, *hidden_by], outputs))


def opposite(condition: Condition) -> Condition:
    """What holds where a condition does not."""
    parts = (opposite(part) if isinstance(part, Condition) else _not(part) for part in condition.parts)
    return Condition(tuple(parts), any=not condition.any)


def _not(each: Comparison) -> Comparison | Condition:
    if isinstance(each.literal, tuple):
        return Condition(tuple(Comparison(each.output, "!=", word) for word in each.literal))
    return replace(each, op=_OPPOSITE[each.op])
