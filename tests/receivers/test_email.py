from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr, ValidationError

from tests.core.notices import DESK, HEADLINE, notice
from tests.receivers.mailbox import DROP, HANG, TRICKLE, Mailbox
from tests.receivers.outgoings import access, outgoing
from tests.zoo import NOBODY, Server
from watcher.core.delivery import Outcome, OutcomeClass
from watcher.core.message.wording import subject
from watcher.core.secret import SecretReference
from watcher.receivers import email
from watcher.receivers.email import Security, Settings, recipients, render
from watcher.receivers.email import Server as MailServer
from watcher.receivers.mime import to_mime

#: Long enough for a whole conversation on loopback.
SHORT, LONG = timedelta(seconds=0.5), timedelta(seconds=5)
BODY = b"Subject: a\r\n\r\nfirst line\r\n.second line\r\n"
PASSWORD = SecretStr("CANARYpassword")
REFERENCE = SecretReference(env="PASSWORD")


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
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def secured(tls, ca_file):
    return tls, ca_file


def settings_for(port: int, **changes) -> MailServer:
    plain = {"host": "localhost", "port": port, "security": "none", "sender": "watcher@example.org"}
    return MailServer.model_validate({**plain, **changes})


def logged_in(port: int, **changes) -> MailServer:
    return settings_for(port, **{"security": "starttls", "username": "watcher", "password": REFERENCE, **changes})


def send(server: MailServer | None, *, to: str = "one@example.org", body: bytes = BODY, **changes) -> Outcome:
    handed = outgoing(body, recipient=to, content_type="message/rfc822")
    return email.send(
        handed, settings=Settings.model_validate({"to": to or "x@y"}), access=access(mail=server, **changes)
    )


def hand_over(box: Mailbox) -> Outcome:
    goes_on = {HANG, TRICKLE}.isdisjoint(box.says.values())
    with Server(box) as server:
        return send(settings_for(server.port), deadline=LONG if goes_on else SHORT)


# --- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "found"),
    [
        pytest.param("one@example.org", ("one@example.org",), id="one address"),
        pytest.param(
            "one@example.org, Two <two@example.org>", ("one@example.org", "two@example.org"), id="two in a text"
        ),
        pytest.param(
            ["one@example.org", "two@example.org"], ("one@example.org", "two@example.org"), id="two in a list"
        ),
        pytest.param("one@example.org,one@example.org", ("one@example.org",), id="one of them twice"),
    ],
)
def test_each_address_is_a_recipient_once(written, found):
    assert recipients(Settings.model_validate({"to": written})) == found


@pytest.mark.parametrize("written", ["", ",", "one@example.org,", [], 5, ["one@example.org", 5], None])
def test_what_names_nobody_is_refused(written):
    with pytest.raises(ValidationError):
        Settings.model_validate({"to": written})


@pytest.mark.parametrize(
    ("changes", "port"),
    [
        pytest.param({"security": "starttls"}, 587, id="starttls"),
        pytest.param({"security": "tls"}, 465, id="tls"),
        pytest.param({"security": "none"}, 25, id="in the clear"),
        pytest.param({"security": "tls", "port": 2465}, 2465, id="given"),
    ],
)
def test_the_port_follows_the_security(changes, port):
    server = MailServer.model_validate({"host": "mail.example.org", "sender": "w@example.org", **changes})
    assert server.effective_port == port


def test_mail_is_secured_unless_told_otherwise():
    server = MailServer.model_validate({"host": "mail.example.org", "sender": "w@example.org"})
    assert server.security is Security.STARTTLS


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"username": "watcher"}, "need each other", id="a name without a password"),
        pytest.param({"password": {"env": "X"}}, "need each other", id="a password without a name"),
        pytest.param(
            {"username": "watcher", "password": {"env": "X"}, "security": "none"},
            "in the clear",
            id="a password in the clear",
        ),
        pytest.param({"sender": "a@b\r\nBcc: c@d"}, "expected a mail address", id="a sender that is none"),
        pytest.param({"host": "mail example"}, "host", id="a host that is none"),
        pytest.param({"port": 0}, "port", id="a port that is none"),
        pytest.param({"security": "ssl"}, "starttls", id="a security nobody knows"),
    ],
)
def test_a_server_that_cannot_work_is_refused(changes, problem):
    with pytest.raises(ValidationError, match=problem):
        MailServer.model_validate({"host": "mail.example.org", "sender": "w@example.org", **changes})


