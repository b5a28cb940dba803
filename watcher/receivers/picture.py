"""Pictures as PNG, for mail programs that show no SVG, drawn with the font that is shipped here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from watcher.core.message import Desk, Notification
from watcher.core.message.wording import letter
from watcher.core.picture.drawing import alt, svg
from watcher.later import Later

_resvg = Later("resvg_py")

#: So many alerts of a message are drawn; the others are told in words alone.
DRAWN = 3
#: Pixels of the PNG for one of the drawing: as many as a mail can bear, for sharp letters on a telephone.
_ZOOMS = (1.4, 1.2, 1.0)
#: Bytes that a picture should not pass.
_LARGE = 60_000
_FONT = Path(__file__).parent / "font" / "DejaVuSans-subset.ttf"


class Inline(NamedTuple):
    """A picture inside a message."""

    #: Which of the letter's passages it belongs to.
    place: int
    #: Its name inside the message, without brackets.
    cid: str
    alt: str
    png: bytes


def inline_pictures(notification: Notification, desk: Desk, *, domain: str) -> Iterator[Inline]:
    """The pictures of a message's first alerts, worst first.

    :param domain: the right side of their names.
    """
    passages = letter(notification, desk).passages
    drawn = [(place, each, each.picture) for place, each in enumerate(passages) if each.picture is not None][:DRAWN]
    for place, each, picture in drawn:
        made = png(svg(picture, each.caption))
        if made is not None:
            name = f"picture-{place + 1}.{notification.id or 'watcher'}@{domain}"
            yield Inline(place, name, alt(picture, each.caption), made)


def png(drawing: str) -> bytes | None:
    """A drawing as PNG, the same bytes on every machine; None when it cannot be drawn, which fails no message.

    Under 60 KB where any resolution allows it: the last one is taken as it is.
    """
    try:
        sizes = (_rastered(drawing, zoom) for zoom in _ZOOMS)
        return next((each for each in sizes if len(each) < _LARGE), None) or _rastered(drawing, _ZOOMS[-1])
    except (ImportError, ValueError):
        return None


def _rastered(drawing: str, zoom: float) -> bytes:
    return bytes(
        _resvg.svg_to_bytes(
            svg_string=drawing,
            zoom=zoom,
            skip_system_fonts=True,
            font_files=[str(_FONT)],
            font_family="DejaVu Sans",
            sans_serif_family="DejaVu Sans",
        )
    )
