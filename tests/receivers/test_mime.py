from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP, default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.notices import ANY_TEXT, CLAIM, DESK, ENDED, HEADLINE, any_notice, item, notice, transition
from watcher.core.message import Desk, Notification, NotifyReason, dedup_key
from watcher.core.message.link import Links
from watcher.core.message.wording import subject, text
from watcher.receivers import mime
from watcher.receivers.html import html
from watcher.receivers.mime import (
    SUBJECT_LIMIT,
    address,
    addressed,
    clean_body,
    clean_header,
    domain,
    message_id,
    to_mime,
)

HEADERS = ["Subject", "Date", "Auto-Submitted", "In-Reply-To", "References", "MIME-Version", "Content-Type"]
ALONE = [name for name in HEADERS if name not in {"In-Reply-To", "References"}]
PART = ["Content-Type", "Content-Transfer-Encoding"]
ATTACKS = (
    "=?utf-8?q?x=0D=0ABcc:_evil@example.org?=",
    "=?utf-8?b?eA0KQmNjOiBldmlsQGV4YW1wbGUub3Jn?=",
    "a\r\nBcc: evil@example.org",
    "a\nBcc: evil@example.org",
    "a\r\n\r\n<script>",
    "a\u2028Bcc: evil@example.org",
    "a\x85Bcc: evil@example.org",
    "=\u200b?utf-8?q?=0D=0ABcc:_evil@example.org?=",
    "\ud83d",
    "\u202egro.elpmaxe@live :ccB",
    "x" * 5_000,
    "é" * 500,
    "a" * 70 + " =?utf-8?q?=0D=0ABcc:_e@example.org?= " + "b" * 70,
)
SUBJECTS = st.one_of(
    st.sampled_from(ATTACKS),
    ANY_TEXT,
    st.lists(st.sampled_from(["=?", "?=", "utf-8?q?", "=0D=0A", "Bcc:", " ", "é", "\n", "\r", "=", "?", "_"])).map(
        "".join
    ),
)


def parsed(body: bytes) -> EmailMessage:
    message = message_from_bytes(body, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def parts_of(message: EmailMessage) -> list[EmailMessage]:
    return [part for part in message.iter_parts() if isinstance(part, EmailMessage)]


def spoken_subject(message: EmailMessage) -> str:
    """The subject as a mail program decodes it, encoded words and all."""
    raw = next(value for name, value in message.raw_items() if name == "Subject")
    return str(make_header(decode_header(str(raw).replace("\r\n", ""))))


# --- the message -------------------------------------------------------------------------------------------------------


def test_the_message_holds_the_text_and_the_same_in_html():
    told = notice(HEADLINE)
    message = parsed(to_mime(told, DESK))
    plain, marked_up = parts_of(message)
    assert message.keys() == HEADERS
    assert message["Subject"] == subject(told, DESK)
    assert message["Date"] == "Tue, 07 Jul 2020 06:00:03 +0000"
    assert message.get_content_type() == "multipart/alternative"
    assert (plain.get_content_type(), plain.get_content().replace("\r\n", "\n")) == ("text/plain", text(told, DESK))
    assert (marked_up.get_content_type(), marked_up.get_content().replace("\r\n", "\n")) == (
        "text/html",
        html(told, DESK),
    )


def test_the_same_notification_is_the_same_bytes():
    told = notice(HEADLINE, CLAIM)
    assert to_mime(told, DESK) == to_mime(replace(told), DESK)


def test_lines_are_short_and_plain_and_end_as_mail_wants_it():
    told = notice(item(transition(evidence={"headline": "é" * 300, "sentence": "é" * 9_000})))
    body = to_mime(told, DESK)
    assert body.isascii()
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert max(map(len, body.split(b"\r\n"))) <= 78


def test_all_messages_of_an_episode_are_one_conversation():
    keys = {
        dedup_key(DESK.instance, told.transition.fingerprint, told.transition.episode) for told in (HEADLINE, ENDED)
    }
    [key] = keys
    for told in (HEADLINE, ENDED):
        message = parsed(to_mime(notice(told), DESK))
        assert (message["In-Reply-To"], message["References"]) == (f"<{key}@desk-1>", f"<{key}@desk-1>")


def test_a_message_about_several_alerts_belongs_to_each_conversation():
    message = parsed(to_mime(notice(HEADLINE, CLAIM), DESK))
    assert len(message["References"].split()) == 2
    assert message["In-Reply-To"] == message["References"].split()[0]


def test_a_message_names_ten_conversations_at_most():
    told = notice(*(item(transition(fingerprint=f"{number:016x}")) for number in range(30)))
    body = to_mime(told, replace(DESK, instance="a-very-long-name.of-an-installation.example.org"))
    assert len(parsed(body)["References"].split()) == 10
    assert b"=?" not in body


def test_a_test_message_belongs_to_none():
    message = parsed(to_mime(notice(reason=NotifyReason.DRILL), DESK))
    assert message.keys() == ALONE


# --- what sources write cannot become a header ----------------------------------------------------------------------------


def headlined(headline: str) -> Notification:
    return notice(item(transition(evidence={"headline": headline, "sentence": headline, "what": headline})))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: ascii(attack)[:40])
def test_no_known_attack_adds_a_header(attack):
    message = parsed(to_mime(headlined(attack), DESK))
    assert message.keys() == HEADERS
    assert [part.keys() for part in parts_of(message)] == [PART, [*PART, "MIME-Version"]]
    assert "Bcc" not in message
    # Python from 3.11.10 on keeps the line break inside the word, for the reader's program to stumble over.
    assert not set(spoken_subject(message)) & set("\r\n\u2028\x85")


