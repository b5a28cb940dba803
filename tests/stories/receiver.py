"""Webhook receivers on loopback, one for each path, that check every signature and answer as they are told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.receivers.test_consumer import Version4

#: How long anybody waits for a message that must come, or for an answer that must be given.
PATIENCE_S = 5
#: What a receiver answers that says nothing for now.
HANGS = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request, as it was answered."""

    #: The receiver's name, which is its path: ``desk``.
    receiver: str
    #: The message's key.
    key: str
    body: bytes
    answer: int

    @property
    def document(self) -> Mapping[str, Any]:
        """The body."""
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def is_taken(self) -> bool:
        """Whether the receiver took the message."""
        return HTTPStatus.OK <= self.answer < HTTPStatus.MULTIPLE_CHOICES

    @property
    def told(self) -> list[tuple[str, int]]:
        """(fingerprint, seq) of every transition it tells; a reminder tells none."""
        alerts = self.document["watcher"]["alerts"]
        reminds = self.document["notification_reason"] == "repeat"
        return [] if reminds else [(name, detail["seq"]) for name, detail in alerts.items()]


class Receivers:
    """Listens on a free port; every path is a receiver of its own."""

    def __init__(self, secret: str) -> None:
        self._webhook = Webhook(secret)
        self._answers: dict[str, int] = {}
        self._arrivals: list[Arrival] = []
        self._changed = threading.Condition()
        handler = type("Handler", (_Handler,), {"receivers": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """What stands for ``http://receiver`` in a story."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE_S)

    def let(self, receiver: str, answer: int) -> None:
        """From now on a receiver answers this; who is waiting for an answer gets it."""
        with self._changed:
            self._answers[receiver] = answer
            self._changed.notify_all()

    def take(self, receiver: str = "", *, taken: bool | None = None, at_least: int = 0) -> list[Arrival]:
        """What has arrived and was not looked at before, in order, after waiting for so many."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._of(receiver, taken)) >= at_least, PATIENCE_S)
            found = self._of(receiver, taken)
            self._arrivals = [each for each in self._arrivals if each not in found]
            return found

    def answer(self, receiver: str, key: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Check the signature and the body as Alertmanager's consumers do, and answer; called for each request."""
        with self._changed:
            self._changed.wait_for(lambda: self._answers.get(receiver) != HANGS, PATIENCE_S)
            answer = self._answers.get(receiver, HTTPStatus.NO_CONTENT)
            try:
                self._webhook.verify(body, dict(headers))
                Version4.model_validate_json(body)
            except WebhookVerificationError:
                answer = HTTPStatus.UNAUTHORIZED
            except ValidationError:
                answer = HTTPStatus.UNPROCESSABLE_ENTITY
            self._arrivals.append(Arrival(receiver, key, body, answer))
            self._changed.notify_all()
            return answer

    def _of(self, receiver: str, taken: bool | None) -> list[Arrival]:
        return [
            each
            for each in self._arrivals
            if receiver in {"", each.receiver} and (taken is None or each.is_taken is taken)
        ]


class _Handler(BaseHTTPRequestHandler):
    receivers: Receivers

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["webhook-id"]
        self.send_response(self.receivers.answer(self.path.strip("/"), key, body, dict(self.headers)))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass
