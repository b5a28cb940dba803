from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from tests.core.notices import (
    CLAIM,
    DESK,
    ENDED,
    HEADLINE,
    REPORT,
    WITH_RECORDS,
    WITHDRAWN,
    WORSE,
    any_notice,
    item,
    notice,
    transition,
)
from watcher.core.message import Desk, Notification, NotifyReason
from watcher.core.message.wording import DETAILED, letter
from watcher.receivers.html import html

#: Every element that the template writes.
ELEMENTS = {"html", "head", "meta", "title", "body", "table", "tr", "td", "p", "div", "span", "a", "br", "code"}
ATTRIBUTES = {
    "lang", "charset", "name", "content", "style", "role", "width", "cellpadding", "cellspacing", "border", "align",
    "valign", "href",
}  # fmt: skip
VOID = {"meta", "br"}
#: White letters on each of these have a contrast of at least 4.5.
BADGES = {"#b3261e", "#8a5300", "#1f5fa8", "#2e6b34", "#5a5a5a"}


class Page(HTMLParser):
    """What an HTML document holds."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def page(told: Notification, desk: Desk = DESK) -> Page:
    return Page(html(told, desk))


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(notice(HEADLINE), id="one alert"),
        pytest.param(notice(WITH_RECORDS), id="one with records"),
        pytest.param(notice(WORSE), id="a worse one"),
        pytest.param(notice(WITHDRAWN), id="a withdrawn one"),
        pytest.param(notice(ENDED, HEADLINE, CLAIM), id="several"),
        pytest.param(notice(HEADLINE, CLAIM, reason=NotifyReason.STATE_AT_START), id="the state at the start"),
        pytest.param(notice(reason=NotifyReason.DRILL), id="a test"),
        pytest.param(notice(*(item(transition(fingerprint=str(i))) for i in range(DETAILED + 1))), id="too many"),
    ],
)
def test_the_mail_says_what_the_text_says(told: Notification):
    words = page(told).words
    said = letter(told, DESK)
    sentences = [
        said.subject,
        *said.opening,
        *(each.headline for each in said.overview),
        *(line for each in said.passages for line in each.lead),
        *(entry.text for each in said.passages for section in each.sections for entry in section.entries),
        said.more,
        *said.closing,
    ]
    assert [sentence for sentence in sentences if sentence not in words] == []


def test_every_element_is_closed_and_nothing_is_loaded_from_elsewhere():
    shown = page(notice(WITH_RECORDS, CLAIM))
    assert shown.open == []
    assert shown.elements <= ELEMENTS
    assert shown.attributes <= ATTRIBUTES
    assert "url(" not in html(notice(WITH_RECORDS, CLAIM), DESK)


def test_links_lead_to_the_runbook_the_map_and_the_record():
    links = page(notice(WITH_RECORDS)).links
    assert links[0] == "https://example.org/runbook"
    assert len([link for link in links if link.startswith("https://www.openstreetmap.org/?mlat=")]) == 5
    assert "https://example.org/records" in links


@pytest.mark.parametrize("reason", [NotifyReason.FIRST, NotifyReason.STATE_AT_START])
def test_a_quoted_title_has_its_link_also_where_alerts_are_only_listed(reason):
    assert "https://news.example.org/r1" in page(notice(REPORT, CLAIM, reason=reason)).links


@pytest.mark.parametrize(
    ("told", "badge"),
    [
        pytest.param(notice(WORSE), "background-color:#b3261e;color:#ffffff;", id="critical is red"),
        pytest.param(notice(HEADLINE), "background-color:#8a5300;color:#ffffff;", id="a warning is amber"),
        pytest.param(notice(ENDED), "background-color:#2e6b34;color:#ffffff;", id="what ended is green"),
        pytest.param(
            notice(CLAIM, reason=NotifyReason.STATE_AT_START), "background-color:#5a5a5a;", id="a start is calm"
        ),
        pytest.param(notice(CLAIM, reason=NotifyReason.DRILL), "background-color:#5a5a5a;", id="a test is calm"),
    ],
)
def test_severity_is_a_word_on_its_colour(told: Notification, badge: str):
    document = html(told, DESK)
    assert badge in document
    colours = {part[:7] for part in document.split("background-color:")[1:]}
    assert colours <= BADGES


@pytest.mark.parametrize("colour", sorted(BADGES))
def test_white_letters_are_legible_on_every_badge(colour: str):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    luminance = sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (luminance + 0.05) >= 4.5


def test_text_and_background_are_left_to_light_and_dark_programs():
    document = html(notice(HEADLINE), DESK)
    assert '<meta name="color-scheme" content="light dark">' in document
    assert document.count("color:#ffffff") == document.count("background-color:")


INJECTION = "<script>alert(1)</script>\" onload='x' {{7*7}} {% raw %}"


def test_markup_in_the_input_stays_text():
    told = replace(
        item(transition(fingerprint=INJECTION, values={"claimed_by": INJECTION}, evidence={"sure": INJECTION})),
        alert=INJECTION,
        description=INJECTION,
        contact=INJECTION,
        runbook=f"https://example.org/{INJECTION}",
    )
    shown = page(notice(told), Desk(instance=INJECTION))
    assert shown.elements <= ELEMENTS
    assert shown.attributes <= ATTRIBUTES
    assert "<script>alert(1)</script>" in shown.words
    assert "{{7*7}}" in shown.words


@settings(max_examples=40, deadline=None)
@given(any_notice())
def test_no_input_becomes_markup(told: tuple[Notification, Desk]):
    shown = page(*told)
    assert shown.open == []
    assert shown.elements <= ELEMENTS
    assert shown.attributes <= ATTRIBUTES
    assert all(link.startswith(("https://", "http://")) for link in map(str.lower, shown.links))
    html(*told).encode()
