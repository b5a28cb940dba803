"""A webhook receiver on loopback, as a team would write one: it checks the signature and prints what it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

#: Called with the verified body of each message.
Arrived = Callable[[Mapping[str, Any]], None]


class Receiver:
    """Listens on a free port of loopback until it is closed."""

    def __init__(self, secret: str, arrived: Arrived) -> None:
        handler = type("Handler", (_Handler,), {"webhook": Webhook(secret), "arrived": staticmethod(arrived)})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}/alerts"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    webhook: Webhook
    arrived: Arrived

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            self.webhook.verify(body, dict(self.headers))
        except WebhookVerificationError:
            self.send_response(401)
        else:
            self.arrived(json.loads(body))
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: what arrives is printed as a person wants to read it."""
