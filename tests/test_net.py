from __future__ import annotations

import gzip
import logging
import socket
import ssl
import threading
import traceback
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from time import monotonic

import pytest
import trustme

from tests.zoo import (
    NOBODY,
    Connection,
    Server,
    answer,
    hang,
    hang_up,
    read_nothing,
    reset,
    say,
    trickle,
)
from watcher.net import REPLY_LIMIT, Deadline, Egress, EgressFailed, EgressRefused, Fault, dial, tls_context
from watcher.net.address import is_public
from watcher.net.wire import addresses_of

#: Long enough for a loopback, short enough for a test.
SHORT = timedelta(seconds=0.2)
#: The same where something must have been said before it ends.
MIDDLE = timedelta(seconds=0.5)
LONG = timedelta(seconds=5)
LOOPBACK = ("127.0.0.0/8", "::1/128")

DENIED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.8 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.1 192.175.48.1 198.18.0.1 198.19.255.255
198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1
2001:10::1 2001:db8::1 2002:7f00:1:: 3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1
"""
PUBLIC = """
1.1.1.1 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 169.253.255.255 172.15.255.255
172.32.0.1 192.0.1.1 192.167.255.255 192.169.0.1 198.17.255.255 198.20.0.1 223.255.255.255 ::ffff:1.1.1.1
2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111 2a00:1450::1
"""


def outgoing(**options) -> Egress:
    return Egress(**{"allow_networks": LOOPBACK, **options})


def post(egress: Egress, url: str, *, body: bytes = b"{}", deadline: timedelta = LONG, **headers: str):
    return egress.post(url, body, headers=headers, deadline=deadline)


def failure(egress: Egress, url: str, *, deadline: timedelta = LONG, **options) -> EgressFailed:
    """How a request fails, and in time."""
    began = monotonic()
    with pytest.raises(EgressFailed) as caught:
        post(egress, url, deadline=deadline, **options)
    assert monotonic() - began < deadline.total_seconds() + 1.5
    return caught.value


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def tls(authority) -> ssl.SSLContext:
    return certified(authority.issue_cert("hooks.example.org"))


def certified(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


# --- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", DENIED.split())
def test_an_address_that_is_not_public_is_denied(address):
    assert not is_public(ip_address(address))
    assert not Egress().admits(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC.split())
def test_a_public_address_is_admitted(address):
    assert Egress().admits(ip_address(address))


@pytest.mark.parametrize(
    ("network", "address", "admitted"),
    [
        pytest.param("10.1.0.0/16", "10.1.2.3", True, id="a network that is allowed by name"),
        pytest.param("10.1.0.0/16", "::ffff:10.1.2.3", True, id="the same address in the clothes of IPv6"),
        pytest.param("10.1.0.0/16", "10.2.0.1", False, id="its neighbour"),
        pytest.param("fd00:1::/32", "fd00:1::5", True, id="a network of IPv6"),
        pytest.param("fd00:1::/32", "10.1.2.3", False, id="the other version"),
    ],
)
def test_allow_networks_opens_exactly_what_it_names(network, address, admitted):
    assert Egress(allow_networks=[network]).admits(ip_address(address)) is admitted


def numeric(host: str, port: int) -> list[str]:
    """Understands every spelling of an address that the system does, and asks nobody."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return [str(address[0]) for *_, address in found]


