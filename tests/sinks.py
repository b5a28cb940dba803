"""Every way in which a text of a source, a rule or a label leaves, and what must be true of it there.

Each is put where records, actors, places, rules and labels put their texts, and the whole of what comes out is read by
the parser of whoever reads it in the end.
"""

from __future__ import annotations

import io
import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from csv import reader
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.core.notices import DESK, RECORDS, item, notice, transition
from watcher import log
from watcher.backtest import page as backtest
from watcher.backtest.timeline import Bar, Row, timeline
from watcher.cli.nagios import _one_line
from watcher.cli.table import Column, print_csv, print_rows, safe
from watcher.core import picture
from watcher.core.errors import Problem
from watcher.core.message import Notification
from watcher.core.period import Period
from watcher.core.picture.drawing import alt, svg
from watcher.lint.formats import github, sarif
from watcher.receivers import alertmanager, apprise, email, file, slack, stdout, teams, webhook
from watcher.receivers.cloudevents import CloudEvents
from watcher.ruletest.expect import Failure, Line
from watcher.ruletest.junit import to_junit
from watcher.ruletest.suite import FileResult, Outcome
from watcher.web.page import Form, Page

_RISKY = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def told(string: str) -> Notification:
    """An alert whose every text is the string."""
    evidence = dict.fromkeys(("headline", "sentence", "what", "sure", "unknown", "source", "alert"), string)
    records = [
        {**RECORDS[0], **dict.fromkeys(("id", "place", "event_type", "title", "notes"), string), "actors": [string]}
    ]
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


# --- chat and other programs ------------------------------------------------------------------------------------------


def in_slack(string: str) -> None:
    body = slack.render(told(string), settings=slack.Settings(api_url="https://x.example.org"), desk=DESK).body
    document = json.loads(body.decode("utf-8"))
    assert (document["link_names"], document["unfurl_links"]) == (False, False)
    for said in _texts_of(document, "mrkdwn"):
        assert said["verbatim"] is True
        left = re.sub(r"<https?://[^<>|\s]+\|[^<>|]*>", "", said["text"])
        assert not set("<>") & set(left), "it names a channel, a person or a link"


def in_teams(string: str) -> None:
    body = teams.render(told(string), settings=teams.Settings(webhook_url="https://x.example.org"), desk=DESK).body
    card = json.loads(body.decode("utf-8"))["attachments"][0]["content"]
    # A run of a rich text knows no Markdown; a text block would.
    assert {each["type"] for each in card["body"]} == {"RichTextBlock"}
    for said in _texts_of(card, "TextRun"):
        assert not _RISKY.search(said["text"].replace("\n", ""))
    for action in _texts_of(card, "Action.OpenUrl"):
        assert action["url"].startswith(("https://", "http://"))


def in_alertmanager(string: str) -> None:
    settings = alertmanager.Settings(url="https://x.example.org")
    body = alertmanager.render(told(string), settings=settings, desk=DESK).body
    for each in json.loads(body.decode("utf-8")):
        assert all(re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) for name in each["labels"])
        assert all(each["labels"].values())
        assert each["labels"].keys() <= {"alertname", "severity", "place"}


def in_apprise(string: str) -> None:
    settings = apprise.Settings(url="json://x.example.org", unguarded=True)
    document = json.loads(apprise.render(told(string), settings=settings, desk=DESK).body.decode("utf-8"))
    assert document.keys() == {"title", "body", "type"}
    assert document["type"] in {"info", "success", "warning", "failure"}
    assert not _RISKY.search(document["title"] + document["body"])


def in_a_cloud_event(string: str) -> None:
    settings = webhook.Settings(url="https://x.example.org")
    document = json.loads(CloudEvents().render(told(string), settings=settings, desk=DESK).body.decode("utf-8"))
    assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in document)
    assert all(str(document[name]).isprintable() for name in document.keys() - {"data"})


def _texts_of(document: Any, kind: str) -> list[dict[str, Any]]:
    """Every object of a type, however deep."""
    inside = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    found = [each for part in inside for each in _texts_of(part, kind)]
    return [document, *found] if isinstance(document, dict) and document.get("type") == kind else found


# --- pages and pictures -----------------------------------------------------------------------------------------------

_DAY = date(2020, 1, 1)
_WEEK = timedelta(days=7)


def on_the_page_of_a_link(string: str) -> None:
    form = Form(string, {string: string})
    _same_shape(*(Page(each, (each, each), form=form).html(each).decode() for each in (string, "harmless")))


def on_the_page_of_a_backtest(string: str) -> None:
    _same_shape(_backtest(string), _backtest("harmless"))