# --- rendering ---------------------------------------------------------------------------------------------------------


def test_what_is_stored_is_the_message_without_sender_and_recipient():
    told = notice(HEADLINE)
    rendered = render(told, settings=Settings.model_validate({"to": "one@example.org"}), desk=DESK)
    assert (rendered.subject, rendered.content_type) == (subject(told, DESK), "message/rfc822")
    assert rendered.body == to_mime(told, DESK)


# --- what is sent ------------------------------------------------------------------------------------------------------


def test_the_stored_bytes_arrive_with_their_three_headers():
    box = Mailbox()
    assert hand_over(box) == Outcome(OutcomeClass.OK, "250", "queued as 42")
    head = b"From: watcher@example.org\r\nTo: one@example.org\r\nMessage-ID: <msg_1.dlv_1@desk-1>\r\n"
    assert box.messages == [head + BODY]
    assert box.commands[1:] == [
        f"mail FROM:<watcher@example.org> size={len(head + BODY)}",
        "rcpt TO:<one@example.org>",
        "data",
        "QUIT",
    ]


def test_one_of_two_recipients_may_be_refused():
    box = Mailbox({"RCPT two@example.org": "550 5.1.1 unknown user"})
    with Server(box) as server:
        outcomes = [send(settings_for(server.port), to=to) for to in ("one@example.org", "two@example.org")]
    assert [(each.kind, each.code) for each in outcomes] == [(OutcomeClass.OK, "250"), (OutcomeClass.PERMANENT, "550")]
    assert len(box.messages) == 1


def test_a_repeated_attempt_is_the_same_message():
    box = Mailbox()
    with Server(box) as server:
        for _ in range(2):
            send(settings_for(server.port))
    assert box.messages[0] == box.messages[1]


def test_starttls_comes_before_the_login_and_the_message(tls, ca_file):
    box = Mailbox({"EHLO": "250-mx\r\n250 STARTTLS", "EHLO after TLS": "250-mx\r\n250 AUTH PLAIN"}, tls=tls)
    with Server(box) as server:
        outcome = send(logged_in(server.port, ca_file=ca_file), mail_password=PASSWORD)
    assert outcome.kind is OutcomeClass.OK
    assert [command.split()[0].upper() for command in box.commands] == [
        "EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT",
    ]  # fmt: skip
    assert box.logins() == ["\0watcher\0CANARYpassword"]


def test_tls_from_the_first_byte(tls, ca_file):
    box = Mailbox({"EHLO": "250-mx\r\n250 AUTH LOGIN PLAIN"})
    with Server(box, tls=tls) as server:
        outcome = send(logged_in(server.port, ca_file=ca_file, security="tls"), mail_password=PASSWORD)
    assert outcome.kind is OutcomeClass.OK
    assert len(box.messages) == 1


def test_what_was_slipped_in_before_tls_is_not_heard(tls, ca_file):
    box = Mailbox(
        {"EHLO": "250-mx\r\n250 STARTTLS", "EHLO after TLS": "250-mx\r\n250 AUTH PLAIN"},
        tls=tls,
        slipped_in="250-evil\r\n250 AUTH CRAM-MD5\r\n",
    )
    with Server(box) as server:
        outcome = send(logged_in(server.port, ca_file=ca_file), mail_password=PASSWORD)
    assert outcome.kind is OutcomeClass.OK
    assert box.logins() == ["\0watcher\0CANARYpassword"]


def test_an_old_server_is_greeted_the_old_way():
    box = Mailbox({"EHLO": "502 what?"})
    assert hand_over(box).kind is OutcomeClass.OK
    assert box.commands[1].startswith("helo ")
    assert box.commands[2] == "mail FROM:<watcher@example.org>"


