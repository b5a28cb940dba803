"""Rule files become one rule set: everything that is wrong with any of them is reported at once.

Reading goes in steps over all files, because a rule may name what stands in another file::

    files → documents → names → indicators → baselines, facts → groups and rules → checks across rules
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from watcher.config.check import catalogue_mistakes, detector_mistakes, group_mistakes, rule_mistakes
from watcher.config.document import KeyPath, load_document
from watcher.config.files import RuleFile, find_rule_files
from watcher.config.names import Register
from watcher.config.page import Page
from watcher.config.problem import Mistake, keys_of
from watcher.config.sections import Sections
from watcher.core.catalogue import Catalogue
from watcher.core.errors import ConfigError, Problem
from watcher.core.label import slug
from watcher.core.rule import Group, Rule, RuleSet

__all__ = ["find_rule_files", "load_rules"]

_RULE_KEYS = frozenset(keys_of(Rule))


def load_rules(paths: Sequence[Path]) -> RuleSet:
    """Read files and folders as one set of rules.

    :raises ConfigError: with everything that is wrong with any of the files.
    """
    problems: list[Problem] = []
    pages = list(_pages(find_rule_files(paths), problems))
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
    catalogue = None if problems else sections.catalogue
    reader = _RuleReader(register, context)
    groups = [group for page in pages for group in reader.groups(page)]
    reader.check_across()
    if catalogue is not None:
        reader.check_against(catalogue)
    if problems:
        raise ConfigError(problems)
    return RuleSet(sections.catalogue, tuple(groups), _hash(pages))


def _pages(files: Iterable[RuleFile], problems: list[Problem]) -> Iterator[Page]:
    for file in files:
        try:
            document = load_document(file.path)
        except ConfigError as error:
            problems += error.problems
            continue
        if isinstance(document.value, dict | None):
            yield Page(file.name, document, problems)
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


class _RuleReader:
    """Reads groups and rules, and remembers where each rule stands."""

    def __init__(self, register: Register, context: Mapping[str, Any]) -> None:
        self.register = register
        self.context = context
        self.rules: list[tuple[Rule, Page, KeyPath]] = []

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
            page.report([Mistake(path, "a group has a list of rules", "write rules: and each rule with '- '")])
            return None
        rules = tuple(self.read(page, (((*path, "rules", index), item) for index, item in enumerate(inside))))
        if group is None:
            return None
        page.report(mistake.below(path) for mistake in group_mistakes(group))
        self.register.add("group", group.group, page, path)
        return group.model_copy(update={"rules": rules})

    def read(self, page: Page, items: Iterable[tuple[KeyPath, Any]]) -> Iterator[Rule]:
        """The rules that can be used; what is wrong with the others is noted."""
        for path, raw in items:
            found = list(detector_mistakes(raw, _RULE_KEYS)) if isinstance(raw, dict) else []
            rule = page.model(path, raw, Rule, self.context)
            page.report(mistake.below(path) for mistake in found)
            if rule is None or found:
                continue
            page.report(mistake.below(path) for mistake in rule_mistakes(rule, raw))
            self.rules.append((rule, page, path))
            yield rule

    def check_across(self) -> None:
        """Names and identities of rules, now and formerly, belong to one rule each."""
        for rule, page, path in self.rules:
            if not self.register.add("rule", rule.alert, page, (*path, "alert")):
                continue
            for identity in dict.fromkeys((rule.identity, *map(slug, rule.formerly))):
                self.register.add("rule with the identity", identity, page, path)

    def check_against(self, catalogue: Catalogue) -> None:
        """What rules take from the catalogue."""
        for rule, page, path in self.rules:
            page.report(mistake.below(path) for mistake in catalogue_mistakes(rule, catalogue))
