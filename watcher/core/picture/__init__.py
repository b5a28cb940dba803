"""Pictures: what there is to draw of a reading, as plain data; the drawings are in the modules beside.

A detector fills one of three kinds: a running total against its pace, a series of counts, or states over time. What
the data leave out (headline, sources, the day the alert began) belongs to the alert, and is the drawing's caption.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

#: A day with the totals observed and expected up to it.
Point = tuple[date, float, float]


class Lead(NamedTuple):
    """Where a running total leads when its rate holds."""

    #: The last day of the year or the month.
    last: date
    total: float
    #: The ends of the 95 % interval.
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PacePicture:
    """A running total against its baseline's pace."""

    #: What is counted: ``deaths``.
    unit: str
    #: What the expected line is: ``pace of 2019``.
    expected: str = "baseline's pace"
    #: By day, in order. Left empty where the telling has a chart, which is stored once and stands in.
    points: tuple[Point, ...] = ()
    #: The ends of the 95 % interval of the total expected on the last day; None without a test.
    interval: tuple[float, float] | None = None
    lead: Lead | None = None
    #: The last day that is reported in full, as far as is known; None when nothing is known of late reports.
    complete_to: date | None = None
    #: Whether the total is stated as a whole: nobody says how it grew, and a straight line is drawn.
    is_stated: bool = False
    kind: Literal["pace"] = "pace"


class Bar(NamedTuple):
    """What was counted from one day to another, and what it is held against."""

    first: date
    #: The last day, itself included.
    last: date
    observed: float
    #: None where nothing was expected of these days.
    expected: float | None = None
    #: What must be passed for an alarm; None where nothing was judged.
    bound: float | None = None
    #: Whether these days are an alarm.
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class SeriesPicture:
    """Counts over time, what was expected of them, the bound, and the alarms."""

    #: What is counted: ``attacks``.
    unit: str
    #: Over which time each is counted: ``day``, ``week``, ``30 days``.
    per: str
    #: In order, none over another; or rolling totals, each drawn on its last day alone.
    bars: tuple[Bar, ...]
    #: What the expected level and the bound are, for the key.
    expected: str = "expected"
    bound: str = "bound"
    #: The last day that is reported in full; None when nothing is known of late reports.
    complete_to: date | None = None
    kind: Literal["series"] = "series"


class Span(NamedTuple):
    """A value and the days it held."""

    value: str
    #: None: nobody says since when.
    first: date | None
    #: None: it holds still.
    last: date | None
    #: Whether records say so and nobody asserts it.
    is_derived: bool = False


class Lane(NamedTuple):
    """One key of a state: a dyad's rivalry, an actor's leadership, who controls a place."""

    name: str
    #: In the order of their days.
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class StatePicture:
    """States over time, one lane for each key."""

    #: What the lanes show: ``rivalry``.
    state: str
    lanes: tuple[Lane, ...]
    first: date
    last: date
    kind: Literal["states"] = "states"


Picture = PacePicture | SeriesPicture | StatePicture


class Caption(NamedTuple):
    """What stands around a drawing."""

    title: str = ""
    #: Publishers and citations, for the last line.
    source: str = ""
    #: The day on which the alert began; None where there is none.
    fired: date | None = None
