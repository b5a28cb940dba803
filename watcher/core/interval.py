"""Time intervals: times of the day, weekdays, days of the month, months and years, in Alertmanager's grammar.

A moment lies in an interval when it meets each of its lists, and it meets a list when it lies in one of its ranges. Days
and times are those of the interval's ``location``, and UTC without one.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from watcher.core.document import Document

_CLOCK = re.compile(r"(?:([01][0-9]|2[0-3]):([0-5][0-9]))|24:00", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,4}", re.ASCII)
#: Sunday is the first day, as in the grammar.
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = tuple(name.lower() for name in calendar.month_name)
_LONGEST_MONTH = 31
_USUAL_MONTH = 30
_MIDNIGHT = 24 * 60


class Range(NamedTuple):
    """From one number to another, both included."""

    first: int
    last: int


def minute_of(text: str) -> int:
    """``07:30`` as minutes since midnight; ``24:00`` is the end of the day.

    :raises ValueError: for anything else.
    """
    match = _CLOCK.fullmatch(text)
    if match is None:
        msg = f"{text!r} is no time of the day; write '07:00', in quotes"
        raise ValueError(msg)
    return int(match[1]) * 60 + int(match[2]) if match[1] else _MIDNIGHT


def minute_text(minute: int) -> str:
    """Minutes since midnight as ``07:30``."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _read_minute(value: object) -> object:
    return minute_of(value) if isinstance(value, str) else value


#: A time of the day as minutes since midnight: ``'07:30'``.
Minute = Annotated[
    int,
    BeforeValidator(_read_minute),
    Field(ge=0, le=_MIDNIGHT),
    PlainSerializer(minute_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}),
]


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        msg = f"there is no time zone {value!r}; write its IANA name, e.g. Africa/Maputo"
        raise ValueError(msg) from None
    return value


#: A time zone by its IANA name.
Zone = Annotated[str, AfterValidator(_zone)]


class DayTime(Document):
    """A part of the day, from its first minute up to, and without, its last."""

    start_time: Minute
    """When it begins: '07:00'."""
    end_time: Minute
    """When it is over: '18:00', and at most '24:00'."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start_time >= self.end_time:
            msg = "'start_time' must lie before 'end_time'; a night is two times: 22:00 to 24:00 and 00:00 to 06:00"
            raise ValueError(msg)
        return self


def _weekdays(text: str) -> Range:
    return _named(text, _WEEKDAYS, "weekday", "write monday, or monday:friday")


def _months(text: str) -> Range:
    names = {name: number for number, name in enumerate(_MONTHS) if number}
    first, last = _ends(text)
    found = [
        names.get(each.lower()) or _number(each, 1, 12, "month", "write may, or may:august") for each in (first, last)
    ]
    return _ordered(text, *found)


def _years(text: str) -> Range:
    return _ordered(text, *(_number(each, 0, 9999, "year", "write 2026, or 2026:2028") for each in _ends(text)))


def _days_of_month(text: str) -> Range:
    hint = "write 1, 1:5, or -3:-1 for the last three days"
    first, last = (_number(each, -_LONGEST_MONTH, _LONGEST_MONTH, "day of the month", hint) for each in _ends(text))
    if 0 in {first, last}:
        msg = f"{text!r}: no month has a day 0; {hint}"
        raise ValueError(msg)
    if first < 0 < last:
        msg = f"{text!r}: a range that begins from the end of the month ends there as well; {hint}"
        raise ValueError(msg)
    # From the end it is counted in a month of thirty days, as Alertmanager does.
    if first > (last if first * last > 0 else last + _USUAL_MONTH):
        msg = f"{text!r}: the first day must lie before the last"
        raise ValueError(msg)
    return Range(first, last)


def _named(text: str, names: Sequence[str], what: str, hint: str) -> Range:
    found = []
    for each in _ends(text):
        if each.lower() not in names:
            msg = f"{each!r} is no {what}; {hint}"
            raise ValueError(msg)
        found.append(names.index(each.lower()))
    return _ordered(text, *found)


def _ends(text: str) -> tuple[str, str]:
    first, colon, last = text.partition(":")
    return (first.strip(), last.strip()) if colon else (text.strip(), text.strip())


def _number(text: str, least: int, most: int, what: str, hint: str) -> int:
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        msg = f"{text!r} is no {what}; {hint}"
        raise ValueError(msg)
    return int(text)


def _ordered(text: str, first: int, last: int) -> Range:
    if first > last:
        msg = f"{text!r}: the first must lie before the last; write two ranges"
        raise ValueError(msg)
    return Range(first, last)


def _written(names: Sequence[str] = ()) -> PlainSerializer:
    def write(each: Range) -> str:
        ends = [names[number] if names else str(number) for number in dict.fromkeys(each)]
        return ":".join(ends)

    return PlainSerializer(write, return_type=str)


def _reads(reader: Callable[[str], Range]) -> BeforeValidator:
    def read(value: object) -> object:
        is_text = isinstance(value, str | int) and not isinstance(value, bool)
        return reader(str(value)) if is_text else value

    return BeforeValidator(read)


_TEXT = WithJsonSchema({"type": ["string", "integer"]})
Weekdays = Annotated[Range, _reads(_weekdays), _written(_WEEKDAYS), _TEXT]
MonthDays = Annotated[Range, _reads(_days_of_month), _written(), _TEXT]
Months = Annotated[Range, _reads(_months), _written(_MONTHS), _TEXT]
Years = Annotated[Range, _reads(_years), _written(), _TEXT]


class TimeInterval(Document):
    """Hours of the week or of the year; absent keys take every moment."""

    times: tuple[DayTime, ...] | None = None
    """Parts of the day: [{start_time: '07:00', end_time: '18:00'}]."""
    weekdays: tuple[Weekdays, ...] | None = None
    """Days of the week: ['monday:friday', sunday]."""
    days_of_month: tuple[MonthDays, ...] | None = None
    """Days of the month, from its beginning or its end: ['1:5', '-3:-1']."""
    months: tuple[Months, ...] | None = None
    """Months by name or number: ['may:august', december]."""
    years: tuple[Years, ...] | None = None
    """Years: ['2026:2028']."""
    location: Zone = "UTC"
    """The time zone that days and times are of: Africa/Maputo; absent: UTC."""

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies in it."""
        local = moment.astimezone(ZoneInfo(self.location))
        return (
            _in(local.year, self.years)
            and _in(local.month, self.months)
            and self._holds_day(local)
            and _in(local.isoweekday() % 7, self.weekdays)
            and self._holds_time(local)
        )

    def _holds_day(self, local: datetime) -> bool:
        if self.days_of_month is None:
            return True
        length = calendar.monthrange(local.year, local.month)[1]
        return any(
            _from_start(first, length) <= local.day <= _from_start(last, length) for first, last in self.days_of_month
        )

    def _holds_time(self, local: datetime) -> bool:
        minute = local.hour * 60 + local.minute
        return self.times is None or any(each.start_time <= minute < each.end_time for each in self.times)


