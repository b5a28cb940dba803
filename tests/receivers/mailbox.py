"""A mail server that says what it is told to, and keeps what it was handed."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.zoo import Act, Connection

USUAL = {
    "banner": "220 mx.example.org ESMTP",
    "EHLO": "250-mx.example.org\r\n250-SIZE 1000000\r\n250 8BITMIME",
    "HELO": "250 mx.example.org",
    "STARTTLS": "220 go ahead",
    "AUTH": "235 welcome",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    ".": "250 queued as 42",
    "QUIT": "221 bye",
}
#: Instead of a reply.
DROP, HANG, TRICKLE = "(hangs up)", "(says nothing)", "(stammers)"


@dataclass
class Mailbox:
    """A script, and what came of it. Keys of ``says``: banner, the verbs, ``.``, ``EHLO after TLS``, ``RCPT <address>``, ``*``."""

    says: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    #: Sent together with the reply to STARTTLS, before any TLS: what an attacker on the line could slip in.
    slipped_in: str = ""
    commands: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)

    def __call__(self, connection: Connection) -> None:
        """Hold one conversation."""
        _Conversation(self, connection).run()

    @property
    def act(self) -> Act:
        """The script for a server."""
        return self

    def logins(self) -> list[str]:
        """What came with AUTH PLAIN: ``\\0user\\0password``."""
        return [
            base64.b64decode(command.split()[2]).decode()
            for command in self.commands
            if command.startswith("AUTH PLAIN ")
        ]


class _Conversation:
    def __init__(self, box: Mailbox, connection: Connection) -> None:
        self._box = box
        self._connection = connection
        self._secured = False
        self._stream = connection.sock.makefile("rb")

    def run(self) -> None:
        try:
            going = self._reply("banner")
            while going and (line := self._stream.readline().decode().strip()):
                self._box.commands.append(line)
                going = self._reply(self._key(line)) and self._follow_up(line)
        finally:
            self._stream.close()
            self._connection.sock.close()

    def _key(self, line: str) -> str:
        verb = line.split(" ", maxsplit=1)[0].upper().split(":")[0]
        if verb == "EHLO" and self._secured and "EHLO after TLS" in self._box.says:
            return "EHLO after TLS"
        if verb == "RCPT":
            special = f"RCPT {line.partition('<')[2].partition('>')[0]}"
            return special if special in self._box.says else verb
        return verb

    def _reply(self, key: str) -> bool:
        reply = self._box.says.get(key, USUAL.get(key, self._box.says.get("*", "500 what?")))
        if reply == DROP:
            return False
        if reply == HANG:
            self._connection.until_hung_up()
        if reply == TRICKLE:
            self._connection.trickle(b"2")
        extra = self._box.slipped_in if key == "STARTTLS" else ""
        self._connection.sock.sendall(f"{reply}\r\n{extra}".encode())
        return key != "QUIT"

    def _follow_up(self, line: str) -> bool:
        verb = line.split(" ", maxsplit=1)[0].upper()
        if verb == "STARTTLS" and self._box.tls is not None and "STARTTLS" not in self._box.says:
            self._stream.close()
            self._connection.sock = self._box.tls.wrap_socket(self._connection.sock, server_side=True)
            self._stream = self._connection.sock.makefile("rb")
            self._secured = True
        if verb == "DATA" and self._box.says.get("DATA", "354").startswith("354"):
            self._box.messages.append(self._message())
            return self._reply(".")
        return True

    def _message(self) -> bytes:
        lines = []
        while (line := self._stream.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)
