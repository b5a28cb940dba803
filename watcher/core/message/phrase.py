"""Phrases: how a day, a time span, a share, a link or a foreign text is written, wherever a message needs it."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from watcher.core.acknowledgement import Acknowledgement
from watcher.core.reading import day_text

_WORDS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_COMPARISONS = {">=": "at least", "<=": "at most", "!=": "not", ">": "over", "<": "under", "=": "is"}
_WEB = re.compile(r"https?://[^\s\"'<>\\]+", re.IGNORECASE)
_MONTH_DAYS = 365.25 / 12
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def clean(text: object, *, limit: int = 600) -> str:
    """Text from anywhere as one line without control characters, cut at ``limit`` characters.

    Line breaks and control characters become a space. Marks that turn the writing direction are left out: they can
    make a line read as something else. The joiners that scripts need stay.
    """
    raw = str(text)[: limit * 4]
    seen = raw if raw.isprintable() else "".join(map(_visible, raw))
    line = re.sub(" {2,}", " ", seen).strip(" ")
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip(' ')}…"


def _visible(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Cs" | "Zl" | "Zp":
            return " "
        case "Cf":
            return character if character in "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}" else ""
        case _:
            return character


def sentence(text: object) -> str:
    """Text with a capital letter and a full stop; empty stays empty."""
    line = clean(text)
    if not line:
        return ""
    return line[0].upper() + line[1:] + ("" if line[-1] in ".!?…" else ".")


def texts(value: object) -> tuple[str, ...]:
    """A text or a list of texts as cleaned lines, without the empty ones."""
    parts = [value] if isinstance(value, str) else value if isinstance(value, Sequence) else []
    return tuple(line for line in map(clean, parts) if line)


def mapping(value: object) -> Mapping[str, object]:
    """A mapping, or an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> tuple[Mapping[str, object], ...]:
    """The mappings in a list; empty for anything else."""
    parts = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return tuple(part for part in parts if isinstance(part, Mapping))


def number(value: object) -> float | None:
    """A finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def counted(total: int, noun: str) -> str:
    """``1 record``, ``3 records``."""
    return f"{total} {noun}" if total == 1 else f"{total} {noun}s"


def share_text(share: float) -> str:
    """``31 %``; what is less than half a percent is not called nothing."""
    return "under 1 %" if 0 < share < 0.005 else f"{share * 100:.0f} %"  # noqa: PLR2004 - half a percent


def comparison_text(condition: str) -> str:
    """A condition for people who read no signs: ``ratio < 0.95`` becomes ``ratio under 0.95``."""
    return re.sub(r" (>=|<=|!=|>|<|=) ", lambda sign: f" {_COMPARISONS[sign[1]]} ", clean(condition))


def any_day_text(value: object) -> str:
    """A day, or the ISO text of one, as ``6 Jul 2020``; anything else as it stands."""
    if isinstance(value, date):
        return day_text(value)
    try:
        return day_text(date.fromisoformat(str(value)))
    except ValueError:
        return clean(value)


def moment_text(moment: datetime, timezone: str) -> str:
    """``7 Jul 2020, 08:00 Africa/Maputo``; a zone that nobody knows is UTC."""
    try:
        zone, name = ZoneInfo(timezone), timezone
    except (KeyError, ValueError, OSError):  # unknown, malformed, or the name of a folder of zones
        zone, name = ZoneInfo("UTC"), "UTC"
    local = moment.astimezone(zone)
    return f"{day_text(local)}, {local:%H:%M} {name}"


def moment_of(value: object) -> datetime | None:
    """A moment, or the ISO text of one, in UTC; None for anything else."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def span_text(span: timedelta) -> str:
    """``34 days``, ``26 hours``, ``5 minutes``: the unit that a person would use."""
    if span >= 2 * _DAY:
        return counted(span.days, "day")
    if span >= 2 * _HOUR:
        return counted(span // _HOUR, "hour")
    return counted(max(0, span // timedelta(minutes=1)), "minute")


def every_text(span: timedelta) -> str:
    """``weekly``, ``daily``, ``every 4 hours``."""
    if span == 7 * _DAY:
        return "weekly"
    return "daily" if span == _DAY else f"every {span_text(span)}"


def long_span(days: int) -> str:
    """Many days as an adjective with its article: 188 is ``a six-month``, 731 ``a two-year``."""
    months = max(1, round(days / _MONTH_DAYS))
    count, unit = (months, "month") if months < len(_WORDS) else (round(months / 12), "year")
    word = _WORDS[count] if count < len(_WORDS) else str(count)
    return f"{'an' if word in {'eight', 'eleven'} else 'a'} {word}-{unit}"


def web_link(text: object) -> str:
    """The address when it is a plain http or https one; else empty."""
    line = clean(text, limit=2_000)
    return line if _WEB.fullmatch(line) and not line.endswith("…") else ""


def map_link(latitude: object, longitude: object) -> str:
    """A page of OpenStreetMap with a marker; empty when the place is not known."""
    north, east = number(latitude), number(longitude)
    if north is None or east is None or abs(north) > 90 or abs(east) > 180:  # noqa: PLR2004 - degrees
        return ""
    at = (f"{round(north, 4):g}", f"{round(east, 4):g}")
    return f"https://www.openstreetmap.org/?mlat={at[0]}&mlon={at[1]}#map=10/{at[0]}/{at[1]}"


def acknowledged_text(said: Acknowledgement, timezone: str) -> str:
    """``acknowledged by Ana on 7 Jul 2020, 08:00 UTC until 9 Jul 2020, 08:00 UTC: asked the field office``."""
    until = f" until {moment_text(said.until, timezone)}" if said.until else ""
    note = f": {clean(said.note)}" if clean(said.note) else ""
    return f"acknowledged by {clean(said.author, limit=80)} on {moment_text(said.at, timezone)}{until}{note}"
