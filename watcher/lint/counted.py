"""What rules count: each named indicator once, with where the first rule names it, and the sources that it counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from watcher.config.document import KeyPath, MarkedDocument
from watcher.core.indicator import Indicator
from watcher.lint.check import Context, name_of
from watcher.sources import SOURCES, SourceDefaults


class Counted(NamedTuple):
    """An indicator that a rule counts."""

    indicator: Indicator
    document: MarkedDocument
    #: Where the rule names it, else the rule's name.
    path: KeyPath


def counted_indicators(context: Context) -> Iterator[Counted]:
    """The indicators that rules name, in the order of the rules."""
    told: set[str] = set()
    for site in context.sites:
        name = getattr(site.rule.parameters, "indicator", "")
        indicator = context.catalogue.indicators.get(name)
        if indicator is None or name in told:
            continue
        told.add(name)
        own = (*site.path, site.rule.detector_name, "indicator")
        path = own if site.page.document.at(own) is not None else name_of(site)
        yield Counted(indicator, site.page.document, path)


def defaults_of(context: Context, indicator: Indicator) -> Iterator[tuple[str, SourceDefaults]]:
    """The sources that an indicator counts, with what holds for their kinds; those that it does not name need records."""
    names = indicator.sources or (() if context.data is None else context.data.counted_sources(indicator))
    for name in names:
        own = context.settings.sources.get(name) if context.settings is not None else None
        kind = name if own is None else own.kind
        if kind in SOURCES:
            yield name, SOURCES[kind].DEFAULTS