@given(any_notice())
@settings(max_examples=40, deadline=None)
def test_whatever_a_source_writes_the_headers_are_ours(told):
    notification, desk = told
    body = to_mime(notification, desk)
    message = parsed(body)
    assert message.keys() == (HEADERS if notification.items else ALONE)
    assert [part.get_content_type() for part in parts_of(message)] == ["text/plain", "text/html"]
    assert body.isascii()


@given(SUBJECTS)
@settings(deadline=None)
def test_a_cleaned_header_stays_one_header(written):
    message = EmailMessage(policy=SMTP)
    message["Subject"] = clean_header(written)
    message["X-Last"] = "yes"
    message.set_content("")
    found = parsed(message.as_bytes())
    assert found.keys()[:2] == ["Subject", "X-Last"]
    assert set(found.keys()) == {"Subject", "X-Last", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        pytest.param("deaths 31 % above 2019 pace", "deaths 31 % above 2019 pace", id="plain text stays"),
        pytest.param("  Ménaka\t\r\n Région ", "Ménaka Région", id="spaces are one"),
        pytest.param("=?utf-8?q?a?=", "=\u200b?utf-8?q?a?=", id="an encoded word is broken"),
        pytest.param("=\u200b?utf-8?q?a?=", "= ?utf-8?q?a?=", id="also one that was broken before"),
        pytest.param("a\u202eb\ufeffc\ud800d\x00e", "a b c d e", id="nothing is hidden"),
        pytest.param("x" * 300, "x" * SUBJECT_LIMIT, id="long text is cut"),
    ],
)
def test_a_header_is_cleaned(written, cleaned):
    assert clean_header(written) == cleaned


def test_a_body_keeps_its_lines_and_nothing_that_commands_a_terminal():
    assert clean_body("a\r\nb\tc\x1b[2J\x00\x9b\ud800é") == "a\nb\tc [2J   é"


# --- addresses and ids -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("desk@example.org", "desk@example.org"),
        (" duty.officer+night@mail.example.org ", "duty.officer+night@mail.example.org"),
        ("The desk <desk@example.org>", "desk@example.org"),
        ("desk@localhost", "desk@localhost"),
        ("x@xn--caf-dma.example", "x@xn--caf-dma.example"),
    ],
)
def test_an_address_is_read(written, found):
    assert address(written) == found


@pytest.mark.parametrize(
    "written",
    [
        "",
        "desk",
        "@example.org",
        "desk@",
        "desk@example..org",
        "desk@-example.org",
        ".desk@example.org",
        "desk@example.org\r\nBcc: evil@example.org",
        "desk@example.org>\r\nRCPT TO:<evil@example.org",
        "a@b <c@d",
        "a, b <c@d.example>",
        "<a@b.example> <c@d.example>",
        "dès@example.org",
        "desk@exämple.org",
        "desk @example.org",
        "desk@[127.0.0.1]",
        '"desk"@example.org',
        "x" * 250 + "@example.org",
    ],
)
def test_what_is_no_plain_address_is_refused(written):
    with pytest.raises(ValueError, match="expected a mail address"):
        address(written)


@given(ANY_TEXT)
@settings(deadline=None)
def test_any_name_of_an_installation_makes_an_id(instance):
    made = message_id("msg_1", "dlv_1", instance)
    assert re.fullmatch(r"<msg_1\.dlv_1@[A-Za-z0-9]([A-Za-z0-9.-]{0,28}[A-Za-z0-9])?>", made)


@pytest.mark.parametrize(
    ("instance", "found"),
    [
        ("watcher.example.org", "watcher.example.org"),
        ("Désk 1, Maputo", "Desk-1-Maputo"),
        ("..a..b-.", "a.b"),
        ("東京", "watcher"),
        ("", "watcher"),
    ],
)
def test_the_name_of_an_installation_becomes_a_domain(instance, found):
    assert domain(instance) == found


@pytest.mark.parametrize(
    ("recipient", "to"), [("duty@example.org", "duty@example.org"), ("", "undisclosed-recipients:;")]
)
def test_a_delivery_adds_its_three_headers_in_front(recipient, to):
    stored = to_mime(notice(HEADLINE), DESK)
    body = addressed(stored, sender="watcher@example.org", recipient=recipient, message_id="<a@b>")
    message = parsed(body)
    assert body.endswith(stored)
    assert message.keys() == ["From", "To", "Message-ID", *HEADERS]
    assert (message["From"], message["To"], message["Message-ID"]) == ("watcher@example.org", to, "<a@b>")
    assert not message.defects


def test_desks_without_a_name_can_write():
    assert parsed(to_mime(notice(HEADLINE), Desk(instance=""))).keys() == HEADERS


def test_a_header_that_comes_in_all_the_same_is_found_and_costs_the_subject(monkeypatch):
    monkeypatch.setattr(mime, "clean_header", lambda line: line)
    attack = "=?utf-8?q?=0D=0ABcc:_x@example.org?="
    told = notice(replace(HEADLINE, summary=attack))
    raw = mime.to_mime(told, DESK)
    message = parsed(raw)
    assert "bcc" not in {name.lower() for name in message}
    if attack not in str(message["Subject"]):
        assert str(message["Subject"]) == f"[WATCHER] message {told.id}"


def test_links_are_in_both_parts():
    linked = replace(DESK, links=Links("https://watcher.example.org", b"key"))
    message = parsed(to_mime(notice(HEADLINE), linked))
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        assert "https://watcher.example.org/links/ack/0123456789abcdef/1/" in part.get_content()
