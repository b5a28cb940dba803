"""Templates of messages: ``{ratio}`` and ``{ratio:.2f}`` over the outputs of the detector, and nothing else.

An output writes itself in its unit; a format after the colon is for numbers (``,.0f``, ``.2f``, ``.1%``, ``.3g``) and
dates (``%Y-%m-%d``). Literal braces are doubled. There is no code, no attribute and no index to reach.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Mapping
from datetime import date

from watcher.core.reading import Kind, Output, Value

MAX_LENGTH = 4_000

#: A doubled brace, a field, or braces that are neither: among them a field of another tool, ``{{ $value }}``.
_TOKEN = re.compile(
    r"(\{\{(?!\s*[$.])|\}\})|\{([A-Za-z_][A-Za-z0-9_]*)(?::([^{}]*))?\}|(\{\{[^{}]*\}\}|\{[^{}]*\}|[{}])"
)
_NUMBER_FORMAT = re.compile(r",?\.[0-9][fge%]", re.ASCII)
_DATE_FORMAT = re.compile(r"(?:%[Ymd]|[-./ ]){1,12}")


class TemplateError(ValueError):
    """A template that cannot be rendered: it was not checked, or was checked against other outputs."""


def check(template: str, outputs: Mapping[str, Output]) -> tuple[str, ...]:
    """What is wrong with a template for a detector with these outputs; empty when nothing is."""
    return tuple(text for _, text in problems(template, outputs))


def problems(template: str, outputs: Mapping[str, Output]) -> tuple[tuple[str, str], ...]:
    """What is wrong with a template, each behind the part of it that is meant; empty is the whole."""
    if len(template) > MAX_LENGTH:
        return (("", f"the text has {len(template)} characters; at most {MAX_LENGTH} are allowed"),)
    found = ((token[0], text) for token in _TOKEN.finditer(template) for text in _problems(token, outputs))
    return tuple(dict.fromkeys(found))


def render(template: str, outputs: Mapping[str, Output], values: Mapping[str, Value]) -> str:
    """The text, with every field replaced by its value; a value that is not there is ``unknown``.

    :raises TemplateError: when :func:`check` would have found a problem.
    """
    if found := check(template, outputs):
        raise TemplateError(found[0])

    def replacement(token: re.Match[str]) -> str:
        doubled, name, style, _ = token.groups()
        return doubled[0] if doubled else _text(outputs[name], values.get(name), style)

    return _TOKEN.sub(replacement, template)


def _problems(token: re.Match[str], outputs: Mapping[str, Output]) -> Iterator[str]:
    _, name, style, stray = token.groups()
    if stray:
        advice = "write {output} or {output:format}" if stray[1:] else f"write {stray * 2!r} for the character itself"
        yield f"{stray!r} is no field; {advice}"
    elif name and name not in outputs:
        near = difflib.get_close_matches(name, outputs, n=1)
        hint = f"did you mean {{{near[0]}}}?" if near else f"outputs: {', '.join(outputs)}"
        yield f"the detector has no output {name!r}; {hint}"
    elif name and style is not None:
        yield from _format_problems(outputs[name], style)


def _format_problems(output: Output, style: str) -> Iterator[str]:
    if output.kind is Kind.TEXT:
        yield f"{output.name!r} is text and takes no format; write {{{output.name}}}"
    elif output.kind is Kind.DATE:
        if not _DATE_FORMAT.fullmatch(style):
            yield f"{style!r} is no format for a date; write %Y, %m, %d with '-', '.', '/' or spaces"
    elif not _NUMBER_FORMAT.fullmatch(style):
        yield f"{style!r} is no format for a number; write e.g. .2f, ,.0f, .1% or .3g"


def _text(output: Output, value: Value, style: str | None) -> str:
    if style is None or value is None:
        return output.format(value)
    if isinstance(value, date):
        return value.strftime(style)
    if isinstance(value, int | float) and math.isfinite(value):
        return format(value, style)
    return output.format(value)
