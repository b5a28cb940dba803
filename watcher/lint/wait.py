"""``rule/for``: a ``for`` that is longer than the window, so that what must hold has left it before it is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.period import duration_text
from watcher.core.rule import Rule
from watcher.lint.check import Context, found

NAME = "rule/for"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "A `for` that is longer than the rule's window."


def check(context: Context) -> Iterator[Problem]:
    """Compare how long a rule waits with the days it looks at."""
    for site in context.sites:
        window = window_of(site.rule)
        if window is not None and site.rule.hold > window:
            waits, looks = duration_text(site.rule.hold), duration_text(window)
            sentence = (
                f"the rule waits for {waits} and looks at {looks}: what it saw first is out of the window by then; "
                f"write a 'for' of at most {looks}"
            )
            yield found(NAME, site.page.document, (*site.path, "for"), sentence)


def window_of(rule: Rule) -> timedelta | None:
    """The days that a rule looks at, where they move along; None when it looks at a year, a state or other alerts."""
    spans = (getattr(rule.parameters, name, None) for name in ("window", "last"))
    return next((span for span in spans if isinstance(span, timedelta)), None)
