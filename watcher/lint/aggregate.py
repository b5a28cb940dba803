"""``rule/aggregate``: an indicator over aggregates that adds up categories which overlap, or that counts rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.indicator import Indicator
from watcher.lint.check import Context, found
from watcher.lint.counted import counted_indicators, defaults_of

NAME = "rule/aggregate"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "An indicator over monthly aggregates that adds up types which overlap, or counts rows."


def check(context: Context) -> Iterator[Problem]:
    """Ask of each indicator whether it counts aggregates, and how."""
    for each in counted_indicators(context):
        indicator = each.indicator
        for source, defaults in defaults_of(context, indicator):
            if not defaults.overlapping:
                continue
            if not _tells_apart(indicator, defaults.overlapping):
                sentence = (
                    f"the values of {defaults.overlapping} overlap in {source}, and {indicator.indicator!r} adds them up: the same "
                    f"incident counts more than once; pick one {defaults.overlapping} under where, or write by: "
                    f"[{defaults.overlapping}]"
                )
                yield found(NAME, each.document, each.path, sentence)
            if indicator.count is not None:
                sentence = (
                    f"{indicator.indicator!r} counts the rows of {source}, each of which is a month of a place and no event; "
                    "write sum: incidents"
                )
                yield found(NAME, each.document, each.path, sentence)


def _tells_apart(indicator: Indicator, field: str) -> bool:
    return field in indicator.by or _picks_one(indicator.where.document, field)


def _picks_one(where: dict[str, Any], field: str) -> bool:
    """Whether a selector asks for one value of a field, whatever else it asks for."""
    return isinstance(where.get(field), str) or any(_picks_one(part, field) for part in where.get("all", ()))
