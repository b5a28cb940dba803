"""Slack and Teams: what a phone shows, within what the services take."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.core.notices import (
    CLAIM,
    DESK,
    ENDED,
    HEADLINE,
    REPORT,
    WITH_RECORDS,
    WITHDRAWN,
    any_notice,
    item,
    notice,
    transition,
)
from tests.receivers.outgoings import access, outgoing
from tests.zoo import Server, answer
from watcher.core.delivery import OutcomeClass
from watcher.core.message import NotifyReason
from watcher.core.message.brief import Brief, Paragraph
from watcher.core.message.link import Links
from watcher.receivers import RECEIVERS, slack, teams

GOLDEN = Path(__file__).parent / "golden"
LINKED = replace(DESK, links=Links("https://watcher.example.org", b"a key for tests"))
ADDRESS = {"slack": "api_url", "msteamsv2": "webhook_url"}
MESSAGES = {
    "headline": notice(WITH_RECORDS),
    "several": notice(ENDED, HEADLINE, CLAIM, reason=NotifyReason.NEW_ALERTS),
    "withdrawn": notice(WITHDRAWN, reason=NotifyReason.RETRACTED),
    "drill": notice(reason=NotifyReason.DRILL),
}
HOSTILE = "<!channel> <@U1> <https://evil.example|click> & @everyone [x](https://evil.example) **b** \u202e\x1b[2J\r\nx"
MANY = notice(*(item(transition(fingerprint=f"{n:016x}"), alert=HOSTILE * 20) for n in range(200)))


def options(channel: str, url: str = "https://hooks.example.org/T0CANARY") -> Any:
    return RECEIVERS[channel].Settings.model_validate({ADDRESS[channel]: url})


def body(channel: str, told, desk=LINKED) -> Any:
    return json.loads(RECEIVERS[channel].render(told, settings=options(channel), desk=desk).body)


def texts(value: Any) -> list[str]:
    """Every text in a body that is shown as it stands."""
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [each for part in value.values() for each in texts(part)]
    return [each for part in value for each in texts(part)] if isinstance(value, list) else []


@pytest.mark.parametrize("channel", ADDRESS)
@pytest.mark.parametrize("name", MESSAGES)
def test_the_body_is_as_its_golden_copy(channel, name):
    golden = (GOLDEN / f"{channel}-{name}.json").read_text(encoding="utf-8")
    assert json.dumps(body(channel, MESSAGES[name]), indent=2, ensure_ascii=False) + "\n" == golden


def test_slack_shows_first_what_a_tired_person_needs():
    header, lead, *_ = body("slack", MESSAGES["headline"])["blocks"]
    assert header["text"]["text"].startswith("[WARNING] Mozambique deaths 31 % above 2019 pace")
    assert lead["text"]["text"].startswith("447 deaths in 188 days; the 2019 pace gives 340 (ratio 1.315).")


def test_teams_colours_the_subject_and_has_buttons_for_what_can_be_done():
    card = body("msteamsv2", MESSAGES["headline"])["attachments"][0]["content"]
    assert card["body"][0]["inlines"][0]["color"] == "Warning"
    assert [action["title"] for action in card["actions"]] == ["Runbook", "Acknowledge", "Mute 7 days"]


@pytest.mark.parametrize(
    "told", [MANY, notice(item(alert=HOSTILE * 50)), MESSAGES["headline"]], ids=["many", "long", "one"]
)
def test_slack_is_given_what_it_takes(told):
    sent = body("slack", told)
    assert_slack_takes(sent)


def assert_slack_takes(sent: dict[str, Any]) -> None:
    blocks = sent["blocks"]
    assert 2 <= len(blocks) <= 50
    assert sum(len(text) for text in texts(blocks)) <= slack.IN_ALL
    assert len(blocks[0]["text"]["text"]) <= 150
    for block in blocks[1:]:
        for text in texts(block):
            assert 1 <= len(text) <= 3000


def assert_teams_takes(raw: bytes) -> None:
    card = json.loads(raw)["attachments"][0]["content"]
    assert len(raw) <= 28 * 1024
    assert {element["type"] for element in card["body"]} == {"RichTextBlock"}
    assert all(run["text"] for element in card["body"] for run in element["inlines"])
    assert len(card["actions"]) <= 6


def test_teams_is_given_what_it_takes_and_says_what_was_left_out():
    raw = teams.render(MANY, settings=options("msteamsv2"), desk=LINKED).body
    assert_teams_takes(raw)
    assert "And 180 more: watcher alerts" in raw.decode() or "more: see watcher alerts" in raw.decode()


LONG = Brief(
    "[WARNING] a",
    "WARNING",
    (Paragraph("first", is_lead=True), *(Paragraph("<&> " * 140, "WHAT", is_small=n % 2 == 0) for n in range(90))),
    "desk-1",
)


def test_a_message_too_long_for_slack_is_cut_after_its_first_paragraphs():
    blocks = list(slack._blocks(LONG))
    assert_slack_takes({"blocks": blocks})
    assert blocks[1]["text"]["text"] == "first"
    left_out = 91 - (len(blocks) - 3)
    assert blocks[-2]["elements"][0]["text"] == f"{left_out} more: see watcher alerts"


def test_many_short_paragraphs_are_no_more_blocks_than_slack_takes():
    short = replace(LONG, paragraphs=tuple(Paragraph("x") for _ in range(90)))
    assert len(list(slack._blocks(short))) == 50


def test_a_message_too_long_for_teams_loses_its_small_print_first():
    raw = teams._that_fits(LONG)
    assert teams.LIMIT - 2_000 < len(raw) <= teams.LIMIT
    card = json.loads(raw)["attachments"][0]["content"]
    assert card["body"][1]["inlines"][0]["text"] == "first"
    assert not any(run.get("size") == "Small" for element in card["body"][1:] for run in element["inlines"])
    assert card["body"][-2]["inlines"][0]["text"] == f"{91 - (len(card['body']) - 3)} more: see watcher alerts"


def test_nothing_in_slack_can_mention_or_link_but_our_own_links():
    told = notice(
        item(transition(evidence={"headline": HOSTILE, "sentence": HOSTILE, "source": [HOSTILE]}), alert=HOSTILE)
    )
    sent = body("slack", told, DESK)
    for text in texts(sent["blocks"][1:]):
        assert "<" not in text.replace("<https://example.org/runbook|Runbook>", "")
    assert "&lt;!channel&gt;" in json.dumps(sent)
    assert (sent["link_names"], sent["unfurl_links"]) == (False, False)
    assert all(each["verbatim"] for each in _mrkdwn(sent))


def _mrkdwn(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        own = [value] if value.get("type") == "mrkdwn" else []
        return own + [each for part in value.values() for each in _mrkdwn(part)]
    return [each for part in value for each in _mrkdwn(part)] if isinstance(value, list) else []


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 4, 5, 9, 10, 11])
def test_an_escape_is_never_cut_in_two(limit):
    said = slack.escaped("&&<>a" * 3, limit)
    assert len(said) <= limit
    plain = said.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert "&" not in plain


@given(told=any_notice())
@settings(max_examples=12, deadline=None)
def test_whatever_a_source_writes_is_taken(told):
    notification, desk = told
    for each in (desk, replace(desk, links=LINKED.links)):
        assert_slack_takes(json.loads(slack.render(notification, settings=options("slack"), desk=each).body))
        assert_teams_takes(teams.render(notification, settings=options("msteamsv2"), desk=each).body)


@given(text=st.text(max_size=80), limit=st.integers(0, 90))
@settings(max_examples=50, deadline=None)
def test_escaped_text_keeps_to_its_limit_and_holds_no_bracket(text, limit):
    said = slack.escaped(text, limit)
    assert len(said) <= limit
    assert not set(said) & {"<", ">"}


# --- on the wire ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ADDRESS)
def test_the_stored_bytes_are_posted_as_json(channel):
    with Server(answer(200, body=b"ok", content_type="text/plain")) as server:
        settings = options(channel, server.url("/services/T0CANARY"))
        outcome = RECEIVERS[channel].send(outgoing(b'{"a":1}'), settings=settings, access=access())
    [request] = server.requests
    assert (outcome.kind, request.body) == (OutcomeClass.OK, b'{"a":1}')
    assert request.headers["content-type"] == "application/json"
    assert "webhook-signature" not in request.headers


@pytest.mark.parametrize("channel", ADDRESS)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(202, OutcomeClass.OK, id="accepted"),
        pytest.param(400, OutcomeClass.CONFIG, id="a body that it does not take"),
        pytest.param(404, OutcomeClass.CONFIG, id="no such webhook"),
        pytest.param(410, OutcomeClass.PERMANENT, id="gone for ever"),
        pytest.param(429, OutcomeClass.RECOVERABLE, id="too many"),
        pytest.param(500, OutcomeClass.RECOVERABLE, id="its own fault"),
    ],
)
def test_an_answer_means_what_it_means_for_every_webhook(channel, status, kind):
    with Server(answer(status, retry_after="7")) as server:
        settings = options(channel, server.url("/services/T0CANARY"))
        outcome = RECEIVERS[channel].send(outgoing(), settings=settings, access=access())
    assert outcome.kind is kind
    assert "CANARY" not in outcome.detail


@pytest.mark.parametrize("channel", ADDRESS)
def test_an_address_in_a_file_is_read_at_every_attempt_and_shown_nowhere(channel, tmp_path):
    file = tmp_path / "chat.url"
    file.write_text("nonsense CANARY")
    file.chmod(0o600)
    settings = RECEIVERS[channel].Settings.model_validate(
        {f"{ADDRESS[channel]}_file": "chat.url"}, context={"folder": tmp_path}
    )
    refused = RECEIVERS[channel].send(outgoing(), settings=settings, access=access())
    assert (refused.kind, refused.code) == (OutcomeClass.CONFIG, "url_file")
    assert "CANARY" not in refused.detail
    with Server(answer(200)) as server:
        file.write_text(server.url("/CANARY/") + "\n")
        assert RECEIVERS[channel].send(outgoing(), settings=settings, access=access()).kind is OutcomeClass.OK


@pytest.mark.parametrize("channel", ADDRESS)
@pytest.mark.parametrize("written", [{}, {"x": "https://CANARY/"}, {"both": 1}], ids=["none", "another key", "both"])
def test_exactly_one_address_is_wanted(channel, written):
    key = ADDRESS[channel]
    given_ = {key: "https://h.example/CANARY", f"{key}_file": "f"} if "both" in written else written
    with pytest.raises(ValidationError) as refused:
        RECEIVERS[channel].Settings.model_validate(given_)
    assert "CANARY" not in str(refused.value)


def test_slack_is_told_the_channel_where_one_is_chosen():
    settings = slack.Settings.model_validate({"api_url": "https://h.example/", "channel": "#alerts"})
    assert json.loads(slack.render(MESSAGES["drill"], settings=settings, desk=DESK).body)["channel"] == "#alerts"
    assert "channel" not in body("slack", MESSAGES["drill"])


def test_a_message_is_the_same_bytes_again():
    assert datetime(2020, 7, 7, tzinfo=UTC) < MESSAGES["headline"].created_at
    for channel in ADDRESS:
        first, second = (
            RECEIVERS[channel].render(MESSAGES["headline"], settings=options(channel), desk=LINKED) for _ in range(2)
        )
        assert first == second


@pytest.mark.parametrize("channel", ADDRESS)
@pytest.mark.parametrize(
    "told", [pytest.param(notice(REPORT), id="alone"), pytest.param(notice(REPORT, HEADLINE), id="beside another")]
)
def test_a_title_is_quoted_with_whom_it_is_from_and_where_it_stands(channel, told):
    sent = json.dumps(body(channel, told))
    assert "https://news.example.org/r1" in sent
    assert "Le Jour" in sent
    assert "https://news.example.org/r1|Le Jour / Gao" in sent or channel != "slack", "a bar would end the label"
