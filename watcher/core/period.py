"""Days, periods, windows and dates of which only a part is known.

Event dates are civil dates and never shifted by a time zone; periods roll at 00:00 UTC.
A moment is an aware :class:`~datetime.datetime` in UTC.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from watcher.core.document import shown

_DURATION = re.compile(r"(\d{1,5})\s*(s|m|h|d|w|y)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 365 * 86_400}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_HALF = re.compile(r"(\d{4})-H([12])", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)

#: The same in every locale.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

DAY = timedelta(days=1)
#: No duration is longer: a hundred years.
LONGEST = timedelta(days=36_500)


class Period(NamedTuple):
    """The days from ``start`` up to, and without, ``end``."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Exposure in days, both ends of what a person would say included."""
        return max(0, (self.end - self.start).days)

    @property
    def last(self) -> date:
        """The last day inside."""
        return self.end - DAY

    def dates(self) -> Iterator[date]:
        """Every day inside, ascending."""
        return (self.start + number * DAY for number in range(self.days))

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.start <= day < self.end

    def __str__(self) -> str:
        return f"{self.start} to {self.last}"

    @classmethod
    def of_year(cls, year: int) -> Period:
        """1 January to 31 December."""
        return cls(date(year, 1, 1), date(year + 1, 1, 1))

    @classmethod
    def between(cls, first: date, last: date) -> Period:
        """Both days included."""
        return cls(first, last + DAY)

    @classmethod
    def ending(cls, last: date, window: timedelta) -> Period:
        """The window of whole days that ends with the day ``last``."""
        return cls(last + DAY - timedelta(days=max(1, window.days)), last + DAY)


class PartialDate(NamedTuple):
    """A date as people know it: a day, a month, half a year, a year, or unknown."""

    #: First day it may be; None when unknown.
    first: date | None
    #: Last day it may be; None when unknown.
    last: date | None
    #: As written.
    text: str

    @property
    def is_exact(self) -> bool:
        """Whether the day itself is known."""
        return self.first is not None and self.first == self.last

    def __str__(self) -> str:
        return self.text


UNKNOWN = PartialDate(None, None, "unknown")


def partial_date(text: str) -> PartialDate:
    """Read ``2020-06-03``, ``2020-06``, ``2019-H2``, ``2019`` or ``unknown``.

    :raises ValueError: for anything else, saying what is accepted.
    """
    if text == "unknown":
        return UNKNOWN
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            return PartialDate(day, day, text)
        if match := _MONTH.fullmatch(text):
            return _months(int(match[1]), int(match[2]), int(match[2]), text)
        if match := _HALF.fullmatch(text):
            return _months(int(match[1]), 1, 6, text) if match[2] == "1" else _months(int(match[1]), 7, 12, text)
        if _YEAR.fullmatch(text):
            return _months(int(text), 1, 12, text)
    except ValueError:
        pass
    msg = f"{text!r} is no date; {why_no_date(text) or 'write 2020-06-03, 2020-06, 2019-H2, 2019 or unknown'}"
    raise ValueError(msg)


def date_as_text(value: object) -> str:
    """A date as it was written, whatever YAML made of it."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else shown(value)


def why_no_date(text: str) -> str:
    """What the calendar says against a day or a month that is written as one; empty for any other text."""
    if not (_DAY.fullmatch(text) or _MONTH.fullmatch(text)):
        return ""
    year, month = int(text[:4]), int(text[5:7])
    if not 1 <= month <= 12:  # noqa: PLR2004 - a year has twelve
        return f"there is no month {text[5:7]}"
    if year < 1:
        return "there is no year 0000"
    return f"{_MONTHS[month - 1]} {year} has {calendar.monthrange(year, month)[1]} days"


def _months(year: int, first: int, last: int, text: str) -> PartialDate:
    return PartialDate(date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1]), text)


def duration(text: str) -> timedelta:
    """Read ``45m``, ``48h``, ``14d``, ``26w`` or ``3y`` (a year is 365 days).

    :raises ValueError: for anything else, saying what is accepted.
    """
    if match := _DURATION.fullmatch(text.strip()):
        found = timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
        if found > LONGEST:
            msg = f"{text!r} is longer than 100y, and no record is as old"
            raise ValueError(msg)
        return found
    msg = f"{text!r} is no duration; write 45m, 48h, 14d, 26w or 3y"
    raise ValueError(msg)


def duration_text(span: timedelta) -> str:
    """The shortest way to write a duration: ``14d``, not ``336h``."""
    seconds = int(span.total_seconds())
    for unit in ("d", "h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds // _SECONDS[unit]}{unit}"
    return f"{seconds}s"


def day_start(day: date) -> datetime:
    """00:00 UTC of a day."""
    return datetime.combine(day, time(), UTC)


def tick_at_or_before(moment: datetime, interval: timedelta) -> datetime:
    """The last point of the grid of ``interval``, counted from the UTC epoch, that is not after ``moment``."""
    step = int(interval.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // step * step, UTC)


def tick_at_or_after(moment: datetime, interval: timedelta) -> datetime:
    """The first point of the grid of ``interval`` that is not before ``moment``."""
    floor = tick_at_or_before(moment, interval)
    return floor if floor == moment else floor + interval


def _read_duration(value: object) -> object:
    if isinstance(value, bool):
        msg = f"{shown(value)!r} is no duration; write 45m, 48h, 14d, 26w or 3y"
        raise ValueError(msg)  # noqa: TRY004 - pydantic makes a problem with a place of it
    if isinstance(value, int | float):
        msg = f"{value} has no unit; write 45m, 48h, 14d, 26w or 3y"
        raise ValueError(msg)  # noqa: TRY004 - pydantic makes a problem with a place of it
    return duration(value) if isinstance(value, str) else value


def _read_partial_date(value: object) -> object:
    return value if isinstance(value, PartialDate) else partial_date(date_as_text(value))


#: A duration as people write it in YAML: ``14d``.
Duration = Annotated[
    timedelta,
    BeforeValidator(_read_duration),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,5}\s*[smhdwy]$", "examples": ["14d", "26w", "48h"]}),
]

#: A date as people know it, in YAML: ``2020-06-03``, ``2020-06``, ``2019-H2``, ``2019``, ``unknown``.
LooseDate = Annotated[
    PartialDate,
    BeforeValidator(_read_partial_date),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "pattern": r"^(unknown|[0-9]{4}(-H[12]|-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?)$",
            "examples": ["2020-06-03", "2020-06", "2019-H2", "unknown"],
        }
    ),
]