@pytest.mark.parametrize(
    "spelling",
    [
        "http://127.0.0.1:{port}/",
        "http://127.1:{port}/",
        "http://127.0.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://0x7f.1:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://0:{port}/",
        "http://0.0.0.0:{port}/",
        "http://[::1]:{port}/",
        "http://[::]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::ffff:7f00:1]:{port}/",
        "http://[::ffff:a9fe:a9fe]:{port}/",
        "http://127\u30020\u30020\u30021:{port}/",
        "http://\uff11\uff12\uff17.0.0.1:{port}/",
        "http://hooks.example.org@127.0.0.1:{port}/",
        "http://hooks.example.org:pw@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}#@hooks.example.org/",
        "http://127.0.0.1:{port}?@hooks.example.org/",
        "http://127.0.0.1:{port}\\@hooks.example.org/",
        "HTTP://127.0.0.1:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "https://[fd00:ec2::254]/latest/",
    ],
)
def test_no_spelling_of_an_inner_address_gets_out(spelling):
    with Server(answer(200)) as server:
        with pytest.raises((EgressRefused, EgressFailed)) as caught:
            post(Egress(resolver=numeric), spelling.format(port=server.port))
        assert isinstance(caught.value, EgressRefused) or caught.value.what == "there is no such host"
        assert server.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "//127.0.0.1/",
        "http://",
        "http:///hook",
        "https://[::1/",
        "http://127.0.0.1:99999/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http+unix://%2Frun%2Fdocker.sock/",
        "https://exa mple.org/\x00",
    ],
)
def test_what_is_no_web_address_is_refused_without_repeating_it(url):
    with pytest.raises(EgressRefused) as caught:
        post(outgoing(), url)
    assert str(caught.value) == "the URL cannot be used (it must begin with https:// and a host name)"


def test_localhost_is_refused_by_default():
    with Server(answer(200)) as server, pytest.raises(EgressRefused) as caught:
        post(Egress(), server.url(host="localhost"))
    assert str(caught.value) == (
        "localhost: its address is not on the public internet (name its network in allow_networks)"
    )
    assert server.connections == 0


def test_one_inner_address_among_public_ones_is_enough_to_refuse():
    egress = Egress(resolver=lambda *_: ["1.1.1.1", "127.0.0.1"])
    with pytest.raises(EgressRefused):
        post(egress, "http://hooks.example.org/")


def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_checked():
    answers = [["127.0.0.1"], ["192.0.2.1"]]
    with Server(answer(200)) as server:
        egress = Egress(allow_networks=["127.0.0.1"], resolver=lambda *_: answers.pop(0))
        assert post(egress, server.url(host="hooks.example.org")).status == 200
        assert server.requests[0].headers["host"] == f"hooks.example.org:{server.port}"
    assert len(answers) == 1


def test_a_dead_address_leaves_time_for_the_next():
    with Server(answer(200)) as server:
        egress = outgoing(resolver=lambda *_: ["127.0.0.2", "127.0.0.1"])
        assert post(egress, server.url(host="hooks.example.org")).status == 200


def test_the_system_names_each_address_once():
    assert addresses_of("127.0.0.1", 80) == ["127.0.0.1"]


# --- requests and answers ----------------------------------------------------------------------------------------------


def test_the_body_arrives_as_it_is_and_the_answer_comes_back():
    with Server(answer(202, body=b"thanks", X_Trace="7")) as server:
        reply = post(outgoing(), server.url("/hook?token=1"), body=b'{"a":1}', webhook_id="msg_1")
    assert (reply.status, reply.body, reply.headers["x-trace"]) == (202, b"thanks", "7")
    [request] = server.requests
    assert (request.line, request.body) == ("POST /hook?token=1 HTTP/1.1", b'{"a":1}')
    assert request.headers["content-length"] == "7"
    assert request.headers["accept-encoding"] == "identity"


def test_a_redirect_is_an_answer_and_is_not_followed():
    with Server(answer(200)) as inner, Server(answer(302, Location=inner.url("/inner"))) as server:
        assert post(outgoing(), server.url()).status == 302
        assert inner.connections == 0


def test_a_login_in_the_url_is_sent_as_one():
    with Server(answer(200)) as server:
        post(outgoing(), server.url(host="me:pass%20word@127.0.0.1"))
    assert server.requests[0].headers["authorization"] == "Basic bWU6cGFzcyB3b3Jk"


def test_nothing_is_kept_between_requests():
    with Server(answer(200, Set_Cookie="a=1; Path=/")) as server:
        egress = outgoing()
        post(egress, server.url())
        post(egress, server.url())
    assert server.connections == 2
    assert "cookie" not in server.requests[1].headers


