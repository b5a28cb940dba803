from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.notices import DESK, ENDED, HEADLINE, item, notice
from watcher.core.acknowledgement import Acknowledgement
from watcher.core.message.link import LIFETIME, Action, ForgedError, Links, Ticket, read, write
from watcher.core.message.passage import actions, passage
from watcher.core.message.wording import text
from watcher.core.severity import Severity

KEY = b"a key for tests"
LINKS = Links("https://watcher.example.org", KEY)
LINKED = replace(DESK, links=LINKS)
TICKET = Ticket(Action.ACK, "0123456789abcdef", 3, datetime(2020, 7, 21, 6, tzinfo=UTC), "nonce")

_TICKETS = st.builds(
    Ticket,
    st.sampled_from(Action),
    st.text(max_size=20),
    st.integers(0, 10**6),
    st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    st.text("abc-_0", min_size=1, max_size=16),
)


@given(_TICKETS)
def test_what_we_wrote_we_read(ticket):
    assert read(write(ticket, KEY), KEY) == ticket


def test_a_link_that_is_spelt_otherwise_is_forged():
    token = write(TICKET._replace(fingerprint="a*b"), KEY)
    assert "%2A" in token
    with pytest.raises(ForgedError):
        read(token.replace("%2A", "%2a"), KEY)


@given(ticket=_TICKETS, at=st.integers(0, 200), letter=st.sampled_from("aA0/%.é\x00"))
def test_a_link_that_was_changed_anywhere_is_forged(ticket, at, letter):
    token = write(ticket, KEY)
    at %= len(token)
    changed = token[:at] + letter + token[at + 1 :]
    if changed != token:
        with pytest.raises(ForgedError):
            read(changed, KEY)


@pytest.mark.parametrize(
    "token",
    ["", "/", "a/b/c/d/e/f", "ack/0/1/2/n", "ack/0/1/2/n/", "x" * 5000, write(TICKET, b"another key"), "ack/é/1/2/n/ü"],
)
def test_what_we_did_not_write_is_forged(token):
    with pytest.raises(ForgedError):
        read(token, KEY)


def test_a_signature_is_for_one_action_only():
    with pytest.raises(ForgedError):
        read(write(TICKET, KEY).replace("ack/", "mute/", 1), KEY)


def test_parts_cannot_be_shifted_into_each_other():
    first = write(TICKET._replace(fingerprint="a1", episode=2), KEY).rpartition("/")[2]
    second = write(TICKET._replace(fingerprint="a", episode=12), KEY).rpartition("/")[2]
    assert first != second


def test_a_message_has_its_own_links_and_the_same_ones_again():
    told, other = notice(HEADLINE), notice(HEADLINE, endpoint="duty/email/1")
    urls = [link.url for link in actions(HEADLINE, told, LINKED)]
    assert urls == [link.url for link in actions(HEADLINE, told, LINKED)]
    assert not set(urls) & {link.url for link in actions(HEADLINE, other, LINKED)}
    for url, action in zip(urls, Action, strict=True):
        ticket = read(url.removeprefix("https://watcher.example.org/links/"), KEY)
        assert (ticket.action, ticket.fingerprint, ticket.episode) == (action, "0123456789abcdef", 1)
        assert ticket.expires == (told.created_at + LIFETIME).replace(microsecond=0)


def test_what_is_over_has_no_links_and_without_a_door_there_are_none():
    assert actions(ENDED, notice(ENDED), LINKED) == ()
    assert actions(HEADLINE, notice(HEADLINE), DESK) == ()


def test_the_text_names_the_links_in_the_place_of_the_command():
    said = text(notice(HEADLINE), LINKED)
    assert "Acknowledge: https://watcher.example.org/links/ack/0123456789abcdef/" in said
    assert "Mute 7 days: https://watcher.example.org/links/mute/0123456789abcdef/" in said
    assert "watcher ack" not in said


def test_the_key_is_not_shown():
    assert "a key for tests" not in repr(LINKED)


def test_a_message_says_who_looks_after_it():
    moment = datetime(2020, 7, 7, 7, tzinfo=UTC)
    seen = Acknowledgement("0123", 1, Severity.WARNING, moment, moment + timedelta(days=1), "Ana", "asked them")
    told = item(acknowledgement=seen)
    [changed] = [each for each in passage(told, notice(told), DESK).sections if each.label == "CHANGED"]
    line = "Acknowledged by Ana on 7 Jul 2020, 09:00 Africa/Maputo until 8 Jul 2020, 09:00 Africa/Maputo: asked them."
    assert line in [entry.text for entry in changed.entries]
