"""The pages behind the links: what looks changes nothing, what is confirmed happens once."""

from __future__ import annotations

import http.client
import io
import json
import logging
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.installation import write_empty_store
from watcher import clock
from watcher.core.alert import Alert, State
from watcher.core.errors import ConfigError
from watcher.core.message.link import Action, Links, Ticket, write
from watcher.core.severity import Severity
from watcher.store import schema
from watcher.store.alerts import save_alert
from watcher.store.engine import Store
from watcher.store.reviews import acknowledgements
from watcher.web.counter import Counter
from watcher.web.key import own_key
from watcher.web.listening import AT_ONCE, REQUEST_LIMIT, Incoming
from watcher.web.page import Form, Page
from watcher.web.server import FORM_LIMIT, Door

KEY = b"a key for tests"
NOW = datetime(2020, 7, 7, 6, tzinfo=UTC)
NAME = "Deaths <b>above</b> pace"
ALERT = Alert(
    "0123456789abcdef",
    "deaths-above-pace",
    (("country", "MOZ"),),
    state=State.FIRING,
    severity=Severity.WARNING,
    worst=Severity.WARNING,
    episode=3,
    fired_at=NOW - timedelta(hours=1),
)
CONFIRMED = {"confirm": "yes", "by": "Ana", "note": "asked <them>"}


