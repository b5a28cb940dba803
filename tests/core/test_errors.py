from __future__ import annotations

import pytest

from watcher.core.errors import ConfigError, DataError, ExitCode, Problem, SchemaMismatch, StoreError, WatcherError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(DataError("too many bad rows"), "too many bad rows", id="what"),
        pytest.param(DataError("too many bad rows", where="a.csv"), "a.csv: too many bad rows", id="what and where"),
        pytest.param(
            StoreError("it is not there", where="/var/watcher.db", todo="run: watcher init"),
            "/var/watcher.db: it is not there (run: watcher init)",
            id="what, where and what to do",
        ),
    ],
)
def test_an_error_says(error, text):
    assert str(error) == text


def test_every_kind_of_error_has_its_exit_code():
    own = [kind for kind in _descendants(WatcherError) if kind.__module__ == WatcherError.__module__]
    kinds = {kind.__name__: kind.exit_code for kind in own}
    assert kinds == {
        "UsageError": ExitCode.USAGE,
        "DataError": ExitCode.DATA,
        "SourceUnavailable": ExitCode.SOURCE,
        "StoreError": ExitCode.STORE,
        "SchemaMismatch": ExitCode.CONFIG,
        "Locked": ExitCode.LOCKED,
        "ConfigError": ExitCode.CONFIG,
    }
    assert issubclass(SchemaMismatch, StoreError)


def _descendants(kind: type[WatcherError]) -> list[type[WatcherError]]:
    return [each for child in kind.__subclasses__() for each in (child, *_descendants(child))]


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        pytest.param(Problem("a.yaml", 3, 5, "unknown key"), "a.yaml:3:5: unknown key", id="a place and a mistake"),
        pytest.param(
            Problem("a.yaml", 3, 5, "unknown key", key="rules[0].alrt", hint="did you mean 'alert'?"),
            "a.yaml:3:5: rules[0].alrt: unknown key; did you mean 'alert'?",
            id="a key and a hint",
        ),
        pytest.param(Problem("a.yaml", 0, 0, "cannot be read"), "a.yaml: cannot be read", id="the file as a whole"),
    ],
)
def test_a_problem_is_one_line(problem, text):
    assert str(problem) == text


def test_problems_are_told_in_the_order_of_the_files():
    late, early, other = (
        Problem("a.yaml", 9, 1, "late"),
        Problem("a.yaml", 2, 7, "early"),
        Problem("b.yaml", 1, 1, "other"),
    )
    error = ConfigError([other, late, early])
    assert error.problems == (early, late, other)
    assert str(error).splitlines() == [str(early), str(late), str(other)]
