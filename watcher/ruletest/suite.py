"""All test files of a run: which there are, what came of each, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from watcher.core.errors import ConfigError, Problem
from watcher.core.rule import RuleSet
from watcher.ruletest.document import PATTERNS
from watcher.ruletest.expect import Failure, failures
from watcher.ruletest.load import Shelf, load_tests
from watcher.ruletest.run import Passed, play


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one test."""

    name: str
    line: int
    failures: tuple[Failure, ...]
    passed: frozenset[Passed]
    #: Seconds that it took.
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class FileResult:
    """What came of one test file."""

    path: Path
    tests: tuple[Outcome, ...] = ()
    #: What is wrong with it, or with its rules; then none of its tests was played.
    problems: tuple[Problem, ...] = ()
    #: Its rules; None when they could not be read.
    rules: RuleSet | None = None


def find_test_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The files named, and those in the folders named, each once.

    :raises FileNotFoundError: for a path that is not there.
    """
    return tuple(dict.fromkeys(each for path in paths for each in _found(path)))


def _found(path: Path) -> Sequence[Path]:
    if not path.exists():
        raise FileNotFoundError(str(path))
    if not path.is_dir():
        return [path]
    found = {each for pattern in PATTERNS for each in path.rglob(pattern) if each.is_file()}
    return sorted(each for each in found if not any(part.startswith(".") for part in each.relative_to(path).parts))


def run_files(
    files: Iterable[Path], *, wanted: Callable[[str], bool], stopwatch: Callable[[], float]
) -> Iterator[FileResult]:
    """Play the tests whose names are wanted, file by file.

    :param stopwatch: seconds from any beginning, for the time that each test takes.
    """
    shelf: Shelf = {}
    for path in files:
        try:
            loaded = load_tests(path, shelf)
        except ConfigError as error:
            yield FileResult(path, problems=error.problems)
            continue
        tests = []
        for story in loaded.stories:
            if wanted(story.name):
                began = stopwatch()
                played = play(loaded, story)
                found = failures(story, played)
                tests.append(Outcome(story.name, story.line, found, played.passed, stopwatch() - began))
        yield FileResult(path, tuple(tests), rules=loaded.rules)
