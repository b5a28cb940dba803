"""What an event adds to an indicator: in which group, and how much."""

from __future__ import annotations

import json
from functools import lru_cache

from watcher.core.country import by_iso3
from watcher.core.event import Event
from watcher.core.indicator import Indicator
from watcher.core.label import Labels, labels


def counts(indicator: Indicator, event: Event) -> bool:
    """Whether an event is one of the indicator's."""
    sources = indicator.sources
    return (not sources or event.source in sources) and indicator.where.matches(event)


def group_of(indicator: Indicator, event: Event) -> Labels:
    """The group of ``by`` that an event belongs to; a country is called by its one name, whatever the source writes."""
    if not indicator.by:
        return ()
    return labels({field: _country(event) if field == "country" else getattr(event, field) for field in indicator.by})


def value_of(indicator: Indicator, event: Event) -> int | None:
    """What an event adds to the sum; None when the source does not say, which is not zero."""
    if indicator.sum is None:
        return 1
    value: int | None = getattr(event, indicator.sum)
    return value


@lru_cache(maxsize=65_536)
def group_key(group: Labels) -> str:
    """A group as the series hold it."""
    return json.dumps(group, ensure_ascii=False, separators=(",", ":"))


def group_from(key: str) -> Labels:
    """The group of a key."""
    return tuple((name, value) for name, value in json.loads(key))


def _country(event: Event) -> str:
    country = by_iso3(event.iso3)
    return event.country if country is None else country.name
