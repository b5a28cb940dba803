"""Matchers: tests of labels in Alertmanager's grammar, for routes, inhibitions and silences."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import re2
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

MAX_PATTERN = 500

_MATCHER = re.compile(
    r"""\s*("(?:[^"\\]|\\.)*"|[^\s{}!=~,\\"'`]+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^\s{}!=~,\\"'`]*)\s*(,|$)"""
)


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


def all_match(tests: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether every test holds."""
    return all(each.matches(labels) for each in tests)
