"""What a rule may say of its detector's outputs, as JSON Schema: comparisons and templates, output by output.

Patterns use only what Python and ECMAScript read in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from watcher.core.condition import UNITS
from watcher.core.detectors import DETECTORS
from watcher.core.reading import Kind, Output
from watcher.core.severity import Severity
from watcher.core.template import MAX_LENGTH

Schema = dict[str, Any]

_NUMBER = r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?"
#: A number with its unit: that of ``watcher.core.condition.UNITS``.
_WITH_UNIT = {"%": rf"{_NUMBER}\s*%", "d": r"[0-9]+\s*d(ays?)?"}
_QUOTE = "['\"]?"
_DATE = f"{_QUOTE}[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{_QUOTE}"
_ORDERED = r"\s*(>=|<=|!=|==|=|>|<)\s*"
_EQUAL = r"\s*(!=|==|=)\s*"
#: Formats in templates, by the kind of output; a text takes none.
_DATE_FORMAT = r"(:(%[Ymd]|[-./ ]){1,12})?"
_NUMBER_FORMAT = r"(:,?\.[0-9][fge%])?"


def definitions() -> dict[str, Schema]:
    """For each detector: one part of a condition, and a whole one."""
    found: dict[str, Schema] = {}
    for name, detector in DETECTORS.items():
        line: Schema = {
            "type": "string",
            "pattern": rf"^\s*({_any(map(_comparison, detector.OUTPUTS.values()))})\s*$",
        }
        part: Schema = {"$ref": f"#/$defs/{name}.part"}
        several: Schema = {"type": "array", "items": part, "minItems": 1}
        any_: Schema = {
            "type": "object",
            "properties": {"any": {"description": "At least one of these holds.", **several}},
            "required": ["any"],
            "additionalProperties": False,
        }
        found[f"{name}.part"] = {"anyOf": [line, any_]}
        found[f"{name}.condition"] = {"anyOf": [part, several]}
    return found


def branches() -> list[Schema]:
    """For each detector: when a rule has it, what its condition, recovery, severity and texts may say."""
    return [
        {"if": {"required": [name]}, "then": {"properties": _properties(name, detector.OUTPUTS)}}
        for name, detector in DETECTORS.items()
    ]


def _properties(name: str, outputs: Mapping[str, Output]) -> Schema:
    whole: Schema = {"$ref": f"#/$defs/{name}.condition"}
    levels = [level.value for level in Severity]
    tiers: Schema = {
        "type": "object",
        "properties": {**dict.fromkeys(levels, whole), "otherwise": {"enum": levels}},
        "additionalProperties": False,
        "minProperties": 1,
    }
    text: Schema = {"pattern": _template(outputs), "maxLength": MAX_LENGTH}
    return {
        "condition": whole,
        "recovery": whole,
        "severity": {"anyOf": [{"enum": levels}, tiers]},
        "summary": text,
        "description": text,
    }


def _comparison(output: Output) -> str:
    if output.words:
        word = f"{_QUOTE}({_any(map(_exactly, output.words))}){_QUOTE}"
        return rf"{output.name}({_ORDERED}{word}|\s+in\s*\[\s*{word}(\s*,\s*{word})*\s*\])"
    if output.kind is Kind.TEXT:
        return rf"{output.name}({_EQUAL}[^\s<>=!].*|\s+in\s*\[.*\S.*\])"
    if output.kind is Kind.DATE:
        return f"{output.name}{_ORDERED}{_DATE}"
    units = [pattern for unit, pattern in _WITH_UNIT.items() if output.kind in UNITS[unit]]
    return f"{output.name}{_ORDERED}({_any([_NUMBER, *units])})"


def _template(outputs: Mapping[str, Output]) -> str:
    """Text with ``{output}`` and ``{output:format}``; a brace for itself is doubled."""
    formats = {Kind.TEXT: "", Kind.DATE: _DATE_FORMAT}
    fields = _any(f"{output.name}{formats.get(output.kind, _NUMBER_FORMAT)}" for output in outputs.values())
    return rf"^([^{{}}]|\{{\{{(?!\s*[$.])|\}}\}}|\{{({fields})\}})*$"


def _any(patterns: Iterable[str]) -> str:
    return "|".join(patterns)


def _exactly(text: str) -> str:
    # re.escape marks more than ECMAScript allows to be marked.
    return re.sub(r"([\\^$.*+?()\[\]{}|])", r"\\\1", text)
