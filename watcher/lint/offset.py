"""``rule/query_offset``: newest days that are counted before their records have come in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from watcher.config.document import KeyPath, MarkedDocument
from watcher.config.rules import Site
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.period import duration_text
from watcher.core.statistics.delay import ENOUGH
from watcher.lint.check import Context, days_text, found

NAME = "rule/query_offset"
#: What it is called where the offset stands in the settings.
OF_SETTINGS = "settings/query_offset"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = True
FINDS = "A `query_offset` that is smaller than the delay with which records come in."


def check(context: Context) -> Iterator[Problem]:
    """Compare each offset with the delay of the sources that it holds for; each place is named once."""
    if context.data is None:
        return
    told: set[tuple[str, KeyPath, str]] = set()
    for site in context.sites:
        for source, offset in context.data.sources_of(site.rule).items():
            known = context.data.completeness(source)
            enough = known.age_of(ENOUGH)
            if enough is None or offset.days >= enough:
                continue
            name, document, path = _place(context, site, source)
            key = (document.path, path, source)
            if key not in told:
                told.add(key)
                yield found(name, document, path, _sentence(source, offset, known.share(offset.days), enough))


def _sentence(source: str, offset: timedelta, share: float, enough: int) -> str:
    counted = f"all but the newest {duration_text(offset)}" if offset else "even the newest day"
    return (
        f"the rates count {counted} of {source}: of their last day {share * 100:.0f} % of the records are in, and "
        f"{ENOUGH * 100:.0f} % only after {days_text(timedelta(days=enough))}, so they are too low; "
        f"write query_offset: {enough}d"
    )


def _place(context: Context, site: Site, source: str) -> tuple[str, MarkedDocument, KeyPath]:
    """Where the offset is written: at the rule, its group or the source; else the rule.

    A problem of the settings has a name of its own: their lines, which may hold secrets, are never shown.
    """
    document = site.page.document
    for path in (site.path, site.path[:-2]):
        own = (*path, "query_offset")
        if document.at(own) is not None:
            return NAME, document, own
    settings = context.settings
    if settings is not None and source in settings.sources:
        return OF_SETTINGS, settings.document, ("sources", source)
    return NAME, document, site.path
