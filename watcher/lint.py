"""Lint: everything that is wrong with settings, routes and rules, found at once and nothing opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from watcher.config.document import load_document
from watcher.config.notify import Notify, load_notify
from watcher.config.problem import Mistake, near
from watcher.config.rules import find_rule_files, load_rules
from watcher.config.settings import Settings
from watcher.core.errors import ConfigError, Problem, ProblemSeverity
from watcher.core.rule import RuleSet, RuleStatus
from watcher.notify import TEST_RECEIVER
from watcher.sources import SOURCES
from watcher.wiring import access_of, endpoint_of, feed_of, slots_of

Found = TypeVar("Found")


class Linted(NamedTuple):
    """What was looked at, and what is wrong with it."""

    problems: tuple[Problem, ...]
    rules: int
    receivers: int = 0
    sources: int = 0

    @property
    def worst(self) -> ProblemSeverity | None:
        """The worst problem's severity; None when there is none."""
        levels = list(ProblemSeverity)
        return min((problem.severity for problem in self.problems), key=levels.index, default=None)


def lint_rules(paths: Sequence[Path]) -> Linted:
    """Look at rule files and folders alone."""
    problems: list[Problem] = []
    rules = _gather(problems, lambda: load_rules(paths))
    return Linted(_sorted(problems), len(rules.rules) if rules else 0)


def lint_installation(settings: Settings) -> Linted:
    """Look at everything that the settings name: sources, routes, channels, secrets and rules."""
    problems: list[Problem] = []
    for name in settings.sources:
        _gather(problems, partial(feed_of, settings, name))
    routing = _gather(problems, lambda: load_notify(settings.notify))
    if routing is not None:
        problems += [*routing.warnings, *_lint_receivers(settings, routing)]
    rules = _gather(problems, lambda: load_rules(settings.rules))
    if rules is not None:
        problems += _lint_across(settings, routing, rules)
    return Linted(
        _sorted(problems),
        len(rules.rules) if rules else 0,
        receivers=len(routing.receivers) if routing else 0,
        sources=len(settings.sources),
    )


def _gather(problems: list[Problem], load: Callable[[], Found]) -> Found | None:
    """What can be loaded; else None, and its problems are noted, each once."""
    try:
        return load()
    except ConfigError as error:
        problems += [problem for problem in error.problems if problem not in problems]
        return None


def _sorted(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda each: (each.path, each.line, each.column, each.summary)))


def _lint_receivers(settings: Settings, routing: Notify) -> list[Problem]:
    problems: list[Problem] = []
    for receiver in routing.receivers:
        access = _gather(problems, partial(access_of, settings, receiver))
        if access is not None:
            for slot in slots_of(routing, receiver):
                _gather(problems, partial(endpoint_of, routing, slot, access))
    problems += [mistake.placed(settings.document) for mistake in _unknown_receivers(settings, routing)]
    problems += [mistake.placed(routing.document) for mistake in _mail_without_server(settings, routing)]
    return problems


def _unknown_receivers(settings: Settings, routing: Notify) -> Iterator[Mistake]:
    for name in settings.receivers:
        if name not in routing.receivers:
            summary = f"there is no receiver {name!r} in {settings.notify.name}"
            hint = near(name, routing.receivers) or f"there are: {', '.join(routing.receivers)}"
            yield Mistake(("receivers", name), summary, hint, at_key=True, severity=ProblemSeverity.WARNING)


def _mail_without_server(settings: Settings, routing: Notify) -> Iterator[Mistake]:
    if settings.mail is not None:
        return
    for receiver in routing.receivers:
        for slot in slots_of(routing, receiver):
            if slot.channel == "email":
                place = routing.place_of(*slot)
                hint = "write 'mail' in watcher.yaml"
                yield Mistake(place, "no mail server is set", hint, severity=ProblemSeverity.WARNING)


# --- what only shows when everything is seen together -----------------------------------------------------------------


def _lint_across(settings: Settings, routing: Notify | None, rules: RuleSet) -> Iterator[Problem]:
    if not rules.rules:
        path = str(settings.rules[0]) if settings.rules else settings.document.path
        yield Problem(path, 0, 0, "there is no rule", hint="see: watcher init", severity=ProblemSeverity.WARNING)
    on_test = [rule.alert for rule in rules.rules if rule.status is RuleStatus.TEST]
    if routing is not None and on_test and not routing.receivers.get(TEST_RECEIVER):
        summary = f"{on_test[0]!r} is on test, and there is no receiver named {TEST_RECEIVER!r} to be told"
        hint = f"add a receiver {TEST_RECEIVER!r} with a channel"
        yield Mistake(("receivers",), summary, hint, severity=ProblemSeverity.WARNING).placed(routing.document)
    for file in find_rule_files(settings.rules):
        document = load_document(file.path)
        for index, raw in enumerate(document.at(("indicators",)) or ()):
            for mistake in _unknown_sources(settings, raw.get("source")):
                yield mistake.below(("indicators", index)).placed(document)


def _unknown_sources(settings: Settings, named: object) -> Iterator[Mistake]:
    known = [*settings.sources, *SOURCES]
    for name in [named] if isinstance(named, str) else named if isinstance(named, list) else []:
        if name not in known:
            summary = f"no source of the settings is called {name!r}"
            hint = near(name, known) or f"there are: {', '.join(known)}"
            yield Mistake(("source",), summary, hint, severity=ProblemSeverity.WARNING)
