"""What of a selector speaks a source's own coding: its event types. Another source codes the same events otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watcher.core.selector import Selector, selector

#: The fields whose values each source has its own list of, by what a person calls them.
CODED: Mapping[str, str] = {
    "event_type": "event types",
    "sub_event_type": "sub-event types",
    "disorder_type": "disorder types",
}


def coded_fields(where: Selector) -> tuple[str, ...]:
    """The coded fields that a selector asks for, as they stand in :data:`CODED`."""
    found = set(_keys(where.document))
    return tuple(field for field in CODED if field in found)


def without_coding(where: Selector) -> Selector:
    """The same places, groups and days, whatever the type of the event: it takes all that the selector does, or more."""
    return selector(_wider(where.document))


def _keys(document: Any) -> list[str]:
    if isinstance(document, list):
        return [key for each in document for key in _keys(each)]
    if isinstance(document, dict):
        return [*document, *(key for each in document.values() for key in _keys(each))]
    return []


def _wider(document: Mapping[str, Any]) -> dict[str, Any]:
    kept = {}
    for key, value in document.items():
        if key in CODED or (key == "not" and CODED.keys() & set(_keys(value))):
            continue
        wider = [_wider(each) for each in value] if key in {"any", "all"} else value
        # One alternative that takes everything makes the others idle; one condition that does is none.
        if key == "any" and not all(wider):
            continue
        if key == "all" and not (wider := [each for each in wider if each]):
            continue
        kept[key] = wider
    return kept
