"""The errors a person has to act on.

::

    WatcherError                    70  a bug, or a kind below
    ├── UsageError                   2  the command line asks for something that does not exist
    ├── DataError                   65  input data refused (too many bad rows, no known layout)
    ├── SourceUnavailable           69  a source cannot be read
    ├── StoreError                  74  the store cannot be read or written
    │   └── SchemaMismatch          78  the store is of an older or a newer version of watcher
    ├── Locked                      75  somebody else holds the lock; try later
    └── ConfigError                 78  settings, rules or routes are invalid; carries every Problem

Each says what happened, where, and what to do. Only ``watcher.cli`` prints them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What `watcher` hands back to the shell; documented in docs/reference/cli.md."""

    OK = 0
    FIRING = 1
    USAGE = 2
    DATA = 65
    SOURCE = 69
    BUG = 70
    STORE = 74
    LOCKED = 75
    CONFIG = 78
    DELIVERY = 79
    TIMEOUT = 124
    TERMINATED = 143


class WatcherError(Exception):
    """Something a person must act on: what happened, where, and what to do next."""

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" ({self.todo})" if self.todo else ""
        return f"{place}{self.what}{advice}"


class UsageError(WatcherError):
    """The command line asks for something that does not exist."""

    exit_code = ExitCode.USAGE


class DataError(WatcherError):
    """Input data was refused as a whole; nothing of it was stored."""

    exit_code = ExitCode.DATA


class SourceUnavailable(WatcherError):
    """A source cannot be read now; its cursor stays where it was."""

    exit_code = ExitCode.SOURCE

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        todo: str = "",
        wait: timedelta | None = None,
        needs_person: bool = False,
    ) -> None:
        super().__init__(what, where=where, todo=todo)
        #: How long it wants to be left alone; None when it did not say.
        self.wait = wait
        #: Whether asking again is of no use before somebody has changed something: a password, terms to accept.
        self.needs_person = needs_person


class StoreError(WatcherError):
    """The store cannot be read or written."""

    exit_code = ExitCode.STORE


class SchemaMismatch(StoreError):
    """The store was written by an older or a newer version of watcher."""

    exit_code = ExitCode.CONFIG


class Locked(WatcherError):
    """Another process holds the lock; nothing was done."""

    exit_code = ExitCode.LOCKED


class ProblemSeverity(StrEnum):
    """How bad a problem in a file is."""

    #: The file cannot be used as it is.
    ERROR = "error"
    #: The file loads, and probably does not do what its author meant.
    WARNING = "warning"
    #: Worth knowing.
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file that a person wrote, with its place and its cure."""

    path: str
    #: 1-based; 0 when the problem is about the file as a whole.
    line: int
    #: 1-based; 0 when the problem is about the file as a whole.
    column: int
    #: What is wrong, one sentence without a full stop.
    summary: str
    #: Where in the document, as a person would say it: ``rules[2].pace.above``.
    key: str = ""
    #: What to do about it, e.g. ``did you mean 'indicator'?``.
    hint: str = ""
    #: The name of the lint check that found it, e.g. ``rule/syntax``.
    check: str = "rule/syntax"
    severity: ProblemSeverity = ProblemSeverity.ERROR

    @property
    def place(self) -> str:
        """``path:line:column``, as editors and terminals understand it."""
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path

    def __str__(self) -> str:
        key = f"{self.key}: " if self.key else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.place}: {key}{self.summary}{hint}"


class ConfigError(WatcherError):
    """Settings, rules or routes are invalid; ``problems`` lists every mistake found."""

    exit_code = ExitCode.CONFIG

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.path, p.line, p.column, p.summary)))
        super().__init__("\n".join(str(problem) for problem in self.problems))
