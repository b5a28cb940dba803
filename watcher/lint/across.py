"""``rule/across``: ``across`` where only one series is looked at, so that there is nothing to choose among."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.config.document import KeyPath
from watcher.config.rules import Site
from watcher.core.catalogue import Catalogue
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.rule import Group, Rule
from watcher.lint.check import Context, found

NAME = "rule/across"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "`across` where there is only one series to look at."


def check(context: Context) -> Iterator[Problem]:
    """Count the series that each rule with ``across`` is weighed among."""
    groups = {rule.identity: group for group in context.rules.groups for rule in group.rules}
    for site in context.sites:
        group = groups[site.rule.identity]
        if not _is_alone(group, site.rule, context.catalogue):
            continue
        sentence = (
            "'across' chooses among many series, and this is one: its indicator has no 'by'; "
            "write by: [admin1] in the indicator, put 'across' on a group of several rules, or leave it out"
        )
        yield found(NAME, site.page.document, _place(site), sentence, at_key=True)


def _is_alone(group: Group, rule: Rule, catalogue: Catalogue) -> bool:
    together = group.weighed_with(rule)
    return len(together) == 1 and not any(indicator.by for indicator in rule.indicators(catalogue))


def _place(site: Site) -> KeyPath:
    """Where ``across`` is written: in the rule, or in the group around it."""
    return (*site.path, "across") if site.rule.across else (*site.path[:-2], "across")
