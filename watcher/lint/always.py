"""``rule/always``: a rule that was firing nearly all the time, so that it tells nobody anything."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.core.errors import Problem, ProblemSeverity
from watcher.lint.check import Context, found, name_of

NAME = "rule/always"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = True
FINDS = "A rule that was firing on nearly every day of the last stored year."

#: From this share of the days on, "always" is the word.
SHARE = 0.9
#: Fewer days say nothing.
LEAST_DAYS = 28


def check(context: Context) -> Iterator[Problem]:
    """Count the days on which each group's alert went on."""
    if context.data is None:
        return
    for site in context.sites:
        past = context.data.past(site.rule)
        # An alert goes on while its group cannot be judged.
        judged = {
            group: max(days, past.firing_days.get(group, 0))
            for group, days in past.judged.items()
            if days >= LEAST_DAYS
        }
        always = [group for group, days in judged.items() if past.firing_days.get(group, 0) >= SHARE * days]
        if not always:
            continue
        most = max(always, key=lambda group: past.firing_days[group])
        of = f", {' '.join(value for _, value in most)}" if most else ""
        groups = f" in {len(always)} of {len(judged)} groups" if len(judged) > 1 else ""
        sentence = (
            f"it is always firing{groups}: on {past.firing_days[most]} of {judged[most]} days{of}; "
            "raise its bound, or ask for a change with pace or surge"
        )
        yield found(NAME, site.page.document, name_of(site), sentence)
