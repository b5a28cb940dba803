"""The environment over the settings file, and the secrets that must stand in neither as they are.

``WATCHER_STORE__URL`` is ``store.url``: two underscores go one level down, and case does not matter. A value is text,
from which the field makes its number or date; one that begins with ``[`` or ``{`` is read as YAML. Variables that begin
with ``WATCHER_`` and name no setting are left alone: container platforms set such variables for their own use.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from watcher.config.document import KeyPath, MarkedDocument, load_document
from watcher.config.problem import Mistake
from watcher.core.errors import ConfigError, Problem

PREFIX = "WATCHER_"
_SECRET_KEYS = frozenset({"password", "secret", "secrets", "signing_secret", "signing_secrets", "token", "api_key"})
_URL_WITH_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_REFERENCE = "write {file: path}, {env: NAME} or {credential: name} instead"
_WITHOUT_IT = "leave it out and set the whole address in the environment, e.g. WATCHER_STORE__URL"


@dataclass(frozen=True, slots=True)
class Overlay:
    """The settings with what the environment says in their place."""

    document: MarkedDocument
    #: The variable that a value comes from.
    variables: Mapping[KeyPath, str]

    def placed(self, mistake: Mistake) -> Problem:
        """A mistake with its place: the file, or the variable."""
        problem = mistake.placed(self.document)
        for path, variable in self.variables.items():
            only_there = not problem.line and path[: len(mistake.path)] == mistake.path
            if only_there or mistake.path[: len(path)] == path:
                return replace(problem, path=f"${variable}", line=0, column=0)
        return problem


def overlay(document: MarkedDocument, environ: Mapping[str, str], keys: Collection[str]) -> Overlay:
    """The document with the values of the environment, for the given keys at its top.

    :raises ConfigError: for a value that is to be YAML and is none.
    """
    value = _copied(document.value or {})
    marks, variables = dict(document.marks), {}
    for variable in sorted(environ):
        steps = variable.removeprefix(PREFIX).lower().split("__")
        if not variable.startswith(PREFIX) or steps[0] not in keys:
            continue
        path = _put(value, steps, _read(variable, environ[variable]))
        variables[path] = variable
        marks.update({path[:depth]: marks.get(path[:depth], (0, 0)) for depth in range(1, len(path) + 1)})
    return Overlay(replace(document, value=value, marks=marks), variables)


def _copied(value: Any) -> Any:
    return {key: _copied(each) for key, each in value.items()} if isinstance(value, dict) else value


def _read(variable: str, text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text
    try:
        return load_document(text, check="settings/syntax").value
    except ConfigError as error:
        raise ConfigError([replace(p, path=f"${variable}", line=0, column=0) for p in error.problems]) from None


def _put(value: dict[str, Any], steps: list[str], new: Any) -> KeyPath:
    path: KeyPath = ()
    for step in steps[:-1]:
        path = (*path, _spelled(step, value))
        below = value.get(str(path[-1]))
        value[str(path[-1])] = value = below if isinstance(below, dict) else {}
    path = (*path, _spelled(steps[-1], value))
    value[str(path[-1])] = new
    return path


def _spelled(step: str, keys: Collection[str]) -> str:
    """The key as the file spells it: ``duty_officer`` is ``duty-officer``."""
    return next((key for key in keys if key.lower().replace("-", "_") == step), step)


def literal_secrets(document: MarkedDocument) -> list[Mistake]:
    """The secrets that stand in a file as they are, instead of the place where they are kept."""
    return list(_literal(document.value, ()))


def _literal(value: Any, path: KeyPath) -> Iterator[Mistake]:
    if isinstance(value, dict | list):
        for step, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _literal(each, (*path, step))
    elif value is not None and _last_key(path) in _SECRET_KEYS:
        yield Mistake(path, "a secret stands in the file", _REFERENCE)
    elif isinstance(value, str) and _URL_WITH_PASSWORD.search(value):
        yield Mistake(path, "a password stands in the address", _WITHOUT_IT)


def _last_key(path: KeyPath) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "")
