from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from tests.core.notices import CHART, DESK, ENDED, EVIDENCE, HEADLINE, item, notice, transition
from watcher.core.message import Desk, Notification
from watcher.core.picture import Caption, SeriesPicture
from watcher.core.picture.drawing import svg
from watcher.later import Later
from watcher.receivers import picture
from watcher.receivers.mime import to_mime
from watcher.receivers.picture import DRAWN, inline_pictures, png

DRAWING = "<svg xmlns='http://www.w3.org/2000/svg' width='60' height='40'>{}</svg>"


def charted(number: int = 1, **changes):
    return item(transition(fingerprint=f"{number:016x}", evidence={**EVIDENCE, "chart": CHART}, **changes))


def pixels(image: bytes) -> tuple[int, int, bytes]:
    """Width, height and the filtered bytes of a PNG, its checksums compared."""
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    place, chunks = 8, dict[bytes, bytes]()
    while place < len(image):
        (length,) = struct.unpack(">I", image[place : place + 4])
        kind, data = image[place + 4 : place + 8], image[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack(">I", image[place + 8 + length : place + 12 + length])
        assert zlib.crc32(kind + data) == checksum
        chunks[kind] = chunks.get(kind, b"") + data
        place += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    return width, height, zlib.decompress(chunks[b"IDAT"])


def parts(told: Notification, desk: Desk = DESK) -> dict[str, list[EmailMessage]]:
    message = message_from_bytes(to_mime(told, desk), policy=default)
    found: dict[str, list[EmailMessage]] = {}
    for part in message.walk():
        assert isinstance(part, EmailMessage)
        found.setdefault(part.get_content_type(), []).append(part)
    return found


# --- the PNG -----------------------------------------------------------------------------------------------------------


def test_a_drawing_becomes_a_png_that_is_not_blank():
    [drawn] = inline_pictures(notice(charted()), DESK, domain="desk-1")
    width, height, filtered = pixels(drawn.png)
    assert width == 840
    assert 400 < height < 900
    assert len(filtered) == height * (width * 4 + 1)
    assert sum(map(bool, filtered)) > len(filtered) / 100, "a blank picture is nothing but zeros once filtered"
    assert len(drawn.png) < 60_000


def test_letters_are_drawn_without_any_font_of_the_machine():
    blank, written = png(DRAWING.format("")), png(DRAWING.format("<text x='5' y='25'>Ağaç Đồng Київ 1,720</text>"))
    assert blank is not None
    assert written is not None
    assert len(set(pixels(written)[2])) > 20 > len(set(pixels(blank)[2]))


def test_a_large_drawing_loses_resolution_and_not_the_mail():
    noise = "".join(
        f"<rect x='{i * 7 % 600}' y='{i * 13 % 401}' width='2' height='{i % 9 + 1}'/>" for i in range(12_000)
    )
    drawn = png(f"<svg xmlns='http://www.w3.org/2000/svg' width='600' height='400'>{noise}</svg>")
    assert drawn is not None
    assert pixels(drawn)[0] == 600


@pytest.mark.parametrize("drawing", ["", "<svg", "no drawing"])
def test_what_is_no_drawing_is_left_out(drawing):
    assert png(drawing) is None


def test_hostile_names_are_drawn_as_well():
    assert png(svg(SeriesPicture("<&>\x00\uffff", "\ud800", ()), Caption("]]><script>", "\u202e")))


# --- in the mail -------------------------------------------------------------------------------------------------------


def test_the_picture_stands_in_the_page_with_its_words():
    found = parts(notice(charted()))
    [image], [page] = found["image/png"], found["text/html"]
    cid = str(image["Content-ID"])[1:-1]
    assert f'<img src="cid:{cid}"' in page.get_content()
    assert "alt=&#34;" not in page.get_content()
    assert (
        'alt="Running total: 437 total from 1 Jan 2020 to 6 Jul 2020, where expected gives 338.' in page.get_content()
    )
    assert (image.get_content_disposition(), image.get_filename()) == ("inline", "picture-1.png")
    assert [part.get_content_type() for part in found["multipart/alternative"][0].iter_parts()] == [
        "text/plain",
        "multipart/related",
    ]


def test_the_same_notification_is_the_same_bytes_with_its_picture():
    assert to_mime(notice(charted()), DESK) == to_mime(replace(notice(charted())), DESK)


@pytest.mark.parametrize(
    ("told", "images"),
    [
        pytest.param(notice(HEADLINE), 0, id="nothing to draw"),
        pytest.param(notice(charted(), HEADLINE, charted(2)), 2, id="each with its own"),
        pytest.param(notice(*map(charted, range(DRAWN + 4))), DRAWN, id="the first ones"),
        pytest.param(
            notice(replace(ENDED, transition=replace(ENDED.transition, evidence={"chart": CHART}))), 0, id="over"
        ),
    ],
)
def test_so_many_pictures_are_in_a_mail(told, images):
    found = parts(told)
    assert len(found.get("image/png", [])) == images
    assert found["text/html"][0].get_content().count("<img ") == images


def test_without_the_renderer_the_message_goes_without_its_picture(monkeypatch):
    monkeypatch.setattr(picture, "_resvg", Later("no_such_module"))
    found = parts(notice(charted()))
    assert set(found) == {"multipart/alternative", "text/plain", "text/html"}
    assert "<img" not in found["text/html"][0].get_content()