def test_the_environments_proxy_is_not_asked(monkeypatch):
    with Server(answer(200)) as server, Server(answer(500)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        assert post(outgoing(), server.url()).status == 200
        assert proxy.connections == 0


def test_a_long_answer_is_cut():
    with Server(trickle(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536)) as server:
        began = monotonic()
        reply = post(outgoing(), server.url())
        assert monotonic() - began < LONG.total_seconds() / 2
    assert reply.body == b"x" * REPLY_LIMIT


def test_a_packed_answer_is_not_unpacked():
    bomb = gzip.compress(bytes(10_000_000))
    with Server(answer(200, body=bomb, Content_Encoding="gzip")) as server:
        assert post(outgoing(), server.url()).body == bomb[:REPLY_LIMIT]


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"), id="a body that trickles"),
        pytest.param(say(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nx"), id="a body that is cut off"),
        pytest.param(say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), id="a body that is garbage"),
    ],
)
def test_the_status_counts_whatever_becomes_of_the_body(rest):
    with Server(rest) as server:
        assert post(outgoing(), server.url(), deadline=MIDDLE).status == 200


def test_an_answer_before_the_end_of_the_request_is_heard():
    def too_large(connection: Connection) -> None:
        connection.sock.recv(1_000)
        connection.sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")

    with Server(too_large) as server:
        assert post(outgoing(), server.url(), body=bytes(30_000_000)).status == 413


# --- failures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        pytest.param(hang_up, Fault.RESET, id="the server hangs up"),
        pytest.param(reset, Fault.RESET, id="the server cuts the connection"),
        pytest.param(say(b"SSH-2.0-OpenSSH\r\n"), Fault.PROTOCOL, id="the server speaks something else"),
        pytest.param(say(b"HTTP/1.1 20"), Fault.PROTOCOL, id="the answer ends in the status"),
        pytest.param(say(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000), Fault.PROTOCOL, id="a header has no end"),
        pytest.param(hang, Fault.TIMEOUT, id="the server does not answer"),
        pytest.param(trickle(b"", b"H"), Fault.TIMEOUT, id="the server stammers"),
        pytest.param(trickle(b"HTTP/1.1 200 OK\r\nX: ", b"y"), Fault.TIMEOUT, id="a header trickles"),
        pytest.param(
            trickle(b"", b"HTTP/1.1 102 Wait\r\n\r\n"), Fault.TIMEOUT, id="the server says 'wait' without end"
        ),
    ],
)
def test_what_the_other_side_does_wrong_has_a_name(act, kind):
    with Server(act) as server:
        failed = failure(outgoing(), server.url(), deadline=SHORT if kind is Fault.TIMEOUT else LONG)
    assert (failed.kind, failed.written, failed.where) == (kind, True, "127.0.0.1")


def test_a_server_that_reads_nothing_is_left_at_the_deadline():
    with Server(read_nothing) as server:
        failed = failure(outgoing(), server.url(), body=bytes(30_000_000), deadline=SHORT)
    assert (failed.kind, failed.written) == (Fault.TIMEOUT, True)


def test_nobody_listens():
    failed = failure(outgoing(), f"http://127.0.0.1:{NOBODY}/")
    assert (failed.kind, failed.written) == (Fault.CONNECT, False)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param(socket.gaierror(socket.EAI_NONAME, ""), Fault.NO_SUCH_HOST, id="there is no such name"),
        pytest.param(socket.gaierror(socket.EAI_NODATA, ""), Fault.NO_SUCH_HOST, id="the name has no address"),
        pytest.param(UnicodeError("label too long"), Fault.NO_SUCH_HOST, id="the name cannot be one"),
        pytest.param(socket.gaierror(socket.EAI_AGAIN, ""), Fault.DNS, id="the resolver has no answer now"),
        pytest.param(OSError(24, "too many files"), Fault.DNS, id="the resolver cannot be asked"),
    ],
)
def test_what_the_resolver_says_has_a_name(fault, kind):
    def broken(_host: str, _port: int) -> list[str]:
        raise fault

    failed = failure(outgoing(resolver=broken), "http://hooks.example.org/")
    assert (failed.kind, failed.written, failed.where) == (kind, False, "hooks.example.org")


