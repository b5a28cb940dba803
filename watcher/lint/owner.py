"""``rule/owner``: a stable rule that does not say who answers for it, or when it fires without cause."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.rule import Rule, RuleStatus
from watcher.lint.check import Context, found, name_of

NAME = "rule/owner"
SEVERITY = ProblemSeverity.INFORMATION
NEEDS_DATA = False
FINDS = "A stable rule without an owner, or without `falsepositives`."


def check(context: Context) -> Iterator[Problem]:
    """Look at the rules whose alerts are routed."""
    known = context.settings.contact if context.settings else ""
    for site in context.sites:
        lacks = list(_lacks(site.rule, contact=known)) if site.rule.status is RuleStatus.STABLE else []
        if lacks:
            sentence = f"the rule is stable and does not say {' or '.join(lacks)}; write it, or 'status: experimental'"
            yield found(NAME, site.page.document, name_of(site), sentence, severity=SEVERITY)


def _lacks(rule: Rule, *, contact: str) -> Iterator[str]:
    if not (rule.author or rule.contact or contact):
        yield "who answers for it ('author' or 'contact')"
    if not rule.falsepositives:
        yield "when it fires without cause ('falsepositives')"
