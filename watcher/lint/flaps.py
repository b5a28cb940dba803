"""``rule/flaps``: a rule whose alerts begin and end again and again."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.core.errors import Problem, ProblemSeverity
from watcher.lint.check import Context, found, name_of

NAME = "rule/flaps"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = True
FINDS = "A rule whose alerts began and ended too often in the last stored year."

#: So many beginnings and ends of one group's alert in a year are normal.
MOST_CHANGES = 12


def check(context: Context) -> Iterator[Problem]:
    """Count the beginnings and ends of each group's alert; occurrences that end by themselves do not flap."""
    if context.data is None:
        return
    for site in context.sites:
        if site.rule.is_event_like:
            continue
        past = context.data.past(site.rule)
        changes = past.changes
        restless = sorted(group for group, number in changes.items() if number > MOST_CHANGES)
        if not restless:
            continue
        worst = max(restless, key=lambda group: changes[group])
        of = f", {' '.join(value for _, value in worst)}" if worst else ""
        groups = f" in {len(restless)} groups" if len(restless) > 1 else ""
        sentence = (
            f"its alerts flap{groups}: they began or ended {changes[worst]} times in a year{of}; "
            "write a 'recovery' below the condition, a 'for', or a 'keep_firing_for'"
        )
        yield found(NAME, site.page.document, name_of(site), sentence)
