"""Routes: which receivers are told of an alert, in Alertmanager's grammar.

A route matches when all its matchers do. The tree is walked depth first; the first child that matches wins, unless it
says ``continue``; a route of which no child matches is itself the match. What a route does not say it has from the
route above.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

import re2
from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, field_validator

from watcher.core.document import Document
from watcher.core.period import Duration

#: In ``group_by``: every label, so that each alert is a group of its own.
EVERY_LABEL = "..."
DEFAULT_REPEAT = timedelta(hours=4)
MAX_PATTERN = 500

_MATCHER = re.compile(
    r"""\s*("(?:[^"\\]|\\.)*"|[^\s{}!=~,\\"'`]+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^\s{}!=~,\\"'`]*)\s*(,|$)"""
)
_LABEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Matcher:
    """One test of one label: ``severity="critical"``. A label that is not there is empty text."""

    name: str
    op: str
    value: str
    test: Callable[[str], bool] = field(repr=False, compare=False)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the label passes."""
        return self.test(labels.get(self.name, ""))

    def __str__(self) -> str:
        return f"{self.name}{self.op}{json.dumps(self.value, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class Target:
    """Where an alert goes, and how it is grouped there."""

    receiver: str
    #: Names of the labels that a group shares; ``...`` alone is every label.
    group_by: tuple[str, ...]
    #: How long until what still fires is told again.
    repeat_interval: timedelta


def matcher(name: str, op: str, value: str) -> Matcher:
    """A test of one label.

    :raises ValueError: for a regular expression that RE2 refuses.
    """
    if op in {"=", "!="}:
        return Matcher(name, op, value, value.__eq__ if op == "=" else value.__ne__)
    found = _pattern(value).fullmatch
    return Matcher(
        name, op, value, (lambda text: found(text) is not None) if op == "=~" else (lambda text: found(text) is None)
    )


def matchers(text: str) -> tuple[Matcher, ...]:
    """Read one line: ``severity="critical"``, or several with commas, in braces or not.

    :raises ValueError: with what was expected.
    """
    line = text.strip()
    if line.startswith("{") and line.endswith("}"):
        line = line[1:-1]
    found, position = [], 0
    while position < len(line):
        match = _MATCHER.match(line, position)
        if match is None:
            msg = f'{text!r} is no matcher; write severity="critical" (op: = != =~ !~)'
            raise ValueError(msg)
        found.append(matcher(_unquoted(match[1], text), match[2], _unquoted(match[3], text)))
        position = match.end()
    if not found:
        msg = f'{text!r} holds no matcher; write severity="critical"'
        raise ValueError(msg)
    return tuple(found)


def _unquoted(word: str, text: str) -> str:
    if not word.startswith('"'):
        return word
    try:
        return str(json.loads(word, strict=False))
    except ValueError:
        msg = f'{text!r} holds an unknown escape; write \\\\ for a backslash and \\" for a quote'
        raise ValueError(msg) from None


def _pattern(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    if len(pattern) > MAX_PATTERN:
        msg = f"a regular expression of {len(pattern)} characters; at most {MAX_PATTERN} are allowed"
        raise ValueError(msg)
    try:
        return re2.compile(pattern, options)
    except re2.error:
        msg = f"{pattern!r} is no regular expression of RE2; it has no look-around and no back-references"
        raise ValueError(msg) from None


def _read_matchers(value: object) -> object:
    lines = [value] if isinstance(value, str) else value
    if not isinstance(lines, Sequence) or not all(isinstance(line, str | Matcher) for line in lines):
        msg = 'expected a list of tests of labels; write matchers: [severity="critical"]'
        raise ValueError(msg)
    return tuple(each for line in lines for each in (matchers(line) if isinstance(line, str) else (line,)))


def _lines(value: Sequence[Matcher]) -> list[str]:
    return [str(each) for each in value]


Matchers = Annotated[
    tuple[Matcher, ...],
    BeforeValidator(_read_matchers),
    PlainSerializer(_lines, return_type=list[str]),
    WithJsonSchema({"type": "array", "items": {"type": "string"}, "examples": [['severity="critical"']]}),
]


class Route(Document):
    """A node of the tree that decides who is told."""

    receiver: str = ""
    """Who is told; absent: as the route above."""
    group_by: tuple[str, ...] = ()
    """Labels whose values a message's alerts share; ['...'] for one message per alert; absent: as the route above."""
    matchers: Matchers = ()
    """Tests of labels, all of which must hold: severity="critical"."""
    continue_: bool = Field(default=False, alias="continue")
    """Whether the routes after this one are asked as well."""
    routes: tuple[Route, ...] = ()
    """Routes below, in the order in which they are asked."""
    repeat_interval: Duration = DEFAULT_REPEAT
    """How long until what still fires is told again; absent: as the route above, and 4h at the root."""

    @field_validator("group_by")
    @classmethod
    def _labels_or_all(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if EVERY_LABEL in value and len(value) > 1:
            msg = f"{EVERY_LABEL!r} is every label and stands alone"
            raise ValueError(msg)
        for name in value:
            if name != EVERY_LABEL and not _LABEL_NAME.fullmatch(name):
                msg = f"{name!r} is no name of a label; letters, digits and '_', not beginning with a digit"
                raise ValueError(msg)
        return value

    @field_validator("repeat_interval")
    @classmethod
    def _positive(cls, value: timedelta) -> timedelta:
        if value <= timedelta():
            msg = "a reminder needs some time; write e.g. 4h or 7d"
            raise ValueError(msg)
        return value

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether all its matchers hold."""
        return all(each.matches(labels) for each in self.matchers)

    def targets(self, labels: Mapping[str, str]) -> tuple[Target, ...]:
        """Where an alert with these labels goes; no receiver twice."""
        found: dict[str, Target] = {}
        for target in _targets(self, labels, _target(self, None)):
            found.setdefault(target.receiver, target)
        return tuple(found.values())


def _targets(route: Route, labels: Mapping[str, str], own: Target) -> Iterator[Target]:
    asked = False
    for child in route.routes:
        if child.matches(labels):
            asked = True
            yield from _targets(child, labels, _target(child, own))
            if not child.continue_:
                return
    if not asked:
        yield own


def _target(route: Route, above: Target | None) -> Target:
    own = route if above is None else above
    said = route.model_fields_set
    return Target(
        receiver=route.receiver if "receiver" in said else own.receiver,
        group_by=route.group_by if "group_by" in said else own.group_by,
        repeat_interval=route.repeat_interval if "repeat_interval" in said else own.repeat_interval,
    )


def unreachable(route: Route) -> tuple[tuple[int, ...], ...]:
    """The positions in the tree of routes that no alert ever comes to: (1, 0) is the first child of the second child.

    Either a route before it takes everything it would match and does not say ``continue``, or its matchers ask a label
    for two values.
    """
    return tuple(_unreachable(route, {}))


def _unreachable(route: Route, asked: Mapping[str, str]) -> Iterator[tuple[int, ...]]:
    for index, child in enumerate(route.routes):
        before = (other for other in route.routes[:index] if not other.continue_)
        exact = {each.name: each.value for each in child.matchers if each.op == "="}
        if any(set(other.matchers) <= set(child.matchers) for other in before) or not _agrees(child, asked):
            yield (index,)
        else:
            yield from ((index, *rest) for rest in _unreachable(child, {**asked, **exact}))


def _agrees(route: Route, asked: Mapping[str, str]) -> bool:
    wanted = dict(asked)
    return all(
        wanted.setdefault(each.name, each.value) == each.value if each.op == "=" else True for each in route.matchers
    )
