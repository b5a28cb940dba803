"""Rule files become one rule set: everything that is wrong with any of them is reported at once.

Reading goes in steps over all files, because a rule may name what stands in another file::

    files → documents → names → indicators → baselines, facts → groups and rules → checks across rules
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from watcher.config.check import (
    catalogue_mistakes,
    detector_mistakes,
    group_mistakes,
    misplaced,
    rule_mistakes,
    shared_across_mistakes,
    without,
)
from watcher.config.document import KeyPath, load_document
from watcher.config.files import RuleFile, find_rule_files
from watcher.config.names import Register
from watcher.config.page import Page
from watcher.config.problem import Mistake, keys_of
from watcher.config.sections import Sections
from watcher.core.catalogue import Catalogue
from watcher.core.errors import ConfigError, Problem
from watcher.core.label import slug
from watcher.core.rule import Group, Rule, RuleSet, cycles, named_alerts, ranks

__all__ = ["Loaded", "Site", "find_rule_files", "load_rules", "read_rules"]

_RULE_KEYS = frozenset(keys_of(Rule))


class Site(NamedTuple):
    """Where a rule stands."""

    rule: Rule
    page: Page
    path: KeyPath


class Loaded(NamedTuple):
    """A set of rules with the files it was read from."""

    rules: RuleSet
    pages: tuple[Page, ...]
    #: In the order of the files.
    sites: tuple[Site, ...]


def load_rules(paths: Sequence[Path]) -> RuleSet:
    """Read files and folders as one set of rules.

    :raises ConfigError: with everything that is wrong with any of the files.
    """
    return read_rules(paths).rules


def read_rules(paths: Sequence[Path]) -> Loaded:
    """Read files and folders as one set of rules, and keep where each rule stands.

    :raises ConfigError: with everything that is wrong with any of the files.
    """
    with _without_collections():
        return _read(paths)


@contextmanager
def _without_collections() -> Iterator[None]:
    """Keep the garbage collector from looking, again and again, at thousands of new objects that all stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(paths: Sequence[Path]) -> Loaded:
    problems: list[Problem] = []
    pages = tuple(_pages(find_rule_files(paths), problems))
    register = Register()
    sections = Sections(register)
    for page in pages:
        sections.read_names(page)
    context = {"names": sections.names}
    for page in pages:
        sections.read_indicators(page, context)
    for page in pages:
        sections.read_statements(page)
    # With part of the catalogue unread, every name in it would be reported as unknown.
    is_whole = not problems
    reader = _RuleReader(register, context)
    groups = [group for page in pages for group in reader.groups(page)]
    reader.check_across()
    catalogue = replace(sections.catalogue, alerts=reader.alerts)
    if is_whole:
        reader.check_against(catalogue)
    if problems:
        raise ConfigError(problems)
    return Loaded(RuleSet(catalogue, tuple(groups), _hash(pages)), pages, tuple(reader.sites))


def _pages(files: Iterable[RuleFile], problems: list[Problem]) -> Iterator[Page]:
    unread: set[str] = set()
    for file in files:
        try:
            document = load_document(file.path)
        except ConfigError as error:
            problems += error.problems
            continue
        if isinstance(document.value, dict | None):
            yield Page(file.name, document, problems, unread)
        else:
            summary = "expected sections such as 'indicators:' and 'rules:'"
            problems.append(Mistake((), summary, "begin a list of rules with the line 'rules:'").placed(document))


def _hash(pages: Iterable[Page]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for page in pages:
        for text in (page.name, page.document.text):
            data = text.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _names_of(raw: Any) -> list[str]:
    names = (raw.get("alert"), raw.get("id")) if isinstance(raw, dict) else ()
    return [name for name in names if isinstance(name, str) and name]


class _RuleReader:
    """Reads groups and rules, and remembers where each rule stands."""

    def __init__(self, register: Register, context: Mapping[str, Any]) -> None:
        self.register = register
        self.context = context
        self.sites: list[Site] = []
        #: The names of rules that cannot be used.
        self.unusable: list[str] = []

    def groups(self, page: Page) -> Iterator[Group]:
        """The groups of a file; its top-level rules are one group, called as the file."""
        rules = tuple(self.read(page, page.items("rules")))
        if rules:
            name = str(PurePath(page.name).with_suffix(""))
            self.register.add("group", name, page, ("rules",))
            yield Group(group=name, rules=rules)
        for path, raw in page.items("groups"):
            group = self.group(page, path, raw)
            if group is not None:
                yield group

    def group(self, page: Page, path: KeyPath, raw: Any) -> Group | None:
        """A group with its rules."""
        if not isinstance(raw, dict):
            return page.model(path, raw, Group)
        group = page.model(path, {key: value for key, value in raw.items() if key != "rules"}, Group)
        inside = raw.get("rules")
        if not isinstance(inside, list):
            at = (*path, "rules") if "rules" in raw else path
            page.report([Mistake(at, "a group has a list of rules", "write rules: and each rule with '- '")])
            return None
        rules = tuple(self.read(page, (((*path, "rules", index), item) for index, item in enumerate(inside))))
        if group is None:
            return None
        page.report(mistake.below(path) for mistake in group_mistakes(group))
        for site in self.sites[len(self.sites) - len(rules) :]:
            page.report(each.below(site.path) for each in shared_across_mistakes(group, site.rule))
        self.register.add("group", group.group, page, path)
        return group.model_copy(update={"rules": rules})

    def read(self, page: Page, items: Iterable[tuple[KeyPath, Any]]) -> Iterator[Rule]:
        """The rules that can be used; what is wrong with the others is noted."""
        for path, raw in items:
            found = list(detector_mistakes(raw, _RULE_KEYS)) if isinstance(raw, dict) else []
            placed = without(raw, misplaced(raw, _RULE_KEYS)) if isinstance(raw, dict) else raw
            rule = page.model(path, placed, Rule, self.context)
            page.report(mistake.below(path) for mistake in found)
            if rule is None or found:
                self.unusable += _names_of(raw)
                continue
            page.report(mistake.below(path) for mistake in rule_mistakes(rule, raw))
            self.sites.append(Site(rule, page, path))
            yield rule

    @property
    def alerts(self) -> dict[str, str]:
        """What rules may combine; one that cannot be used is there, so that what names it is not reported as well."""
        return {**dict.fromkeys(self.unusable, ""), **named_alerts(site.rule for site in self.sites)}

    def check_across(self) -> None:
        """Names and identities of rules, now and formerly, belong to one rule each."""
        for rule, page, path in self.sites:
            if not self.register.add("rule", rule.alert, page, (*path, "alert")):
                continue
            for identity in dict.fromkeys((rule.identity, *map(slug, rule.formerly))):
                self.register.add("rule with the identity", identity, page, path)
        ranked = ranks([site.rule for site in self.sites])
        by_identity = {site.rule.identity: site for site in self.sites}
        for cycle in cycles([site.rule for site in self.sites if site.rule.identity not in ranked]):
            _, page, path = by_identity[cycle[0].identity]
            through = " -> ".join(repr(rule.alert) for rule in (*cycle, cycle[0]))
            summary = f"the rule combines itself{', through others' * (len(cycle) > 1)}: {through}"
            page.report([Mistake((*path, "combine"), summary, "take one of them out", at_key=True)])

    def check_against(self, catalogue: Catalogue) -> None:
        """What rules take from the catalogue."""
        for rule, page, path in self.sites:
            raw = page.document.at(path)
            page.report(mistake.below(path) for mistake in catalogue_mistakes(rule, raw, catalogue))
