"""A webhook receiver in a process of its own, which writes down every request before it answers.

``python -m tests.chaos.receiver LOG SECRET SHARE SEED`` prints its port. Each line of the log is written in one call, so
that a kill cuts none. SHARE of the requests it refuses, or takes and says nothing.
"""

from __future__ import annotations

import base64
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from standardwebhooks.webhooks import Webhook

ROOT = Path(__file__).resolve().parents[2]
TAKEN = 204
#: What it answers instead; 0 hangs up without a word, after it has taken the message.
FAULTS = (500, 503, 429, 0)


@dataclass(frozen=True)
class Request:
    """One request, as the receiver saw it."""

    key: str
    body: bytes
    #: 204 when it was taken and said so; 0 when it was taken in silence.
    answer: int
    #: When it came, by the monotonic clock that all processes share.
    at: float

    @property
    def told(self) -> dict[str, int]:
        """Fingerprint → seq of every transition that it tells."""
        details: dict[str, Any] = json.loads(self.body)["watcher"]["alerts"]
        return {name: each["seq"] for name, each in details.items()}

    @property
    def alerts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.body)["alerts"]
        return found


class Receiver:
    """The process, seen from the tests."""

    def __init__(self, log: Path, secret: str, *, share: float, seed: int) -> None:
        self._log = log
        command = [sys.executable, "-m", "tests.chaos.receiver", str(log), secret, str(share), str(seed)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def requests(self) -> list[Request]:
        """Everything so far, in the order in which it came."""
        return heard(self._log)

    def taken(self) -> list[Request]:
        """What was taken and said so."""
        return [each for each in self.requests() if each.answer == TAKEN]


def heard(log: Path) -> list[Request]:
    """What a receiver wrote down; what stands behind the last end of a line is being written just now."""
    lines = log.read_text().rpartition("\n")[0].splitlines() if log.exists() else []
    rows = map(json.loads, lines)
    return [Request(row["key"], base64.b64decode(row["body"]), row["answer"], row["at"]) for row in rows]


def main(log: str, secret: str, share: str, seed: str) -> None:
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    webhook, chance = Webhook(secret), random.Random(int(seed))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            at = time.monotonic()
            webhook.verify(body, dict(self.headers))
            answer = chance.choice(FAULTS) if chance.random() < float(share) else TAKEN
            said = base64.b64encode(body).decode()
            row = {"key": self.headers["webhook-id"], "body": said, "answer": answer, "at": at}
            os.write(handle, f"{json.dumps(row)}\n".encode())
            if answer:
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A killed sender hangs up; a signature that is wrong is no line, and so a loss."""

    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