def test_a_resolver_that_does_not_answer_is_left_at_the_deadline():
    answered = threading.Event()

    def slow(_host: str, _port: int) -> list[str]:
        answered.wait(5)
        return []

    failed = failure(outgoing(resolver=slow), "http://hooks.example.org/", deadline=SHORT)
    answered.set()
    assert failed.kind is Fault.DNS


def test_connecting_has_a_shorter_deadline_of_its_own():
    answered = threading.Event()
    with pytest.raises(EgressFailed) as caught:
        dial(
            "hooks.example.org",
            80,
            deadline=Deadline(LONG),
            connect=SHORT,
            resolver=lambda *_: [str(answered.wait(5))],
        )
    answered.set()
    assert caught.value.kind is Fault.DNS


@pytest.mark.parametrize(("whole", "part"), [(SHORT, LONG), (LONG, SHORT)])
def test_a_part_may_take_no_longer_than_the_whole(whole, part):
    assert Deadline(whole).at_most(part).left() <= SHORT.total_seconds()


def test_a_deadline_that_has_passed_sends_nothing():
    with Server(answer(200)) as server:
        failed = failure(outgoing(), server.url(), deadline=timedelta())
        assert server.connections == 0
    assert (failed.kind, failed.written) == (Fault.TIMEOUT, False)


# --- TLS ---------------------------------------------------------------------------------------------------------------


def home(*_: object) -> list[str]:
    return ["127.0.0.1"]


def test_tls_checks_the_name_and_not_the_address(tls, ca_file):
    with Server(answer(200), tls=tls) as server:
        egress = outgoing(ca_file=ca_file, resolver=home)
        assert post(egress, server.url(host="hooks.example.org")).status == 200
        failed = failure(egress, server.url(host="other.example.org"))
    assert (failed.kind, failed.where) == (Fault.TLS, "other.example.org")
    assert failed.what == "its certificate is not valid: it is made out to another name"


def test_an_unknown_authority_is_not_trusted(tls):
    with Server(answer(200), tls=tls) as server:
        failed = failure(outgoing(resolver=home), server.url(host="hooks.example.org"))
        assert not server.requests
    assert (failed.kind, failed.written) == (Fault.TLS, False)


def test_an_expired_certificate_is_not_trusted(authority, ca_file):
    old = certified(authority.issue_cert("hooks.example.org", not_after=datetime(2020, 7, 6, tzinfo=UTC)))
    with Server(answer(200), tls=old) as server:
        failed = failure(outgoing(ca_file=ca_file, resolver=home), server.url(host="hooks.example.org"))
    assert failed.kind is Fault.TLS
    assert "expired" in failed.what


def test_a_server_that_wants_a_certificate_of_us_is_a_matter_of_tls(tls, authority, ca_file):
    tls.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(tls)
    with Server(answer(200), tls=tls) as server:
        failed = failure(outgoing(ca_file=ca_file, resolver=home), server.url(host="hooks.example.org"))
    assert failed.kind in {Fault.TLS, Fault.RESET}


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        pytest.param(
            lambda connection: connection.sock.sendall(b"HTTP/1.1 400 Bad\r\n\r\n"), Fault.TLS, id="plain HTTP"
        ),
        pytest.param(lambda _connection: None, Fault.RESET, id="the server hangs up in the handshake"),
        pytest.param(Connection.until_hung_up, Fault.TIMEOUT, id="the server does not shake hands"),
    ],
)
def test_a_handshake_that_fails_has_a_name(act, kind):
    with Server(act) as server:
        url = server.url().replace("http:", "https:")
        failed = failure(outgoing(), url, deadline=SHORT if kind is Fault.TIMEOUT else LONG)
    assert (failed.kind, failed.written) == (kind, False)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_of_authorities_that_is_none_is_a_matter_of_tls(tmp_path, content):
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    failed = failure(outgoing(ca_file=tmp_path / "ca.pem"), "https://127.0.0.1/")
    assert failed.kind is Fault.TLS
    assert failed.what.startswith("the file of authorities cannot be used: ")


