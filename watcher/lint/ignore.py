"""Comments that silence a lint check at one place, for a reason and until a day.

::

    # watcher: ignore rule/flaps until 2026-12-31 because the series is young
    - alert: Attacks in Palma
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from watcher.config.document import LINE_BREAK, KeyPath, MarkedDocument
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.period import partial_date

EXAMPLE = "# watcher: ignore rule/flaps until 2026-12-31 because the series is young"

_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*watcher:\s*(.*?)\s*$")
_SAID = re.compile(
    r"ignore\s+(?P<checks>[^\s,]+(?:\s*,\s*[^\s,]+)*)"
    r"(?:,?\s+until\s+(?P<until>[^\s,]+))?(?:,?\s+because\s+(?P<why>\S.*))?"
)
#: Lists whose entries can be silenced as a whole, when they stand below another list's entry.
_INNER = ("rules", "routes")
_TOP = 2


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment that silences a check."""

    check: str
    until: date
    #: The line it stands on, and the line it speaks of.
    line: int
    covers: int


@dataclass(frozen=True, slots=True)
class Comments:
    """What the comments of one file say about lint."""

    document: MarkedDocument
    ignores: tuple[Ignore, ...]
    #: Comments that cannot be followed.
    problems: tuple[Problem, ...]


def read_comments(document: MarkedDocument, known: Collection[str]) -> Comments:
    """The comments of a file that speak to lint.

    :param known: the names of all checks.
    """
    ignores: list[Ignore] = []
    problems: list[Problem] = []
    if "watcher:" not in document.text:
        return Comments(document, (), ())
    lines = LINE_BREAK.split(document.text)
    for number, line in enumerate(lines, start=1):
        match = _COMMENT.search(line)
        if match is None:
            continue
        read = _read(match[1], known)
        if isinstance(read, str):
            problems.append(_problem(document, number, match.start() + 1, read))
        else:
            checks, until = read
            ignores += (Ignore(check, until, number, _covered(lines, number)) for check in checks)
    return Comments(document, tuple(ignores), tuple(problems))


def _read(said: str, known: Collection[str]) -> tuple[list[str], date] | str:
    """The checks and the day of a comment, or what is wrong with it."""
    match = _SAID.fullmatch(said)
    if match is None:
        return f"this comment cannot be read; write {EXAMPLE}"
    written = re.split(r"\s*,\s*", match["checks"])
    checks = [_named(name, known) for name in written]
    if "" in checks:
        return _unknown(written[checks.index("")], known)
    until = _day(match["until"] or "")
    if until is None:
        return "a problem may be ignored until a day; write e.g. until 2026-12-31"
    if not match["why"]:
        return "a problem is ignored for a reason; write e.g. because the series is young"
    return checks, until


def _named(name: str, known: Collection[str]) -> str:
    """The check of a name, or of what stands behind its ``/``; empty when there is none."""
    return next((each for each in known if name in {each, each.partition("/")[2]}), "")


def _unknown(name: str, known: Collection[str]) -> str:
    short = {each.partition("/")[2]: each for each in known}
    near = difflib.get_close_matches(name, [*known, *short], n=1)
    hint = f"did you mean {near[0]!r}?" if near else "each check has a page under docs/checks"
    return f"there is no lint check {name!r}; {hint}"


def _day(text: str) -> date | None:
    try:
        read = partial_date(text)
    except ValueError:
        return None
    return read.first if read.is_exact else None


def _problem(document: MarkedDocument, line: int, column: int, sentence: str) -> Problem:
    summary, _, hint = sentence.partition("; ")
    check = "route/ignore" if document.is_discreet else "rule/ignore"
    return Problem(document.path, line, column, summary, hint=hint, check=check, severity=ProblemSeverity.WARNING)


def _covered(lines: Sequence[str], number: int) -> int:
    """The line that a comment speaks of: its own, or the next one that is no comment."""
    while number <= len(lines) and lines[number - 1].lstrip().startswith("#"):
        number += 1
    return number


def without_ignored(problems: Iterable[Problem], comments: Comments, today: date) -> Iterator[Problem]:
    """The problems of a file that no comment silences; one whose time is up says so."""
    if not comments.ignores:
        yield from problems
        return
    entries = sorted(mark for path, mark in comments.document.marks.items() if _is_entry(path))
    for problem in problems:
        before = bisect_right(entries, (problem.line, problem.column))
        covered = {problem.line, entries[before - 1][0] if before else problem.line}
        mine = [each for each in comments.ignores if each.check == problem.check and each.covers in covered]
        if not mine:
            yield problem
        elif all(each.until < today for each in mine):
            newest = max(mine, key=lambda each: each.until)
            past = f"line {newest.line} ignored it until {newest.until}, which is past"
            yield replace(problem, hint=f"{problem.hint}; {past}" if problem.hint else past)


def _is_entry(path: KeyPath) -> bool:
    """Whether something is an entry of its own: a rule, an indicator, an actor, a route."""
    return len(path) >= _TOP and isinstance(path[-1], int) and (len(path) == _TOP or path[-2] in _INNER)
