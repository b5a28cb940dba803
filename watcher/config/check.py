"""What only a whole rule can get wrong: outputs its detector does not have, names nobody knows, labels with values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta

from watcher.config.document import KeyPath
from watcher.config.problem import Mistake
from watcher.core import condition, template
from watcher.core.across import Across
from watcher.core.catalogue import Catalogue
from watcher.core.condition import Condition
from watcher.core.detectors import DETECTORS
from watcher.core.rule import Group, Rule

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
#: Labels that every alert has from elsewhere.
_OWN_LABELS = {"alertname": "it is the rule's name", "severity": "write the key 'severity'"}


def detector_mistakes(raw: Mapping[str, object], known: Collection[str]) -> Iterator[Mistake]:
    """A rule has exactly one detector, and the detector has parameters."""
    named = [key for key in raw if key in DETECTORS]
    if len(named) > 1:
        yield Mistake(
            (named[1],),
            f"a rule has one detector; this one has {' and '.join(named)}",
            "make it two rules",
            at_key=True,
        )
    elif named and raw[named[0]] is None:
        yield Mistake((named[0],), f"{named[0]!r} has no parameters", "write them indented below it")
    elif not named and not any(key not in known for key in raw):
        yield Mistake((), "the rule has no detector", f"one of: {', '.join(DETECTORS)}")


def rule_mistakes(rule: Rule, raw: Mapping[str, object]) -> Iterator[Mistake]:
    """What is wrong with a rule, whatever the catalogue holds."""
    outputs = rule.detector.OUTPUTS
    for key in ("condition", "recovery"):
        value = getattr(rule, key)
        if value is not None:
            yield from _comparisons(value, (key,), rule, several=isinstance(raw.get(key), list))
    for tier in rule.severity.tiers if rule.severity else ():
        if tier.when is not None:
            yield from _comparisons(tier.when, ("severity", tier.severity), rule, several=False)
    for key in ("summary", "description"):
        for text in template.check(getattr(rule, key), outputs):
            yield Mistake.of((key,), text)
    if rule.across is not None and (lack := _lack(rule.across, rule)):
        yield Mistake(("across",), lack, _able(rule.across), at_key=True)
    yield from label_mistakes(rule.labels)
    if not rule.identity:
        yield Mistake(("alert",), "the name has no letter from a to z to make an identity of", "write an 'id' as well")


def _comparisons(value: Condition, path: KeyPath, rule: Rule, *, several: bool) -> Iterator[Mistake]:
    for index, part in enumerate(value.parts):
        for text in condition.check(Condition((part,)), rule.detector.OUTPUTS):
            yield Mistake.of((*path, index) if several else path, text)


def shared_across_mistakes(group: Group, rule: Rule) -> Iterator[Mistake]:
    """What is wrong with a rule where its group looks across all of its rules."""
    if group.across is None:
        return
    if rule.across is not None:
        yield Mistake(
            ("across",), "the group has 'across' for all of its rules", "take one of the two out", at_key=True
        )
    elif lack := _lack(group.across, rule):
        hint = f"move the rule into another group; {_able(group.across)}"
        yield Mistake((rule.detector_name,), f"the group's {lack}", hint, at_key=True)


def _lack(across: Across, rule: Rule) -> str:
    """Series can only be weighed against each other by a p-value, or ranked by a ratio."""
    if any(name in rule.detector.OUTPUTS for name in across.needs):
        return ""
    return f"'across' goes by {' or '.join(across.needs)}, and {rule.detector_name!r} has none"


def _able(across: Across) -> str:
    able = (name for name, each in DETECTORS.items() if any(need in each.OUTPUTS for need in across.needs))
    return f"detectors that have: {', '.join(able)}"


def catalogue_mistakes(rule: Rule, catalogue: Catalogue) -> Iterator[Mistake]:
    """Names in a detector's parameters that the catalogue does not know, and a condition that nobody states."""
    told = rule.detector.problems(rule.parameters, catalogue)
    unknown = [Mistake.of((rule.detector_name, name), text) for name, text in told]
    yield from unknown
    if unknown:
        return
    own = rule.detector.defaults(rule.parameters, catalogue)
    if own.keep_at_most is not None and (rule.keep_firing_for or timedelta()) > own.keep_at_most:
        summary = f"an alert of {rule.detector_name!r} cannot be kept firing for more than {own.keep_at_most.days} days"
        yield Mistake(("keep_firing_for",), summary, "what is older it no longer looks at")
    if rule.detector.EVENT_LIKE or rule.condition:
        return
    if own.condition is None:
        example = f"{next(iter(rule.detector.OUTPUTS))} >= 10"
        summary = f"the rule has no condition, and {rule.detector_name!r} has none of its own"
        yield Mistake((), summary, f"write e.g. condition: [{example}]")


def group_mistakes(group: Group) -> Iterator[Mistake]:
    """What is wrong with a group, its rules aside."""
    if group.interval < timedelta(seconds=1):
        yield Mistake(("interval",), "an interval is at least one second", "write e.g. 1m")
    yield from label_mistakes(group.labels)


def label_mistakes(labels: Mapping[str, str]) -> Iterator[Mistake]:
    """Labels are fixed text: a value in a label would make a new alert at every turn."""
    for name, value in labels.items():
        path: KeyPath = ("labels", name)
        if name in _OWN_LABELS:
            yield Mistake(path, f"the label {name!r} is set by watcher", _OWN_LABELS[name], at_key=True)
        elif not _LABEL.fullmatch(name):
            yield Mistake(
                path,
                f"{name!r} is no name of a label",
                "letters, digits and '_', not beginning with a digit",
                at_key=True,
            )
        if "{" in value:
            yield Mistake(path, "a label holds fixed text, no value", "put the value into 'summary' or 'description'")
