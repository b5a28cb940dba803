"""What came of the tests, as a person reads it and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from watcher.config.render import render
from watcher.core.message.phrase import counted
from watcher.ruletest.coverage import Covered, counts
from watcher.ruletest.expect import Failure
from watcher.ruletest.suite import FileResult, Outcome


def file_lines(result: FileResult) -> Iterator[str]:
    """A file: one line when all is well, and whatever is not below it."""
    bad = [test for test in result.tests if not test.is_good]
    if result.problems:
        yield f"INVALID  {result.path}"
        for problem in result.problems:
            yield from render(problem).splitlines()
        return
    tests = counted(len(result.tests), "test")
    yield f"{'FAIL' if bad else 'ok':7}  {result.path}  {f'{len(bad)} of {tests} failed' if bad else tests}"
    for test in bad:
        yield ""
        yield f"  {test.name}"
        for failure in test.failures:
            yield from _failure_lines(result, failure)


def _failure_lines(result: FileResult, failure: Failure) -> Iterator[str]:
    yield f"    {result.path}:{failure.line}  {failure.about}: {failure.summary}"
    for line in failure.difference:
        yield f"      {line.sign} {line.text}"


def failure_text(result: FileResult, test: Outcome) -> str:
    """Everything that is wrong in a test."""
    lines = (line.removeprefix("    ") for failure in test.failures for line in _failure_lines(result, failure))
    return "\n".join(lines)


def summary(results: Sequence[FileResult]) -> str:
    """The last line."""
    tests = [test for result in results for test in result.tests]
    bad, invalid = sum(not test.is_good for test in tests), sum(bool(result.problems) for result in results)
    parts = [f"{counted(len(tests) - bad, 'test')} passed"]
    parts += [f"{bad} failed"] if bad else []
    parts += [f"{counted(invalid, 'file')} invalid"] if invalid else []
    return ", ".join(parts)


def coverage_lines(covered: Sequence[Covered]) -> Iterator[str]:
    """Which rules are tested, and what no test reaches."""
    tested, rules, taken, ways = counts(covered)
    yield f"coverage: {tested} of {rules} rules, {taken} of {ways} ways through them"
    width = max((len(each.rule) for each in covered), default=0)
    for each in covered:
        if not each.is_tested:
            told = "no test expects it to fire"
        elif each.missing:
            told = f"not reached: {', '.join(each.missing)}"
        else:
            told = "whole"
        yield f"  {each.rule:<{width}}  {told}"


def to_document(results: Sequence[FileResult], covered: Sequence[Covered] | None) -> dict[str, Any]:
    """All of it, as JSON knows it."""
    tests = [test for result in results for test in result.tests]
    bad = sum(not test.is_good for test in tests)
    document: dict[str, Any] = {
        "passed": len(tests) - bad,
        "failed": bad,
        "invalid": sum(bool(result.problems) for result in results),
        "files": [_file_document(result) for result in results],
    }
    if covered is not None:
        document["coverage"] = [{"rule": each.rule, "ways": dict(each.ways)} for each in covered]
    return document


def _file_document(result: FileResult) -> dict[str, Any]:
    return {
        "path": str(result.path),
        "problems": [str(problem) for problem in result.problems],
        "tests": [
            {
                "name": test.name,
                "line": test.line,
                "passed": test.is_good,
                "failures": [_failure_document(failure) for failure in test.failures],
            }
            for test in result.tests
        ],
    }


def _failure_document(failure: Failure) -> dict[str, Any]:
    return {
        "line": failure.line,
        "about": failure.about,
        "summary": failure.summary,
        "difference": [f"{line.sign} {line.text}" for line in failure.difference],
    }
