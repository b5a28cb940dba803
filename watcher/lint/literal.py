"""``rule/literal``: a text in a selector that is taken as it stands, and was hardly meant so: ``isgs``, ``'*JNIM*'``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from watcher.config.document import KeyPath
from watcher.config.page import Page
from watcher.core.catalogue import Catalogue
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.selector.key import MODIFIERS
from watcher.core.selector.node import ACTOR_KEYS
from watcher.lint.check import Context, found

NAME = "rule/literal"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "A text in a selector with a `*`, or without the `$` of a name."

_NESTED = frozenset({"any", "all", "not"})


def check(context: Context) -> Iterator[Problem]:
    """Look at every text in every selector of the indicators and the rules."""
    for page in context.pages:
        for path, where in selectors(page):
            for at, key, text in _texts(where, path):
                if sentence := doubt(key, text, context.catalogue):
                    yield found(NAME, page.document, at, sentence)


def selectors(page: Page) -> Iterator[tuple[KeyPath, Any]]:
    """Every ``where`` of a file, with its path."""
    for section in ("indicators", "rules", "groups", "states"):
        yield from _wheres(page.sections.get(section), (section,))


def _wheres(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if isinstance(value, dict | list):
        for step, each in value.items() if isinstance(value, dict) else enumerate(value):
            if step == "where":
                yield (*path, step), each
            else:
                yield from _wheres(each, (*path, step))


def _texts(where: Any, path: KeyPath, key: str = "") -> Iterator[tuple[KeyPath, str, str]]:
    """Every text, with its path and the field or the modifier that it stands under."""
    if isinstance(where, str):
        yield path, key, where
    elif isinstance(where, dict):
        for step, each in where.items():
            yield from _texts(each, (*path, step), key if step in _NESTED else step)
    elif isinstance(where, list):
        for index, each in enumerate(where):
            yield from _texts(each, (*path, index), key)


def doubt(key: str, text: str, catalogue: Catalogue) -> str:
    """What is odd about a text, and what was probably meant; empty when nothing is.

    :param key: the field or the modifier that it stands under.
    """
    if "*" in text and key != "matches":
        advice = "leave it out" if key in MODIFIERS else f"write {_modified(text)}"
        return f"the '*' in {text!r} stands for itself; {advice}"
    is_name = text in catalogue.vocabulary or (text in catalogue.actors and key in ACTOR_KEYS)
    if is_name and key not in MODIFIERS:
        return f"{text!r} is taken as it stands; did you mean '${text}'?"
    return ""


def _modified(text: str) -> str:
    """A text with asterisks, as the language says it: ``{contains: JNIM}``."""
    parts = [part.strip() for part in text.split("*") if part.strip()]
    if len(parts) != 1:
        return f"{{contains_all: [{', '.join(parts)}]}}"
    ends = text.startswith("*"), text.endswith("*")
    how = {(True, False): "endswith", (False, True): "startswith"}.get(ends, "contains")
    return f"{{{how}: {parts[0]}}}"
