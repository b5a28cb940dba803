"""The checks, run: what they find, without what comments silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from watcher.config.document import MarkedDocument
from watcher.config.rules import read_rules
from watcher.core.errors import ConfigError, Problem, ProblemSeverity
from watcher.lint import CHECKS
from watcher.lint.check import Context, Fetch
from watcher.lint.ignore import read_comments, without_ignored

Found = TypeVar("Found")

_LEVELS = tuple(ProblemSeverity)


@dataclass(frozen=True, slots=True)
class Linted:
    """What was looked at, and what is wrong with it."""

    problems: tuple[Problem, ...]
    rules: int
    receivers: int = 0
    sources: int = 0
    #: How many problems comments silence.
    ignored: int = 0
    #: What could not be looked at, and why.
    note: str = ""

    @property
    def worst(self) -> ProblemSeverity | None:
        """The worst problem's severity; None when there is none."""
        return min((problem.severity for problem in self.problems), key=_LEVELS.index, default=None)

    def at_least(self, severity: ProblemSeverity) -> tuple[Problem, ...]:
        """The problems that are this bad, or worse."""
        return tuple(each for each in self.problems if _LEVELS.index(each.severity) <= _LEVELS.index(severity))


def lint_rules(paths: Sequence[Path], *, today: date, fetch: Fetch | None = None) -> Linted:
    """Look at rule files and folders alone."""
    problems: list[Problem] = []
    loaded = gather(problems, lambda: read_rules(paths))
    if loaded is None:
        return Linted(in_order(problems), rules=0)
    kept, ignored = run_checks(Context(loaded, today, fetch=fetch))
    note = left_out("only rule files are looked at")
    return Linted(in_order([*problems, *kept]), len(loaded.rules.rules), ignored=ignored, note=note)


def run_checks(context: Context) -> tuple[list[Problem], int]:
    """What the checks find and no comment silences, and how many problems comments silence."""
    by_path: dict[str, list[Problem]] = defaultdict(list)
    total = 0
    for check in CHECKS.values():
        for problem in check.check(context):
            by_path[problem.path].append(problem)
            total += 1
    kept: list[Problem] = []
    found_in_comments: list[Problem] = []
    for document in _documents(context):
        comments = read_comments(document, CHECKS)
        found_in_comments += comments.problems
        kept += without_ignored(by_path.pop(document.path, ()), comments, context.today)
    kept += (problem for problems in by_path.values() for problem in problems)
    return [*kept, *found_in_comments], total - len(kept)


def _documents(context: Context) -> Iterable[MarkedDocument]:
    yield from (page.document for page in context.pages)
    if context.routing is not None:
        yield context.routing.document


def gather(problems: list[Problem], load: Callable[[], Found]) -> Found | None:
    """What can be loaded; else None, and its problems are noted, each once."""
    try:
        return load()
    except ConfigError as error:
        problems += [problem for problem in error.problems if problem not in problems]
        return None


def in_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The problems by their place."""
    return tuple(sorted(problems, key=lambda each: (each.path, each.line, each.column, each.summary)))


def left_out(why: str) -> str:
    """The line that says that the checks which need records were left out."""
    number = sum(check.NEEDS_DATA for check in CHECKS.values())
    return f"{number} checks that need records were left out: {why}"
