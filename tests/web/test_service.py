"""The service door: health, readiness, metrics, and records that a desk's own tool sends."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from tests.installation import installed
from watcher.core.selector import EVERYTHING
from watcher.log import configure
from watcher.push import Inlet, Inlets
from watcher.store.events import find_events
from watcher.web.listening import AT_ONCE
from watcher.web.service import Pulse, Service, ServiceDoor

SETTINGS = """\
sources:
  log:
    kind: table
    query_offset: 0d
    bad_rows: 0.5
    options: {columns: {id: ref, date: day, country: land, location: place, fatalities: dead}}
"""
ROW = '{"ref": "R%s", "day": "2020-05-28", "land": "Mozambique", "place": "Palma", "dead": %s}\n'
TOKEN = "a token of the desk"


class House:
    """An installation with a service door."""

    def __init__(self, it, address=("127.0.0.1", 0), *, token: str | None = None, per_minute: int = 60) -> None:
        self.it = it
        self.pulse = Pulse(timedelta(seconds=3), "")
        inlet = Inlet(it.app.feeds["log"], SecretStr(TOKEN), 4_096, per_minute)
        inlets = Inlets({"log": inlet}, it.app.pullers.spool, it.app.store, lambda: it.now)
        secret = None if token is None else SecretStr(token)
        service = Service(it.app.store, it.app.feeds, inlets, lambda: self.pulse, lambda: it.now, token=secret)
        self.door = ServiceDoor(address, service)
        self.address = address

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str):
        connection = http.client.HTTPConnection("127.0.0.1", self.door.port, timeout=5)
        if self.door.port == 0:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(str(self.address))
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())

    def send(self, *rows: str, key: str = "", token: str = TOKEN, source: str = "log"):
        headers = {"Authorization": f"Bearer {token}", **({"Idempotency_Key": key} if key else {})}
        status, body, extra = self.ask("POST", f"/ingest/{source}", "".join(rows).encode(), **headers)
        return status, json.loads(body), extra


@pytest.fixture
def house(tmp_path):
    with installed(tmp_path, settings=SETTINGS) as it:
        it.turn("2020-06-01 12:00")
        made = House(it)
        yield made
        made.door.close()


def test_health_is_whether_turns_end(house):
    assert house.ask("GET", "/healthz")[:2] == (200, b"ok\n")
    house.pulse = Pulse(timedelta(minutes=12), "")
    assert house.ask("GET", "/healthz")[:2] == (503, b"no turn has ended for 720 seconds\n")


def test_readiness_is_whether_the_rules_load_and_the_store_is_read(house):
    assert house.ask("GET", "/readyz")[:2] == (200, b"ok\n")
    house.pulse = Pulse(timedelta(seconds=1), "rules/r.yaml:3:1: error: what")
    assert house.ask("GET", "/readyz")[:2] == (503, b"rules/r.yaml:3:1: error: what\n")


def test_metrics_are_read_by_prometheus_own_parser(house):
    house.send(ROW % (1, 12))
    house.it.turn("2020-06-01 12:05")
    status, body, headers = house.ask("GET", "/metrics")
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }
    assert found["watcher_alerts", "firing", "warning"] == 1
    assert found["watcher_source_records", "added", "log"] == 1
    assert found["watcher_source_stale", "log"] == 0
    assert found["watcher_rules",] == 1
    assert found["watcher_deliveries", "delivered"] == 1


def test_what_is_sent_is_judged_at_the_next_turn(house):
    status, said, _ = house.send(ROW % (1, 12), ROW % (2, '"many"'))
    assert status == 202
    assert (said["rows"], said["unreadable"], said["first_unreadable"][0]["column"]) == (2, 1, "fatalities")
    done = house.it.turn("2020-06-01 12:05")
    assert [(each.name, each.added, each.quarantined) for each in done.ingested] == [("pushed 20200601T120000Z", 1, 1)]
    assert [alert.state for alert in house.it.alerts().values()] == ["firing"]


def test_what_is_sent_again_under_its_key_is_taken_once(house):
    first = house.send(ROW % (1, 12), key="monday")
    again = house.send(ROW % (1, 12), key="monday")
    assert (first[0], again[0], again[1]) == (202, 200, first[1])
    house.it.turn("2020-06-01 12:05")
    with house.it.app.store.reading() as tx:
        assert len(list(find_events(tx, EVERYTHING))) == 1


@pytest.mark.parametrize("forgets", [False, True], ids=["at once", "after it was started anew"])
def test_other_rows_under_the_same_key_are_refused_for_they_would_be_lost(house, forgets):
    house.send(ROW % (1, 12), key="monday")
    if forgets:
        house.door._server.desk.inlets._known.clear()
    status, said, _ = house.send(ROW % (2, 12), key="monday")
    assert (status, said["todo"]) == (422, "send them under a key of their own")
    assert house.send(ROW % (1, 12), key="monday")[0] in {200, 202}
    assert len(house.it.app.pullers.spool.batches("log")) == 1


def test_long_keys_that_begin_alike_are_two(house):
    assert [house.send(ROW % (n, 12), key=f"{'k' * 300}{n}")[0] for n in range(2)] == [202, 202]
    assert len(house.it.app.pullers.spool.batches("log")) == 2


REFUSED = [
    pytest.param({"token": "guessed"}, 401, "no such source, or not its token", id="another token"),
    pytest.param({"token": ""}, 401, "no such source, or not its token", id="no token"),
    pytest.param({"source": "acled"}, 401, "no such source, or not its token", id="a source that takes nothing"),
]


@pytest.mark.parametrize(("how", "status", "words"), REFUSED)
def test_nobody_sends_without_the_token(house, how, status, words):
    got, said, _ = house.send(ROW % (1, 12), **how)
    assert (got, said["error"]) == (status, words)


def test_too_much_at_once_and_too_bad_are_refused_with_the_reason(house):
    status, said, _ = house.send(ROW % (1, 12) * 100)
    assert (status, "more than the 4,096 bytes" in said["error"]) == (413, True)
    status, said, _ = house.send('{"ref": 1}\n', '{"ref": 2\n')
    assert (status, said["error"], said["unreadable"]) == (422, "too many rows cannot be read", 2)


def test_too_often_is_refused_with_how_long_to_wait(tmp_path):
    with installed(tmp_path, settings=SETTINGS) as it:
        it.turn("2020-06-01 12:00")
        house = House(it, per_minute=2)
        statuses = [house.send(ROW % (n, 1))[0] for n in range(3)]
        assert statuses == [202, 202, 429]
        assert house.send(ROW % (9, 1))[2]["Retry-After"] == "61"
        house.door.close()


def test_it_listens_on_a_socket_in_a_folder(tmp_path):
    with installed(tmp_path, settings=SETTINGS) as it:
        path = tmp_path / "service.sock"
        house = House(it, path)
        assert house.ask("GET", "/healthz")[0] == 200
        house.door.close()
        assert not path.exists()
        House(it, path).door.close()


def test_elsewhere_nobody_is_answered_without_the_token(tmp_path):
    with installed(tmp_path, settings=SETTINGS) as it:
        house = House(it, token="for probes")
        assert house.ask("GET", "/metrics")[0] == 401
        assert house.ask("GET", "/metrics", Authorization="Bearer for probes")[0] == 200
        house.door.close()


@pytest.mark.parametrize("path", ["/", "/links/x", "/metrics/../etc/passwd", "/ingest/log"])
def test_there_is_nothing_else_to_get(house, path):
    assert house.ask("GET", path)[0] == 404


def test_half_a_body_is_nothing(house):
    with socket.create_connection(("127.0.0.1", house.door.port), timeout=5) as sock:
        start = f"POST /ingest/log HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 500\r\n\r\n"
        sock.sendall(start.encode() + (ROW % (1, 1)).encode())
        sock.shutdown(socket.SHUT_WR)
        assert b" 400 " in sock.recv(1_000)
    assert house.it.app.pullers.spool.batches("log") == []


def raw(house, head: str, body: str = ROW % (1, 12)) -> bytes:
    with socket.create_connection(("127.0.0.1", house.door.port), timeout=5) as sock:
        answer = b""
        # Of a body that it does not read we are told by a reset, after the answer.
        with suppress(ConnectionError):
            sock.sendall(f"{head}\r\n\r\n{body}".encode())
            while piece := sock.recv(65_536):
                answer += piece
        return answer


SENT = f"POST /ingest/log HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n"
LENGTH = len(ROW % (1, 12))


@pytest.mark.parametrize(
    ("head", "status", "words"),
    [
        pytest.param(
            f"{SENT}Content-Length: {LENGTH}\r\nTransfer-Encoding: chunked",
            b"411",
            b"Content-Length is needed, and no Transfer-Encoding",
            id="in pieces",
        ),
        pytest.param(
            f"{SENT}Content-Length: {LENGTH}\r\nContent-Length: 3", b"400", b"understood", id="of two lengths"
        ),
        pytest.param(
            f"{SENT}odd\r\nContent-Length: {LENGTH}", b"400", b"understood", id="with a line that is no header"
        ),
        pytest.param("GET /healthz", b"400", b"understood", id="of the nineties"),
        pytest.param("PUT /<script> HTTP/1.1", b"501", b"understood", id="of another kind, and its words are not said"),
        pytest.param("GET http://[/healthz HTTP/1.1", b"404", b"there are: /healthz", id="for half an address"),
    ],
)
def test_what_a_proxy_may_understand_otherwise_is_refused_whole(house, head, status, words):
    answer = raw(house, head)
    assert answer.startswith(b"HTTP/1.0 " + status)
    assert words in answer
    assert b"script" not in answer
    assert house.it.app.pullers.spool.batches("log") == []


def test_a_fault_of_ours_is_logged_without_the_text_of_the_request(house, capsys, monkeypatch):
    monkeypatch.setattr(Service, "health", lambda _: int("CANARY"))
    configure(style="json")
    assert raw(house, "GET /healthz HTTP/1.1") == b""
    monkeypatch.undo()
    assert house.ask("GET", "/healthz")[0] == 200
    said = capsys.readouterr().err
    line = json.loads(said)
    assert (line["event"], line["fault"]) == ("a request could not be served", "ValueError")
    assert line["where"].startswith("test_service.py:")
    assert "CANARY" not in said


def test_when_no_thread_is_to_be_had_the_door_is_open_again_afterwards(house, monkeypatch):
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as starved:
        starved.setattr(threading.Thread, "start", refuse)
        assert [raw(house, "GET /healthz HTTP/1.1") for _ in range(AT_ONCE)] == [b""] * AT_ONCE
    assert house.ask("GET", "/healthz")[0] == 200
