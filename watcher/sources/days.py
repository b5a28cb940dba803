"""Days and moments as sources write them, each style by name; nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from watcher.core.period import DAY, day_start

#: Dates as ISO 8601 has them, also with the midnight that databases append.
ISO_DATES = ("%Y-%m-%d", "%Y-%m-%dT00:00:00", "%Y-%m-%d 00:00:00", "%Y-%m-%d 00:00:00.000")
#: Before this, no source we read had stamps.
EARLIEST_STAMP = datetime(2000, 1, 1, tzinfo=UTC)

#: A year of two digits is of this century up to so many years ahead: a date in the near future is a mistake to be
#: reported as one, not an event of the last century.
_AHEAD = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = re.compile(r"(\d{1,18})(?:\.0{1,9})?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})?)?", re.ASCII)
_MONTHS = {
    name: month
    for month, names in {
        1: ("jan", "january"),
        2: ("feb", "february"),
        3: ("mar", "march"),
        4: ("apr", "april"),
        5: ("may",),
        6: ("jun", "june"),
        7: ("jul", "july"),
        8: ("aug", "august"),
        9: ("sep", "sept", "september"),
        10: ("oct", "october"),
        11: ("nov", "november"),
        12: ("dec", "december"),
    }.items()
    for name in names
}
#: What a directive matches, and which part of a date that gives.
_DIRECTIVES = {
    "%Y": (r"\d{4}", "year"),
    "%y": (r"\d{2}", "year"),
    "%m": (r"\d{1,2}", "month"),
    "%B": (r"[A-Za-z]{3,9}", "month"),
    "%b": (r"[A-Za-z]{3,9}", "month"),
    "%d": (r"\d{1,2}", "day"),
    "%H": (r"\d{1,2}", ""),
    "%M": (r"\d{2}", ""),
    "%S": (r"\d{2}(?:\.\d{1,9})?", ""),
}
_PARTS = ["day", "month", "year"]


def pattern(style: str) -> re.Pattern[str]:
    """A date style such as ``%d %B %Y`` as a pattern; ``%b`` and ``%B`` take short and full English month names.

    :raises ValueError: when the style does not say year, month and day once each.
    """
    pieces = re.split(r"(%.)", style)
    named = sorted(_DIRECTIVES[piece][1] for piece in pieces if piece in _DIRECTIVES)
    unknown = [piece for piece in pieces if piece.startswith("%") and piece not in _DIRECTIVES]
    if unknown or [part for part in named if part] != _PARTS:
        msg = f"{style!r} is no date style; say %Y or %y, %m or %B, and %d, once each, as in %d/%m/%Y"
        raise ValueError(msg)
    adjoining = re.search(r"%[YymdHM]%[ymdHM]", style) is not None  # 20191024: digits that run on have fixed widths
    return re.compile("".join(_matching(piece, fixed=adjoining) for piece in pieces), re.ASCII)


def _matching(piece: str, *, fixed: bool) -> str:
    if piece not in _DIRECTIVES:
        return re.escape(piece)
    matches, part = _DIRECTIVES[piece]
    matches = matches.replace("{1,2}", "{2}") if fixed else matches
    return f"(?P<{part}>{matches})" if part else matches


def _day_found(match: re.Match[str], today: date) -> date | None:
    year, month, number = match["year"], match["month"], match["day"]
    full_year = int(year)
    if len(year) == len("20"):
        full_year += today.year // 100 * 100
        full_year -= 100 if full_year > today.year + _AHEAD else 0
    try:
        return date(full_year, int(month) if month.isdigit() else _MONTHS[month.lower()], int(number))
    except (KeyError, ValueError):
        return None


def day(styles: Sequence[str], *, earliest: date, today: date) -> Callable[[str], date]:
    """A parser for dates in one of the styles given, and in no other.

    What lies before ``earliest`` or more than a day after ``today`` is refused.
    """
    patterns = [pattern(style) for style in styles]
    example = date(2020, 12, 3).strftime(styles[0])

    def read(text: str) -> date:
        matches = (each.fullmatch(text.strip()) for each in patterns)
        found = next((_day_found(match, today) for match in matches if match), None)
        if found is None:
            msg = f"is no date as this source writes them ({example})"
            raise ValueError(msg)
        if found < earliest:
            msg = f"is {found}, and this source begins on {earliest}"
            raise ValueError(msg)
        if found > today + DAY:
            msg = f"lies in the future: today is {today}"
            raise ValueError(msg)
        return found

    return read


def clash(styles: Sequence[str]) -> tuple[str, str] | None:
    """Two styles under which the same text is a different day, as ``%d/%m/%Y`` and ``%m/%d/%Y``; None when all agree."""
    sample = date(2005, 3, 4)
    for one in styles:
        text = sample.strftime(one)
        for other in styles:
            match = pattern(other).fullmatch(text)
            if match and _day_found(match, sample) != sample:
                return one, other
    return None


def unix_stamp(today: date) -> Callable[[str], datetime]:
    """A parser for seconds since 1970, between the year 2000 and tomorrow."""

    def read(text: str) -> datetime:
        match = _SECONDS.fullmatch(text.strip())
        if match is None:
            msg = "is no time stamp in seconds"
            raise ValueError(msg)
        return _plausible(int(match[1]), today)

    return read


def stamp(today: date) -> Callable[[str], datetime]:
    """A parser for seconds since 1970 or ISO 8601 moments; without a zone it is UTC, without a time the day's start."""
    unix = unix_stamp(today)

    def read(text: str) -> datetime:
        if _MOMENT.fullmatch(text := text.strip()) is None:
            return unix(text)
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        _plausible(int(moment.timestamp()), today)
        return moment

    return read


def _plausible(seconds: int, today: date) -> datetime:
    latest = day_start(today) + 2 * DAY
    if not EARLIEST_STAMP.timestamp() <= seconds < latest.timestamp():
        msg = f"is no moment between {EARLIEST_STAMP:%Y-%m-%d} and tomorrow"
        raise ValueError(msg)
    return _EPOCH + timedelta(seconds=seconds)
