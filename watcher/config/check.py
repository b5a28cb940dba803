"""What only a whole rule can get wrong: outputs its detector does not have, names nobody knows, labels with values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from watcher.config.document import KeyPath
from watcher.config.problem import Mistake, keys_of
from watcher.core import condition, template
from watcher.core.across import Across
from watcher.core.catalogue import Catalogue
from watcher.core.condition import Comparison, Condition
from watcher.core.detectors import DETECTORS
from watcher.core.detectors.state_key import words_of
from watcher.core.rule import Group, Rule

#: Tests of ``pace`` without a p-value.
_NO_P = ("none", "sequential")
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
        lost = [repr(path[-1]) for path in misplaced(raw, known)]
        hint = f"indent {', '.join(lost)} below it" if lost else "write them indented below it"
        yield Mistake((named[0],), f"{named[0]!r} has no parameters", hint)
    elif named:
        for path in misplaced(raw, known):
            hint = f"indent it below {named[0]!r}" if len(path) == 1 else f"indent it as {named[0]!r}: it is the rule's"
            yield Mistake(path, f"the key {path[-1]!r} stands at the wrong depth", hint, at_key=True)
    elif not named and not any(key not in known for key in raw):
        yield Mistake((), "the rule has no detector", f"one of: {', '.join(DETECTORS)}")


def misplaced(raw: Mapping[str, object], known: Collection[str]) -> Iterator[KeyPath]:
    """The keys that stand beside the detector and belong below it, or the other way round.

    :param known: the keys of a rule.
    """
    named = [key for key in raw if key in DETECTORS]
    if len(named) != 1:
        return
    [name], below = named, raw[named[0]]
    own = keys_of(DETECTORS[name].Parameters)
    # What a state is called is a key below `transition`.
    is_named_freely = name == "transition" and below is None
    yield from ((key,) for key in raw if key not in known and (key in own or is_named_freely))
    if isinstance(below, dict):
        foreign = [key for key in below if key in known and key not in own]
        free = sum(key not in own for key in below)
        yield from ((name, key) for key in foreign if name != "transition" or free > 1)


def without(raw: Mapping[str, Any], paths: Iterable[KeyPath]) -> dict[str, Any]:
    """A rule without the keys at these paths."""
    gone = set(paths)
    return {
        key: {each: part for each, part in value.items() if (key, each) not in gone}
        if isinstance(value, dict)
        else value
        for key, value in raw.items()
        if (key,) not in gone
    }


def rule_mistakes(rule: Rule, raw: Mapping[str, object]) -> Iterator[Mistake]:
    """What is wrong with a rule, whatever the catalogue holds."""
    outputs = rule.detector.OUTPUTS
    for path, each in comparisons_of(rule, raw):
        yield from (Mistake.of(path, text) for text in condition.check(Condition((each,)), outputs))
    for key in ("summary", "description"):
        for token, text in template.problems(getattr(rule, key), outputs):
            yield Mistake.of((key,), text)._replace(excerpt=token)
    if rule.across is not None and (lack := _lack(rule.across, rule)):
        yield Mistake(("across",), lack, _able(rule.across), at_key=True)
    yield from label_mistakes(rule.labels)
    if not rule.identity:
        yield Mistake(("alert",), "the name has no letter from a to z to make an identity of", "write an 'id' as well")


def comparisons_of(rule: Rule, raw: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Comparison]]:
    """Every comparison that is written in a rule, with its place."""
    for key in ("condition", "recovery"):
        value = getattr(rule, key)
        if value is not None:
            yield from _placed(value, raw[key], (key,))
    for tier in rule.severity.tiers if rule.severity else ():
        if tier.when is not None:
            yield from _placed(tier.when, raw["severity"][tier.severity], ("severity", tier.severity))


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
    if rule.pace is not None and rule.pace.test in _NO_P and "ratio" not in across.needs:
        return f"'across' goes by {' or '.join(across.needs)}, and 'test: {rule.pace.test}' gives none"
    if any(name in rule.detector.OUTPUTS for name in across.needs):
        return ""
    return f"'across' goes by {' or '.join(across.needs)}, and {rule.detector_name!r} has none"


def _able(across: Across) -> str:
    able = (name for name, each in DETECTORS.items() if any(need in each.OUTPUTS for need in across.needs))
    return f"detectors that have: {', '.join(able)}"


def _placed(value: Condition, raw: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Comparison]]:
    """The comparisons of a condition beside what they were read from."""
    written = [((*path, index), item) for index, item in enumerate(raw)] if isinstance(raw, list) else [(path, raw)]
    for part, (here, item) in zip(value.parts, written, strict=True):
        if isinstance(part, Comparison):
            yield here, part
        else:
            yield from _placed(part, item["any"], (*here, "any"))


def catalogue_mistakes(rule: Rule, raw: Mapping[str, Any], catalogue: Catalogue) -> Iterator[Mistake]:
    """Names in a detector's parameters that the catalogue does not know, and a condition that nobody states."""
    unknown = list(_unknown(rule, catalogue))
    yield from unknown
    if unknown:
        return
    if rule.transition is not None:
        words = words_of(catalogue.states[rule.transition.state], catalogue)
        for path, each in comparisons_of(rule, raw):
            if each.output in words:
                yield from (Mistake.of(path, text) for text in condition.never(each, words[each.output]))
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


def _unknown(rule: Rule, catalogue: Catalogue) -> Iterator[Mistake]:
    own = keys_of(rule.detector.Parameters)
    for place, text in rule.detector.problems(rule.parameters, catalogue):
        path = (rule.detector_name, *((place,) if isinstance(place, str) else place))
        # What an author calls a state or a part of its key is the key itself.
        is_key = isinstance(path[-1], str) and path[-1] not in own and repr(path[-1]) in text.partition("; ")[0]
        yield Mistake.of(path, text, at_key=is_key)


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
