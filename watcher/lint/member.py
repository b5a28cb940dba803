"""``rule/member``: a combination with a member that never counts, because it is only shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from watcher.core.detectors.combine import Members, places
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.label import slug
from watcher.core.rule import RuleStatus
from watcher.lint.check import Context, found

NAME = "rule/member"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "A `combine` over a rule that is experimental, whose alerts never count."


def check(context: Context) -> Iterator[Problem]:
    """Look up the status of every member."""
    shown = {
        slug(name)
        for site in context.sites
        if site.rule.status is RuleStatus.EXPERIMENTAL
        for name in (site.rule.id, site.rule.alert)
        if name
    }
    for site in context.sites:
        combination = site.rule.combine
        for place, name in places(combination) if combination else ():
            if combination and slug(name) in shown:
                follows = "" if _can_hold(combination, shown) else ", so that this rule can never fire"
                sentence = (
                    f"{name!r} is experimental, and its alerts never count{follows}; "
                    "write status: test or stable there, or take it out here"
                )
                yield found(NAME, site.page.document, (*site.path, "combine", *place), sentence)


def _can_hold(members: Members, shown: Collection[str]) -> bool:
    """Whether a combination can hold while these never count."""

    def can_count(member: str | Members) -> bool:
        return slug(member) not in shown if isinstance(member, str) else _can_hold(member, shown)

    return all(map(can_count, members.all)) and (not members.any or any(map(can_count, members.any)))
