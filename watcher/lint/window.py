"""``rule/window``: a window that is shorter than the time between two releases of what the rule reads."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.period import duration_text
from watcher.lint.check import Context, days_text, found
from watcher.lint.wait import window_of

NAME = "rule/window"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = True
FINDS = "A window that is shorter than the release rhythm of a source."


def check(context: Context) -> Iterator[Problem]:
    """Compare each window with the slowest source that the rule reads."""
    if context.data is None:
        return
    for site in context.sites:
        window = window_of(site.rule)
        rhythms = {source: context.data.rhythm(source) for source in context.data.sources_of(site.rule)}
        slow = {source: rhythm for source, rhythm in rhythms.items() if rhythm and window and rhythm > window}
        if not slow or window is None:
            continue
        source = max(slow, key=lambda name: (slow[name], name))
        path = (*site.path, site.rule.detector_name)
        key = next((key for key in ("window", "last") if site.page.document.at((*path, key)) is not None), "")
        sentence = (
            f"the window of {duration_text(window)} is shorter than the rhythm of {source}, which comes every "
            f"{days_text(slow[source])}: some days are never looked at; write a window of at least {days_text(slow[source])}"
        )
        yield found(NAME, site.page.document, (*path, key) if key else path, sentence)
