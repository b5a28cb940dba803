"""The cron contract, in a process of its own: ``env -i PATH=/usr/bin:/bin``, standard input closed."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pytest

from tests.cli.conftest import bare_environment
from tests.cli.records import raid, write
from watcher import clock
from watcher.singleton import holding


@pytest.fixture
def news(home):
    """Many deaths last week."""
    day = clock.wall().date() - timedelta(days=8)
    rows = [raid(1, day.isoformat(), 80, location="Ménaka"), *(raid(n, day.isoformat(), 0) for n in range(2, 40))]
    write(home / "inbox" / "last_week.csv", rows)


def test_a_turn_is_silent_whatever_fires_and_a_second_sends_nothing(home, news, shell):
    assert shell("check") == (0, "", "")
    assert shell("check") == (0, "", "")
    assert len((home / "state" / "told.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("spoil", "arguments", "code"),
    [
        (lambda home: None, ["check", "--fail-on", "warning"], 1),
        (lambda home: (home / "state" / "watcher.db").unlink(), ["check"], 74),
        (lambda home: (home / "rules" / "sahel.yaml").write_text("rules: ["), ["check"], 78),
    ],
    ids=["fires", "no store", "broken rules"],
)
@pytest.mark.usefixtures("news")
def test_the_shell_is_handed_the_exit_code_and_a_line(home, shell, spoil, arguments, code):
    spoil(home)
    said = shell(*arguments)
    assert said.code == code
    assert bool(said.err) == (code != 1)
    assert "Traceback" not in said.err


def test_a_lock_that_somebody_holds_is_75(home, shell):
    with holding(home / "state" / "check.lock", who="a check"):
        assert shell("check") == (75, "", "")


def test_the_time_wall_is_124(home, shell):
    with holding(home / "state" / "turn.lock", who="a slow turn"):
        said = shell("check", "--timeout", "1")
    assert said.code == 124
    assert said.err == "watcher: not done after 1 s; what is stored stays, the next turn goes on\n"


@pytest.mark.parametrize("redirect", ["<&- >&- 2>&-", ">/dev/full"], ids=["all closed", "a full disk"])
def test_closed_streams_do_not_end_a_turn(home, news, shell, run, redirect):
    assert shell("check", redirect=redirect).code == 0
    assert len((home / "state" / "told.jsonl").read_text().splitlines()) == 1
    assert json.loads(run("status", "--format", "json").out)["counts"]["critical"] == 1


def test_closed_output_never_writes_into_the_store(home, news, shell, run):
    run("check", "--no-notify")
    assert shell("events", redirect=">&- 2>&-").code == 0
    assert (home / "state" / "watcher.db").read_bytes()[:15] == b"SQLite format 3"
    assert run("events", "--limit", "1").out.endswith("acled (the newest 1 are shown; --limit 0 shows all)\n")


def test_names_are_printed_in_any_locale(home, news, run):
    run("check")
    command = [sys.executable, "-m", "watcher", "events", "--where", "{location: Ménaka}"]
    environment = {**bare_environment(), "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    said = subprocess.run(command, env=environment, cwd=home, capture_output=True, check=True)
    assert rb"M\xe9naka" in said.stdout


def test_a_reader_that_has_seen_enough_is_no_error(home, news, run):
    run("check")
    watcher = f"{sys.executable} -m watcher events --format csv"
    script = f'{{ {watcher}; echo "code $?" >&2; }} | head -1'
    said = subprocess.run(
        ["/bin/sh", "-c", script], env=bare_environment(), cwd=home, capture_output=True, text=True, check=True
    )
    assert said.stdout.startswith("id,date,")
    assert said.stderr == "code 0\n"


def test_what_it_writes_is_not_for_everybody_whatever_the_umask(home):
    command = f"umask 0; exec {sys.executable} -m watcher init desk --empty"
    subprocess.run(["/bin/sh", "-c", command], env=bare_environment(), cwd=home, check=True, capture_output=True)
    assert [path for path in (home / "desk").rglob("*") if path.stat().st_mode & 0o002] == []
