"""One SMTP conversation: a message to one recipient, within one deadline.

One recipient each, because a server that refuses one of several still says "accepted" in the end.
"""

from __future__ import annotations

import re
import smtplib
import socket
from base64 import b64encode
from datetime import timedelta
from enum import StrEnum

from pydantic import SecretStr

from watcher.core.delivery import Outcome, OutcomeClass
from watcher.core.message.phrase import clean
from watcher.net import Deadline, EgressFailed, Fault, Wire, dial, tls_context
from watcher.receivers.access import Security, Server

#: Characters of what a server says that are kept.
DETAIL_LIMIT = 160

#: A server that is there at all takes a connection within this time; it may be slower to greet.
_CONNECT = timedelta(seconds=30)
# A server that talks without end is cut off here.
_REPLIES_LIMIT = 256 * 1024
_CHUNK = 4_096
_GREYLIST = frozenset({450, 451})
_LOGIN_MISSING = 530
#: After the dot: too big, or not wanted as it is.
_MESSAGE_REFUSED = frozenset({552, 554})
_MISCONFIGURED = frozenset({Fault.NO_SUCH_HOST, Fault.TLS})


class Phase(StrEnum):
    """How far a conversation came."""

    GREETING = "greeting"
    STARTTLS = "STARTTLS"
    LOGIN = "login"
    SENDER = "MAIL FROM"
    RECIPIENT = "RCPT TO"
    DATA = "DATA"
    #: The message is on its way, or the server has it and has not said so.
    MESSAGE = "message"


def hand_over(
    message: bytes, *, recipient: str, server: Server, password: SecretStr | None, deadline: timedelta
) -> Outcome:
    """Hand a message to the mail server for one recipient."""
    client = _Client(server, Deadline(deadline))
    try:
        client.greet()
        if password is not None:
            client.log_in(password)
        code, said = client.hand_over(message, recipient)
    except EgressFailed as failed:
        return Outcome(_class_of_fault(failed.kind, client.phase), failed.kind.value, _detail(client, failed.what))
    except smtplib.SMTPServerDisconnected:
        return Outcome(_class_of_fault(Fault.RESET, client.phase), Fault.RESET, _detail(client, "connection cut"))
    except smtplib.SMTPResponseException as answer:
        return _refusal(client, answer, password)
    except (smtplib.SMTPException, ValueError):
        # Nothing of the error is kept: it may hold what was to be sent, and that may be the password.
        return Outcome(OutcomeClass.CONFIG, "login", _detail(client, "no way to log in that both sides know"))
    finally:
        client.hang_up()
    return Outcome(OutcomeClass.OK, str(code), clean(_text(said), limit=DETAIL_LIMIT))


