"""A wrong type at any key of the language: one message at one place, in the words of this tool and not of pydantic."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from watcher.config.document import KeyPath, load_document
from watcher.config.problem import key_text
from watcher.config.rules import load_rules
from watcher.core.errors import ConfigError, Problem

#: A file in which every key of the language stands, and nothing is wrong.
WHOLE = load_document(Path(__file__).parent / "good" / "every_key.yaml")
WRONG = (True, "nonsense", [[1]], {"x": 1})
#: Words of the library that reads the models, and of the language it is written in.
LEAKS = re.compile(
    r"[Ii]nput should|valid (?:dict|list|str|int|num|bool|tup)|instance of|pydantic|[Vv]alue error|[Uu]nable to|"
    r"Extra inputs|Field required|None|True|False|<class|\bdict\b|\btuple\b|\bstr\b"
)


def places() -> Iterator[KeyPath]:
    """Every key of the language once: of lists, its first occurrence in the file."""
    seen = set()
    for path in WHOLE.keys:
        shape = tuple("*" if isinstance(step, int) else step for step in path)
        if shape not in seen:
            seen.add(shape)
            yield path


PLACES = list(places())


def with_(path: KeyPath, value: object) -> Any:
    """The whole file with another value at one place."""
    changed = deepcopy(WHOLE.value)
    *above, last = path
    at = changed
    for step in above:
        at = at[step]
    at[last] = value
    return changed


def told(folder: Path, path: KeyPath, value: object) -> tuple[Problem, ...]:
    file = folder / "a.yaml"
    file.write_text(json.dumps(with_(path, value)), "utf-8")
    try:
        load_rules([file])
    except ConfigError as error:
        return error.problems
    return ()


def is_about(problem: Problem, path: KeyPath) -> bool:
    """Whether a problem stands at a key, below it, or at what holds it."""
    key = key_text(path)
    return problem.key.startswith(key) or key.startswith(problem.key)


def is_other(path: KeyPath, value: object) -> bool:
    """Whether the value is of the right type and says something else: another name."""
    return value == "nonsense" and path[-1] in {"citation", "actor", "place", "baseline", "state", "indicator"}


def test_the_file_holds_every_section():
    assert len(PLACES) > 150


@pytest.mark.parametrize("section", list(WHOLE.value))
def test_a_wrong_type_is_told_once_at_its_place_and_in_plain_words(section, tmp_path):
    refused = 0
    for path in (path for path in PLACES if path[0] == section):
        for value in WRONG:
            problems = told(tmp_path, path, value)
            refused += bool(problems)
            said = [str(problem) for problem in problems]
            assert not [line for line in said if LEAKS.search(line)], (path, value)
            assert all(problem.line and problem.column for problem in problems), (path, value)
            if isinstance(value, dict):
                # A map with a key too many may lack those that it needs as well.
                problems = tuple(problem for problem in problems if not problem.summary.endswith("is missing"))
            if not is_other(path, value):
                assert len(problems) <= 1, (path, value, said)
                assert all(is_about(problem, path) for problem in problems), (path, value, said)
    assert refused