def _backtest(string: str) -> str:
    fields = ("alert", "trial", "problem", "receiver", "headline", "which", "how", "fired", "ended", "messages")
    row = {**dict.fromkeys(fields, string), "group": {"place": string}, "severity": [string]}
    told = {"step": "1d", "years": 1.0, "alerts_per_year": 1, "notes": [string], "labels": None}
    picture = {"alert": string, "svg": "", "left_out": 0, "last": ""}
    rows: dict[str, Any] = {name: [_Row(row)] for name in ("rules", "messages", "episodes")}
    template = backtest._TEMPLATES.get_template("page.html.j2")
    return template.render(title=string, told=told, pictures=[picture], scores=[], pairs=[], **rows)


class _Row(dict[str, Any]):
    """A row that has a number wherever nobody said a text."""

    def __missing__(self, name: str) -> int:
        return 0


def in_the_timeline_of_a_backtest(string: str) -> None:
    bar = Bar(datetime(2020, 1, 2, tzinfo=UTC), None, string, "warning")
    _is_a_picture(timeline([Row(string, (bar,))], Period(_DAY, _DAY + _WEEK), title=string))


def in_a_picture(string: str) -> None:
    lane = picture.Lane(string, (picture.Span(string, None, None),))
    caption = picture.Caption(string, string, _DAY)
    for each in (
        picture.PacePicture(string, string, points=((_DAY, 0.0, 0.0), (_DAY + _WEEK, 5.0, 4.0))),
        picture.SeriesPicture(string, string, (picture.Bar(_DAY, _DAY + _WEEK, 3, 2, 4),), string, string),
        picture.StatePicture(string, (lane,), _DAY, _DAY + _WEEK),
    ):
        _is_a_picture(svg(each, caption))
        assert not _RISKY.search(alt(each, caption))


def _is_a_picture(text: str) -> None:
    for each in ET.fromstring(text).iter():
        kind = each.tag.rpartition("}")[2]
        assert kind in {
            "svg",
            "title",
            "desc",
            "style",
            "g",
            "rect",
            "line",
            "path",
            "text",
            "circle",
            "polygon",
            "defs",
        }
        assert not [name for name in each.attrib if name.startswith("on") or name.endswith("href")]


def _same_shape(written: str, harmless: str) -> None:
    """Whether a page has the same elements, with the same attributes, as one with harmless texts."""
    assert _Shape(written).found == _Shape(harmless).found
    assert not _RISKY.search(written)


class _Shape(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", ()))

    def handle_comment(self, data: str) -> None:
        self.found.append(("!--", ()))


# --- what build servers read ------------------------------------------------------------------------------------------


def _problem(string: str) -> Problem:
    # A file's name is bytes, and whatever bytes they are.
    name = os.fsdecode(string.encode("utf-8", "surrogatepass"))
    return Problem(f"rules/{name}.yaml", 3, 5, string, string, string, check=string)


def in_an_annotation_of_github(string: str) -> None:
    [line] = github([_problem(string)])
    assert not set("\r\n") & set(line), "a second line would be a command"
    assert line.startswith("::error file=")
    assert line.count("::") >= 2
    properties = line[2:].partition("::")[0].removeprefix("error ")
    assert [each.partition("=")[0] for each in properties.split(",")] == ["file", "line", "col", "title"]


def in_sarif(string: str) -> None:
    document = json.loads(json.dumps(sarif([_problem(string)], version="1")))
    [result] = document["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]*", place)
    assert result["message"].keys() == {"text"}


def in_junit(string: str) -> None:
    failure = Failure(7, string, string, (Line("-", string),))
    outcomes = (Outcome("good", 2, (), frozenset(), 0.2), Outcome(string, 5, (failure,), frozenset(), 0.5))
    results = [FileResult(Path("a.yaml"), outcomes), FileResult(Path("b.yaml"), problems=(_problem(string),))]
    root = ET.fromstring(to_junit(results))
    assert [each.tag for each in root.iter()] == [
        "testsuites", "testsuite", "testcase", "testcase", "failure", "testsuite", "testcase", "error",
    ]  # fmt: skip


SINKS: Mapping[str, Callable[[str], None]] = {
    act.__name__.replace("_", " "): act
    for act in (
        in_a_webhook, in_a_file, in_a_mail, on_standard_output, in_a_table, in_csv, in_json, on_an_error_line,
        in_a_nagios_line, in_the_log, in_slack, in_teams, in_alertmanager, in_apprise, in_a_cloud_event,
        on_the_page_of_a_link, on_the_page_of_a_backtest, in_the_timeline_of_a_backtest, in_a_picture,
        in_an_annotation_of_github, in_sarif, in_junit,
    )
}  # fmt: skip
