"""Whether an address can be had, asked of a real server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from watcher.lint.web import Fetcher, fetcher


class Site(BaseHTTPRequestHandler):
    """Answers with the number that the path begins with."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.startswith("/rubbish"):
            self.wfile.write(b"220 smtp\r\n")
            return
        self.send_response(int(self.path[1:4]))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def site() -> Iterator[str]:
    Site.asked = []
    server = HTTPServer(("127.0.0.1", 0), Site)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def fetch() -> Fetcher:
    return fetcher(["127.0.0.0/8"])


@pytest.mark.parametrize("status", [200, 301, 403, 429, 503])
def test_what_answers_is_there_even_when_it_asks_who_we_are_or_is_ill(site, fetch, status):
    assert fetch(f"{site}/{status}") == ""


@pytest.mark.parametrize("status", [404, 410, 451])
def test_what_is_gone_is_not(site, fetch, status):
    assert fetch(f"{site}/{status}") == f"the server answers {status}"


def test_an_answer_in_another_language_is_not_understood(site, fetch):
    assert fetch(f"{site}/rubbish") == "the server's answer cannot be understood"


def test_an_address_is_asked_for_as_it_is_written_and_nothing_can_be_put_into_the_request(site, fetch):
    assert fetch(f"{site}/200/é x?a=b%20c\r\nX: y") == ""
    assert Site.asked == ["/200/%C3%A9%20x?a=b%20cX:%20y"]


@pytest.mark.parametrize("url", ["ftp://example.org/x", "https://", "not an address", "https://example.org:port/"])
def test_what_is_no_web_address_is_said_to_be_none(fetch, url):
    assert fetch(url) == "it is no web address"


def test_an_address_inside_the_house_is_refused(site):
    assert fetcher()(f"{site}/200") != ""
    assert Site.asked == []


def test_a_server_that_is_not_there_is_named_as_such(fetch):
    assert fetch("http://127.0.0.1:9/x") != ""