class _Client(smtplib.SMTP):
    """smtplib's client on a wire that ends with one deadline."""

    def __init__(self, server: Server, deadline: Deadline) -> None:
        super().__init__(local_hostname=_our_name())
        self.phase = Phase.GREETING
        self._server = server
        self._deadline = deadline
        self._wire: Wire | None = None

    def greet(self) -> None:
        """Connect, and go over to TLS as the settings ask."""
        server = self._server
        self._wire = dial(server.host, server.effective_port, deadline=self._deadline, connect=_CONNECT)
        if server.security is Security.TLS:
            self._wire.start_tls(tls_context(server.ca_file), server.host)
        self._expect(self.getreply(), 220)
        self._introduce()
        if server.security is Security.STARTTLS:
            self._go_over_to_tls(self._wire)

    def _introduce(self) -> None:
        if self.ehlo()[0] != 250:  # noqa: PLR2004 - SMTP's "done"
            self._expect(self.helo(), 250)

    def _go_over_to_tls(self, wire: Wire) -> None:
        self.phase = Phase.STARTTLS
        if not self.has_extn("starttls"):
            raise EgressFailed(Fault.TLS, "the server does not offer it")
        self._expect(self.docmd("STARTTLS"), 220)
        wire.start_tls(tls_context(self._server.ca_file), self._server.host)
        # What came in the clear, read or not, may come from anybody.
        self.file = None
        self._introduce()

    def log_in(self, password: SecretStr) -> None:
        """Prove who we are."""
        self.phase = Phase.LOGIN
        self.login(self._server.username, password.get_secret_value())

    def hand_over(self, message: bytes, recipient: str) -> tuple[int, bytes]:
        """Sender, recipient, message; return the answer after the dot."""
        self.phase = Phase.SENDER
        size = [f"size={len(message)}"] if self.has_extn("size") else []
        self._expect(self.mail(self._server.sender, size), 250)
        self.phase = Phase.RECIPIENT
        self._expect(self.rcpt(recipient), 250, 251)
        self.phase = Phase.DATA
        return self._expect(self.data(message), 250)

    def hang_up(self) -> None:
        """Take leave, without waiting for an answer that changes nothing."""
        if self._wire is not None:
            try:
                self.putcmd("QUIT")
            except EgressFailed:
                pass
            finally:
                self._wire.close()

    def _expect(self, reply: tuple[int, bytes], *codes: int) -> tuple[int, bytes]:
        if reply[0] not in codes:
            raise smtplib.SMTPResponseException(*reply)
        return reply

    def send(self, s: str | bytes) -> None:  # type: ignore[override]  # smtplib takes any buffer, and sends these two
        """Write to the wire; smtplib's own hook."""
        assert self._wire is not None  # noqa: S101 - `greet` comes first
        if isinstance(s, bytes):
            # Only `data` sends bytes: the message itself.
            self.phase = Phase.MESSAGE
        self._wire.write(s.encode("ascii") if isinstance(s, str) else s)

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply from the wire; smtplib's own hook."""
        if self.file is None and self._wire is not None:
            self.file = _Replies(self._wire)
        return super().getreply()


class _Replies:
    """Lines of a wire, in the shape that smtplib reads them from."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting = b""
        self._total = 0

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self._waiting and len(self._waiting) < limit and (chunk := self._wire.read(_CHUNK)):
            self._waiting += chunk
            self._total += len(chunk)
            if self._total > _REPLIES_LIMIT:
                raise EgressFailed(Fault.PROTOCOL, "the server does not stop talking")
        end = min(self._waiting.find(b"\n") + 1 or len(self._waiting), limit)
        line, self._waiting = self._waiting[:end], self._waiting[end:]
        return line

    def close(self) -> None:
        self._waiting = b""


def _our_name() -> str:
    """What we call ourselves to the server; looking up more than this could take longer than the message."""
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", name) else "[127.0.0.1]"


def _class_of_fault(fault: Fault, phase: Phase) -> OutcomeClass:
    if phase is Phase.MESSAGE:
        return OutcomeClass.AMBIGUOUS
    return OutcomeClass.CONFIG if fault in _MISCONFIGURED else OutcomeClass.RECOVERABLE


def _refusal(client: _Client, answer: smtplib.SMTPResponseException, password: SecretStr | None) -> Outcome:
    said = _text(answer.smtp_error)
    kind = class_of_reply(answer.smtp_code, said, client.phase)
    secret = password.get_secret_value() if password else ""
    if secret and any(each in said for each in (secret, b64encode(secret.encode()).decode().rstrip("="))):
        said = "refused"
    return Outcome(kind, str(answer.smtp_code), _detail(client, said))


def class_of_reply(code: int, said: str, phase: Phase) -> OutcomeClass:
    """What a refusal means, by its code and by what was asked."""
    if 400 <= code < 500:  # noqa: PLR2004 - the class of refusals for now
        waits = phase is Phase.RECIPIENT and (code in _GREYLIST or "4.7.1" in said)
        return OutcomeClass.GREYLIST if waits else OutcomeClass.RECOVERABLE
    if not 500 <= code < 600:  # noqa: PLR2004 - the class of refusals for ever
        return _class_of_fault(Fault.PROTOCOL, phase)
    if phase is Phase.RECIPIENT and code != _LOGIN_MISSING:
        return OutcomeClass.PERMANENT
    if phase is Phase.MESSAGE and code in _MESSAGE_REFUSED:
        return OutcomeClass.PERMANENT
    return OutcomeClass.CONFIG


def _detail(client: _Client, said: str) -> str:
    return clean(f"{client.phase.value}: {said}", limit=DETAIL_LIMIT)


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
