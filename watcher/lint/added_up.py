"""``rule/source``: an indicator that names no source, of which several stored sources count events."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.core.errors import Problem, ProblemSeverity
from watcher.lint.check import Context, found
from watcher.lint.counted import counted_indicators

NAME = "rule/source"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = True
FINDS = "An indicator without `source` whose events stand in several stored sources."


def check(context: Context) -> Iterator[Problem]:
    """Ask of each indicator which sources it adds up; it is named with the first rule that counts it."""
    if context.data is None:
        return
    for indicator, document, path in counted_indicators(context):
        if indicator.sources or "source" in indicator.by:
            continue
        sources = context.data.counted_sources(indicator)
        if len(sources) > 1:
            *most, last = sources
            sentence = (
                f"the events of {', '.join(most)} and {last} are added up in {indicator.indicator!r}: what more than one of "
                f"them reports counts twice; write source: {sources[0]} in the indicator, or by: [source]"
            )
            yield found(NAME, document, path, sentence)
