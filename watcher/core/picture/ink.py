"""SVG as text: elements with escaped contents, the colours of light and dark, the sheet that every drawing lies on.

Coordinates are written with one decimal, so that the same data give the same bytes everywhere.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from watcher.core.message.phrase import clean

#: Pixels. On a phone a drawing is shown at about 0.6 of its width, so that no letter is smaller than 13 here.
WIDTH = 600
EDGE = 20
TITLE, TEXT, SMALL = 18, 14, 13
_KEY_HEIGHT, _KEY_SIGN = 23, 26
_TITLE_HEIGHT, _LINE_HEIGHT = 23, 18
#: Titles and sources of more lines are cut.
_LINES = 3

#: Class, light, dark. Each colour has at least 4.5:1 (text) or 3:1 (lines, bars) against the paper of its side.
_COLOURS = (
    ("paper", "fill:#ffffff;stroke:#c9d0d6", "fill:#1a1e23;stroke:#3a424b"),
    ("ink", "fill:#1b2026", "fill:#eef1f4"),
    ("soft", "fill:#525c66", "fill:#aab4be"),
    ("grid", "stroke:#e4e8eb", "stroke:#2f363e"),
    ("axis", "stroke:#7d8791", "stroke:#8a949e"),
    ("seen", "fill:none;stroke:#0a58a8;stroke-width:3;stroke-linejoin:round", "stroke:#6fb3f5"),
    ("dot", "fill:#0a58a8", "fill:#6fb3f5"),
    ("lead", "fill:none;stroke:#0a58a8;stroke-width:2;stroke-dasharray:2 5", "stroke:#6fb3f5"),
    ("cone", "fill:#0a58a8;fill-opacity:0.15", "fill:#6fb3f5;fill-opacity:0.2"),
    ("pace", "fill:none;stroke:#a35200;stroke-width:2.5;stroke-dasharray:9 5", "stroke:#f0a44a"),
    ("band", "fill:#e08a1e;fill-opacity:0.22", "fill:#f0a44a;fill-opacity:0.22"),
    ("bound", "fill:none;stroke:#1b2026;stroke-width:1.5", "stroke:#eef1f4"),
    ("bar", "fill:#5c93cc", "fill:#5c93cc"),
    ("alarm", "fill:#c0321c", "fill:#ff7b66"),
    ("fired", "stroke:#c0321c;stroke-width:1.5", "stroke:#ff7b66"),
    ("late", "fill:#5f6973;fill-opacity:0.17", "fill:#aab4be;fill-opacity:0.2"),
    ("on", "fill:#ffffff", "fill:#ffffff"),
    ("worst", "fill:#b3261e", "fill:#b3261e"),
    ("tense", "fill:#8a5300", "fill:#8a5300"),
    ("calm", "fill:#2e6b34", "fill:#2e6b34"),
    ("pause", "fill:#1f5fa8", "fill:#1f5fa8"),
    ("other1", "fill:#6a4c93", "fill:#7a5ca8"),
    ("other2", "fill:#00707a", "fill:#00707a"),
    ("other3", "fill:#8c3f6e", "fill:#9c4f7e"),
    ("other4", "fill:#5a5a5a", "fill:#6a6a6a"),
)
_STYLE = (
    "".join(f".w-{name}{{{light}}}" for name, light, _ in _COLOURS)
    + "@media (prefers-color-scheme:dark){"
    + "".join(f".w-{name}{{{dark}}}" for name, _, dark in _COLOURS)
    + "}"
)
_FAMILY = "'DejaVu Sans',system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_NARROW, _BROAD = frozenset("ijltfrI.,:;'!|()[] -/"), frozenset("MWmw@%—…→")
#: XML has no way to write them.
_NO_CHARACTERS = {0xFFFE: " ", 0xFFFF: " "}


class Key(NamedTuple):
    """One entry of the key: a sign and what it stands for."""

    #: The class that colours it.
    name: str
    text: str
    #: ``line``, ``area`` or ``mark``.
    sign: str = "line"
    #: What it came to; never cut.
    value: str = ""


def pixel(value: float) -> str:
    """A coordinate with one decimal, and no minus before zero.

    >>> pixel(3.14159), pixel(-0.01), pixel(12.0)
    ('3.1', '0', '12')
    """
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def number(total: float) -> str:
    """A count for people, thousands apart: ``12 500``; fractions only below ten."""
    if not math.isfinite(total):
        return "unknown"
    digits = 0 if abs(total) >= 10 or float(total).is_integer() else 1  # noqa: PLR2004 - two digits are enough
    return f"{total:,.{digits}f}".replace(",", "\N{NO-BREAK SPACE}")


def width_of(text: str, size: float) -> float:
    """At most so many pixels does a text take, in any of the fonts it may be shown in."""
    return size * sum(map(_advance, text))


def fitted(text: object, width: float, size: float) -> str:
    """Text from anywhere on one line, cut so that it fits."""
    line = clean(text).translate(_NO_CHARACTERS)
    if width_of(line, size) <= width:
        return line
    while line and width_of(line, size) > width - size:
        line = line[:-1]
    return f"{line.rstrip()}…"


def wrapped(text: object, width: float, size: float) -> list[str]:
    """Text from anywhere as at most three lines that fit; what is longer is cut."""
    rest, lines = fitted(text, math.inf, size).split(" "), list[str]()
    while any(rest) and len(lines) < _LINES - 1:
        number = len(rest)
        while number > 1 and width_of(" ".join(rest[:number]), size) > width:
            number -= 1
        lines.append(fitted(" ".join(rest[:number]), width, size))
        rest = rest[number:]
    return [*lines, fitted(" ".join(rest), width, size)] if any(rest) else lines


def words(text: str, x: float, y: float, *, name: str = "ink", size: int = SMALL, anchor: str = "start") -> str:
    """A line of text with its foot at ``y``."""
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    shown = escape(text.translate(_NO_CHARACTERS))
    return f'<text class="w-{name}" x="{pixel(x)}" y="{pixel(y)}" font-size="{size}"{side}>{shown}</text>'


def line(name: str, x1: float, y1: float, x2: float, y2: float) -> str:
    """A straight line."""
    return f'<line class="w-{name}" x1="{pixel(x1)}" y1="{pixel(y1)}" x2="{pixel(x2)}" y2="{pixel(y2)}"/>'


def box(name: str, x: float, y: float, width: float, height: float, *, more: str = "") -> str:
    """A rectangle."""
    return (
        f'<rect class="w-{name}" x="{pixel(x)}" y="{pixel(y)}" '
        f'width="{pixel(max(0.0, width))}" height="{pixel(max(0.0, height))}"{more}/>'
    )


def path(name: str, points: Iterable[tuple[float, float]], *, closed: bool = False) -> str:
    """A line from point to point, or the area inside it."""
    steps = " L".join(f"{pixel(x)} {pixel(y)}" for x, y in points)
    return f'<path class="w-{name}" d="M{steps}{"Z" if closed else ""}"/>'


def mark(name: str, x: float, y: float) -> str:
    """A small triangle that points down at a place."""
    return path(name, [(x - 5, y - 9), (x + 5, y - 9), (x, y)], closed=True)


def head_height(title: str, keys: Sequence[Key]) -> float:
    """Pixels that title, subtitle and key take."""
    return 37 + _TITLE_HEIGHT * len(_title(title)) + _KEY_HEIGHT * math.ceil(len(keys) / 2)


def sheet(
    body: Iterable[str], *, title: str, subtitle: str, keys: Sequence[Key], source: str, alt: str, bottom: float
) -> str:
    """A whole drawing: the paper, what stands above and below, and the body between.

    :param bottom: where the plot ends; dates and sources go below.
    """
    named = wrapped(f"Source: {source}", WIDTH - 2 * EDGE, SMALL) if clean(source) else []
    height = bottom + 43 + _LINE_HEIGHT * len(named)
    size = f'viewBox="0 0 {WIDTH} {pixel(height)}" width="{WIDTH}" height="{pixel(height)}"'
    label = escape(fitted(alt, math.inf, 1))
    below = 30 + _TITLE_HEIGHT * (len(_title(title)) - 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{label}" font-family="{_FAMILY}">',
        f"<style>{_STYLE}</style>",
        box("paper", 0.5, 0.5, WIDTH - 1, height - 1, more=' rx="8"'),
        *(words(each, EDGE, 30 + _TITLE_HEIGHT * row, size=TITLE) for row, each in enumerate(_title(title))),
        words(fitted(subtitle, WIDTH - 2 * EDGE, SMALL), EDGE, below + 21, name="soft"),
        *(part for place, key in enumerate(keys) for part in _key(key, place, below + 45)),
        *body,
        *(words(each, EDGE, bottom + 47 + _LINE_HEIGHT * row, name="soft") for row, each in enumerate(named)),
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _title(title: str) -> list[str]:
    return wrapped(title, WIDTH - 2 * EDGE, TITLE) or [""]


def _key(key: Key, place: int, top: float) -> list[str]:
    row, column = divmod(place, 2)
    half = (WIDTH - 2 * EDGE) / 2
    x, y = EDGE + column * half, top + row * _KEY_HEIGHT
    signs = {
        "line": lambda: line(key.name, x, y - 5, x + _KEY_SIGN, y - 5),
        "area": lambda: box(key.name, x, y - 12, _KEY_SIGN, 14),
        "mark": lambda: mark(key.name, x + _KEY_SIGN / 2, y),
    }
    value = f": {key.value}" if key.value else ""
    text = fitted(key.text, half - _KEY_SIGN - 16 - width_of(value, TEXT), TEXT) + value
    return [signs[key.sign](), words(text, x + _KEY_SIGN + 8, y, size=TEXT)]


def _advance(character: str) -> float:
    """The width of a character in parts of the size of its font, on the safe side."""
    if character in _NARROW:
        return 0.42
    if character in _BROAD or unicodedata.east_asian_width(character) in {"W", "F"}:
        return 1.0
    return 0.76 if character.isupper() else 0.63
