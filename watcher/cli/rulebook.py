"""Rules and alerts by what people call them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from watcher.config.document import MarkedDocument, load_document
from watcher.config.rules import find_rule_files
from watcher.config.settings import Settings
from watcher.core.alert import OURS, Alert
from watcher.core.errors import ConfigError, UsageError
from watcher.core.label import slug
from watcher.core.rule import Rule, RuleSet
from watcher.store import alerts
from watcher.store.schema import Tx
from watcher.wiring import load_rule_set

_SHOWN = 5


class Rulebook:
    """The rules on disk, as far as they load: what reads the store must work while a rule file is broken."""

    def __init__(self, settings: Settings) -> None:
        self.problem: ConfigError | None = None
        self.rules: RuleSet | None = None
        try:
            self.rules = load_rule_set(settings)
        except ConfigError as error:
            self.problem = error
        self._by_identity = {rule.identity: rule for rule in self.rules.rules} if self.rules else {}

    def rule(self, identity: str) -> Rule | None:
        """A rule by its identity; None when it is not there, or cannot be loaded."""
        return self._by_identity.get(identity)

    def name(self, identity: str) -> str:
        """What a person calls a rule."""
        rule = self.rule(identity)
        return rule.alert if rule else identity.removeprefix(OURS)


def rule_behind(rules: RuleSet, alert: Alert) -> Rule:
    """The rule of an alert.

    :raises UsageError: when nobody wrote it, or it is no longer there.
    """
    rule = next((rule for rule in rules.rules if rule.identity == alert.rule), None)
    if rule is not None:
        return rule
    history = f"its history: watcher alerts {alert.fingerprint}"
    if alert.rule.startswith(OURS):
        raise UsageError(f"{alert.rule.removeprefix(OURS)!r} is about watcher itself, not about records", todo=history)
    raise UsageError(f"the rule of this alert, {alert.rule!r}, is no longer there", todo=history)


def find_rule(rules: RuleSet, text: str) -> Rule:
    """A rule by its name, its id, a former name, or the beginning of one of them.

    :raises UsageError: when there is none, or more than one.
    """
    rule = match_rule(rules, text)
    if rule is None:
        raise UsageError(f"there is no rule {text!r}", todo=_near(text, rules) or "watcher rules list")
    return rule


def find_rules(rules: RuleSet, settings: Settings, texts: Iterable[str]) -> list[Rule]:
    """The rules that are meant, each once: by a file's name all that stand in it, by the beginning of names all of them.

    :raises UsageError: when one of the texts means none.
    """
    files = {name: Path(place.rpartition(":")[0]).stem for name, place in rule_places(settings).items()}
    found: dict[str, Rule] = {}
    for text in texts:
        wanted = slug(text)
        exact = [rule for rule in rules.rules if wanted in _names(rule)]
        in_file = [rule for rule in rules.rules if slug(files.get(rule.alert, "")) == wanted]
        begun = [rule for rule in rules.rules if any(name.startswith(wanted) for name in _names(rule))]
        meant = exact or in_file or begun if wanted else []
        found |= {rule.identity: rule for rule in meant or [find_rule(rules, text)]}
    return list(found.values())


def match_rule(rules: RuleSet, text: str) -> Rule | None:
    """The same; None when there is none.

    :raises UsageError: when there is more than one.
    """
    wanted = slug(text)
    names = {name: rule for rule in rules.rules for name in _names(rule)}
    if not wanted or wanted in names:
        return names.get(wanted)
    found = {rule.identity: rule for name, rule in names.items() if name.startswith(wanted)}
    if len(found) > 1:
        raise UsageError(f"{text!r} is the beginning of {len(found)} rules", todo=f"one of: {_some(found)}")
    return next(iter(found.values()), None)


def find_alert(tx: Tx, text: str) -> Alert:
    """An alert by its fingerprint, or the beginning of it.

    :raises UsageError: when there is none, or more than one.
    """
    alert = match_alert(tx, text)
    if alert is None:
        raise UsageError(f"there is no alert {text!r}", todo="watcher alerts --all")
    return alert


def match_alert(tx: Tx, text: str) -> Alert | None:
    """The same; None when there is none.

    :raises UsageError: when there is more than one.
    """
    if not text or set(text) - set("0123456789abcdef"):
        return None
    if (alert := alerts.alert(tx, text)) is not None:
        return alert
    found = [each.fingerprint for each in alerts.find_alerts(tx) if each.fingerprint.startswith(text)]
    if found:
        raise UsageError(f"{text!r} is the beginning of {len(found)} alerts", todo=f"one of: {_some(found)}")
    return None


def identity_of(tx: Tx, text: str | None, book: Rulebook) -> str:
    """The identity of the rule that is meant; one that is no longer there still has its alerts.

    :raises UsageError: when there is none, or more than one.
    """
    if not text:
        return ""
    known = {alert.rule for alert in alerts.find_alerts(tx)}
    if exact := known & {text, f"{OURS}{text}"}:
        return exact.pop()
    if book.rules is None:
        raise UsageError(f"no alert is of a rule {text!r}", todo=did_you_mean(text, known))
    return find_rule(book.rules, text).identity


def rule_places(settings: Settings) -> Mapping[str, str]:
    """Where each rule stands, by its name: ``rules/mozambique.yaml:12``."""
    documents = (load_document(file.path) for file in find_rule_files(settings.rules))
    return {name: place for document in documents for name, place in _places(document)}


def _places(document: MarkedDocument) -> Iterator[tuple[str, str]]:
    groups = document.at(("groups",)) or []
    yield from _in_list(document, ("rules",))
    for index in range(len(groups)):
        yield from _in_list(document, ("groups", index, "rules"))


def _in_list(document: MarkedDocument, path: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    for index, raw in enumerate(document.at(path) or []):
        line, _ = document.mark((*path, index))
        yield str(raw.get("alert")), f"{_from_here(document.path)}:{line}"


def _from_here(path: str) -> str:
    """A path as a person standing here would write it."""
    return str(Path(path).relative_to(Path.cwd())) if Path(path).is_relative_to(Path.cwd()) else path


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """``did you mean 'rivalry'?``, else what there is."""
    names = list(known)
    near = difflib.get_close_matches(text, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names) or 'none'}"


def _names(rule: Rule) -> list[str]:
    return [slug(name) for name in (rule.alert, rule.id, *rule.formerly) if name]


def _near(text: str, rules: RuleSet) -> str:
    """The rule that is probably meant, by its name or its identity."""
    by_slug = {name: rule.alert for rule in rules.rules for name in _names(rule)}
    near = difflib.get_close_matches(slug(text), by_slug, n=1, cutoff=0.5)
    return f"did you mean {by_slug[near[0]]!r}?" if near else ""


def _some(names: Iterable[str]) -> str:
    shown = sorted(names)
    return ", ".join([*shown[:_SHOWN], *(["..."] if len(shown) > _SHOWN else [])])
