"""`watcher test`: rule tests, made-up records in and expected alerts out."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import click

from watcher.cli.opening import config_option
from watcher.cli.table import format_option, print_json, safe
from watcher.config.files import TESTS
from watcher.config.rules import load_rules
from watcher.config.settings import Settings, find_settings, load_settings
from watcher.core.detectors.frame import counted
from watcher.core.errors import ConfigError, UsageError, WatcherError
from watcher.log import configure
from watcher.ruletest import report
from watcher.ruletest.coverage import Covered, coverage
from watcher.ruletest.document import PATTERNS
from watcher.ruletest.junit import to_junit
from watcher.ruletest.load import files_behind
from watcher.ruletest.suite import FileResult, find_test_files, run_files
from watcher.ruletest.watch import Stamp, stamps

#: Seconds between two looks at the files.
_LOOK_EVERY = 0.3
_PASSED, _FAILED, _INVALID = 0, 1, 2


@click.command()
@config_option
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--run", "pattern", metavar="PATTERN", help="Only tests whose name this regular expression finds.")
@click.option("--watch", is_flag=True, help="Run again whenever a test, a rule or a route changes; Ctrl-C ends it.")
@click.option(
    "--junit", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write JUnit XML to FILE as well."
)
@click.option("--coverage", "covers", is_flag=True, help="Say which rules, severities and recoveries no test reaches.")
@format_option("text", "json")
def command(config: Path | None, *, paths: tuple[Path, ...], watch: bool, **options: Any) -> int:
    r"""Rule tests: made-up records go in, real turns are taken in memory, and what comes out is compared.

    PATHS are test files, or folders of them (*_test.yaml). Without PATHS: rules/tests, and the folder `tests` beside the
    rules of the settings. No settings are needed, and neither the store nor any receiver is touched.

    \b
    watcher test
    watcher test rules/tests/mozambique_test.yaml --run 'taken back'
    watcher test --coverage
    watcher test --watch

    \b
    Exit codes: 0 all passed   1 a test failed   2 a file is invalid, or there is nothing to run
    """
    configure(level="error")
    bench = _Bench(_places(config, paths), _wanted(options["pattern"]), options)
    return _watch(bench) if watch else bench.run()


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the tests are; and the settings, whose rules coverage is asked of as well."""

    tests: tuple[Path, ...]
    settings: Settings | None = None

    def files(self) -> tuple[Path, ...]:
        """The test files that there are now."""
        try:
            found = find_test_files(self.tests)
        except FileNotFoundError as error:
            raise UsageError("there is no such file or folder", where=str(error)) from None
        if not found:
            where = ", ".join(str(path) for path in self.tests)
            raise UsageError("there is no test here", where=where, todo=f"test files are called {PATTERNS[0]}")
        return found


def _places(config: Path | None, paths: Sequence[Path]) -> _Places:
    if paths:
        return _Places(tuple(paths))
    settings = _settings(config)
    folders = [Path("rules") / TESTS]
    folders += [(path if path.is_dir() else path.parent) / TESTS for path in (settings.rules if settings else ())]
    there: dict[Path, Path] = {}
    for folder in folders:
        if folder.is_dir():
            there.setdefault(folder.resolve(), folder)
    if not there:
        raise UsageError(f"there is no folder of rule tests: {folders[-1]}", todo="name a test file or a folder")
    return _Places(tuple(there.values()), settings)


def _settings(config: Path | None) -> Settings | None:
    """The settings, where there are any."""
    try:
        path = find_settings(config, os.environ, Path())
    except ConfigError:
        return None
    return load_settings(path)


def _wanted(pattern: str | None) -> Callable[[str], bool]:
    try:
        found = re.compile(pattern or "").search
    except re.error as error:
        raise UsageError(f"{pattern!r} is no regular expression: {error}", where="--run") from None
    return lambda name: found(name) is not None


class _Bench:
    """What is run, once or again and again, and how it is told."""

    def __init__(self, places: _Places, wanted: Callable[[str], bool], options: Mapping[str, Any]) -> None:
        self._places = places
        self._wanted = wanted
        self._options = options
        self._is_text = options["style"] == "text"

    def run(self) -> int:
        """Run the tests, tell what came of them, and return the exit code."""
        results = []
        for result in run_files(self._places.files(), wanted=self._wanted, stopwatch=time.perf_counter):
            if result.tests or result.problems:
                results.append(result)
                self._print(report.file_lines(result) if self._is_text else ())
        if not results:
            raise UsageError(f"no test has a name like {self._options['pattern']!r}", where="--run")
        self._tell(results)
        if any(result.problems for result in results):
            return _INVALID
        return _PASSED if all(test.is_good for result in results for test in result.tests) else _FAILED

    def stamps(self) -> Mapping[Path, Stamp]:
        """How everything stands that a run reads."""
        tests = self._places.tests
        files = find_test_files(path for path in tests if path.exists())
        return stamps([*tests, *(path for file in files for path in files_behind(file))])

    def _tell(self, results: Sequence[FileResult]) -> None:
        covered = self._covered(results) if self._options["covers"] else None
        if self._options["junit"] is not None:
            _write(self._options["junit"], to_junit(results))
        if not self._is_text:
            print_json(report.to_document(results, covered))
            return
        self._print(() if covered is None else ("", *report.coverage_lines(covered)))
        self._print(("", report.summary(results)))

    def _covered(self, results: Sequence[FileResult]) -> tuple[Covered, ...]:
        settings = self._places.settings
        sets = [result.rules for result in results if result.rules is not None]
        sets += [load_rules(settings.rules)] if settings is not None else []
        return coverage(sets, (step for result in results for test in result.tests for step in test.passed))

    def _print(self, lines: Iterable[str]) -> None:
        for line in lines:
            print(safe(line))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(path)) from None


def _watch(bench: _Bench) -> int:
    """Run again after each change, until somebody presses Ctrl-C; the exit code is that of the last run."""
    code = _PASSED
    try:
        while True:
            before = bench.stamps()
            code = _run_on(bench)
            watched = f"{counted(len(before), 'files')} {'is' if len(before) == 1 else 'are'} watched"
            print(f"\n{watched}; Ctrl-C ends it", flush=True)
            _await_change(bench, before)
    except KeyboardInterrupt:
        print()
        return code


def _await_change(bench: _Bench, before: Mapping[Path, Stamp]) -> None:
    """Wait until something has changed and stays as it is from one look to the next: a save may have several steps."""
    pause, seen = Event(), before
    while True:
        pause.wait(_LOOK_EVERY)
        now = bench.stamps()
        if now == seen != before:
            return
        seen = now


def _run_on(bench: _Bench) -> int:
    """A run whose faults are told and do not end the watch: a file that is being saved may be gone for a moment."""
    try:
        return bench.run()
    except WatcherError as error:
        print(f"watcher: {safe(str(error))}", flush=True)
        return _INVALID
