"""The line of progress: on a terminal only, and gone at the end."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable

import pytest

from watcher.cli.progress import progress


class Terminal(io.StringIO):
    """Standard error, with somebody watching."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch) -> Callable[..., str]:
    """What a terminal is sent while work goes on."""

    def screen(*days: int, fails: bool = False) -> str:
        # Not before the test runs: pytest puts its own stream there when it begins.
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        with contextlib.suppress(KeyboardInterrupt):
            work(*days, fails=fails)
        return terminal.getvalue()

    return screen


def work(*days: int, fails: bool = False) -> None:
    """Go through so many days with each of several rules."""
    with progress() as line:
        for all_ in days:
            for day in range(1, all_ + 1):
                if line is not None:
                    line(day, all_)
        if fails:
            raise KeyboardInterrupt


def test_it_says_how_far_it_is_and_takes_itself_away(screen):
    assert screen(20, 10).split("\r\033[K") == [
        "",
        "replaying rule 1: day 10 of 20",
        "replaying rule 1: day 20 of 20",
        "replaying rule 2: day 10 of 10",
        "",
    ]


def test_what_is_soon_over_says_nothing(screen):
    assert screen(5) == ""


def test_it_is_taken_away_when_the_work_fails(screen):
    assert screen(10, fails=True).endswith("day 10 of 10\r\033[K")


def test_where_nobody_watches_nothing_is_said(capsys):
    work(20)
    assert capsys.readouterr().err == ""