def _in(number: int, ranges: Sequence[Range] | None) -> bool:
    return ranges is None or any(first <= number <= last for first, last in ranges)


def _from_start(day: int, length: int) -> int:
    """A day of a month of this length; -1 is the last one."""
    return day if day > 0 else length + day + 1


class NamedInterval(Document):
    """A time interval with the name that routes and silences know it by."""

    name: Annotated[str, Field(min_length=1)]
    """What routes and silences call it."""
    time_intervals: tuple[TimeInterval, ...] = ()
    """A moment lies in it when it lies in one of these."""


#: Time intervals by their names.
Intervals = Mapping[str, tuple[TimeInterval, ...]]


def any_holds(names: Iterable[str], intervals: Intervals, moment: datetime) -> str | None:
    """The first of these intervals that a moment lies in; a name that nobody explained holds never."""
    return next((name for name in names if any(each.holds(moment) for each in intervals.get(name, ()))), None)


def muted_by(mute: Sequence[str], active: Sequence[str], intervals: Intervals, moment: datetime) -> str | None:
    """Why nothing is sent at a moment: the interval that mutes, or that none of the active ones holds; None: it is sent.

    Intervals that are in no file any more neither mute nor hold anything up.
    """
    known = [name for name in active if name in intervals]
    if known and any_holds(known, intervals, moment) is None:
        return f"outside of {' and '.join(known)}"
    found = any_holds(mute, intervals, moment)
    return None if found is None else f"within {found}"


def end_of_muting(
    mute: Sequence[str], active: Sequence[str], intervals: Intervals, moment: datetime, *, within: timedelta
) -> datetime | None:
    """The first minute after a moment at which it would be sent; None when that is not within so much time."""
    minute = moment.astimezone(UTC).replace(second=0, microsecond=0)
    for step in range(1, within // timedelta(minutes=1) + 1):
        later = minute + timedelta(minutes=step)
        if muted_by(mute, active, intervals, later) is None:
            return later
    return None
