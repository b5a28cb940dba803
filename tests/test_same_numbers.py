"""One alert, told as webhook, as mail, as picture and on the page of a backtest: the numbers are the same everywhere."""

from __future__ import annotations

import email
import json
import re
from collections.abc import Mapping
from datetime import date
from email import policy
from html import unescape
from typing import Any

import pytest

from tests.installation import Installation, at, installed
from tests.stories.records import demo_file
from watcher.backtest.figures import Backtest
from watcher.backtest.page import page
from watcher.backtest.post import wordless_board
from watcher.backtest.trial import Knowledge, Plan, take
from watcher.core.detectors.pace import OUTPUTS
from watcher.core.period import DAY, Period
from watcher.core.picture import Caption
from watcher.core.picture.drawing import from_evidence, svg
from watcher.core.picture.terminal import drawn
from watcher.feeds import query_offsets

RULES = """\
version: 1
indicators:
  - {indicator: deaths, title: Deaths in Mozambique, sum: fatalities, where: {country: Mozambique}}
rules:
  - alert: Fatality rate exceeds 2019 pace
    pace: {indicator: deaths, above: 2019}
"""
ROUTES = """\
route: {receiver: desk, repeat_interval: 52w}
receivers:
  - name: desk
    file_configs: [{format: eml}, {format: json}]
"""
#: The day after the one on which it fires.
DAY_ONE = date(2020, 4, 29)
#: The outputs that every form tells, and those that are drawn.
TOLD, DRAWN = ("observed", "ratio", "expected"), ("observed", "expected")
_NUMBER = re.compile(r"\d+(?:[.,\u00a0 ]\d+)*")


@pytest.fixture(scope="module")
def it(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("told"), rules=RULES, routes=ROUTES) as made:
        release(made, "2018-01-01", "2020-02-04 12:00")
        release(made, "2020-02-04 12:00", "2020-07-07 12:00")
        yield made


def release(it: Installation, after: str, moment: str) -> None:
    """What the demo's source released in between, and a turn."""
    it.now = at(moment)
    (it.folder / "inbox" / f"{it.now:%Y-%m-%d}.csv").write_text(demo_file(at(after), it.now))
    it.turn(moment)


@pytest.fixture(scope="module")
def webhook(it):
    [path] = (it.folder / "state" / "messages").rglob("*.json")
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def mail(it):
    [path] = (it.folder / "state" / "messages").rglob("*.eml")
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    plain, marked = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert marked is not None
    html = marked.get_content()
    alt = " ".join(re.findall(r'alt="([^"]*)"', html))
    seen = unescape(re.sub(r"<[^>]*>", " ", re.sub(r"<(style|title).*?</\1>", "", html, flags=re.DOTALL)))
    return {
        "subject": message["Subject"],
        "text": plain.get_content(),
        "html": seen,
        "alt": unescape(alt),
    }


def values(webhook: Mapping[str, Any]) -> dict[str, str]:
    """The outputs that the webhook tells, as people read them."""
    [detail] = webhook["watcher"]["alerts"].values()
    told = {name: float(detail["values"][name]) for name in (*TOLD, *DRAWN)}
    return {
        name: OUTPUTS[name].format(value) if name == "ratio" else f"{value:,.0f}".replace(",", "\u00a0")
        for name, value in told.items()
    }


def numbers(text: str) -> set[str]:
    return {each.replace("\u00a0", " ") for each in _NUMBER.findall(text)}


def test_the_mail_tells_the_numbers_of_the_webhook(webhook, mail):
    told = values(webhook)
    for form in ("text", "html"):
        assert {told[name].replace("\u00a0", " ") for name in TOLD} <= numbers(mail[form]), form
    assert told["observed"] in numbers(mail["subject"])
    [alert] = webhook["alerts"]
    assert numbers(alert["annotations"]["summary"]) <= numbers(mail["text"]) | numbers(mail["subject"])


def test_the_html_of_the_mail_tells_no_number_that_its_text_does_not(mail):
    assert numbers(mail["html"]) <= numbers(mail["text"]) | numbers(mail["subject"])


def test_the_picture_shows_the_numbers_of_the_webhook(webhook, mail):
    told = {values(webhook)[name].replace("\u00a0", " ") for name in DRAWN}
    [detail] = webhook["watcher"]["alerts"].values()
    picture = from_evidence(detail["evidence"])
    assert picture is not None
    shown = re.findall(r"<text[^>]*>([^<]*)</text>", svg(picture, Caption()))
    assert told <= numbers("\n".join(shown))
    assert told <= numbers(mail["alt"])
    assert told <= numbers("\n".join(drawn(picture, Caption())))


def test_the_page_of_a_backtest_shows_the_numbers_of_the_webhook(it: Installation, webhook):
    plan = Plan(
        Period.between(DAY_ONE, DAY_ONE), DAY, query_offsets(it.settings), wordless_board(it.settings), at("2020-07-08")
    )
    with it.app.store.reading() as tx:
        trial = take(tx, it.app.rules, it.app.rules.rules, plan, knowledge=Knowledge.AS_KNOWN)
        text = page(Backtest(plan, (trial,)))
    shown = numbers("\n".join(re.findall(r"<text[^>]*>([^<]*)</text>", text)))
    assert {values(webhook)[name].replace("\u00a0", " ") for name in DRAWN} <= shown
    [alert] = webhook["alerts"]
    assert values(webhook)["observed"] in numbers(alert["annotations"]["summary"]) & numbers(
        re.sub(r"<[^>]*>", " ", text)
    )
