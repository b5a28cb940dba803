"""``rule/deaths``: an indicator that adds up deaths, of a source that tells of none."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.core.errors import Problem, ProblemSeverity
from watcher.lint.check import Context, found
from watcher.lint.counted import counted_indicators, defaults_of

NAME = "rule/deaths"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "An indicator that adds up deaths of a source that tells of none."


def check(context: Context) -> Iterator[Problem]:
    """Ask of each sum of deaths whether its sources know any."""
    for indicator, document, path in counted_indicators(context):
        if not indicator.is_sum:
            continue
        for source, defaults in defaults_of(context, indicator):
            if not defaults.tells_deaths:
                sentence = (
                    f"{indicator.indicator!r} adds up deaths, and {source} tells of none: it counts what is written, and its sum "
                    f"stays 0; write count: events to count articles, or name another source"
                )
                yield found(NAME, document, path, sentence)
