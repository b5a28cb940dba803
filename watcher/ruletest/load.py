"""A test file with its rules and routes, read and checked before anything is played."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from watcher.config.document import KeyPath, load_document
from watcher.config.notify import Notify, load_notify
from watcher.config.problem import Mistake, mistakes
from watcher.config.rules import load_rules
from watcher.core.errors import ConfigError
from watcher.core.rule import RuleSet
from watcher.ruletest.document import DESK_RECEIVER, RuleTestFile
from watcher.ruletest.story import Story, StoryReader
from watcher.switchboard import TEST_RECEIVER

CHECK = "rule/test-syntax"
#: The receivers of a file that names no routes.
RECEIVERS = (DESK_RECEIVER, TEST_RECEIVER)

#: Rule sets by their paths: most test files of a folder test the same ones.
Shelf = dict[tuple[Path, ...], RuleSet]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A test file that can be played."""

    path: Path
    #: All rules of its files.
    rules: RuleSet
    #: None for the built-in routes.
    routing: Notify | None
    query_offset: timedelta
    stories: tuple[Story, ...]


def load_tests(path: Path, shelf: Shelf) -> Loaded:
    """Read a test file, its rules and its routes.

    :raises ConfigError: with everything that is wrong with them.
    """
    document = load_document(path, check=CHECK)
    try:
        said = RuleTestFile.model_validate({} if document.value is None else document.value)
    except ValidationError as error:
        raise ConfigError([each.placed(document) for each in mistakes(error, document, RuleTestFile, ())]) from None
    found = [*_empty(said), *_missing(said, path.parent), *_namesakes(said)]
    if found:
        raise ConfigError([mistake.placed(document) for mistake in found])
    paths = rule_paths(said, path.parent)
    rules = shelf[paths] if paths in shelf else shelf.setdefault(paths, load_rules(paths))
    routing = load_notify(_beside(path.parent, said.notify_file)) if said.notify_file else None
    reader = StoryReader(document, rules, list(routing.receivers) if routing else RECEIVERS)
    stories = tuple(reader.read(test, ("tests", index)) for index, test in enumerate(said.tests))
    if reader.mistakes:
        raise ConfigError([mistake.placed(document) for mistake in reader.mistakes])
    return Loaded(path, rules, routing, said.query_offset, stories)


def files_behind(path: Path) -> Iterator[Path]:
    """The files and folders that a test file rests on, itself included, as far as it can be read."""
    yield path
    try:
        said = load_document(path, check=CHECK).value
    except ConfigError:
        return
    # As it stands: where the rest of the file is invalid, the rules behind it may be what is edited.
    named = said if isinstance(said, dict) else {}
    files, routes = named.get("rule_files"), named.get("notify_file")
    for name in files if isinstance(files, list) else ():
        if isinstance(name, str):
            yield from _named(name, path.parent)
    if routes and isinstance(routes, str):
        yield _beside(path.parent, routes)


def rule_paths(said: RuleTestFile, folder: Path) -> tuple[Path, ...]:
    """The rule files and folders that a test file names, each once."""
    return tuple(dict.fromkeys(each for name in said.rule_files for each in _named(name, folder)))


def _named(name: str, folder: Path) -> list[Path]:
    path = _beside(folder, name)
    return sorted(path.parent.glob(path.name)) if "*" in path.name else [path]


def _beside(folder: Path, name: str) -> Path:
    """A path as a person would write it: without ``tests/..`` in its middle."""
    return Path(os.path.normpath(folder / name))


def _empty(said: RuleTestFile) -> Iterator[Mistake]:
    for key, advice in (
        ("rule_files", "write rule_files: [../rules.yaml]"),
        ("tests", "begin each test with '- name:'"),
    ):
        if not getattr(said, key):
            yield Mistake((key,), "the list must not be empty", advice)


def _missing(said: RuleTestFile, folder: Path) -> Iterator[Mistake]:
    hint = "paths are relative to the test file"
    for index, name in enumerate(said.rule_files):
        found = _named(name, folder)
        if not found or not all(each.exists() for each in found):
            yield Mistake(("rule_files", index), f"there is no such file: {_beside(folder, name)}", hint)
    if said.notify_file and not _beside(folder, said.notify_file).exists():
        yield Mistake(("notify_file",), f"there is no such file: {_beside(folder, said.notify_file)}", hint)


def _namesakes(said: RuleTestFile) -> Iterator[Mistake]:
    names: set[str] = set()
    for index, test in enumerate(said.tests):
        path: KeyPath = ("tests", index, "name")
        if test.name in names:
            yield Mistake(path, f"a second test {test.name!r}", "give each a name of its own")
        names.add(test.name)
