"""A webhook receiver that writes down every request it answers, and checks each signature."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from standardwebhooks.webhooks import Webhook


class Answered(NamedTuple):
    key: str
    body: bytes

    @property
    def told(self) -> set[tuple[str, int]]:
        """(fingerprint, seq) of every transition that the message tells."""
        document: dict[str, Any] = json.loads(self.body)
        return {(name, detail["seq"]) for name, detail in document["watcher"]["alerts"].items()}

    @property
    def locations(self) -> set[str]:
        return {alert["labels"]["location"] for alert in json.loads(self.body)["alerts"]}


class Log:
    """Answers 204 to every request that is signed."""

    def __init__(self, secret: str) -> None:
        self.answered: list[Answered] = []
        log, webhook = self, Webhook(secret)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                webhook.verify(body, dict(self.headers))
                log.answered.append(Answered(self.headers["webhook-id"], body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A killed sender hangs up."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
