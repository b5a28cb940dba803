from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from pydantic import SecretStr

from watcher import log
from watcher.log import configure, hide, logger, redacted

SECRET = "whsec_a/secret+of=tests"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    levels = {name: logging.getLogger(name).level for name in ("httpx", "httpcore")}
    hidden = set(log._HIDDEN)
    configure(level="info", style="json", stream=stream)
    yield stream
    structlog.reset_defaults()
    log._HIDDEN.clear()
    log._HIDDEN.update(hidden)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def fail(why: str, *, password: str) -> None:
    raise ValueError(why)


def test_a_turn_is_one_line_of_json(out):
    logger().info("turn", added=3, seconds=0.2)
    [line] = lines(out)
    assert (line["event"], line["level"], line["added"]) == ("turn", "info", 3)
    assert str(line["timestamp"]).endswith("Z")


def test_what_is_below_the_level_is_not_said(out):
    configure(level="warning", style="json", stream=out)
    logger().info("turn")
    logger().warning("clock jumped")
    assert [line["event"] for line in lines(out)] == ["clock jumped"]


def test_what_was_asked_for_last_is_in_force(out):
    configure(level="error", stream=out)
    configure(level="info", style="json", stream=out)
    logger().info("turn")
    assert [line["event"] for line in lines(out)] == ["turn"]


def test_off_a_terminal_it_is_json_unless_the_settings_say_otherwise(out):
    for style in ("auto", "console"):
        configure(style=style, stream=out)
        logger().info("turn")
    first, second = out.getvalue().splitlines()
    assert first.startswith("{")
    assert not second.startswith("{")


def test_a_traceback_does_not_show_local_variables(out):
    try:
        fail("no such host", password="very secret indeed")
    except ValueError:
        logger().exception("turn failed")
    assert "no such host" in out.getvalue()
    assert "very secret indeed" not in out.getvalue()


def test_on_a_terminal_a_traceback_has_its_lines_and_cannot_play_with_the_screen(out):
    configure(style="console", stream=out)
    try:
        fail("no such host \x1b[2J", password=SECRET)
    except ValueError:
        logger().exception("turn failed")
    assert "\nTraceback (most recent call last):\n" in out.getvalue()
    assert "no such host \\x1b[2J" in out.getvalue()
    assert SECRET not in out.getvalue()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(f"posted with {SECRET}", id="in a text"),
        pytest.param([f"problem: {SECRET}"], id="in a list"),
        pytest.param({"detail": (SECRET,)}, id="deep inside"),
        pytest.param("https://example.org/?key=whsec_a%2Fsecret%2Bof%3Dtests", id="as a part of a URL"),
    ],
)
def test_a_secret_is_never_printed(said, out):
    hide([SecretStr(SECRET)])
    logger().info("delivered", said=said)
    assert "***" in out.getvalue()
    assert SECRET not in out.getvalue()


def test_a_secret_in_an_exception_is_never_printed(out):
    hide([SecretStr(SECRET)])
    try:
        fail(f"{SECRET} was refused", password="")
    except ValueError:
        logger().exception("delivery failed")
    assert "was refused" in out.getvalue()
    assert SECRET not in out.getvalue()


def test_a_secret_as_short_as_a_word_is_not_hidden_for_it_would_hide_words(out):
    hide([SecretStr("desk")])
    assert redacted("the desk") == "the desk"


def test_the_wire_does_not_log_the_addresses_it_is_sent_to(out):
    assert logging.getLogger("httpx").level == logging.WARNING
