"""What an event adds to an indicator: in which group, and how much."""

from __future__ import annotations

import json
from functools import lru_cache

from watcher.core.country import by_iso3
from watcher.core.event import Event
from watcher.core.indicator import Indicator
from watcher.core.label import NO_LABELS, Labels, labels


def counts(indicator: Indicator, event: Event) -> bool:
    """Whether an event is one of the indicator's; none of a coverage gap is."""
    sources = indicator.sources
    is_its_own = (not sources or event.source in sources) and indicator.where.matches(event)
    return is_its_own and indicator.covers(event.date_end)


def groups_of(indicator: Indicator, event: Event) -> tuple[Labels, ...]:
    """The groups of ``by`` that an event belongs to: one, or by actor one for each of its actors.

    A country is called by its one name, whatever the source writes; an actor as the source writes it.
    """
    if not indicator.by:
        return (NO_LABELS,)
    fields = [field for field in indicator.by if field != "actor"]
    group: dict[str, str] = {
        field: _country(event) if field == "country" else getattr(event, field) for field in fields
    }
    if len(fields) == len(indicator.by):
        return (labels(group),)
    # An event without actors is counted as well: in the group that has no actor.
    actors = dict.fromkeys(actor.name for actor in event.actors) or {"": None}
    return tuple(labels({**group, "actor": name}) for name in actors)


def value_of(indicator: Indicator, event: Event) -> int | None:
    """What an event adds to the sum; None when the source does not say, which is not zero."""
    if indicator.sum is None:
        return 1
    return event.number(indicator.sum)


@lru_cache(maxsize=65_536)
def group_key(group: Labels) -> str:
    """A group as the series hold it."""
    return json.dumps(group, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=65_536)
def group_from(key: str) -> Labels:
    """The group of a key."""
    return tuple((name, value) for name, value in json.loads(key))


def _country(event: Event) -> str:
    country = by_iso3(event.iso3)
    return event.country if country is None else country.name
