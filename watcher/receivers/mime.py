"""Notifications as MIME messages: the same bytes for the same notification, and no header that we did not write.

What sources publish reaches the subject, and Python before 3.11.10 turns an encoded word with a line break inside
into a header of its own. So a subject is cleaned of everything that could begin one, and addresses are checked
letter by letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import format_datetime

from watcher.core.message import Desk, Notification, dedup_key
from watcher.core.message.wording import subject, text
from watcher.later import Later
from watcher.receivers.picture import Inline, inline_pictures

# With jinja2 behind it.
_html = Later("watcher.receivers.html")

CONTENT_TYPE = "message/rfc822"
#: Longer subjects are cut.
SUBJECT_LIMIT = 200
#: So many episodes are named in ``References``.
_THREADS = 10

# Longer ids would not fit on a line, and would be written as encoded words.
_DOMAIN_LIMIT = 30

_LOCAL_PART = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
_ADDRESS = re.compile(f"{_LOCAL_PART}@{_DOMAIN}")
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAMED = re.compile(r"[^<>@,\"\r\n]*<([^<>]+)>")


def address(written: str) -> str:
    """A mail address, from ``desk@example.org`` or ``The desk <desk@example.org>``.

    :raises ValueError: when it is none that every mail server takes.
    """
    named = _NAMED.fullmatch(written.strip())
    bare = (named[1] if named else written).strip()
    if not _ADDRESS.fullmatch(bare) or len(bare) > 254:  # noqa: PLR2004 - the limit of RFC 5321
        msg = "expected a mail address such as desk@example.org, in plain letters (a foreign domain as xn--...)"
        raise ValueError(msg)
    return bare


def clean_header(value: str) -> str:
    """Text as the value of a header: one line, nothing hidden, no encoded word, at most 200 characters."""
    line = " ".join("".join(map(_visible, value)).split())
    # A zero-width space keeps the look and breaks the word.
    return line[:SUBJECT_LIMIT].rstrip().replace("=?", "=\u200b?")


def _visible(character: str) -> str:
    # Cc controls, Cf bidi marks and BOM, Cs surrogates, Zl and Zp line separators.
    return " " if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else character


def clean_body(value: str) -> str:
    """Text as the body of a message: only what UTF-8 can carry, and no control characters but line ends and tabs."""
    return _UNSPEAKABLE.sub(" ", value.replace("\r\n", "\n"))


def to_mime(notification: Notification, desk: Desk) -> bytes:
    """A message without sender, recipient and ``Message-ID``: see :func:`addressed`.

    What was written is read again: if a header came in that is not ours, the subject names the message only.
    """
    threads = _threads(notification, desk)
    raw = _compose(notification, desk, threads, clean_header(subject(notification, desk)))
    if not _is_ours(raw, threads):
        raw = _compose(notification, desk, threads, f"[WATCHER] message {re.sub('[^a-z0-9_]', '', notification.id)}")
    return raw


def _compose(notification: Notification, desk: Desk, threads: list[str], line: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = line
    message["Date"] = format_datetime(notification.created_at)
    message["Auto-Submitted"] = "auto-generated"
    if threads:
        message["In-Reply-To"] = threads[0]
        message["References"] = " ".join(threads)
    # Quoted-printable never holds "=_", so the boundary cannot occur inside; and no line is too long for any server.
    message.set_content(clean_body(text(notification, desk)), cte="quoted-printable")
    pictures = tuple(inline_pictures(notification, desk, domain=domain(desk.instance)))
    said = _html.html(notification, desk, pictures)
    message.add_alternative(clean_body(said), subtype="html", cte="quoted-printable")
    boundary = f"=_{notification.id or 'watcher'}"
    message.set_boundary(boundary)
    _attach(message, pictures, boundary)
    return message.as_bytes()


def _attach(message: EmailMessage, pictures: Sequence[Inline], boundary: str) -> None:
    """Put pictures beside the HTML that shows them."""
    *_, page = message.iter_parts()
    if not isinstance(page, EmailMessage) or not pictures:
        return
    for picture in pictures:
        file = f"picture-{picture.place + 1}.png"
        page.add_related(picture.png, "image", "png", cid=f"<{picture.cid}>", disposition="inline", filename=file)
    page.set_boundary(f"{boundary}_related")


def _is_ours(raw: bytes, threads: list[str]) -> bool:
    """Whether the message has the headers that we wrote, each once, and no other, nor one hidden inside the subject."""
    expected = ["subject", "date", "auto-submitted", *(["in-reply-to", "references"] if threads else [])]
    headers = BytesHeaderParser().parsebytes(raw)
    found = [name.lower() for name, _ in headers.items()]
    is_complete = sorted(found) == sorted([*expected, "content-type", "mime-version"])
    return is_complete and not _CONTROL.search(_as_shown(headers["subject"] or ""))


def _as_shown(value: str) -> str:
    """A header as a mail program shows it: one line, with its encoded words decoded."""
    line = value.replace("\r\n ", " ").replace("\n ", " ")
    try:
        return str(make_header(decode_header(line)))
    except (HeaderParseError, LookupError, UnicodeError):
        return line


def _threads(notification: Notification, desk: Desk) -> list[str]:
    """One made-up id per episode: mail programs show all messages of an episode as one conversation."""
    keys = dict.fromkeys(
        dedup_key(desk.instance, item.transition.fingerprint, item.transition.episode) for item in notification.items
    )
    return [f"<{key}@{domain(desk.instance)}>" for key in list(keys)[:_THREADS]]


def addressed(body: bytes, *, sender: str, recipient: str, message_id: str) -> bytes:
    """The stored message with its last three headers in front."""
    to = recipient or "undisclosed-recipients:;"
    head = f"From: {sender}\r\nTo: {to}\r\nMessage-ID: {message_id}\r\n"
    return head.encode("ascii") + body


def message_id(message: str, delivery: str, instance: str) -> str:
    """``<message.delivery@instance>``: the same at every attempt, so that a mail server can drop a repetition."""
    return f"<{message}.{delivery}@{domain(instance)}>"


def domain(instance: str) -> str:
    """An installation's name as the right side of an id or an address."""
    plain = unicodedata.normalize("NFKD", instance).encode("ascii", "ignore").decode()
    labels = (re.sub(r"[^A-Za-z0-9]+", "-", label).strip("-") for label in plain[:_DOMAIN_LIMIT].split("."))
    return ".".join(label for label in labels if label) or "watcher"
