"""What a rule says under ``absence``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from watcher.core.coverage import CoverageGap, in_order
from watcher.core.document import Document
from watcher.core.indicator import GroupField
from watcher.core.period import Duration
from watcher.core.selector import EVERYTHING, Selector


class Pause(CoverageGap):
    """Days of which nobody could have reported: a silence in them says nothing."""

    source: str = ""
    """Of this source alone; with records only. Without it, of all sources."""


def _apart(pauses: tuple[Pause, ...]) -> tuple[Pause, ...]:
    """By their first day; the days of one source do not overlap."""
    for source in {pause.source for pause in pauses}:
        in_order(of_source(pauses, source))
    return tuple(sorted(pauses, key=lambda pause: pause.first))


def of_source(pauses: tuple[Pause, ...], source: str) -> tuple[Pause, ...]:
    """Those that hold for a source."""
    return tuple(pause for pause in pauses if pause.source in {"", source})


class Parameters(Document):
    """What stands under ``absence``."""

    of: Literal["events", "records"]
    """events: an area is quiet. records: a source brings nothing new."""
    by: tuple[GroupField, ...] = ()
    """One alert per value of these fields; with records only source, or nothing for all sources together."""
    where: Selector = Field(default_factory=lambda: EVERYTHING)
    """Which events count; not with records."""
    longer_than: Literal["auto"] | Duration = "auto"
    """More days than this; auto: longer than the group's own rhythm lets one expect."""
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """With events and auto: how improbable a gap must be at the rate before it."""
    coverage_gaps: Annotated[tuple[Pause, ...], AfterValidator(_apart)] = ()
    """Days that nobody covered: they are no days of silence, and nothing is judged in them."""
