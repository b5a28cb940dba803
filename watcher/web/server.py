"""The server: few requests at once, each with one deadline and a small size, and no word of them in a log.

A link is a key: whoever reads it can use it. So neither paths nor forms are logged.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from watcher.core.errors import WatcherError
from watcher.log import logger
from watcher.web.counter import NOT_FOUND, Answers, Counter
from watcher.web.listening import DEADLINE, Handler, Listener
from watcher.web.page import HEADERS, Page

#: Bytes of a form.
FORM_LIMIT = 8_192
_LINKS = "/links/"
_FORM = "application/x-www-form-urlencoded"
_BAD = Page("That request cannot be understood", (), HTTPStatus.BAD_REQUEST)
_TOO_LARGE = Page("That is too much", (), HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
_FOREIGN = Page("Nothing was done", ("The form must be sent from its own page.",), HTTPStatus.FORBIDDEN)
_LATER = Page("Not now", ("The store cannot be used at the moment. Try again later.",), HTTPStatus.SERVICE_UNAVAILABLE)


class _Handler(Handler):
    """One request."""

    def do_GET(self) -> None:
        """Show a page."""
        self._answer(self._shown())

    def do_HEAD(self) -> None:
        """The same without the page."""
        self._answer(self._shown())

    def do_POST(self) -> None:
        """Do what a page asked to confirm."""
        self._answer(self._done())

    def _shown(self) -> Page:
        token = self._token()
        return self._guarded(lambda: self.server.desk.show(token)) if token else NOT_FOUND

    def _done(self) -> Page:
        token = self._token()
        if not token:
            return NOT_FOUND
        # A browser says where a form comes from; what is no browser says nothing.
        if self.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            return _FOREIGN
        form = self._form()
        return form if isinstance(form, Page) else self._guarded(lambda: self.server.desk.act(token, form))

    def _token(self) -> str:
        """What stands behind ``/links/``; a folder before it is the proxy's."""
        return self.asked.partition(_LINKS)[2]

    def _form(self) -> Answers | Page:
        length = self.headers.get("Content-Length", "")
        if self.headers.get_content_type() != _FORM or not (length.isascii() and length.isdigit()):
            return _BAD
        if len(length) > 5 or int(length) > FORM_LIMIT:  # noqa: PLR2004 - no number of more digits is small
            return _TOO_LARGE
        text = self.rfile.read(int(length)).decode("utf-8", "replace")
        try:
            return Answers.of(dict(parse_qsl(text, max_num_fields=20)))
        except ValueError:
            return _BAD

    @staticmethod
    def _guarded(work: Any) -> Page:
        try:
            page: Page = work()
        except WatcherError as error:
            logger().error("a link could not be followed", error=str(error))
            return _LATER
        return page

    def _answer(self, page: Page) -> None:
        body = page.html(self.server.desk.instance)
        self.send_response(page.status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status: HTTPStatus) -> None:
        """Say that a request cannot be read."""
        self._answer(Page("That request cannot be understood", (), status))


class Door(Listener):
    """Where links are honoured.

    :raises ConfigError: when nobody can be served at the address.
    """

    def __init__(self, host: str, port: int, counter: Counter, *, deadline: timedelta = DEADLINE) -> None:
        super().__init__((host, port), _Handler, counter, key="web.listen", deadline=deadline)