class Keeper:
    """A handler of a real mail server that keeps what it is handed."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, _server: object, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 kept"


class RealServer(Controller):
    """A real mail server on whatever port is free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


def authenticate(
    _server: object, _session: object, _envelope: object, _mechanism: str, data: LoginPassword
) -> AuthResult:
    known = (data.login, data.password) == (b"watcher", b"CANARYpassword")
    return AuthResult(success=known, handled=False)


@contextmanager
def real_server(keeper: Keeper, tls: ssl.SSLContext) -> Iterator[int]:
    server = RealServer(
        keeper,
        hostname="127.0.0.1",
        port=0,
        tls_context=tls,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


def test_a_real_server_takes_a_real_message(tls, ca_file):
    keeper, told = Keeper(), notice(HEADLINE)
    with real_server(keeper, tls) as port:
        server = logged_in(port, ca_file=ca_file)
        good = send(server, body=to_mime(told, DESK), mail_password=PASSWORD)
        bad = send(server, body=to_mime(told, DESK), mail_password=SecretStr("wrong"))
    assert (good.kind, bad.kind, bad.code) == (OutcomeClass.OK, OutcomeClass.CONFIG, "535")
    [envelope] = keeper.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("watcher@example.org", ["one@example.org"])
    assert isinstance(envelope.content, bytes)
    assert message_from_bytes(envelope.content, policy=default)["Subject"] == subject(told, DESK)


# --- outcomes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "kind", "code"),
    [
        pytest.param({"banner": "421 too busy"}, OutcomeClass.RECOVERABLE, "421", id="busy at the door"),
        pytest.param({"banner": "554 no service"}, OutcomeClass.CONFIG, "554", id="turned away at the door"),
        pytest.param({"banner": DROP}, OutcomeClass.RECOVERABLE, "reset", id="a door that closes"),
        pytest.param({"banner": HANG}, OutcomeClass.RECOVERABLE, "timeout", id="nobody at the door"),
        pytest.param({"banner": TRICKLE}, OutcomeClass.RECOVERABLE, "timeout", id="a greeting that trickles"),
        pytest.param({"banner": "HTTP/1.1 400 Bad"}, OutcomeClass.RECOVERABLE, "-1", id="no mail server at all"),
        pytest.param({"EHLO": "421 a", "HELO": "421 a"}, OutcomeClass.RECOVERABLE, "421", id="busy after the greeting"),
        pytest.param({"EHLO": "550 a", "HELO": "550 a"}, OutcomeClass.CONFIG, "550", id="our name is not liked"),
        pytest.param({"EHLO": DROP}, OutcomeClass.RECOVERABLE, "reset", id="our name is an offence"),
        pytest.param({"MAIL": "451 later"}, OutcomeClass.RECOVERABLE, "451", id="the sender, not now"),
        pytest.param({"MAIL": "530 log in"}, OutcomeClass.CONFIG, "530", id="the sender must log in"),
        pytest.param({"MAIL": "550 no"}, OutcomeClass.CONFIG, "550", id="the sender is not liked"),
        pytest.param({"RCPT": "450 greylisted"}, OutcomeClass.GREYLIST, "450", id="a greylist with 450"),
        pytest.param({"RCPT": "451 greylisted"}, OutcomeClass.GREYLIST, "451", id="a greylist with 451"),
        pytest.param({"RCPT": "421 4.7.1 wait"}, OutcomeClass.GREYLIST, "421", id="a greylist by its mark"),
        pytest.param({"RCPT": "452 full"}, OutcomeClass.RECOVERABLE, "452", id="a full mailbox"),
        pytest.param({"RCPT": "550 unknown"}, OutcomeClass.PERMANENT, "550", id="an unknown recipient"),
        pytest.param({"RCPT": "553 no"}, OutcomeClass.PERMANENT, "553", id="a recipient that is not liked"),
        pytest.param({"RCPT": "530 log in"}, OutcomeClass.CONFIG, "530", id="the recipient needs a login"),
        pytest.param({"RCPT": "251 will forward"}, OutcomeClass.OK, "250", id="a recipient who has moved"),
        pytest.param({"RCPT": DROP}, OutcomeClass.RECOVERABLE, "reset", id="nothing was handed over yet"),
        pytest.param({"DATA": "451 later"}, OutcomeClass.RECOVERABLE, "451", id="the message, not now"),
        pytest.param({"DATA": "554 no"}, OutcomeClass.CONFIG, "554", id="no message at all"),
        pytest.param({"DATA": HANG}, OutcomeClass.RECOVERABLE, "timeout", id="silence before the message"),
        pytest.param({".": "451 later"}, OutcomeClass.RECOVERABLE, "451", id="this message, not now"),
        pytest.param({".": "552 too big"}, OutcomeClass.PERMANENT, "552", id="a message too big"),
        pytest.param({".": "554 no"}, OutcomeClass.PERMANENT, "554", id="a message not wanted"),
        pytest.param({".": "550 5.7.26 unauthenticated"}, OutcomeClass.CONFIG, "550", id="a domain not in order"),
        pytest.param({".": DROP}, OutcomeClass.AMBIGUOUS, "reset", id="hung up after the dot"),
        pytest.param({".": HANG}, OutcomeClass.AMBIGUOUS, "timeout", id="silence after the dot"),
        pytest.param({".": TRICKLE}, OutcomeClass.AMBIGUOUS, "timeout", id="an answer after the dot that trickles"),
        pytest.param({".": "what?"}, OutcomeClass.AMBIGUOUS, "-1", id="garbage after the dot"),
        pytest.param({"QUIT": DROP}, OutcomeClass.OK, "250", id="hung up after all was said"),
        pytest.param({"QUIT": HANG}, OutcomeClass.OK, "250", id="silence after all was said"),
    ],
)
def test_every_answer_has_a_meaning(says, kind, code):
    outcome = hand_over(Mailbox(says))
    assert (outcome.kind, outcome.code) == (kind, code)


