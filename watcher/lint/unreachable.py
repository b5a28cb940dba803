"""``route/unreachable``: a route that no alert ever comes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from watcher.config.document import KeyPath
from watcher.config.problem import near
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.route import Route, unreachable
from watcher.core.severity import Severity
from watcher.lint.check import Context, found

if TYPE_CHECKING:
    from watcher.config.notify import Notify

NAME = "route/unreachable"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "A route that no alert ever comes to."


def check(context: Context) -> Iterator[Problem]:
    """Walk the tree of routes; there is none where only rule files are looked at."""
    if context.routing is None:
        return
    yield from _behind_others(context.routing)
    names = {"alertname": [rule.alert for rule in context.rules.rules], "severity": [each.value for each in Severity]}
    for path, route in _routes(context.routing.route):
        for index, matcher in enumerate(route.matchers):
            known = names.get(matcher.name)
            if known is not None and matcher.op == "=" and matcher.value not in known:
                what = "no rule is called" if matcher.name == "alertname" else "there is no severity"
                hint = near(matcher.value, known) or "look at the names with: watcher rules list"
                sentence = f"no alert ever comes to this route: {what} {matcher.value!r}; {hint}"
                yield found(NAME, context.routing.document, (*path, "matchers", index), sentence)


def _behind_others(routing: Notify) -> Iterator[Problem]:
    for position in unreachable(routing.route):
        path: KeyPath = ("route", *(step for index in position for step in ("routes", index)))
        sentence = (
            "no alert ever comes to this route; "
            "a route before it takes them all without 'continue', or its matchers exclude each other"
        )
        yield found(NAME, routing.document, path, sentence)


def _routes(route: Route, path: KeyPath = ("route",)) -> Iterator[tuple[KeyPath, Route]]:
    for index, child in enumerate(route.routes):
        here = (*path, "routes", index)
        yield here, child
        yield from _routes(child, here)
