"""Which files are rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from watcher.core.errors import ConfigError, Problem

SUFFIXES = (".yaml", ".yml")
#: Folders of test files, which are no rules.
TESTS = "tests"


class RuleFile(NamedTuple):
    """A file of the set."""

    #: What its facts are filed under: the path below the folder that was given, ``sahel/facts.yaml``.
    name: str
    path: Path


def find_rule_files(paths: Sequence[Path]) -> tuple[RuleFile, ...]:
    """The files of the set: those named, and those in the folders named, sorted within each.

    :raises ConfigError: for a path that does not exist, and for two files that would have the same name.
    """
    files: dict[Path, RuleFile] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            found = _found(path)
        except OSError as error:
            reason = "no such file or folder" if isinstance(error, FileNotFoundError) else error.strerror
            problems.append(Problem(str(path), 0, 0, f"cannot be read: {reason}", hint="check the setting 'rules'"))
            continue
        for file in found:
            files.setdefault(file.path.resolve(), file)
    problems += _namesakes(files.values())
    if problems:
        raise ConfigError(problems)
    return tuple(files.values())


def _found(path: Path) -> list[RuleFile]:
    if path.is_dir():
        return [RuleFile(str(each.relative_to(path)), each) for each in _in_folder(path, set())]
    path.lstat()
    return [RuleFile(path.name, path)]


def _in_folder(folder: Path, seen: set[Path]) -> Iterator[Path]:
    # A link may lead back to a folder above it.
    if (real := folder.resolve()) in seen:
        return
    seen.add(real)
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if path.name != TESTS:
                yield from _in_folder(path, seen)
        elif path.suffix in SUFFIXES:
            yield path


def _namesakes(files: Iterable[RuleFile]) -> Iterator[Problem]:
    first: dict[str, Path] = {}
    for name, path in files:
        other = first.setdefault(name, path)
        if other != path:
            summary = f"a second file is called {name!r}, and what a file says is filed under its name"
            yield Problem(str(path), 0, 0, summary, hint=f"rename it or {other}")
