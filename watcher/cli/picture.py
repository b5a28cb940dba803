"""Pictures as files: what `--picture` writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from watcher.core.errors import UsageError
from watcher.core.message.phrase import clean, texts
from watcher.core.picture import Caption
from watcher.core.picture.drawing import from_evidence, svg
from watcher.receivers.picture import png


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