def test_the_answer_is_kept_with_what_it_was_an_answer_to():
    outcome = hand_over(Mailbox({"RCPT": "550-5.1.1 \x1b[2Junknown\r\n550 user " + "x" * 500}))
    assert outcome.detail.startswith("RCPT TO: 5.1.1 [2Junknown user xxx")
    assert len(outcome.detail) == 160


def test_a_server_that_does_not_stop_talking_is_left():
    def babble(connection) -> None:
        while True:
            connection.sock.sendall(b"220-and another thing\r\n" * 1_000)

    with Server(babble) as server:
        outcome = send(settings_for(server.port))
    assert (outcome.kind, outcome.code) == (OutcomeClass.RECOVERABLE, "protocol")


def test_a_line_without_end_is_no_answer():
    with Server(lambda connection: connection.sock.sendall(b"220 " + b"x" * 200_000)) as server:
        outcome = send(settings_for(server.port))
    assert (outcome.kind, outcome.code) == (OutcomeClass.CONFIG, "500")


def test_a_server_that_is_not_there_may_come_back():
    outcome = send(settings_for(NOBODY))
    assert outcome == Outcome(OutcomeClass.RECOVERABLE, "connect", "greeting: nobody takes the connection")


@pytest.mark.parametrize(
    ("ehlo", "starttls", "kind", "code"),
    [
        pytest.param("250 mx", "220 go", OutcomeClass.CONFIG, "tls", id="the server does not offer it"),
        pytest.param("250-mx\r\n250 STARTTLS", "454 not now", OutcomeClass.RECOVERABLE, "454", id="not now"),
        pytest.param("250-mx\r\n250 STARTTLS", "501 no", OutcomeClass.CONFIG, "501", id="not at all"),
        pytest.param("250-mx\r\n250 STARTTLS", DROP, OutcomeClass.RECOVERABLE, "reset", id="it hangs up instead"),
    ],
)
def test_without_tls_nothing_is_said(ehlo, starttls, kind, code):
    box = Mailbox({"EHLO": ehlo, "STARTTLS": starttls})
    with Server(box) as server:
        outcome = send(logged_in(server.port), mail_password=PASSWORD)
    assert (outcome.kind, outcome.code) == (kind, code)
    assert not box.logins()
    assert not box.messages


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_is_not_trusted_is_a_matter_of_configuration(security, tls):
    box = Mailbox({"EHLO": "250-mx\r\n250 STARTTLS"}, tls=tls)
    with Server(box, tls=tls if security == "tls" else None) as server:
        outcome = send(logged_in(server.port, security=security), mail_password=PASSWORD)
    assert (outcome.kind, outcome.code) == (OutcomeClass.CONFIG, "tls")
    assert "certificate is not valid" in outcome.detail
    assert not box.logins()