def test_a_changed_file_of_authorities_is_read_anew(ca_file, tls):
    with Server(answer(200), tls=tls) as server:
        other = trustme.CA()
        first = tls_context(ca_file)
        assert tls_context(ca_file) is first
        other.cert_pem.write_to_path(ca_file)
        failed = failure(outgoing(ca_file=ca_file, resolver=home), server.url(host="hooks.example.org"))
    assert failed.kind is Fault.TLS


# --- proxies -----------------------------------------------------------------------------------------------------------


def relay_to(port: int):
    """A proxy's part of CONNECT: say yes, and carry bytes both ways."""

    def act(connection: Connection) -> None:
        connection.request()
        connection.sock.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        with socket.create_connection(("127.0.0.1", port), timeout=5) as far:
            back = threading.Thread(target=carry, args=(far, connection.sock))
            back.start()
            carry(connection.sock, far)
            back.join(5)

    return act


def carry(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_a_proxy_that_is_named_is_asked():
    with Server(answer(200)) as proxy:
        egress = Egress(proxy=f"http://me:secret@127.0.0.1:{proxy.port}")
        assert post(egress, "http://hooks.example.org/hook").status == 200
    [request] = proxy.requests
    assert request.line == "POST http://hooks.example.org/hook HTTP/1.1"
    assert request.headers["proxy-authorization"] == "Basic bWU6c2VjcmV0"


def test_tls_goes_through_a_proxy_end_to_end(tls, ca_file):
    with Server(answer(200), tls=tls) as server, Server(relay_to(server.port)) as proxy:
        egress = Egress(proxy=proxy.url(""), ca_file=ca_file)
        assert post(egress, server.url(host="hooks.example.org")).status == 200
    assert proxy.requests[0].line == f"CONNECT hooks.example.org:{server.port} HTTP/1.1"
    assert server.requests[0].line == "POST /hook HTTP/1.1"


def test_a_request_that_never_left_the_proxy_was_not_written():
    with Server(relay_to(NOBODY)) as proxy:
        failed = failure(Egress(proxy=proxy.url("")), "https://hooks.example.org/")
    assert (failed.kind, failed.written) == (Fault.RESET, False)


def test_a_proxy_that_refuses_is_named():
    with Server(answer(403)) as proxy:
        failed = failure(Egress(proxy=proxy.url("")), "https://hooks.example.org/")
    assert (failed.kind, failed.what) == (Fault.CONNECT, "the proxy did not connect us")


def test_only_plain_proxies_can_be_used():
    with pytest.raises(EgressRefused, match="only a proxy that is reached by http://"):
        Egress(proxy="socks5://me:secret@proxy.example.org:1080")


# --- secrets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(answer(200), id="a success"),
        pytest.param(hang_up, id="the server hangs up"),
        pytest.param(say(b"garbage\r\n\r\n"), id="the server speaks something else"),
        pytest.param(hang, id="the server does not answer"),
    ],
)
def test_the_url_appears_in_no_log_and_no_traceback(act, caplog):
    with caplog.at_level(logging.DEBUG), Server(act) as server:
        try:
            post(
                outgoing(), server.url("/T0/B0/CANARYpath?key=CANARYquery", host="CANARYuser@127.0.0.1"), deadline=SHORT
            )
            said = ""
        except EgressFailed as failed:
            said = "".join(traceback.format_exception(failed)) + repr(failed) + str(failed)
    assert "CANARY" not in said
    assert not caplog.records
