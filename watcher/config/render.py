"""A problem with the line it is about and a caret under the mistake. Never for files that may hold secrets.

::

    rules/mozambique.yaml:12:12: rules[0].pace.indicater: unknown key 'indicater'
     12 |     pace: {indicater: moz_fatalities, above: 2019}
        |            ^^^^^^^^^ did you mean 'indicator'?
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from watcher.config.document import LINE_BREAK, MAX_BYTES
from watcher.core.errors import Problem

#: What the names of problems in rule files begin with.
SHOWN = ("rule/", "actor/", "citation/")
#: Longer lines are cut around the mistake.
WIDTH = 110
_LEFT = 60

_WORD = re.compile(r"""\$?[\w.-]+|"[^"]*"|'[^']*'|.""")


def render(problem: Problem) -> str:
    """A problem of a rule file with its line and a caret; any other problem as one line."""
    line = _line(problem) if problem.line and problem.check.startswith(SHOWN) else None
    if line is None:
        return str(problem)
    return "\n".join([str(_without_hint(problem)), *_excerpt(line, problem)])


def _line(problem: Problem) -> str | None:
    try:
        path = Path(problem.path)
        found = path.stat()
        lines = _lines(path, found.st_mtime_ns, found.st_size)
    except (OSError, ValueError):
        return None
    return lines[problem.line - 1] if problem.line <= len(lines) else None


@lru_cache(maxsize=4)
def _lines(path: Path, _changed: int, _size: int) -> list[str]:
    """The lines of a file, kept for its next problem while it stays as it is."""
    with path.open("rb") as file:
        text = file.read(MAX_BYTES).decode("utf-8-sig", errors="replace")
    return LINE_BREAK.split(text)


def _without_hint(problem: Problem) -> Problem:
    return Problem(
        problem.path,
        problem.line,
        problem.column,
        problem.summary,
        key=problem.key,
        check=problem.check,
        severity=problem.severity,
    )


def _excerpt(line: str, problem: Problem) -> list[str]:
    start = problem.column - 1
    word = _WORD.match(line, start)
    marked = line[start : word.end()] if word else ""
    left = max(0, start - _LEFT) if len(line) > WIDTH else 0
    shown, before = line[left : left + WIDTH], line[left:start]
    gutter = f" {problem.line} | "
    caret = f"{' ' * (len(gutter) - 2)}| {' ' * _width(before)}{'^' * max(1, _width(marked[:WIDTH]))} {problem.hint}"
    return [gutter + _printable(shown), caret.rstrip()]


def _printable(text: str) -> str:
    """The text as one terminal line that does nothing to the terminal."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _width(text: str) -> int:
    """How many columns a terminal gives the text."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
