"""Provenance: what an alert was judged by, and under which terms what stands behind it may be passed on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from watcher.core.catalogue import Catalogue
from watcher.core.period import duration_text
from watcher.core.rule import Rule
from watcher.sources import SOURCES


def judged_by(rule: Rule, catalogue: Catalogue, offsets: Mapping[str, timedelta]) -> dict[str, object]:
    """The rule as it was judged, every default filled in.

    :param offsets: how many of the newest days of each source were taken as incomplete; the rule's own and the group's
        stand in the rule set.
    """
    keys = rule.defaults(catalogue)
    return {
        "detector": rule.detector_name,
        "parameters": rule.parameters.model_dump(mode="json", by_alias=True),
        "condition": str(keys.condition or ""),
        "recovery": str(keys.recovery or ""),
        "for": duration_text(rule.hold),
        "query_offset": {source: duration_text(offset) for source, offset in sorted(offsets.items())},
    }


def terms(kind: str) -> dict[str, object]:
    """What a kind of source is called, what may be done with its rows, and how it is cited; nothing of one unknown."""
    if kind not in SOURCES:
        return {}
    known = SOURCES[kind].DEFAULTS
    return {"title": known.title, "licence": known.licence, "citation": known.citation}
