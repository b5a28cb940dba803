"""``absence``: nothing for longer than usual, in an area (``of: events``) or from a source (``of: records``).

A quiet area is counted in event days up to the watermark, a silent source in the days on which anything of it became
known. A source that is silent makes every area look quiet, so that no area is judged while one is. Days that nobody
covered are no days of silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from watcher.core.catalogue import Catalogue
from watcher.core.condition import condition
from watcher.core.detectors.absence import area, source
from watcher.core.detectors.absence.area import LEAST_GAP_DAYS
from watcher.core.detectors.absence.parameters import Parameters
from watcher.core.detectors.absence.silence import blind
from watcher.core.detectors.frame import Defaults
from watcher.core.indicator import Indicator
from watcher.core.period import DAY
from watcher.core.reading import Kind, Output, Reading
from watcher.core.snapshot import Snapshot

__all__ = ["EVENT_LIKE", "OUTPUTS", "Parameters", "defaults", "indicators", "problems", "read"]

OUTPUTS: Mapping[str, Output] = {
    output.name: output
    for output in (
        Output(
            "silent_days",
            Kind.DAYS,
            "Days since the last event, up to the watermark; since the last arrival, up to now.",
        ),
        Output("last_seen", Kind.DATE, "Day of the last event, or of the last arrival."),
        Output(
            "usual_gap_days", Kind.DAYS, "The median gap between days with an event, or an arrival; none with only one."
        ),
        Output("longer_than", Kind.DAYS, "The bound used: more silent days than this are an absence."),
        Output("period_start", Kind.DATE, "First day of the gap's records: that of the last event; none for records."),
        Output("as_of", Kind.DATE, "Last day of the gap: the watermark; for records the day of the evaluation."),
    )
}
EVENT_LIKE = False

#: Three times a gap of one day: no source is silent of its own accord after less.
LEAST_SILENCE = 3


def defaults(parameters: Parameters, _catalogue: Catalogue) -> Defaults:
    """More days than ``longer_than``; with auto, than the least bound: ``present`` holds each group's own."""
    least = LEAST_SILENCE if parameters.of == "records" else LEAST_GAP_DAYS - 1
    days = least if parameters.longer_than == "auto" else parameters.longer_than.days
    return Defaults(condition=condition(f"silent_days > {days}"))


def problems(parameters: Parameters, _catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """What does not go together with ``of: records`` or ``of: events``, and a bound shorter than a day."""
    if parameters.of == "records":
        yield from _of_records(parameters)
    elif any(gap.source for gap in parameters.coverage_gaps):
        yield "coverage_gaps", "with of: events a gap is one of the area, whatever the source; leave its 'source' out"
    if parameters.longer_than != "auto" and parameters.longer_than < DAY:
        yield "longer_than", "an absence is counted in days; write 1d or more, or auto"


def _of_records(parameters: Parameters) -> Iterable[tuple[str, str]]:
    other = next((field for field in parameters.by if field != "source"), None)
    if other is not None:
        yield "by", f"records come from a source and have no {other!r}; write by: [source], or of: events"
    if parameters.where.key:
        yield "where", "records are counted whatever they say; leave 'where' out, or write of: events"
    if not parameters.by and any(gap.source for gap in parameters.coverage_gaps):
        yield (
            "coverage_gaps",
            "all sources together are silent when none brings anything; a gap of one needs by: [source]",
        )


def indicators(parameters: Parameters, _catalogue: Catalogue) -> tuple[Indicator, ...]:
    """The events of the areas; none for records, whose arrivals are counted."""
    if parameters.of == "records":
        return ()
    return (Indicator(indicator="events", count="events", where=parameters.where, by=parameters.by),)


def read(parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per source, or per group that ever had an event, in the order of the labels."""
    if not snapshot.sources():
        yield blind("no record of any source is stored")
    elif parameters.of == "records":
        yield from source.readings(parameters, snapshot)
    else:
        yield from area.readings(parameters, indicators(parameters, catalogue)[0], snapshot)
