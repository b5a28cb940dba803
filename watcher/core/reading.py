"""Readings: what a detector sees at a moment, for one group, with everything needed to explain it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Generic, TypeVar

from watcher.core.label import NO_LABELS, Labels
from watcher.core.period import Period
from watcher.core.picture import PacePicture, Picture, Point

#: The value of an output; None when there is none (an unknown date, a ratio to zero is ``inf``).
Value = int | float | str | bool | date | None
#: Of a title so many characters are quoted.
LONGEST_TITLE = 120


class Kind(StrEnum):
    """What sort of value an output is: decides how it is compared and how it is written."""

    #: A whole number of something: 447.
    COUNT = "count"
    #: A number with a fraction: 340.0.
    NUMBER = "number"
    #: A ratio of rates: 1.315.
    RATIO = "ratio"
    #: Between 0 and 1: 0.023.
    PROBABILITY = "probability"
    #: A share of a whole, shown in percent: 31 %.
    SHARE = "share"
    #: Per day: 2.38 a day.
    PER_DAY = "per_day"
    #: Days: 188.
    DAYS = "days"
    #: A civil date.
    DATE = "date"
    #: Text, or one of ``words``.
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Output:
    """One named result of a detector, which conditions compare and templates print."""

    name: str
    kind: Kind
    #: One sentence, with the unit.
    meaning: str
    #: For text with an order, from least to most: none, weak, moderate, strong.
    words: tuple[str, ...] = ()

    def format(self, value: Value) -> str:
        """A value as a person reads it, with its unit where it has one."""
        return _format(self.kind, value)


class Status(StrEnum):
    """Whether a reading can be judged."""

    OK = "ok"
    #: There is nothing to judge by: no record covers the days, or the source is silent.
    NO_DATA = "no_data"
    #: Not enough yet; the reason says what is missing.
    LEARNING = "learning"


@dataclass(frozen=True, slots=True)
class Telling:
    """Everything there is to say about a reading."""

    #: The headline without severity: "Mozambique deaths 31 % above 2019 pace: 447 to 6 Jul".
    headline: str = ""
    #: One or two sentences in the detector's own words.
    sentence: str = ""
    #: "WHAT" of the message: the numbers in a sentence or two.
    what: str = ""
    #: "SURE?" of the message.
    sure: str = ""
    #: "UNKNOWN" of the message: what is assumed, missing or differs, one entry each.
    unknown: tuple[str, ...] = ()
    #: "SOURCE" of the message: citations, sources and publishers.
    source: tuple[str, ...] = ()
    #: The arithmetic, step by step, for ``watcher explain``.
    arithmetic: tuple[str, ...] = ()
    #: Names of the citations it rests on.
    cites: tuple[str, ...] = ()
    #: The day-by-day picture: (day, cumulative observed, cumulative expected), for the pace chart; may be empty.
    chart: tuple[Point, ...] = ()
    #: What there is to draw beside the chart, or instead of it; None leaves a chart drawn by itself.
    picture: Picture | None = None
    #: Record versions that contribute most, largest first.
    records: tuple[int, ...] = ()

    @property
    def drawing(self) -> Picture | None:
        """The picture with the chart's points in it; None where there is nothing to draw."""
        if isinstance(self.picture, PacePicture) and self.chart:
            return replace(self.picture, points=self.chart)
        if self.picture is None and self.chart:
            return PacePicture("total", "expected", self.chart)
        return self.picture if not isinstance(self.picture, PacePicture) or self.picture.points else None


Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True, eq=False)
class Values(Mapping[str, Value], Generic[Subject]):
    """Outputs by name, each worked out when it is asked for: a condition names few of many."""

    subject: Subject
    outputs: Mapping[str, Callable[[Subject], Value]]

    def __getitem__(self, name: str) -> Value:
        return self.outputs[name](self.subject)

    def __iter__(self) -> Iterator[str]:
        return iter(self.outputs)

    def __len__(self) -> int:
        return len(self.outputs)


@dataclass(frozen=True)
class Reading:
    """What a detector sees for one group."""

    labels: Labels = NO_LABELS
    status: Status = Status.OK
    #: The outputs by name; every name the detector declares is present when the status is OK.
    values: Mapping[str, Value] = field(default_factory=dict)
    #: Does the thing the detector looks for exist now? Always True of a detector that only measures.
    present: bool = True
    #: Event-like detectors: what makes this occurrence differ from the last one; empty otherwise.
    occurrence: str = ""
    #: Event-like detectors: every occurrence of the group that is stated now, where there may be several.
    stated: tuple[str, ...] = ()
    #: Event-like detectors: when that occurrence became known.
    known_at: datetime | None = None
    #: First day of the calendar period it speaks of (ytd, mtd); None for windows that move.
    period: date | None = None
    #: Why it cannot be judged, when the status is not OK.
    reason: str = ""
    #: The last day it speaks of: the watermark it was read at.
    watermark: date | None = None
    #: Works out what there is to say. Most readings are judged and never told, and words, charts and the records
    #: behind a number cost far more than the number.
    tell: Callable[[], Telling] = field(default=Telling, compare=False, repr=False)

    @cached_property
    def telling(self) -> Telling:
        """What there is to say, worked out once."""
        return self.tell()


def reading_period(reading: Reading) -> Period | None:
    """The days whose events a reading counts; None when it counts none."""
    return period_of(reading.values)


def period_of(values: Mapping[str, Value]) -> Period | None:
    """The days that outputs speak of; None when they speak of none."""
    first, last = values.get("period_start"), values.get("as_of")
    return Period.between(first, last) if isinstance(first, date) and isinstance(last, date) else None


def _format(kind: Kind, value: Value) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, bool | str):
        return str(value)
    return _format_number(kind, value)


def number_of_days(days: float) -> str:
    """``188 days``, ``172.5 days``, ``1 day``."""
    return "1 day" if days == 1 else f"{days:g} days"


_WRITTEN: Mapping[Kind, Callable[[float], str]] = {
    Kind.COUNT: lambda value: f"{value:,.0f}".replace(",", "\N{NO-BREAK SPACE}"),
    Kind.DAYS: number_of_days,
    Kind.RATIO: lambda value: f"{value:.3f}",
    Kind.PROBABILITY: lambda value: f"{value:.2g}",
    Kind.SHARE: lambda value: f"{value * 100:.0f} %",
    Kind.PER_DAY: lambda value: f"{value:.2f} a day",
    Kind.NUMBER: lambda value: f"{value:.4g}",
}


def _format_number(kind: Kind, value: float) -> str:
    if value == float("inf"):
        return "infinite"
    return _WRITTEN.get(kind, _WRITTEN[Kind.NUMBER])(value)


def day_text(day: date) -> str:
    """``6 Jul 2020``, the same in every locale."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day.day} {months[day.month - 1]} {day.year}"


def quoted(title: str) -> str:
    """A title between quotation marks, cut where it is too long for a line of a message."""
    title = " ".join(title.split())
    if len(title) > LONGEST_TITLE:
        title = f"{title[: LONGEST_TITLE - 1].rpartition(' ')[0] or title[: LONGEST_TITLE - 1]}…"
    return f"“{title}”"
