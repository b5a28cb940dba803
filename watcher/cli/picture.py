"""Pictures: on the terminal, and as the files that `--picture` writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from watcher.cli.opening import draws, on_terminal
from watcher.cli.table import screen_width
from watcher.core.errors import UsageError
from watcher.core.message.phrase import clean, texts
from watcher.core.picture import Caption, Picture
from watcher.core.picture.drawing import from_evidence, svg
from watcher.core.picture.terminal import drawn
from watcher.receivers.picture import png

#: Columns of a picture where nothing says how wide the screen is, and at most.
_WIDTH, _WIDEST = 78, 100


def on_screen(picture: Picture | None, fired: date | None) -> list[str]:
    """A picture for the terminal; no line where there is nothing to draw.

    :param fired: the day on which the alert began.
    """
    if picture is None:
        return []
    width = min(screen_width() or _WIDTH, _WIDEST)
    caption = Caption(fired=fired)
    return drawn(picture, caption, width=width, colour=on_terminal(), ascii_only=not draws())


def write_picture(path: Path, evidence: Mapping[str, object], fired: date | None) -> None:
    """Draw an alert's evidence into a file, as SVG or as PNG by the file's name.

    :param fired: the day on which the alert began.
    :raises UsageError: when the name ends otherwise, there is nothing to draw, or the file cannot be written.
    """
    if path.suffix not in {".svg", ".png"}:
        raise UsageError(f"--picture {path} is neither SVG nor PNG", todo="let the name end in .svg or .png")
    picture = from_evidence(evidence)
    if picture is None:
        raise UsageError("there is nothing to draw", todo="name an alert, or a rule that counts or tells of a state")
    headline, source = clean(evidence.get("headline") or ""), "; ".join(texts(evidence.get("source")))
    drawing = svg(picture, Caption(headline, source, fired))
    content = drawing.encode() if path.suffix == ".svg" else png(drawing)
    if content is None:
        raise UsageError("the picture cannot be made into a PNG here", todo="write an .svg, or install resvg-py")
    try:
        path.write_bytes(content)
    except OSError as fault:
        raise UsageError(
            f"{path} cannot be written: {fault.strerror}", todo="name a file in a folder of yours"
        ) from None