@pytest.mark.parametrize(
    ("says", "password", "kind", "code"),
    [
        pytest.param({"AUTH": "535 no"}, "CANARYpassword", OutcomeClass.CONFIG, "535", id="a wrong password"),
        pytest.param({"AUTH": "454 later"}, "CANARYpassword", OutcomeClass.RECOVERABLE, "454", id="not now"),
        pytest.param(
            {"AUTH": "535 CANARYpassword is wrong"}, "CANARYpassword", OutcomeClass.CONFIG, "535", id="said aloud"
        ),
        pytest.param(
            {"AUTH": "535 Q0FOQVJZcGFzc3dvcmQ="}, "CANARYpassword", OutcomeClass.CONFIG, "535", id="said in base64"
        ),
        pytest.param(
            {"AUTH": "334 ", "*": "334 "}, "CANARYpassword", OutcomeClass.CONFIG, "login", id="it asks without end"
        ),
        pytest.param({"AUTH": DROP}, "CANARYpassword", OutcomeClass.RECOVERABLE, "reset", id="it hangs up"),
        pytest.param({}, "CANARYé", OutcomeClass.CONFIG, "login", id="a password that mail cannot carry"),
        pytest.param({"EHLO": "250 mx"}, "CANARYpassword", OutcomeClass.CONFIG, "login", id="no login is offered"),
        pytest.param(
            {"EHLO": "250-mx\r\n250 AUTH GSSAPI"}, "CANARYpassword", OutcomeClass.CONFIG, "login", id="no common way"
        ),
    ],
)
def test_a_login_that_fails_has_a_meaning_and_keeps_the_password(says, password, kind, code, secured, caplog):  # noqa: PLR0917 - a table's columns
    box = Mailbox({"EHLO": "250-mx\r\n250 AUTH PLAIN", **says})
    tls, ca_file = secured
    with caplog.at_level(logging.DEBUG), Server(box, tls=tls) as server:
        outcome = send(logged_in(server.port, security="tls", ca_file=ca_file), mail_password=SecretStr(password))
    assert (outcome.kind, outcome.code) == (kind, code)
    said = repr(outcome) + caplog.text
    assert "CANARY" not in said
    assert "Q0FOQVJZ" not in said
    assert not box.messages


def test_without_a_server_somebody_must_set_one():
    assert send(None) == Outcome(OutcomeClass.CONFIG, "mail", "no mail server is set: 'mail' in watcher.yaml")


def test_without_its_password_no_server_is_called():
    assert send(logged_in(NOBODY)) == Outcome(
        OutcomeClass.CONFIG, "login", "the password of the mail server is not there"
    )


@pytest.mark.parametrize(
    ("to", "body"),
    [
        pytest.param("", BODY, id="no address"),
        pytest.param("one@example.org\r\nRCPT TO:<two@example.org>", BODY, id="an address that says more"),
        pytest.param("one@example.org", "é".encode(), id="a body that mail cannot carry"),
    ],
)
def test_what_cannot_ever_be_mail_is_dead_at_once(to, body):
    box = Mailbox()
    with Server(box) as server:
        handed = outgoing(body, recipient=to)
        where = access(mail=settings_for(server.port))
        outcome = email.send(handed, settings=Settings.model_validate({"to": "x@example.org"}), access=where)
        assert server.connections == 0
    assert (outcome.kind, outcome.code) == (OutcomeClass.PERMANENT, "encoding")
