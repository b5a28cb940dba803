"""``rule/source``: an indicator that names no source, of which several stored sources count events."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.core.errors import Problem, ProblemSeverity
from watcher.lint.check import Context, found, name_of

NAME = "rule/source"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = True
FINDS = "An indicator without `source` whose events stand in several stored sources."


def check(context: Context) -> Iterator[Problem]:
    """Ask of each indicator which sources it adds up; it is named with the first rule that counts it."""
    if context.data is None:
        return
    told: set[str] = set()
    for site in context.sites:
        name = getattr(site.rule.parameters, "indicator", "")
        indicator = context.catalogue.indicators.get(name)
        if indicator is None or indicator.sources or "source" in indicator.by or name in told:
            continue
        told.add(name)
        sources = context.data.counted_sources(indicator)
        if len(sources) > 1:
            *most, last = sources
            own = (*site.path, site.rule.detector_name, "indicator")
            path = own if site.page.document.at(own) is not None else name_of(site)
            sentence = (
                f"the events of {', '.join(most)} and {last} are added up in {name!r}: what more than one of them reports "
                f"counts twice; write source: {sources[0]} in the indicator, or by: [source]"
            )
            yield found(NAME, site.page.document, path, sentence)
