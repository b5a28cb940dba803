"""The zoos: everything a receiver, its TLS and a mail server can do wrong, and what each means for a delivery."""

from __future__ import annotations

import gzip
import ssl
import time
import warnings
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import trustme

from tests.chaos.rows import Figures, row
from tests.receivers.mailbox import DROP, HANG, TRICKLE, Mailbox
from tests.zoo import NOBODY, Server, answer, hang, hang_up, read_nothing, reset, say, trickle
from watcher.clock import wall
from watcher.core.delivery import Outcome, OutcomeClass, Outgoing
from watcher.net import Egress
from watcher.receivers import Access, email, webhook
from watcher.receivers.access import Security
from watcher.receivers.access import Server as MailServer

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DEADLINE = timedelta(seconds=1)
OK, RECOVERABLE, CONFIG = OutcomeClass.OK, OutcomeClass.RECOVERABLE, OutcomeClass.CONFIG
AMBIGUOUS, PERMANENT, GREYLIST = OutcomeClass.AMBIGUOUS, OutcomeClass.PERMANENT, OutcomeClass.GREYLIST


class Case(NamedTuple):
    """One thing that the other side does, and the class it must have."""

    name: str
    act: Any
    wanted: OutcomeClass
    #: Retry-After as it must be understood, before our own cap.
    after: timedelta | None = None


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
_LATER = "Mon, 01 Jun 2026 12:02:00 GMT"
_HTTP = (
    Case("200", answer(200), OK),
    Case("204", answer(204), OK),
    Case("302 to an internal address", answer(302, location="http://169.254.169.254/"), CONFIG),
    Case("308 to an internal address", answer(308, location="http://10.0.0.1/"), CONFIG),
    Case("400", answer(400), CONFIG),
    Case("401", answer(401), CONFIG),
    Case("404", answer(404), CONFIG),
    Case("410", answer(410), PERMANENT),
    Case("413", answer(413), CONFIG),
    Case("422", answer(422), CONFIG),
    Case("429, Retry-After: 120", answer(429, retry_after="120"), RECOVERABLE, timedelta(minutes=2)),
    Case("429, Retry-After: a date", answer(429, retry_after=_LATER), RECOVERABLE, timedelta(minutes=2)),
    Case("429, Retry-After: a year", answer(429, retry_after="31536000"), RECOVERABLE, timedelta(days=365)),
    Case("429, Retry-After: -5", answer(429, retry_after="-5"), RECOVERABLE),
    Case("429, Retry-After: soon", answer(429, retry_after="soon"), RECOVERABLE),
    Case("500", answer(500), RECOVERABLE),
    Case("503, Retry-After: 120", answer(503, retry_after="120"), RECOVERABLE, timedelta(minutes=2)),
    Case("says nothing", hang, AMBIGUOUS),
    Case("trickles its header", trickle(b"HTTP/1.1 200 OK\r\nX: ", b"x"), AMBIGUOUS),
    Case("trickles its body", trickle(_HEAD + b"\r\n", b"x"), OK),
    Case("a body without end", trickle(_HEAD + b"\r\n", b"x" * 60_000), OK),
    Case("a gzip bomb", say(_HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(50_000_000))), OK),
    Case("hangs up", hang_up, AMBIGUOUS),
    Case("cuts the connection", reset, AMBIGUOUS),
    Case("says garbage", say(b"\x00\xff not HTTP at all\r\n\r\n"), RECOVERABLE),
    Case("HTTP/0.9", say(b"<html>hello</html>"), RECOVERABLE),
    Case("100 Continue without end", trickle(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"), AMBIGUOUS),
    Case("reads nothing", read_nothing, AMBIGUOUS),
)  # fmt: skip


def _outgoing(recipient: str = "") -> Outgoing:
    body = b'{"alerts":[]}' if not recipient else b"Subject: x\r\n\r\nx\r\n"
    kind = "application/json" if not recipient else "message/rfc822"
    return Outgoing("dlv_1", "msg_1", "desk/x/1", recipient, kind, body, "x", 1, "boot.1")


def _access(**own: Any) -> Access:
    egress = own.pop("egress", None) or Egress(allow_networks=["127.0.0.0/8"], ca_file=own.pop("ca_file", None))
    return Access(egress=egress, now=lambda: NOW, deadline=own.pop("deadline", DEADLINE), **own)


def _post(url: str, access: Access) -> Outcome:
    return webhook.send(_outgoing(), settings=webhook.Settings(url=url), access=access)


def _measured(cases: Iterable[tuple[Case, Callable[[], Outcome]]]) -> Figures:
    figures: dict[str, Any] = {"cases": 0, "max wall s": 0.0}
    for case, act in cases:
        begun = time.monotonic()
        outcome = act()
        wall = time.monotonic() - begun
        assert outcome.kind is case.wanted, (case.name, outcome)
        if case.after is not None:
            assert outcome.retry_after == case.after, (case.name, outcome)
        figures["cases"] += 1
        figures["max wall s"] = max(figures["max wall s"], wall)
        figures[case.name] = f"{outcome.kind.value}, code {outcome.code or '-'}, {wall:.2f} s"
    return figures


@row("C15", "a receiver that misbehaves, at a deadline of 1 s instead of 20 s", slices=1)
def http_zoo(seed: int, folder: Path) -> Figures:
    def acts() -> Iterable[tuple[Case, Callable[[], Outcome]]]:
        for case in _HTTP:
            with Server(case.act) as server:
                yield case, partial(_post, server.url(), _access())
        refused = Case("nobody takes the connection", None, RECOVERABLE)
        yield refused, lambda: _post(f"http://127.0.0.1:{NOBODY}/", _access())
        inner = Case("an internal address", None, CONFIG)
        yield inner, lambda: _post("http://127.0.0.1:1/", _access(egress=Egress()))

    return _measured(acts())


@row("C16", "TLS that is not as it should be", slices=1)
def tls_zoo(seed: int, folder: Path) -> Figures:
    folder.mkdir(parents=True, exist_ok=True)
    ours, theirs, trusted = trustme.CA(), trustme.CA(), folder / "ca.pem"
    ours.cert_pem.write_to_path(str(trusted))
    yesterday = wall() - timedelta(days=1)

    def speaking(certificate: Any, **how: Any) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        for name, value in how.items():
            setattr(context, name, value)
        return context

    good = ours.issue_cert("127.0.0.1")
    wants = speaking(good, verify_mode=ssl.CERT_REQUIRED)
    ours.configure_trust(wants)
    old = speaking(good)
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    contexts = (
        (Case("a certificate that has expired", None, CONFIG), speaking(ours.issue_cert("127.0.0.1", not_after=yesterday))),
        (Case("a certificate of another host", None, CONFIG), speaking(ours.issue_cert("other.example.org"))),
        (Case("an unknown authority", None, CONFIG), speaking(theirs.issue_cert("127.0.0.1"))),
        (Case("TLS 1.1 and nothing newer", None, CONFIG), old),
        (Case("it wants a certificate of us", None, CONFIG), wants),
        (Case("a certificate of the file of authorities", None, OK), speaking(good)),
    )  # fmt: skip

    def acts() -> Iterable[tuple[Case, Callable[[], Outcome]]]:
        for case, context in contexts:
            with Server(answer(200), tls=context) as server:
                yield case, partial(_post, server.url(), _access(ca_file=trusted))
        with Server(_speak_plainly) as server:
            url = server.url().replace("http:", "https:")
            yield Case("plain HTTP where TLS belongs", None, CONFIG), lambda: _post(url, _access(ca_file=trusted))
        with Server(_cut_in_handshake) as server:
            url = server.url().replace("http:", "https:")
            yield Case("it hangs up in the handshake", None, RECOVERABLE), lambda: _post(url, _access(ca_file=trusted))

    return _measured(acts())


def _speak_plainly(connection: Any) -> None:
    connection.sock.recv(10)
    connection.sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def _cut_in_handshake(connection: Any) -> None:
    connection.sock.recv(1)


_SMTP = (
    Case("all is well", {}, OK),
    Case("421 as a banner", {"banner": "421 too busy"}, RECOVERABLE),
    Case("554 as a banner", {"banner": "554 go away"}, CONFIG),
    Case("a banner without end", {"banner": TRICKLE}, RECOVERABLE),
    Case("no banner", {"banner": HANG}, RECOVERABLE),
    Case("garbage as a banner", {"banner": "hello there"}, RECOVERABLE),
    Case("EHLO and HELO refused", {"EHLO": "502 no", "HELO": "502 no"}, CONFIG),
    Case("450 MAIL FROM", {"MAIL": "450 later"}, RECOVERABLE),
    Case("550 MAIL FROM", {"MAIL": "550 not you"}, CONFIG),
    Case("530 MAIL FROM", {"MAIL": "530 log in first"}, CONFIG),
    Case("450 RCPT TO", {"RCPT": "450 greylisted"}, GREYLIST),
    Case("451 RCPT TO", {"RCPT": "451 4.7.1 come back"}, GREYLIST),
    Case("452 RCPT TO", {"RCPT": "452 too many"}, RECOVERABLE),
    Case("550 RCPT TO", {"RCPT": "550 no such user"}, PERMANENT),
    Case("554 at DATA", {"DATA": "554 no"}, CONFIG),
    Case("hangs up in DATA", {"DATA": DROP}, RECOVERABLE),
    Case("451 after the dot", {".": "451 not now"}, RECOVERABLE),
    Case("552 after the dot", {".": "552 too big"}, PERMANENT),
    Case("554 after the dot", {".": "554 spam"}, PERMANENT),
    Case("hangs up after the dot", {".": DROP}, AMBIGUOUS),
    Case("says nothing after the dot", {".": HANG}, AMBIGUOUS),
    Case("hangs up at QUIT", {"QUIT": DROP}, OK),
    Case("neither SIZE nor 8BITMIME", {"EHLO": "250 mx.example.org"}, OK),
)


@row("C18", "a mail server that misbehaves, at a deadline of 1 s instead of 120 s", slices=1)
def smtp_zoo(seed: int, folder: Path) -> Figures:
    def acts() -> Iterable[tuple[Case, Callable[[], Outcome]]]:
        for case in _SMTP:
            with Server(Mailbox(says=case.act).act) as server:
                yield case, partial(_mail, server.port, Security.NONE)
        with Server(Mailbox().act) as server:
            yield Case("no STARTTLS where it is asked for", None, CONFIG), lambda: _mail(server.port, Security.STARTTLS)
        refusing = Mailbox(says={"EHLO": "250-mx\r\n250 STARTTLS", "STARTTLS": "454 not now"})
        with Server(refusing.act) as server:
            yield Case("STARTTLS refused for now", None, RECOVERABLE), lambda: _mail(server.port, Security.STARTTLS)

    return _measured(acts())


def _mail(port: int, security: Security) -> Outcome:
    server = MailServer(host="127.0.0.1", port=port, security=security, sender="watcher@example.org")
    settings = email.Settings(to="duty@example.org")
    return email.send(_outgoing("duty@example.org"), settings=settings, access=_access(mail=server))
