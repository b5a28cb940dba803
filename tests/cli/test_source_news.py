"""`watcher source add` and `test` for ReliefWeb and for a feed: from nothing to a source, and what is wrong with it."""

from __future__ import annotations

import json

import pytest

from tests.sources.feeds import WALL, item, rss
from tests.sources.pull.reports import report
from tests.zoo import Act, Server, answer

GIVEN = {"reliefweb": ("appname=example.org-desk", "from=2026-01-01"), "feed": ("countries=[Mali]",)}
ANSWER = json.dumps({"totalCount": 1, "count": 1, "data": [report(1)]}).encode()
UNAPPROVED = b'{"status": 403, "error": {"type": "AccessDeniedHttpException", "message": "not approved"}}'


@pytest.fixture
def trying(home, it_is, good, run):
    """Write the stanza of a kind, with the address of a server that answers like this, and try it."""
    it_is("2026-11-28T09:00")

    def trying(kind: str, act: Act):
        with Server(act) as server:
            pairs = [*GIVEN[kind], f"url={server.url('/feed' if kind == 'feed' else '')}"]
            good("source", "add", kind, "tried", *(f"--set={pair}" for pair in pairs), "--write")
            path = home / "watcher.yaml"
            lines = path.read_text().replace("  tried:\n", "  tried:\n    allow_networks: [127.0.0.0/8]\n")
            path.write_text(lines)
            return run("source", "test", "tried")

    return trying


@pytest.mark.parametrize(
    ("kind", "act", "newest"),
    [
        pytest.param("reliefweb", answer(200, body=ANSWER), "2026-10-29", id="reports"),
        pytest.param("feed", answer(200, body=rss(item(1))), "2026-11-03", id="a feed"),
    ],
)
def test_what_is_written_as_shown_can_be_asked(trying, kind, act, newest):
    said = trying(kind, act)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "tried: 1 row in the first page",
        f"  its newest event is of {newest}",
    ]


WRONG = [
    pytest.param("reliefweb", answer(403, body=UNAPPROVED), "it does not know the appname 'example.org-desk' (403: not approved) (have it approved: https://", id="an appname that is not approved"),
    pytest.param("reliefweb", answer(410, body=b"{}"), "this version of its API is gone (410)", id="a version that is gone"),
    pytest.param("reliefweb", answer(200, body=WALL), "it answers with a web page instead of data", id="HTML instead of JSON"),
    pytest.param("reliefweb", answer(202), "it answers without data (202)", id="an empty answer"),
    pytest.param("feed", answer(200, body=WALL), "it answers with a web page instead of data", id="HTML instead of XML"),
    pytest.param("feed", answer(410), "there is nothing at this address (410) (check the address: it may have moved)", id="a feed that is given up"),
    pytest.param("feed", answer(200), "its answer is empty, without even a feed", id="an answer with nothing in it"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "act", "words"), WRONG)
def test_what_is_wrong_is_said_in_the_operators_words(trying, kind, act, words):
    said = trying(kind, act)
    assert said.code == 69
    assert words in said.err


def test_a_feed_without_a_word_about_the_countries_is_a_quiet_time(trying, monkeypatch):
    monkeypatch.setitem(GIVEN, "feed", ("countries=[Mali, Niger]",))
    assert "it answers, and has no row for us" in trying("feed", answer(200, body=rss(item(1)))).out
