"""Whatever a source writes stays text: sixty strings that mean something elsewhere, in every sink that there is.

Each is put where records, actors, places, rules and labels put their texts. The matrix is walked in full at every run.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from csv import reader
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser

import pytest

from tests.core.notices import DESK, RECORDS, item, notice, transition
from watcher import log
from watcher.cli.nagios import _one_line
from watcher.cli.table import Column, print_csv, print_rows, safe
from watcher.core.message import Notification
from watcher.receivers import email, file, stdout, webhook

STRINGS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", '" onmouseover="alert(1)',
    "' onfocus='alert(1)", "</td></tr></table>", "<!-- ", "-->", "<svg/onload=alert(1)>", "&lt;script&gt;", "&#60;b&#62;",
    "<a href='javascript:x'>y</a>", "{{7*7}}", "{% raw %}", "${7*7}", "#{7*7}", "{value}", "{0.__class__}", "%s%n%x",
    "%(name)s", '=HYPERLINK("http://x")', "=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "\r=1",
    "a\r\nBcc: evil@example.org", "a\nBcc: evil@example.org", "a\rBcc: evil@example.org",
    "=?utf-8?q?x=0D=0ABcc:_evil@example.org?=", "=?utf-8?b?eA0KQmNjOiBl?=", "a\u2028Bcc: x", "a\u2029Bcc: x",
    "a\x85Bcc: x", "\r\n.\r\nMAIL FROM:<evil@example.org>", "\r\n\r\n<b>", "<!channel>", "<!here>", "<@U012345>",
    "@everyone", "[click](javascript:x)", "`code`", "*bold* _it_ ~no~", "\x1b[2J\x1b[H", "\x1b]8;;http://x\x07y\x1b]8;;\x07",
    "\x1b]52;c;ZXZpbA==\x07", "\x9b31m", "\x07\x08\x7f", "\u202egro.elpmaxe", "\u2066x\u2069", "\ufeffx", "\x00", "a\x00b",
    "\ud83d", "x" * 100_000, "../../etc/passwd", "'; drop table event; --", "NaN", "\U000e0041\U000e0042",
)  # fmt: skip
_RISKY = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def told(string: str) -> Notification:
    """An alert whose every text is the string."""
    evidence = dict.fromkeys(("headline", "sentence", "what", "sure", "unknown", "source", "alert"), string)
    records = [{**RECORDS[0], **dict.fromkeys(("id", "place", "event_type", "notes"), string), "actors": [string]}]
    labels = {"alertname": string, "severity": "warning", "place": string}
    moved = transition(evidence={**evidence, "records": records}, group=(("place", string),))
    own = {"summary": string, "description": string, "runbook": string, "contact": string}
    return notice(item(moved, alert=string, labels=labels, **own), group_labels={"place": string})


def in_a_webhook(string: str) -> None:
    body = webhook.render(told(string), settings=webhook.Settings(url="https://x.example.org"), desk=DESK).body
    document = json.loads(body.decode("utf-8"))
    assert document["alerts"][0]["labels"].keys() == {"alertname", "severity", "place"}
    assert set(document) >= {"version", "alerts", "watcher"}


def in_a_file(string: str) -> None:
    body = file.render(told(string), settings=file.Settings(path="x"), desk=DESK).body
    assert len(body.splitlines()) == 1, "one line is one message"
    json.loads(body)


def in_a_mail(string: str) -> None:
    settings = email.Settings(to="duty@example.org")
    body = email.render(told(string), settings=settings, desk=DESK).body
    message = message_from_bytes(body, policy=default)
    names = {"subject", "date", "auto-submitted", "in-reply-to", "references", "mime-version", "content-type"}
    assert {name.lower() for name in message.keys()} <= names  # noqa: SIM118 - a message is no mapping
    assert max(map(len, body.splitlines())) < 998
    assert not message.defects
    for part in message.walk():
        if part.get_content_type() == "text/html":
            _Page().feed(part.get_content())


class _Page(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "img", "svg", "iframe", "b"}
        for name, value in attrs:
            assert not name.startswith("on")
            assert name != "href" or (value or "").startswith(("https://", "http://", "mailto:", "tel:"))


def on_standard_output(string: str) -> None:
    rendered = stdout.render(told(string), settings=stdout.Settings(), desk=DESK)
    assert not _RISKY.search(rendered.body.decode("utf-8"))
    assert not _RISKY.search(rendered.subject)


def in_a_table(string: str) -> None:
    said = _printed(lambda: print_rows([{"a": string, "b": string}], [Column("a", gives=True), Column("b")], "text"))
    assert not _RISKY.search(said)
    assert len(said.splitlines()) == 2


def in_csv(string: str) -> None:
    said = _printed(lambda: print_csv([{"a": string, "b": "1"}], ["a", "b"]))
    rows = list(reader(io.StringIO(said)))
    assert [len(row) for row in rows] == [2, 2]
    assert not rows[1][0].startswith(("=", "+", "-", "@", "\t", "\r"))


def in_json(string: str) -> None:
    said = _printed(lambda: print_rows([{"a": string}], [Column("a")], "json"))
    assert json.loads(said) == [{"a": string}]


def on_an_error_line(string: str) -> None:
    assert safe(string).isprintable()


def in_a_nagios_line(string: str) -> None:
    assert "\n" not in _one_line(string)
    assert "|" not in _one_line(string)


def in_the_log(string: str) -> None:
    for style in ("json", "console"):
        out = io.StringIO()
        log.configure(style=style, stream=out)
        log.logger().warning("it", place=string)
        assert len(out.getvalue().split("\n")) == 2
        assert "\x1b[2J" not in out.getvalue()


def _printed(act: Callable[[], None]) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        act()
    return out.getvalue()


SINKS: Mapping[str, Callable[[str], None]] = {
    act.__name__.replace("_", " "): act
    for act in (
        in_a_webhook, in_a_file, in_a_mail, on_standard_output, in_a_table, in_csv, in_json, on_an_error_line,
        in_a_nagios_line, in_the_log,
    )
}  # fmt: skip


def test_the_matrix_has_sixty_strings():
    assert len(set(STRINGS)) == 60


@pytest.mark.parametrize("sink", SINKS.values(), ids=SINKS)
def test_what_a_source_writes_stays_text(sink):
    broken = {}
    for string in STRINGS:
        try:
            sink(string)
        except (AssertionError, ValueError) as error:
            broken[ascii(string)[:60]] = repr(error)[:200]
    assert broken == {}
