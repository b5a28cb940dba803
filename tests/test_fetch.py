"""Fetching over the network: the whole answer or none, and no credential to another host."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest

from tests.zoo import Server, answer, hang, say, trickle
from watcher.net import Egress, EgressFailed, EgressRefused, Fault

LOOPBACK = ("127.0.0.0/8",)
LIMIT = 100_000


def fetch(url: str, *, deadline: float = 5, limit: int = LIMIT, **options):
    egress = Egress(allow_networks=LOOPBACK)
    headers = options.pop("headers", {"Authorization": "Bearer secret", "Accept": "*/*"})
    return egress.fetch(url, headers=headers, deadline=timedelta(seconds=deadline), limit=limit, **options)


def failing(url: str, **options) -> Fault:
    with pytest.raises(EgressFailed) as caught:
        fetch(url, **options)
    return caught.value.kind


def test_the_whole_answer_is_read():
    body = bytes(range(256)) * 300
    with Server(answer(200, body=body)) as server:
        reply = fetch(server.url("/data?a=1"))
    assert (reply.status, reply.body) == (200, body)
    assert server.requests[0].line == "GET /data?a=1 HTTP/1.1"


def test_a_body_is_posted():
    with Server(answer(200, body=b"{}")) as server:
        fetch(server.url(), body=b"grant_type=password")
    assert server.requests[0].line.startswith("POST ")
    assert server.requests[0].body == b"grant_type=password"


@pytest.mark.parametrize("encoding", ["gzip", "GZIP"])
def test_a_packed_answer_is_unpacked(encoding):
    with Server(answer(200, body=gzip.compress(b"a,b\n" * 1_000), Content_Encoding=encoding)) as server:
        assert fetch(server.url()).body == b"a,b\n" * 1_000


@pytest.mark.parametrize("padding", [b"", b"\0" * 300], ids=["one behind the other", "with zeros between them"])
def test_an_answer_that_is_packed_in_pieces_is_unpacked_whole(padding):
    pieces = [gzip.compress(b"id,date\n"), gzip.compress(b"1,2\n" * 30_000), gzip.compress(b"2,3\n")]
    with Server(answer(200, body=padding.join(pieces) + padding, Content_Encoding="gzip")) as server:
        assert fetch(server.url(), limit=200_000).body == b"id,date\n" + b"1,2\n" * 30_000 + b"2,3\n"


@pytest.mark.parametrize("status", [204, 304])
def test_nothing_may_be_said_to_be_packed(status):
    with Server(say(b"HTTP/1.1 %d x\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n" % status)) as server:
        assert fetch(server.url()).body == b""


FAULTS = [
    pytest.param(answer(200, body=b"x" * 200), {"limit": 100}, Fault.TOO_LARGE, id="more than it may have"),
    pytest.param(
        answer(200, body=gzip.compress(b"0" * 5_000_000), Content_Encoding="gzip"),
        {},
        Fault.TOO_LARGE,
        id="a little that unpacks to a lot",
    ),
    pytest.param(
        answer(200, body=b"no gzip at all", Content_Encoding="gzip"), {}, Fault.PROTOCOL, id="packed, and damaged"
    ),
    pytest.param(
        answer(200, body=gzip.compress(b"a,b\n" * 1_000)[:-9], Content_Encoding="gzip"),
        {},
        Fault.PROTOCOL,
        id="packed, and cut off before it was sent",
    ),
    pytest.param(
        answer(200, body=gzip.compress(b"a,b\n") + b"rest", Content_Encoding="gzip"),
        {},
        Fault.PROTOCOL,
        id="packed, with something behind it",
    ),
    pytest.param(answer(302, Location="http://[/"), {}, Fault.REDIRECT, id="sends us on to no address"),
    pytest.param(say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), {}, Fault.PROTOCOL, id="cut off half-way"),
    pytest.param(hang, {"deadline": 0.3}, Fault.TIMEOUT, id="never answers"),
    pytest.param(
        trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"."),
        {"deadline": 0.4},
        Fault.TIMEOUT,
        id="trickles for ever",
    ),
    pytest.param(answer(302, Location="/again"), {}, Fault.REDIRECT, id="sends us round in a circle"),
]


@pytest.mark.parametrize(("act", "options", "fault"), FAULTS)
def test_half_an_answer_is_none(act, options, fault):
    with Server(act) as server:
        assert failing(server.url(), **options) is fault


def test_a_redirect_is_followed_and_credentials_stay_with_their_host():
    with Server(answer(200, body=b"here")) as other, Server(answer(301, Location=other.url("/moved"))) as first:
        assert fetch(first.url("/old")).body == b"here"
    assert first.requests[0].headers["authorization"] == "Bearer secret"
    assert "authorization" not in other.requests[0].headers
    assert other.requests[0].headers["accept"] == "*/*"


def test_a_redirect_within_a_host_keeps_them():
    with Server(answer(307, Location="/new"), answer(200, body=b"here")) as server:
        fetch(server.url("/old"))
    assert [each.headers.get("authorization") for each in server.requests] == ["Bearer secret"] * 2


def test_a_redirect_is_guarded_like_the_first_request():
    with (
        Server(answer(302, Location="http://169.254.169.254/latest/meta-data")) as server,
        pytest.raises(EgressRefused),
    ):
        fetch(server.url())


def test_what_is_posted_is_not_sent_on():
    with Server(answer(307, Location="/elsewhere")) as server:
        assert fetch(server.url(), body=b"password=x").status == 307
    assert len(server.requests) == 1
