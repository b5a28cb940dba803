"""What a mail server may say: whatever comes, an attempt ends soon, in an outcome, and keeps the password to itself."""

from __future__ import annotations

import base64
import re
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import trustme
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.fuzz.target import Survive, Target, edited, edits
from tests.receivers.outgoings import access, outgoing
from tests.sources.test_any_bytes import BYTES
from tests.zoo import Act, Connection, Server
from watcher.core.delivery import Outcome, OutcomeClass
from watcher.receivers import email

_PASSWORD = "a password of the desk"
_BODY = b"Subject: a\r\nContent-Type: text/plain\r\n\r\nIt is so.\r\n"
_DEADLINE_S = 5
_SILENCE_S = 0.02
#: What could play with a terminal, or turn the direction of a line.
_RISKY = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_GREETED = (
    b"220 mx.example.org ESMTP\r\n",
    b"250-mx.example.org\r\n250-SIZE 1000\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n",
)
_TAKEN = (b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n", b"250 queued as 42\r\n", b"221 bye\r\n")
_LOGINS = (
    (b"235 welcome\r\n",),
    (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"235 welcome\r\n"),
    (b"334 \xff\r\n",),
)
_ODD = st.sampled_from(
    [b"", b"250", b"250-\r\n" * 40, b"-25 x\r\n", b"+25 x\r\n", b"4 x\r\n", b"999 x\r\n", b"550 \xff\x00\x1b[2J\r\n", b"2" * 9_000]
    + [f"535 {each}\r\n".encode() for each in (_PASSWORD, base64.b64encode(f"\0duty\0{_PASSWORD}".encode()).decode())]
    + [b"%d and a reason\r\n" % code for code in (211, 334, 354, 421, 450, 451, 452, 530, 535, 550, 552, 554, 251)]
)  # fmt: skip


class Case(NamedTuple):
    """What a server says, one reply after each line that it hears."""

    replies: Sequence[bytes]
    #: Whether over TLS, with a login.
    logs_in: bool


@st.composite
def _cases(draw: st.DrawFn) -> Case:
    logs_in = draw(st.booleans())
    replies = [*_GREETED, *(draw(st.sampled_from(_LOGINS)) if logs_in else ()), *_TAKEN]
    for place in draw(st.lists(st.integers(0, len(replies) - 1), min_size=1, max_size=2)):
        replies[place] = draw(_ODD | BYTES | st.builds(edited, st.just(replies[place]), edits()))
    return Case(replies[: draw(st.integers(1, len(replies)))], logs_in)


def _saying(replies: Sequence[bytes], heard: list[bytes]) -> Act:
    def act(connection: Connection) -> None:
        # Who waits for more than there is would wait for ever.
        connection.sock.settimeout(_SILENCE_S)
        for reply in replies:
            connection.sock.sendall(reply)
            try:
                heard.append(connection.sock.recv(65_536))
            except TimeoutError:
                continue

    return act


class _House:
    """A certificate that both sides know."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self.tls)

    def attempt(self, case: Case, heard: list[bytes]) -> Outcome:
        with Server(_saying(case.replies, heard), tls=self.tls if case.logs_in else None) as server:
            known = {"host": "127.0.0.1", "port": server.port, "sender": "watcher@example.org"}
            how = email.Server.model_validate(
                {**known, "security": "tls", "username": "duty", "password": {"env": "P"}, "ca_file": self.ca_file}
                if case.logs_in
                else {**known, "security": "none"}
            )
            password = SecretStr(_PASSWORD) if case.logs_in else None
            means = access(mail=how, mail_password=password, deadline=timedelta(seconds=_DEADLINE_S))
            to = "one@example.org"
            return email.send(outgoing(_BODY, recipient=to), settings=email.Settings(to=(to,)), access=means)

    def survive(self, case: Case) -> None:
        heard: list[bytes] = []
        begun = time.monotonic()
        outcome = self.attempt(case, heard)
        assert time.monotonic() - begun < _DEADLINE_S + 1
        assert outcome.kind in OutcomeClass
        assert outcome.code != "bug"
        assert len(outcome.detail) <= 160
        assert not _RISKY.search(outcome.detail)
        spelt = (_PASSWORD, base64.b64encode(_PASSWORD.encode()).decode()[:-4])
        assert not case.logs_in or not any(each in outcome.detail for each in spelt), "what only we knew"
        was_asked_for = b"354" in b"".join(case.replies)
        assert was_asked_for or outcome.kind not in {OutcomeClass.OK, OutcomeClass.AMBIGUOUS}, (
            "it never had the message"
        )
        assert was_asked_for or _BODY not in b"".join(heard), "it was not asked for"


@contextmanager
def _stage() -> Iterator[Survive]:
    with TemporaryDirectory() as folder:
        yield _House(Path(folder)).survive


TARGETS = (Target("replies of a mail server", _cases(), _stage),)