class Reply(NamedTuple):
    """What a browser got."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass
class House:
    """A door with an alert behind it."""

    store: Store
    now: datetime = NOW
    door: Door | None = field(default=None)

    def ask(self, method: str, path: str, *, form: dict[str, str] | None = None, headers: dict[str, str] | None = None):
        assert self.door is not None
        body = urlencode(form) if form is not None else None
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.door.port, timeout=5)
        connection.request(method, path, body=body, headers={**kind, **(headers or {})})
        reply = connection.getresponse()
        text = reply.read().decode()
        connection.close()
        return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, text)

    def raw(self, said: bytes) -> bytes:
        assert self.door is not None
        with socket.create_connection(("127.0.0.1", self.door.port), timeout=5) as sock:
            sock.sendall(said)
            sock.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: sock.recv(65_536), b""))

    def save(self, alert: Alert) -> None:
        with self.store.writing() as tx:
            save_alert(tx, alert)

    def changes(self) -> tuple[int, int, int]:
        """How many acknowledgements, silences and used links there are."""
        tables = (schema.acknowledgement, schema.silence, schema.link_use)
        with self.store.reading() as tx:
            first, second, third = (len(tx.execute(table.select()).all()) for table in tables)
            return first, second, third


@pytest.fixture
def house(tmp_path) -> Iterator[House]:
    write_empty_store(tmp_path / "watcher.db")
    with Store.open(f"sqlite:///{tmp_path / 'watcher.db'}") as store:
        house = House(store)
        house.save(ALERT)
        links = Links("https://watcher.example.org", KEY)
        counter = Counter(store, links, lambda: house.now, lambda _: NAME, instance="desk-1", timezone="Africa/Maputo")
        house.door = Door("127.0.0.1", 0, counter, deadline=timedelta(seconds=5))
        yield house
        house.door.close()


def link(action: Action = Action.ACK, **changes) -> str:
    ticket = Ticket(action, ALERT.fingerprint, 3, NOW + timedelta(days=14), "nonce")
    return f"/links/{write(ticket._replace(**changes), KEY)}"


# --- looking ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", Action)
def test_a_link_shows_what_it_would_do_and_does_nothing(house, action):
    reply = house.ask("GET", link(action))
    assert reply.status == 200
    assert "Deaths &lt;b&gt;above&lt;/b&gt; pace (MOZ)" in reply.body
    assert '<form method="post">' in reply.body
    assert house.changes() == (0, 0, 0)


def test_a_scanner_that_opens_every_link_again_and_again_changes_nothing(house):
    for _ in range(3):
        for method in ("GET", "HEAD"):
            for action in Action:
                assert house.ask(method, link(action)).status == 200
    assert house.changes() == (0, 0, 0)


def test_head_has_the_headers_of_get_and_no_page(house):
    got, headed = house.ask("GET", link()), house.ask("HEAD", link())
    assert headed.body == ""
    assert {**got.headers, "date": ""} == {**headed.headers, "date": ""}


def test_the_headers_are_strict(house):
    for path in (link(), "/", "/links/forged"):
        headers = house.ask("GET", path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["server"] == "watcher"


@pytest.mark.parametrize("path", ["/", "/links/", "/metrics", "/../etc/passwd", "//evil.example/x", "/link/x"])
def test_there_is_no_other_page(house, path):
    assert house.ask("GET", path).status == 404
    assert house.ask("POST", path, form=CONFIRMED).status == 404


def test_a_folder_before_links_is_the_proxys(house):
    assert house.ask("GET", f"/watcher{link()}").status == 200


# --- doing ------------------------------------------------------------------------------------------------------------


def test_confirming_acknowledges_in_the_name_that_was_typed(house):
    reply = house.ask("POST", link(), form={**CONFIRMED, "for": "3d"})
    assert reply.status == 200
    assert "It is acknowledged by Ana on 7 Jul 2020, 08:00 Africa/Maputo until 10 Jul 2020" in reply.body
    with house.store.reading() as tx:
        [said] = acknowledgements(tx)
    assert (said.author, said.note, said.episode, said.until) == ("Ana", "asked <them>", 3, NOW + timedelta(days=3))
    assert "acknowledged by Ana" in house.ask("GET", link(Action.MUTE, nonce="other")).body


def test_confirming_mutes_this_alert_for_seven_days(house):
    reply = house.ask("POST", link(Action.MUTE), form={"confirm": "yes", "by": " "})
    assert "until 14 Jul 2020, 08:00 Africa/Maputo" in reply.body
    with house.store.reading() as tx:
        [row] = tx.execute(schema.silence.select()).mappings()
    assert json.loads(row["matchers"]) == [f'alertname="{NAME}"', 'country="MOZ"']
    assert (row["starts_at"], row["ends_at"], row["author"]) == (NOW, NOW + timedelta(days=7), "somebody with the link")


def test_a_link_works_once(house):
    assert house.ask("POST", link(), form=CONFIRMED).status == 200
    again = house.ask("POST", link(), form={**CONFIRMED, "by": "Ben"})
    assert again.status == 409
    assert "By Ana on 7 Jul 2020, 08:00 Africa/Maputo; each link works once." in again.body
    assert house.ask("GET", link()).status == 409
    assert house.changes() == (1, 0, 1)


REFUSED = [
    pytest.param(("/links/ack/0123456789abcdef/3/1595311200/nonce/forged", {}, NOW, 403, "not valid"), id="forged"),
    pytest.param((link()[:-1], {}, NOW, 403, "not valid"), id="cut by a mail program"),
    pytest.param((link(), {}, NOW + timedelta(days=14), 410, "too old"), id="too old"),
    pytest.param((link(episode=2), {}, NOW, 410, "is over"), id="an earlier episode"),
    pytest.param((link(fingerprint="ffff"), {}, NOW, 410, "no such alert"), id="no such alert"),
    pytest.param((link(), {"state": State.RESOLVED}, NOW, 410, "is over"), id="the alert has ended"),
]


@pytest.mark.parametrize("refused", REFUSED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_cannot_be_done_gets_a_clear_page(house, method, refused):
    path, changes, now, status, title = refused
    house.save(replace(ALERT, **changes))
    house.now = now
    reply = house.ask(method, path, form=CONFIRMED if method == "POST" else None)
    assert reply.status == status
    assert title in re.findall("<h1>(.*?)</h1>", reply.body)[0]
    assert "<form" not in reply.body
    assert house.changes() == (0, 0, 0)


@pytest.mark.parametrize(
    ("form", "headers", "status"),
    [
        pytest.param({"by": "Ana"}, {}, 400, id="without the confirmation"),
        pytest.param(CONFIRMED, {"Content-Type": "application/json"}, 400, id="not a form"),
        pytest.param(CONFIRMED, {"Sec-Fetch-Site": "cross-site"}, 403, id="from another site"),
        pytest.param({**CONFIRMED, "note": "x" * FORM_LIMIT}, {}, 413, id="too large"),
        pytest.param({str(n): "x" for n in range(30)}, {}, 400, id="too many fields"),
    ],
)
def test_a_form_that_nobody_filled_in_here_does_nothing(house, form, headers, status):
    assert house.ask("POST", link(), form=form, headers=headers).status == status
    assert house.changes() == (0, 0, 0)


# --- manners ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused_without_a_word_of_what_was_asked(house, method):
    reply = house.ask(method, "/<script>CANARY")
    assert reply.status == 501
    assert "CANARY" not in reply.body


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"nonsense\r\n\r\n", id="no request"),
        pytest.param(b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", id="a line without end"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000 + b"\r\n", id="headers without end"),
        pytest.param(b"POST /links/x HTTP/1.1\r\nContent-Length: -1\r\n\r\n", id="a negative length"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
        pytest.param(b"GET http://[/links/x HTTP/1.1\r\n\r\n", id="half an address"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_nonsense_gets_no_traceback_and_the_next_caller_is_served(house, said, capfd):
    try:
        answer = house.raw(said)
    except OSError:
        answer = b""
    assert b"Traceback" not in answer
    assert len(said) < REQUEST_LIMIT or b"200" not in answer[:20]
    assert house.ask("GET", link()).status == 200
    assert capfd.readouterr().err == ""


def test_a_caller_that_says_nothing_is_hung_up_on(house, tmp_path):
    house.door.close()
    counter = Counter(house.store, Links("https://x.example", KEY), lambda: house.now, lambda _: NAME)
    house.door = Door("127.0.0.1", 0, counter, deadline=timedelta(milliseconds=50))
    with socket.create_connection(("127.0.0.1", house.door.port), timeout=5) as sock:
        sock.sendall(b"GET /links/x HTTP/1.1\r\nHost:")
        assert sock.recv(100) == b""


def test_a_caller_that_never_ends_is_heard_up_to_a_moment_and_a_size():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"x" * 100)
        assert io.BufferedReader(Incoming(ours, until=clock.monotonic() + 5, room=10)).read() == b"x" * 10
        with pytest.raises(TimeoutError):
            Incoming(ours, until=clock.monotonic() - 1, room=10).readinto(bytearray(5))


def test_only_so_many_are_served_at_once(house):
    waiting = [socket.create_connection(("127.0.0.1", house.door.port), timeout=5) for _ in range(AT_ONCE)]
    try:
        with socket.create_connection(("127.0.0.1", house.door.port), timeout=5) as late:
            assert late.recv(100) == b""
    finally:
        for sock in waiting:
            sock.close()


def test_a_link_stands_in_no_log(house, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    house.ask("GET", link())
    house.ask("POST", link(), form=CONFIRMED)
    house.ask("GET", "/links/CANARY")
    told = caplog.text + "".join(capfd.readouterr())
    assert "nonce" not in told
    assert "CANARY" not in told


def test_a_port_that_is_taken_is_said_in_words(house):
    with pytest.raises(ConfigError) as refused:
        Door("127.0.0.1", house.door.port, None)  # type: ignore[arg-type]
    [problem] = refused.value.problems
    assert f"cannot listen at 127.0.0.1:{house.door.port}" in problem.summary
    assert "web.listen" in problem.hint


@given(st.text(max_size=40))
def test_a_page_is_html_whatever_is_said_on_it(text):
    document = Page(text, (text,), form=Form(text, {text: text})).html(text).decode()
    inside = re.sub(r"<(/?[a-z1]+( [a-z-]+(=\"[^\"<>]*\")?)*|!doctype html)>", "", document)
    assert "<" not in re.sub(r"<style>.*?</style>", "", inside)


# --- the key ----------------------------------------------------------------------------------------------------------


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path):
    key = own_key(tmp_path)
    assert own_key(tmp_path) == key
    assert len(key) >= 32
    assert (tmp_path / "links.key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_can_read_is_not_used(tmp_path):
    own_key(tmp_path)
    (tmp_path / "links.key").chmod(0o644)
    with pytest.raises(ConfigError, match="others can read the file"):
        own_key(tmp_path)
